"""Quantities: what packs say, the record's form, and the factors of Recommendation 20."""

import csv
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.units import (
    UNITS,
    Quantity,
    encode_quantity,
    parse_quantity,
    parse_unit,
    quantity,
    read_quantity,
)
from fedretail.errors import MalformedInput

quantities = st.builds(
    Quantity,
    st.decimals("0.000001", "1000000000", places=6),
    st.sampled_from(sorted(UNITS)),
)


@pytest.mark.parametrize(
    ("text", "amount", "unit", "pack"),
    [
        ("500 g", "500", "GRM", 1), ("1,5 l", "1.5", "LTR", 1), ("6 x 0,33 l", "0.33", "LTR", 6),
        ("0.75L", "0.75", "LTR", 1), ("6x330ml", "330", "MLT", 6), ("6 × 0.33 L", "0.33", "LTR", 6),
        ("10 Stück", "10", "H87", 1), ("1 kg", "1", "KGM", 1), ("1.000 g", "1000", "GRM", 1),
        ("1,000 ml", "1000", "MLT", 1), ("0.500 g", "0.500", "GRM", 1),
        ("1,500 kg", "1.500", "KGM", 1), ("2 Std.", "2", "HUR", 1), ("3 m²", "3", "MTK", 1),
        ("3 m2", "3", "MTK", 1), ("12 fl oz", "12", "OZA", 1), ("1 Dutzend", "1", "DZN", 1),
        ("1.5 KGM", "1.5", "KGM", 1), ("2 ℓ", "2", "LTR", 1), ("3 m³", "3", "MTQ", 1),
    ],
)  # fmt: skip
def test_what_packs_say(text: str, amount: str, unit: str, pack: int) -> None:
    assert parse_quantity(text) == (Quantity(Decimal(amount), unit), pack)


def test_a_known_mark_decides() -> None:
    assert parse_quantity("1.500 kg", decimal=",")[0].amount == 1500
    assert parse_quantity("1.500 g", decimal=".")[0].amount == Decimal("1.5")


@pytest.mark.parametrize(
    "text",
    ["", "500", "g", "-1 g", "0 g", "0 x 1 g", "1 parsec", "1e9 g", "1..5 g", "1 g 2", "nan g",
     "٣ g", "\0", "😀", "\ud800 g", "1 \ud800", "9" * 10_000 + " g", "1.1234567 g",
     "999999 x 1 g", "9999999999 kg"],
)  # fmt: skip
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_quantity(text)


@given(st.text())
def test_raises_nothing_else(text: str) -> None:
    for parse in (parse_quantity, parse_unit):
        try:
            parse(text)
        except MalformedInput as error:
            error.message.encode()


@given(st.text("0123456789.,x× gklmISt", max_size=16))
def test_near_misses_raise_nothing_else(text: str) -> None:
    try:
        content, pack = parse_quantity(text)
    except MalformedInput:
        return
    assert content.amount > 0
    assert pack > 0
    assert read_quantity(encode_quantity(content)) == content


@given(quantities)
def test_the_record_form_round_trips(content: Quantity) -> None:
    encoded = encode_quantity(content)
    assert read_quantity(encoded) == content
    assert encode_quantity(read_quantity(encoded) or content) == encoded


def test_the_record_form_is_canonical() -> None:
    assert encode_quantity(quantity("0.750", "LTR")) == ["0.75", "LTR"]
    assert encode_quantity(quantity("100", "GRM")) == ["100", "GRM"]
    assert encode_quantity(quantity("1E+2", "GRM")) == ["100", "GRM"]


@pytest.mark.parametrize(
    "value",
    [None, 5, "1 g", [], ["1"], ["1", "XXX"], [1, "GRM"], ["1", 5], ["0", "GRM"], ["-1", "GRM"],
     ["1e3", "GRM"], ["NaN", "GRM"], ["Infinity", "GRM"], ["1", "GRM", 1], ["٣", "GRM"],
     ["1" * 10_000, "GRM"], [["1"], ["GRM"]], {"1": "GRM"}],
)  # fmt: skip
def test_other_values_are_no_quantity(value: object) -> None:
    assert read_quantity(value) is None  # type: ignore[arg-type]


def test_every_unit_has_its_names() -> None:
    for code, unit in UNITS.items():
        assert parse_unit(code) == parse_unit(code.lower()) == code
        assert parse_unit(unit.symbol) == code
        assert unit.factor > 0


# Rec 20 gives volumes in m³ and times in s; a base of ours holds so many of them.
_SI = {
    "kg": Fraction(1),
    "l": Fraction(1, 1000),
    "m": Fraction(1),
    "m²": Fraction(1),
    "h": Fraction(3600),
}
_SUPERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def test_factors_are_those_of_recommendation_20(test_data: Path) -> None:
    path = test_data / "standards" / "unece-rec20.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["CommonCode"]: row for row in csv.DictReader(file)}
    compared = 0
    for code, unit in UNITS.items():
        assert code in rows
        si = _SI.get(unit.base)
        match = re.match(
            r"([0-9][0-9 ,]*)?(?: ?x ?)?(10[⁻⁰-⁹¹²³]*)? ?(?:kg|m|s)", rows[code]["ConversionFactor"]
        )
        if si is None or match is None:
            continue
        number = Fraction((match[1] or "1").replace(" ", "").replace(",", "."))
        power = Fraction(10) ** int(match[2][2:].translate(_SUPERS) or 1) if match[2] else 1
        assert unit.factor * si == number * power, code
        compared += 1
    assert compared >= 20
