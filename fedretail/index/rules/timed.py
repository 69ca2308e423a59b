"""Offers whose price or validity depends on the moment: what they say at one, and how long."""

from typing import NamedTuple

from fedretail.domain.catalog import Offer
from fedretail.domain.prices import UnitPrice, price_now, unit_price

# Before and after all moments that anybody asks about.
ALWAYS_MS = 1 << 62
# The fields that `timed_at` asks for: to judge all of an offer takes three times as long.
ASKED = ("name", "prices", "net", "pack", "sold_by", "valid_from", "valid_until")


class Timed(NamedTuple):
    """What an offer says from a moment on (inclusive) until another (exclusive), ms.

    Is it shown, its price, and the price of one kg, l, m or piece.
    """

    from_ms: int
    until_ms: int
    is_shown: bool
    amount: int | None = None
    unit: UnitPrice | None = None


def timed_at(offer: Offer, at_ms: int, *, member: bool) -> Timed:
    """What the offer says at a moment to a shopper."""
    from_ms, until_ms = -ALWAYS_MS, ALWAYS_MS
    windows = [(offer.valid_from, offer.valid_until)]
    windows += [(one.from_ms, one.until_ms) for one in offer.prices]
    for moment in (one for window in windows for one in window if one is not None):
        if moment <= at_ms:
            from_ms = max(from_ms, moment)
        else:
            until_ms = min(until_ms, moment)
    if not offer.shown(at_ms):
        return Timed(from_ms, until_ms, is_shown=False)
    price = price_now(offer.prices, at_ms, member=member)
    if price is None:
        return Timed(from_ms, until_ms, is_shown=True)
    amount = price.amount_minor
    unit = unit_price(amount, offer.net, offer.pack, offer.sold_by)
    return Timed(from_ms, until_ms, True, amount, unit)
