"""What may be asked of an offer and its site, and whether they have it: the definition.

A filter is set or says nothing; an offer answers when every filter that is set holds. What one
does not know of an offer holds no filter, but unknown stock: that is listed after what is there.
"""

import math
from dataclasses import dataclass
from typing import Literal

from fedretail.domain.boxes import Box
from fedretail.domain.geo import Position, distance_m
from fedretail.errors import UsageError
from fedretail.index.language.text import fold
from fedretail.index.rules.goods import Goods, Where
from fedretail.index.rules.stock import STOCK_NONE

OfferType = Literal["product", "service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a query, or a view of the assortment, leaves out.

    near, within_m: how far from a place a site may be. box: the part of a map it lies in.
    retailers: ids of sites, and names of members in hex.
    in_stock: leaves out what is not there. open_now: only sites known to be open at the moment
    asked about.
    min_price_minor, max_price_minor: in minor units of `currency`; offers in other currencies or
    without a price are left out.
    type: goods or services. claims: all that an offer must make, case and accents aside.
    newer_than_ms: somebody stood behind the price within so many ms before the moment.
    for_age: only what a person of so many years may buy.
    """

    near: Position | None = None
    within_m: float | None = None
    box: Box | None = None
    retailers: frozenset[str] | None = None
    in_stock: bool = False
    open_now: bool = False
    min_price_minor: int | None = None
    max_price_minor: int | None = None
    currency: str | None = None
    type: OfferType | None = None
    claims: tuple[str, ...] = ()
    newer_than_ms: int | None = None
    for_age: int | None = None

    def check(self) -> None:
        """UsageError where this cannot be meant."""
        if self.within_m is not None and self.near is None:
            raise UsageError("Near what?", hint="Give a position as --near LAT,LON.")
        if self.within_m is not None and not 0 <= self.within_m < math.inf:
            raise UsageError("A radius is a length from 0 on.", hint="Write it as 5km or 300m.")
        least, most = self.min_price_minor, self.max_price_minor
        if (least, most) != (None, None) and self.currency is None:
            raise UsageError("A lowest or highest price needs a currency.")
        if least is not None and most is not None and least > most:
            raise UsageError("The lowest price is above the highest.")
        if self.newer_than_ms is not None and self.newer_than_ms < 0:
            raise UsageError("An age is 0 or more.")

    @property
    def asks_hours(self) -> bool:
        """Whether opening hours decide."""
        return self.open_now

    @property
    def asks_prices(self) -> bool:
        """Whether prices decide."""
        return self.min_price_minor is not None or self.max_price_minor is not None

    @property
    def asks_facts(self) -> bool:
        """Whether more than a row's columns decides: type, claims, age."""
        few = (self.type, self.newer_than_ms, self.for_age)
        return bool(self.claims) or any(one is not None for one in few)

    @property
    def asks_goods(self) -> bool:
        """Whether `keeps` can say no."""
        return self.in_stock or self.asks_prices or self.asks_facts

    def at_site(self, where: Where) -> bool:
        """Whether offers of this site are asked for."""
        if self.retailers is not None and self.retailers.isdisjoint(
            (where.site, where.owner.hex())
        ):
            return False
        if self.box is not None and not (where.position and self.box.holds(where.position)):
            return False
        if self.within_m is not None and not self._is_near(where.position, self.within_m):
            return False
        return not self.open_now or where.is_open is True

    def keeps(self, goods: Goods, at_ms: int) -> bool:
        """Whether these goods, of a site that is asked for, are asked for at this moment."""
        if self.in_stock and goods.stock == STOCK_NONE:
            return False
        if self.asks_prices and not self.affords(goods.amount_minor, goods.currency):
            return False
        if self.type is not None and goods.type != self.type:
            return False
        if not all(fold(claim) in goods.claims for claim in self.claims):
            return False
        if self.newer_than_ms is not None and (
            goods.confirmed_at_ms is None or at_ms - goods.confirmed_at_ms > self.newer_than_ms
        ):
            return False
        return self.for_age is None or goods.min_age <= self.for_age

    def affords(self, amount: int | None, currency: str | None) -> bool:
        """Whether a price lies between the lowest and the highest."""
        least, most = self.min_price_minor, self.max_price_minor
        return (
            amount is not None
            and currency == self.currency
            and (least is None or amount >= least)
            and (most is None or amount <= most)
        )

    def _is_near(self, place: Position | None, radius_m: float) -> bool:
        if self.near is None or place is None:
            return False
        return distance_m(self.near, place) <= radius_m
