"""Ranges survive the wire, and there is one way to write them; anything else is refused."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fedretail.crdt.codec import pack, unpack
from fedretail.errors import MalformedInput
from fedretail.p2p import ranges as forms
from fedretail.p2p.ranges import END, Answer, Body, Listed, Range, parse_ranges, range_values
from fedretail.testing.strategies import values

ITEM_BYTES = 5
IDS = st.lists(st.binary(min_size=8, max_size=8), max_size=5).map(b"".join)
BITS = st.binary(max_size=3).map(lambda bits: bits.rstrip(b"\0"))
SAID: st.SearchStrategy[Body] = st.one_of(
    st.binary(min_size=16, max_size=16),
    st.builds(Listed, IDS),
    st.builds(Answer, BITS, IDS).filter(any),
)
BOUNDS = st.binary(min_size=1, max_size=ITEM_BYTES).filter(lambda bound: bound[-1] > 0)


@st.composite
def some_ranges(draw: st.DrawFn) -> list[Range]:
    uppers = sorted(draw(st.sets(BOUNDS | st.just(END), min_size=1, max_size=8)))
    bodies: list[Body] = []
    for _ in uppers:
        may_be_silent = not bodies or bodies[-1] is not None
        bodies.append(draw(st.none() | SAID if may_be_silent else SAID))
    return [Range(upper, body) for upper, body in zip(uppers, bodies)]


# Values near those that mean something.
NEAR = st.recursive(
    st.none() | st.integers(0, 3) | BOUNDS | st.binary(max_size=20) | IDS | values,
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=12,
)


@given(some_ranges())
def test_ranges_survive(ranges: list[Range]) -> None:
    value = unpack(pack(range_values(ranges)), max_bytes=1 << 20)
    assert parse_ranges(value, ITEM_BYTES) == ranges


@given(NEAR | st.lists(NEAR, min_size=2, max_size=6))
def test_any_value_is_the_one_form_of_some_ranges_or_refused(value: Any) -> None:
    try:
        ranges = parse_ranges(value, ITEM_BYTES)
    except MalformedInput:
        return
    assert range_values(ranges) == value
    uppers = [one.upper for one in ranges]
    assert uppers == sorted(set(uppers))


@given(some_ranges(), st.integers(0, 1 << 16), st.integers(1, 255))
def test_a_flipped_byte_gives_other_ranges_or_is_refused(
    ranges: list[Range], where: int, by: int
) -> None:
    data = bytearray(pack(range_values(ranges)))
    data[where % len(data)] ^= by
    try:
        value = unpack(data, max_bytes=1 << 20)
        found = parse_ranges(value, ITEM_BYTES)
    except MalformedInput:
        return
    assert found != ranges


FINGERPRINT = b"f" * 16


@pytest.mark.parametrize(
    "value",
    [
        [],
        [None],
        None,
        "ranges",
        [b"", FINGERPRINT],
        [b"a\0", FINGERPRINT],
        [b"abcdef", FINGERPRINT],
        [END, FINGERPRINT],
        ["a", FINGERPRINT],
        [None, FINGERPRINT, b"a", FINGERPRINT],
        [None, FINGERPRINT, None, FINGERPRINT],
        [b"b", FINGERPRINT, b"a", FINGERPRINT],
        [b"a", FINGERPRINT, b"a", FINGERPRINT],
        [b"a", None, b"b", None],
        [b"a", None, None, None],
        [None, FINGERPRINT[1:]],
        [None, FINGERPRINT + b"f"],
        [None, b""],
        [None, True],
        [None, []],
        [None, [b"1234567"]],
        [None, ["12345678"]],
        [None, [b"", b""]],
        [None, [b"\1\0", b""]],
        [None, [b"\1", b"1234567"]],
        [None, [b"\1", b"", b""]],
        [None, [bytes(forms.MAX_IDS // 8) + b"\1", b""]],
        [None, [bytes(8 * forms.MAX_IDS + 8)]],
        [None, [b"", bytes(8 * forms.MAX_IDS + 8)]],
    ],
)
def test_what_no_side_would_write(value: Any) -> None:
    with pytest.raises(MalformedInput):
        parse_ranges(value, ITEM_BYTES)


def test_the_most_that_fits() -> None:
    full = [bytes(forms.MAX_IDS // 8 - 1) + b"\1", bytes(8 * forms.MAX_IDS)]
    assert parse_ranges([None, full], ITEM_BYTES) == [Range(END, Answer(*full))]
    assert parse_ranges([None, full[1:]], ITEM_BYTES) == [Range(END, Listed(full[1]))]


def test_no_more_ranges_than_a_frame_may_have() -> None:
    bounds = [(number + 1 << 8 | 1).to_bytes(4, "big") for number in range(forms.MAX_RANGES)]
    value: list[Any] = [item for bound in bounds for item in (bound, FINGERPRINT)]
    assert len(parse_ranges(value, ITEM_BYTES)) == forms.MAX_RANGES
    with pytest.raises(MalformedInput):
        parse_ranges([*value, None, None], ITEM_BYTES)


@given(st.binary(min_size=forms.MAX_ITEM_BYTES, max_size=forms.MAX_ITEM_BYTES))
def test_the_end_is_behind_every_item(item: bytes) -> None:
    assume(len(item) == forms.MAX_ITEM_BYTES)
    assert item < END
    assert b"\xff" * forms.MAX_ITEM_BYTES < END
