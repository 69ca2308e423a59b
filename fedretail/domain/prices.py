"""What something costs: prices with windows, and the unit price by which packs compare.

An offer has a list of prices, each for a span of time, a least quantity and an audience.
The price shown is the lowest that is valid now for this shopper; prices open and close by
the clock, without a new edit. A deposit is no part of a price and of no comparison.

In a record a price is [amount, from, until, min_quantity, audience] with trailing
defaults left out ([129]); amount in minor units, times in ms or nil, audience 0 all,
1 members.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from fedretail.domain.kind import Value
from fedretail.domain.money import MAX_AMOUNT_MINOR
from fedretail.domain.reasons import NotRead, Reason
from fedretail.domain.times import MAX_TIME_MS
from fedretail.domain.units import MAX_PACK, UNITS, Quantity

Audience = Literal["all", "members"]
SoldBy = Literal["piece", "weight", "time"]
Per = Literal["kg", "l", "m", "piece"]

# A week of daily specials, some quantity steps and a members' price fit in 64.
MAX_PRICES = 64
# The largest integer that JSON readers and float columns hold exactly. A unit price beyond
# it (a price of millions for a milligram) is drawn down to it.
MAX_UNIT_AMOUNT = 2**53 - 1
# The law on reductions asks for the lowest price of the last 30 days.
LOWEST_WINDOW_MS = 30 * 24 * 3600 * 1000

_AUDIENCES: tuple[Audience, Audience] = ("all", "members")
_DEFAULTS: tuple[Value, ...] = (None, None, 1, 0)


@dataclass(frozen=True, slots=True)
class Price:
    """An amount valid from from_ms (inclusive) until until_ms (exclusive)."""

    amount_minor: int
    from_ms: int | None = None
    until_ms: int | None = None
    min_quantity: int = 1
    audience: Audience = "all"

    @property
    def lasts(self) -> bool:
        """Whether it holds always, for everyone, from one piece on."""
        return (
            self.from_ms is None
            and self.until_ms is None
            and self.min_quantity == 1
            and self.audience == "all"
        )

    def valid(self, at_ms: int, *, quantity: int = 1, member: bool = False) -> bool:
        """Whether this shopper may buy so many at this price at that moment."""
        return (
            (self.from_ms is None or self.from_ms <= at_ms)
            and (self.until_ms is None or at_ms < self.until_ms)
            and self.min_quantity <= quantity
            and (member or self.audience == "all")
        )


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price of one kg, litre, metre or piece."""

    amount_minor: int
    per: Per


def encode_prices(prices: Iterable[Price]) -> list[Value]:
    """The prices as a record holds them: sorted, each once, defaults left out."""
    return [_encode(price) for price in sorted(set(prices), key=_order)]


def _encode(price: Price) -> list[Value]:
    row: list[Value] = [
        price.amount_minor,
        price.from_ms,
        price.until_ms,
        price.min_quantity,
        _AUDIENCES.index(price.audience),
    ]
    while len(row) > 1 and row[-1] == _DEFAULTS[len(row) - 2]:
        row.pop()
    return row


def _order(price: Price) -> tuple[int, int, int, int, str]:
    """Cheapest first; then the earlier start, the earlier end (none counts as never)."""
    start = -1 if price.from_ms is None else price.from_ms
    end = MAX_TIME_MS + 1 if price.until_ms is None else price.until_ms
    return price.amount_minor, start, end, price.min_quantity, price.audience


def parse_prices(value: Value) -> tuple[Price, ...]:
    """The prices of a record's value, in canonical order; MalformedInput when it is none."""
    if not isinstance(value, list) or len(value) > MAX_PRICES:
        raise NotRead(Reason("prices_many", {"number": str(MAX_PRICES)}))
    if len(value) == 1:
        return (_parse_one(value[0]),)
    return tuple(sorted({_parse_one(row) for row in value}, key=_order))


