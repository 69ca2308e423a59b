"""Prices: windows, the lowest valid one, unit prices against Fraction, the record's form."""

import contextlib
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.money import MAX_AMOUNT_MINOR
from fedretail.domain.prices import (
    LOWEST_WINDOW_MS,
    MAX_UNIT_AMOUNT,
    Price,
    UnitPrice,
    encode_prices,
    lowest_30d,
    moved_by_half,
    parse_prices,
    price_now,
    unit_price,
)
from fedretail.domain.units import UNITS, Quantity, quantity
from fedretail.errors import MalformedInput
from fedretail.testing.strategies import values

small_times = st.none() | st.integers(0, 20)
prices = st.builds(
    Price, st.integers(0, 50), small_times, small_times, st.integers(1, 4),
    st.sampled_from(["all", "members"]),
).filter(lambda p: p.from_ms is None or p.until_ms is None or p.from_ms < p.until_ms)  # fmt: skip


@given(st.lists(prices, max_size=8))
def test_the_record_form_round_trips_in_any_order(some: list[Price]) -> None:
    encoded = encode_prices(some)
    assert set(parse_prices(encoded)) == set(some)
    assert encode_prices(reversed(some + some)) == encoded
    assert parse_prices(list(reversed(encoded))) == parse_prices(encoded)


@given(prices)
def test_a_price_lasts_when_nothing_but_its_amount_is_said(price: Price) -> None:
    assert price.lasts == (len(encode_prices([price])[0]) == 1)  # type: ignore[arg-type]


def test_the_record_form_is_short() -> None:
    assert encode_prices([Price(129)]) == [[129]]
    assert encode_prices([Price(99, 5, None)]) == [[99, 5]]
    assert encode_prices([Price(99, None, 7), Price(1, min_quantity=3)]) == [
        [1, None, None, 3],
        [99, None, 7],
    ]
    assert encode_prices([Price(9, audience="members")]) == [[9, None, None, 1, 1]]


@pytest.mark.parametrize(
    "value",
    [None, 129, [129], [[]], [[-1]], [[True]], [["1"]], [[1, 2, 1]], [[1, 2, 2]],
     [[1, None, None, 0]],
     [[1, None, None, 1, 2]], [[1, None, None, 1, 0, 0]], [[MAX_AMOUNT_MINOR + 1]], [[1, -5]],
     [[1, 2**70]], {"a": 1}, [[1]] * 65, [{"amount": 1}], [[None]]],
)  # fmt: skip
def test_other_values_are_no_prices(value: object) -> None:
    with pytest.raises(MalformedInput):
        parse_prices(value)  # type: ignore[arg-type]


@given(values)
def test_parse_raises_nothing_else(value: object) -> None:
    with contextlib.suppress(MalformedInput):
        parse_prices(value)


@given(st.lists(prices, max_size=8), st.integers(0, 21), st.integers(1, 5), st.booleans())
def test_the_price_shown_is_the_lowest_valid(
    some: list[Price], at_ms: int, count: int, member: bool
) -> None:
    open_now = [
        price.amount_minor
        for price in some
        if (price.from_ms or 0) <= at_ms
        and (price.until_ms is None or at_ms < price.until_ms)
        and count >= price.min_quantity
        and (member or price.audience != "members")
    ]
    shown = price_now(some, at_ms, quantity=count, member=member)
    assert (shown.amount_minor if shown else None) == min(open_now, default=None)


def test_a_window_opens_and_closes_by_the_clock() -> None:
    week = [Price(399), Price(333, 1000, 2000)]
    shown = [price_now(week, at_ms) for at_ms in (999, 1000, 1999, 2000)]
    assert [price.amount_minor if price else None for price in shown] == [399, 333, 333, 399]
    assert price_now([Price(333, 1000, 2000)], 2000) is None


@given(
    st.integers(0, MAX_AMOUNT_MINOR),
    st.decimals("0.000001", "1000000", places=6),
    st.sampled_from(sorted(UNITS)),
    st.integers(1, 1000),
)
def test_unit_price_is_exact(amount: int, net: Decimal, code: str, pack: int) -> None:
    unit = UNITS[code]
    found = unit_price(amount, Quantity(net, code), pack, "piece")
    if unit.base in ("kg", "l", "m", "piece"):
        exact = Fraction(amount) / (Fraction(net) * unit.factor * pack)
        assert found.per == unit.base
    else:
        exact = Fraction(amount, pack)
        assert found.per == "piece"
    halves_up = (exact + Fraction(1, 2)).__floor__()
    assert found.amount_minor == min(halves_up, MAX_UNIT_AMOUNT)


@pytest.mark.parametrize(
    ("amount", "net", "pack", "sold_by", "expected"),
    [
        (129, quantity("1", "LTR"), 1, "piece", UnitPrice(129, "l")),
        (333, quantity("500", "GRM"), 1, "piece", UnitPrice(666, "kg")),
        (499, quantity("0.33", "LTR"), 6, "piece", UnitPrice(252, "l")),
        (299, quantity("10", "H87"), 1, "piece", UnitPrice(30, "piece")),
        (100, None, 8, "piece", UnitPrice(13, "piece")),
        (590, None, 1, "weight", UnitPrice(590, "kg")),
        (5000, quantity("1", "HUR"), 1, "time", UnitPrice(5000, "piece")),
        (1, quantity("2", "H87"), 1, "piece", UnitPrice(1, "piece")),
        (0, quantity("1", "KGM"), 1, "piece", UnitPrice(0, "kg")),
    ],
)
def test_unit_prices_of_a_shelf(
    amount: int, net: Quantity | None, pack: int, sold_by: str, expected: UnitPrice
) -> None:
    assert unit_price(amount, net, pack, sold_by) == expected  # type: ignore[arg-type]


@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.integers(1, 50)), max_size=8, unique_by=lambda e: e[0]
    )
)
def test_lowest_of_thirty_days(history: list[tuple[int, int]]) -> None:
    """Against asking each moment of the window which price was in force then."""
    day = LOWEST_WINDOW_MS // 30
    scaled = [(at * day, amount) for at, amount in history]
    now_day = 60
    in_force = []
    for moment in range(now_day - 30, now_day):
        past = [entry for entry in history if entry[0] <= moment]
        if past:
            in_force.append(max(past)[1])
    assert lowest_30d(scaled, now_day * day) == min(in_force, default=None)


def test_the_reduction_itself_does_not_count() -> None:
    now_ms = 100 * 24 * 3600 * 1000
    assert lowest_30d([(0, 399), (now_ms, 299)], now_ms) == 399
    assert lowest_30d([], now_ms) is None


def test_a_price_that_moves_far_is_noticed() -> None:
    assert [moved_by_half(200, new) for new in (100, 99, 300, 301, 0, 200)] == [
        False, True, False, True, True, False,
    ]  # fmt: skip
    assert moved_by_half(0, 5)
    assert not moved_by_half(0, 0)
