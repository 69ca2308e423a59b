"""Numbers, units, fractions, packs and dimensions in texts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.units import UNITS, Quantity, parse_quantity
from fedretail.index.language.amounts import Amount, gtin_word, net_words
from fedretail.index.language.text import split


def united(text: str) -> list[str]:
    return [one.united or one.number if isinstance(one, Amount) else one for one in split(text)]


@pytest.mark.parametrize(
    "same",
    [
        ("0,5l", "0.5 L", "50 cl", "500ml", "½ l", "1/2 liter", "500 мл"),
        ("8 ft.", "8-foot", "8 Feet", "96 in", "8'", "8’", "96 inches", '96"', "96”"),
        ("3/4 in.", '3/4"', "3/4-inch", "0.75 in", "¾ in", ".75 in"),
        ("1-1/4 in.", "1 1/4 inch", "1.25in", "1¼ in"),
        ("5,000 BTU", "5000 btu"),
        ("1.000 g", "1kg", "1 Kilo", "1,000 kg"),
        ("9 sq. ft.", "9 sqft", "9 square feet"),
        ("1 gal.", "128 fl. oz.", "4 qt", "128oz"),
        ("6er", "6-pack", "6 Stück", "6 ct", "6pcs"),
        ("60w", "60 Watt", "60-watt"),
    ],
)
def test_one_amount_is_one_word(same: tuple[str, ...]) -> None:
    assert len({tuple(united(text)) for text in same}) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2 in. x 4 in. x 8 ft.", "2in 4in 96in"),
        ("2x4x8", "2x 4x 8"),
        ("24inx36in", "24in 36in"),
        ("24 x 36 in", "24x 36in"),
        ("2'x4' 24\"x36\" 10’x12’", "24in 48in 24in 36in 120in 144in"),
        ('18"w x 24"h', "18in w x 24in h"),
        ("1.28gpf 1.28 GPF No.5 1..5", "1.28 gpf 1.28 gpf no 5 1 0.5"),
        ("5'6\" x 8'", "60in 6in 96in"),
        ("x4 ax4 4x b2b 12a3", "x4 ax4 4x b2b 12a3"),
        ("1/0 90's", "1 0 90 s"),
        ("1,234 1.234 0,125 l", "1234 1.234 125ml"),
        ("12345678 0012345678 0", "12345678 12345678 0"),
        ("1/3 in", "0.333333333in"),
    ],
)
def test_amounts(text: str, words: str) -> None:
    assert united(text) == words.split()


def test_a_number_is_found_without_its_unit_too() -> None:
    assert split("60 in. Vanity") == [Amount("60in", "60"), "vanity"]


def test_net_contents_are_words_as_texts_have_them() -> None:
    assert net_words(Quantity(Decimal("0.50"), "LTR"), 6) == ["6x", *united("50 cl")]
    assert net_words(Quantity(Decimal(1), "H87"), 1) == []
    assert net_words(Quantity(Decimal(12), "H87"), 1) == united("12 pcs")
    assert net_words(Quantity(Decimal(1), "KWH"), 1) == net_words(None, 1) == []


@given(st.decimals("0.001", 10**8, places=3), st.sampled_from(sorted(UNITS)))
def test_a_net_content_is_the_amount_that_its_symbol_says(amount: Decimal, code: str) -> None:
    words = net_words(Quantity(amount, code), 1)
    if words and code != "H87" and code != "C62":
        text = f"{amount:f} {UNITS[code].symbol}"
        assert words == united(text)
        assert parse_quantity(text, decimal=".")[0].unit in {code, "ONZ", "OZA"}


def test_a_barcode_is_one_word_in_every_length() -> None:
    codes = ("96385074", "000096385074", "00000096385074")
    assert {tuple(united(code)) for code in codes} == {(gtin_word("00000096385074"),)}


@given(st.text("0123456789 ./-x,”’'\"ftinlgkoz½", max_size=40))
def test_any_text_of_numbers_and_units_is_split(text: str) -> None:
    for one in split(text):
        words = one[:2] if isinstance(one, Amount) else [one]
        assert all(word == "" or word.replace(".", "").isalnum() for word in words)
