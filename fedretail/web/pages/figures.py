"""Numbers, prices and dates in the form of a locale, each worked out once and remembered.

The shelves of a street repeat a few thousand prices and a few dozen days; Babel takes longer over
one of them than a template over a whole card.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, get_timezone_location
from babel.numbers import format_currency, format_decimal

from fedretail.domain.money import format_amount

# Some hundred bytes each.
_KEPT = 4096
_PARTS = re.compile(r"(\D*)([\d.,\u00a0\u202f]*?\d)([.,]\d{2,3})?(\D*)")


@dataclass(frozen=True, slots=True)
class Amount:
    """A price in the parts that a tag shows: `before`, whole, decimals with their sign, `after`."""

    before: str
    whole: str
    decimals: str
    after: str


@lru_cache(_KEPT)
def number(value: Decimal | int, locale: str) -> str:
    """ "18,402", "18.402"."""
    return format_decimal(value, locale=locale)


@lru_cache(_KEPT)
def money(amount_minor: int, currency: str, locale: str, form: Any = "standard") -> str:
    """ "€1.29"; in the form "name" "1.29 euros"."""
    amount = Decimal(format_amount(amount_minor, currency))
    return format_currency(amount, currency, locale=locale, format_type=form)


@lru_cache(_KEPT)
def amount(amount_minor: int, currency: str, locale: str) -> Amount:
    """The parts of a price on a tag."""
    text = money(amount_minor, currency, locale)
    found = _PARTS.fullmatch(text)
    if found is None:
        return Amount("", text, "", "")
    before, whole, decimals, after = found.groups(default="")
    digits = len(format_amount(amount_minor, currency).partition(".")[2])
    if decimals and len(decimals) - 1 != digits:
        whole, decimals = whole + decimals, ""
    return Amount(before, whole, decimals, after)


@lru_cache(_KEPT)
def weekday(day: date, locale: str, *, short: bool = False) -> str:
    """ "Tuesday", "Tue"."""
    return format_date(day, "EEE" if short else "EEEE", locale=locale)


@lru_cache(_KEPT)
def calendar_day(day: date, locale: str, *, with_year: bool) -> str:
    """ "9 Nov", "9 Nov 2024"."""
    return format_skeleton("yMMMd" if with_year else "MMMd", day, locale=locale)


@lru_cache(_KEPT)
def place_of_zone(zone: ZoneInfo, locale: str) -> str:
    """ "New York", "Brüssel": where the clocks of a zone hang."""
    return get_timezone_location(zone, locale=locale, return_city=True).rpartition("/")[2]