def _parse_one(row: Value) -> Price:
    if not isinstance(row, list) or not 1 <= len(row) <= 5:
        raise NotRead(Reason("price_row"))
    amount = _integer(row[0], 0, MAX_AMOUNT_MINOR, "price_amount")
    if len(row) == 1:
        return _lasting(amount)
    start, end, least, audience = row[1:] + list(_DEFAULTS[len(row) - 1 :])
    from_ms = None if start is None else _integer(start, 0, MAX_TIME_MS, "price_time")
    until_ms = None if end is None else _integer(end, 0, MAX_TIME_MS, "price_time")
    if from_ms is not None and until_ms is not None and until_ms <= from_ms:
        raise NotRead(Reason("price_ends_before"))
    min_quantity = _integer(least, 1, MAX_PACK, "price_least")
    who = _AUDIENCES[_integer(audience, 0, 1, "price_audience")]
    return Price(amount, from_ms, until_ms, min_quantity, who)


# Shops have few price points ("0.99", "1.49"), and most prices are nothing but an amount.
_lasting = lru_cache(maxsize=4096)(Price)


def _integer(value: Value, least: int, most: int, fault: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise NotRead(Reason(fault, {"text": f"{value!r:.40}"}))
    return value


def price_now(
    prices: Sequence[Price], at_ms: int, *, quantity: int = 1, member: bool = False
) -> Price | None:
    """The lowest price valid at that moment for this shopper; None when there is none."""
    best: Price | None = None
    for price in prices:
        if (best is None or price.amount_minor < best.amount_minor) and price.valid(
            at_ms, quantity=quantity, member=member
        ):
            best = price
    return best


def unit_price(
    amount_minor: int, net: Quantity | None, pack: int = 1, sold_by: SoldBy = "piece"
) -> UnitPrice:
    """The price of one kg, l, m or piece, exact, halves rounded up.

    The pack holds `pack` times `net`. Without a net content it is per piece of the pack,
    or per kg for what is sold by weight. Contents that compare in no shop (hours, areas)
    are priced per piece.
    """
    found = measure(net, pack, sold_by)
    return UnitPrice(found.of(amount_minor), found.per)


class Measure(NamedTuple):
    """How an amount for a pack becomes one for a kg, l, m or piece: times above / below."""

    above: int
    below: int
    per: Per

    def of(self, amount_minor: int) -> int:
        """The amount for one, of a pack that costs so much."""
        return _half_up(amount_minor * self.above, self.below)


def measure(net: Quantity | None, pack: int, sold_by: SoldBy) -> Measure:
    """The measure of packs of this content; for those who need the unit prices of many."""
    unit = UNITS.get(net.unit) if net is not None else None
    if net is not None and unit is not None and unit.base in ("kg", "l", "m", "piece"):
        numerator, denominator = net.amount.as_integer_ratio()
        content = unit.factor
        above, below = denominator * content.denominator, numerator * content.numerator * pack
        return Measure(above, below, unit.base)  # type: ignore[arg-type]
    return Measure(1, pack, "kg" if sold_by == "weight" else "piece")


def _half_up(above: int, below: int) -> int:
    """The nearest integer to above / below, halves up, at most MAX_UNIT_AMOUNT."""
    return min((2 * above + below) // (2 * below), MAX_UNIT_AMOUNT)


def lowest_30d(history: Iterable[tuple[int, int]], now_ms: int) -> int | None:
    """The lowest amount in force in the 30 days before now; None when nothing was.

    history: (at_ms, amount_minor) pairs, each in force from its time to the next one's.
    An entry at or after now (the reduction itself) does not count.
    """
    start_ms = now_ms - LOWEST_WINDOW_MS
    past = sorted(entry for entry in history if entry[0] < now_ms)
    before = [amount for at_ms, amount in past if at_ms <= start_ms]
    within = [amount for at_ms, amount in past if at_ms > start_ms]
    return min(before[-1:] + within, default=None)


def moved_by_half(old_minor: int, new_minor: int) -> bool:
    """Whether a price moved so far (by more than half, or to zero) that it may be a slip."""
    if old_minor == new_minor:
        return False
    return new_minor == 0 or 2 * abs(new_minor - old_minor) > old_minor
