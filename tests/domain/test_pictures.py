"""Pictures: what a record may name, and the one form of file that is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.catalog import Offer
from fedretail.domain.kind import Value
from fedretail.domain.pictures import (
    MAX_CARD_BYTES,
    MAX_PAGE_BYTES,
    MAX_SIDE,
    MAX_SIZES,
    Picture,
    encode_pictures,
    for_card,
    for_page,
    parse_hash,
    parse_webp,
    read_pictures,
)
from fedretail.errors import MalformedInput
from fedretail.testing.pictures import webp

CARD = Picture(b"c" * 32, 9_000, 320, 240)
PAGE = Picture(b"p" * 32, 50_000, 960, 720, "a jar")

sizes = st.builds(
    Picture,
    st.binary(min_size=32, max_size=32),
    st.integers(1, MAX_PAGE_BYTES),
    st.integers(1, MAX_SIDE),
    st.integers(1, MAX_SIDE),
    st.sampled_from(["", "a jar of honey"]),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner),
)


@given(st.lists(sizes, min_size=1, max_size=MAX_SIZES))
def test_what_is_written_is_read(pictures: list[Picture]) -> None:
    found = read_pictures(encode_pictures(pictures))
    assert found is not None
    assert sorted(found) == sorted(pictures)
    assert [one.size_bytes for one in found] == sorted(one.size_bytes for one in pictures)


@given(values)
def test_anything_is_read_or_left_out(value: object) -> None:
    for one in read_pictures(value) or ():
        assert len(one.hash) == 32
        assert 0 < one.size_bytes <= MAX_PAGE_BYTES
        assert 0 < one.width <= MAX_SIDE
        assert 0 < one.height <= MAX_SIDE


@pytest.mark.parametrize(
    "bad",
    [
        [b"c" * 31, 9_000, 320, 240],
        ["c" * 32, 9_000, 320, 240],
        [b"c" * 32, 0, 320, 240],
        [b"c" * 32, True, 320, 240],
        [b"c" * 32, MAX_PAGE_BYTES + 1, 320, 240],
        [b"c" * 32, 9_000, MAX_SIDE + 1, 240],
        [b"c" * 32, 9_000, 320, MAX_SIDE + 1],
        [b"c" * 32, 9_000, 320],
        [b"c" * 32, 9_000, 320, 240, "", 1],
        [b"c" * 32, 9_000, 320, 240, "x" * 201],
        [b"c" * 32, 9_000, 320, 240, 5],
    ],
)
def test_a_size_that_makes_no_sense_hides_no_other(bad: list[Value]) -> None:
    assert read_pictures([bad]) is None
    assert read_pictures([bad, [*PAGE]]) == (PAGE,)
    assert read_pictures([[*CARD]] * (MAX_SIZES + 1)) is None


def test_what_is_read_out_holds_nothing_that_acts() -> None:
    found = read_pictures([[b"c" * 32, 9, 3, 2, "jar\x1b[2J\u202e of\nhoney"]])
    assert found is not None
    assert found[0].alt == "jar[2J of honey"


def test_a_card_takes_what_is_small_enough_a_page_the_largest() -> None:
    both = (CARD, PAGE)
    assert (for_card(both), for_page(both)) == (CARD, PAGE)
    assert (for_card((PAGE,)), for_page((PAGE,))) == (None, PAGE)
    assert (for_card((CARD,)), for_page((CARD,))) == (CARD, CARD)
    assert (for_card(()), for_page(())) == (None, None)
    edge = CARD._replace(size_bytes=MAX_CARD_BYTES)
    assert for_card((edge, CARD)) == edge


def test_an_offer_keeps_its_pictures_and_one_bad_value_hides_nothing_else() -> None:
    offer = Offer(name="Honey", pictures=(CARD, PAGE))
    assert Offer.from_fields(offer.to_fields()) == offer
    assert Offer.from_fields({"name": "Honey", "pictures": "cat.jpg"}) == Offer(name="Honey")


def test_a_hash_is_64_digits_of_lower_case() -> None:
    assert parse_hash("ab" * 32) == b"\xab" * 32
    for text in ("", "ab" * 31, "AB" * 32, "g" * 64, "ab" * 32 + "\n", "../" + "a" * 61):
        with pytest.raises(MalformedInput):
            parse_hash(text)


def test_a_plain_lossy_file_tells_its_size() -> None:
    assert parse_webp(webp(320, 240)) == (320, 240)
    assert parse_webp(webp(MAX_SIDE, 1, body=b"odd")) == (MAX_SIDE, 1)


def _with(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg onload='alert(1)'/>",
        b"\x89PNG\r\n\x1a\n" + bytes(60),
        webp(320, 240)[:-1],
        webp(320, 240) + b"<script>",
        webp(MAX_SIDE + 1, 10),
        webp(10, 16383),
        webp(0, 10),
        _with(webp(320, 240), 12, b"VP8X"),
        _with(webp(320, 240), 12, b"VP8L"),
        _with(webp(320, 240), 20, b"\x01"),  # no key frame
        _with(webp(320, 240), 23, b"\x00"),
        _with(webp(320, 240), 27, b"\xff"),  # stretched, and too wide
    ],
)
def test_every_other_file_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        parse_webp(data)


@given(st.binary(max_size=80), st.integers(0, 60))
def test_any_bytes_are_a_picture_within_bounds_or_refused(data: bytes, at: int) -> None:
    for one in (data, webp(320, 240)[:at] + data):
        try:
            width, height = parse_webp(one)
        except MalformedInput:
            continue
        assert 0 < width <= MAX_SIDE
        assert 0 < height <= MAX_SIDE
