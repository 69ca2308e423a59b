"""GTIN and GLN against biip; record keys and offer ids."""

import unicodedata

import pytest
from biip.gtin import Gtin
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.domain.ids import (
    MAX_KEY_BYTES,
    check_digit,
    is_gln,
    is_gtin,
    is_restricted,
    name_hash,
    offer_id,
    parse_gtin,
    parse_offer_id,
    record_key,
)
from fedretail.errors import MalformedInput

digits = st.text("0123456789", min_size=1, max_size=15)
GOLDEN_LONG_KEY = "Shirt: a very long h~xqr72eef62gnxww5"
SITE = "abcdefgh234567ab"


def fault(text: str) -> str:
    with pytest.raises(MalformedInput) as caught:
        parse_gtin(text)
    return caught.value.message


@given(
    st.sampled_from([7, 11, 12, 13]).flatmap(
        lambda n: st.text("0123456789", min_size=n, max_size=n)
    )
)
def test_check_digit_agrees_with_biip(body: str) -> None:
    whole = body + str(check_digit(body))
    if whole.strip("0"):
        assert parse_gtin(whole) == Gtin.parse(whole).as_gtin_14()


@given(digits)
def test_accepts_nothing_that_biip_refuses(text: str) -> None:
    try:
        parsed = parse_gtin(text)
    except MalformedInput:
        return
    assert Gtin.parse(text).as_gtin_14() == parsed


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body: str, place: int, shift: int) -> None:
    whole = body + str(check_digit(body))
    wrong = str((int(whole[place]) + shift) % 10)
    with pytest.raises(MalformedInput):
        parse_gtin(whole[:place] + wrong + whole[place + 1 :])


@pytest.mark.parametrize(
    "text",
    ["4001842100121", "400-1842-100121", " 4001842100121 ", "4 001842 100121", "04001842100121",
     "4001842\u00a0100121"],
)  # fmt: skip
def test_spaces_and_hyphens_are_allowed(text: str) -> None:
    assert parse_gtin(text) == "04001842100121"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("400184210012", "the last digit is missing; 4001842100121 would fit"),
        ("4001842100122", "the check digit 2 does not fit, 1 would"),
        ("12345678905", "the leading zero is missing; 012345678905 would fit"),
        ("4.00184E+12", "a spreadsheet has shortened the number"),
        ("4001842x00121", "only digits"),
        ("", "it is empty"),
        ("00000000", "all digits are zero"),
        ("12345", "it has 5 digits"),
        ("9" * 10_000, "far too long"),
    ],
)
def test_says_what_is_wrong(text: str, words: str) -> None:
    assert words in fault(text)


@pytest.mark.parametrize(
    "text", ["\0", "😀" * 13, "\ud800", "٤٠٠١٨٤٢١٠٠١٢١", "a" * 10_000, "²" * 8]
)
def test_hostile_text_is_refused_in_few_words(text: str) -> None:
    assert len(fault(text)) < 200


@given(st.text())
def test_gtin_raises_nothing_else(text: str) -> None:
    try:
        assert len(parse_gtin(text)) == 14
    except MalformedInput as error:
        error.message.encode()


@given(digits)
def test_a_records_gtin(text: str) -> None:
    try:
        assert is_gtin(text) == (parse_gtin(text) == text)
    except MalformedInput:
        assert not is_gtin(text)


def test_gln() -> None:
    assert is_gln("4000001000005")
    for wrong in ("4000001000006", "400000100000", "", "0" * 13, "\ud800"):
        assert not is_gln(wrong)


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        ("A-100", "A-100"),
        ("  A 100\n", "A 100"),
        ("a/b", "a_b"),
        ("a\tb\x7fc\x85d", "a_b_c_d"),
        ("Ko\u0308ln", "Köln"),
        ("x" * 48, "x" * 48),
    ],
)
def test_key_of_an_identity(identity: str, key: str) -> None:
    assert record_key(identity) == key


def test_long_key_is_cut_at_a_character_and_hashed() -> None:
    key = record_key("ä" * 25)
    assert key.startswith("ä" * 10 + "~")
    assert len(key.encode()) == 37
    odd = record_key("x" + "ä" * 30)
    assert odd.startswith("x" + "ä" * 9 + "~")
    assert record_key("ä" * 26) != key


def test_long_key_golden() -> None:
    """Written on the wire by other versions: it may never change."""
    assert record_key("Shirt: a very long handle / Large / Navy blue / organic") == GOLDEN_LONG_KEY


@given(st.text(max_size=120))
@example("\ud800")
@example("\u200b")
@example("/" * 100)
def test_key_is_bounded_stable_and_fits_an_offer_id(identity: str) -> None:
    try:
        key = record_key(identity)
    except MalformedInput:
        return
    assert 0 < len(key.encode()) <= MAX_KEY_BYTES
    assert not any(unicodedata.category(char) == "Cc" or char == "/" for char in key)
    assert record_key(unicodedata.normalize("NFD", identity)) == key
    assert parse_offer_id(offer_id(SITE, key)) == (SITE, key)


@pytest.mark.parametrize(
    "text", ["", "/", SITE, f"{SITE}/", "short/x", f"{SITE.upper()}/x", f"{SITE}/a/b", "\ud800/\0"]
)
def test_no_offer_id(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_offer_id(text)


def test_case_and_spacing_make_no_other_name() -> None:
    assert name_hash("Oat  Milk ") == name_hash("oat milk") != name_hash("oat milk 2")
    assert name_hash("Milk") == "name:" + name_hash("MILK").removeprefix("name:").lower()
    assert name_hash("Caf\u00e9") == name_hash("Cafe\u0301")


@pytest.mark.parametrize(
    ("gtin", "given_out"),
    [
        ("04001842100121", False),
        ("02000000000008", True),
        ("00200000000000", True),
        ("00412345678903", True),
        ("00000020000004", True),
        ("00000096385074", False),
    ],
)
def test_numbers_that_shops_give_out_themselves(gtin: str, given_out: bool) -> None:
    assert is_restricted(gtin) is given_out
