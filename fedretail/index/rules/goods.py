"""An offer as one shopper finds it at one moment: all that a search asks of it.

Filters, orders, facets and groups are defined on Goods alone, in modules of their own. However an
index finds and counts, its answer is the one that these definitions give.
"""

from typing import NamedTuple

from fedretail.domain.ages import min_age_for
from fedretail.domain.catalog import Offer
from fedretail.domain.geo import Position
from fedretail.domain.hours import OpenState
from fedretail.domain.prices import UnitPrice, price_now, unit_price
from fedretail.index.language.text import fold


class Where(NamedTuple):
    """A site at one moment. position: None where it tells none, which no area holds.

    state: open or not; None where nobody asks for it.
    """

    owner: bytes
    site: str
    name: str
    position: Position | None
    currency: str | None
    distance_m: float | None
    state: OpenState | None

    @property
    def is_open(self) -> bool | None:
        """Whether it is open; None where that is not known."""
        return None if self.state is None else self.state.open


class Goods(NamedTuple):
    """An offer at a site; what is not asked for may be left at its default.

    amount_minor: the price of this shopper, None when none is valid; unit: the same per kg, l, m
    or piece; stock: a STOCK_ code; claims are folded.
    """

    offer: str
    where: Where
    amount_minor: int | None
    currency: str | None
    stock: int
    category: str = ""
    brand: str = ""
    gtin: str | None = None
    type: str = "product"
    claims: frozenset[str] = frozenset()
    unit: UnitPrice | None = None
    min_age: int = 0
    confirmed_at_ms: int | None = None


def latest(*moments: int | None) -> int | None:
    """The latest of these moments, ms; None where none is known."""
    found = None
    for one in moments:
        if one is not None and (found is None or one > found):
            found = one
    return found


class Age(NamedTuple):
    """When somebody stood behind an offer, ms: who wrote its prices, who read its source."""

    priced_at_ms: int | None
    source_ms: int | None

    def confirmed_at_ms(self, offer: Offer) -> int | None:
        """The latest of them and of when somebody checked the offer itself."""
        return latest(self.priced_at_ms, offer.checked_at, self.source_ms)


NO_AGE = Age(None, None)


def goods_of(
    offer: Offer, where: Where, age: Age, *, shown: str, stock: int, at_ms: int, member: bool
) -> Goods:
    """All about an offer at a moment. shown: its id; member: whether members' prices count."""
    currency = offer.currency or where.currency
    price = price_now(offer.prices, at_ms, member=member) if currency else None
    amount = None if price is None else price.amount_minor
    unit = None if amount is None else unit_price(amount, offer.net, offer.pack, offer.sold_by)
    return Goods(
        shown,
        where,
        amount,
        currency,
        stock,
        offer.category,
        offer.brand,
        offer.gtin,
        offer.type,
        frozenset(map(fold, offer.claims)),
        unit,
        offer.min_age if offer.min_age is not None else min_age_for(offer.category) or 0,
        age.confirmed_at_ms(offer),
    )
