"""Amounts: every currency against Decimal; what shops write; what is refused."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.domain.money import (
    MAX_AMOUNT_MINOR,
    MINOR_DIGITS,
    format_amount,
    human_amount,
    minor_digits,
    parse_amount,
    parse_currency,
    typed_amount,
)
from fedretail.errors import MalformedInput

currencies = st.sampled_from(sorted(MINOR_DIGITS))
amounts = st.integers(0, MAX_AMOUNT_MINOR)


@given(amounts, currencies)
def test_formatted_amounts_are_read_back(amount: int, currency: str) -> None:
    text = format_amount(amount, currency)
    assert Decimal(text).scaleb(minor_digits(currency)) == amount
    assert parse_amount(text, currency, decimal=".") == amount
    if minor_digits(currency) != 0:
        assert parse_amount(text, currency) == amount


@given(amounts, currencies, st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_grouped_amounts_are_read_back(amount: int, currency: str, marks: tuple[str, str]) -> None:
    group, point = marks
    whole, dot, cents = format_amount(amount, currency).partition(".")
    text = f"{int(whole):,}".replace(",", group) + (point if dot else "") + cents
    assert parse_amount(text, currency, decimal=point) == amount
    assert parse_amount(f"{text}\u00a0{currency}", currency, decimal=point) == amount


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1,49 €", "EUR", 149), ("€1.49", "EUR", 149), ("EUR 1.49", "EUR", 149),
        ("1.234,50", "EUR", 123450), ("1,234.50", "EUR", 123450), ("1 234.50", "EUR", 123450),
        ("1\u202f234,5", "EUR", 123450), ("1'234.50", "CHF", 123450), ("1’234.–", "CHF", 123400),
        ("3.", "EUR", 300), ("3,-", "EUR", 300), ("5,– €", "EUR", 500), (".99", "EUR", 99),
        ("0", "EUR", 0), ("007", "EUR", 700), ("1.234", "EUR", 123400), ("1,234", "EUR", 123400),
        ("1.234.567", "EUR", 123456700), ("1.2300", "EUR", 123), ("0.5", "EUR", 50),
        ("1.234", "KWD", 1234), ("1,234", "KWD", 1234), ("1,234", "JPY", 1234),
        ("¥1,500", "JPY", 1500), ("12.90 Fr.", "CHF", 1290),
        ("Fr. 12.90", "CHF", 1290), ("Rs.500", "INR", 50000), ("129 kr", "SEK", 12900),
        ("$3.33", "CAD", 333), ("12,50 zł", "PLN", 1250), ("1234.5678", "CLF", 12345678),
        ("10000000000.00", "EUR", MAX_AMOUNT_MINOR),
    ],
)  # fmt: skip
def test_what_shops_write(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    ["", " ", "1.49.", "1,2,3", "-1", "−1.00", "(1.00)", "1.2.3", "12.34.567", "1,49 USD", "$1",
     "£2", "1e5", "0x10", "abc", "1.49 each", "1.491 2", "1.4951", "10000000000.01", "9" * 30,
     "9" * 10_000, "٣", "\0", "1\x001", "😀", "\ud800", "1 €€", ".", ",", "1.,5", "1 2", "1.23,4.5",
     "nan", "inf", "1_000", "1/2"],
)  # fmt: skip
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_amount(text, "EUR")
    assert len(caught.value.message) < 120


@pytest.mark.parametrize(
    ("text", "decimal", "minor"),
    [("3.330", ".", 333), ("1.234", ",", 123400), ("1,234", ".", 123400), ("1,5", ",", 150)],
)
def test_a_known_mark_decides(text: str, decimal: str, minor: int) -> None:
    assert parse_amount(text, "EUR", decimal=decimal) == minor


@pytest.mark.parametrize(("text", "decimal"), [("1,49", "."), ("1.49", ","), ("1,4", ".")])
def test_the_other_mark_is_not_guessed_away(text: str, decimal: str) -> None:
    with pytest.raises(MalformedInput):
        parse_amount(text, "EUR", decimal=decimal)


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("1.999", "Write 1999 or 1.99."), ("1,234 €", "Write 1234 or 1,23."),
        ("€ 120.000", "Write 120000 or 120.00."),
    ],
)  # fmt: skip
def test_one_typed_price_of_two_readings_is_asked_about(text: str, ways: str) -> None:
    parse_amount(text, "EUR")
    with pytest.raises(MalformedInput, match=r"may mean \d+ or [\d.,]+") as caught:
        typed_amount(text, "EUR")
    assert caught.value.hint == ways


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1999", "EUR"), ("1.99", "EUR"), ("1,5", "EUR"), ("1.999,00", "EUR"), ("1.234.567", "EUR"),
        ("1'999", "CHF"), ("0.990", "EUR"), ("1.999", "KWD"), ("1,999", "JPY"), ("1999.000", "EUR"),
    ],
)  # fmt: skip
def test_a_typed_price_of_one_reading_is_taken(text: str, currency: str) -> None:
    assert typed_amount(text, currency) == parse_amount(text, currency)


@given(
    st.text(), st.sampled_from(["EUR", "JPY", "KWD", "xyz", ""]), st.sampled_from([None, ",", "."])
)
@example("1.49 \ud800", "EUR", None)
def test_raises_nothing_else(text: str, currency: str, decimal: str | None) -> None:
    try:
        assert 0 <= parse_amount(text, currency, decimal=decimal) <= MAX_AMOUNT_MINOR
    except MalformedInput as error:
        error.message.encode()


@given(st.text("0123456789.,' €-EUR", max_size=14))
def test_near_misses_raise_nothing_else(text: str) -> None:
    with contextlib.suppress(MalformedInput):
        assert 0 <= parse_amount(text, "EUR") <= MAX_AMOUNT_MINOR


@pytest.mark.parametrize(
    ("text", "code"), [("EUR", "EUR"), (" eur ", "EUR"), ("€", "EUR"), ("$", "USD"), ("£", "GBP"),
                       ("Fr.", "CHF"), ("zł", "PLN"), ("KWD", "KWD")],
)  # fmt: skip
def test_currency(text: str, code: str) -> None:
    assert parse_currency(text) == code


@pytest.mark.parametrize("text", ["", "EURO2", "XAU", "XXX", "\ud800", "a" * 10_000, "\0"])
def test_no_currency(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_currency(text)


@given(st.text())
def test_currency_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(MalformedInput):
        assert parse_currency(text) in MINOR_DIGITS


def test_for_people() -> None:
    assert human_amount(129, "EUR") == "€1.29"
    assert human_amount(123450, "USD") == "$1,234.50"
    assert human_amount(150, "JPY") == "¥150"
    assert human_amount(1290, "CHF") == "12.90\u00a0CHF"
    assert human_amount(-5, "EUR") == "−€0.05"
    assert format_amount(-5, "EUR") == "-0.05"


def test_iso_4217_list(test_data: "pytest.TempPathFactory") -> None:
    import csv
    from pathlib import Path

    folder = Path(str(test_data))
    with (folder / "standards" / "iso4217.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["WithdrawalDate"]]
    listed = {
        row["AlphabeticCode"]: int(row["MinorUnit"]) for row in rows if row["MinorUnit"].isdigit()
    }
    assert listed == MINOR_DIGITS
