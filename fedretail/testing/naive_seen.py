"""An offer at a site, judged at a moment from the records alone: what `naive_search` looks at."""

from dataclasses import dataclass, field
from typing import Any

from fedretail.crdt.registers import Folded
from fedretail.domain.catalog import Offer
from fedretail.domain.geo import distance_m
from fedretail.domain.kind import RecordId
from fedretail.domain.prices import Price, price_now, unit_price
from fedretail.domain.sites import Site
from fedretail.index.query import Query
from fedretail.index.rules.stock import STOCK_LIKELY, STOCK_NONE, STOCK_UNKNOWN
from fedretail.testing.memory_records import MemoryRecords
from fedretail.testing.naive_words import words_of_whole


@dataclass
class Seen:
    """An offer at a site, judged at a moment."""

    record: RecordId
    offer: Offer
    site: Site
    words: list[str]
    named: int
    confirmed_ms: int | None
    away_m: float
    price: Price | None
    currency: str | None
    heard_ms: int
    is_twice: bool
    is_partial: bool = False
    held: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        """The offer's id."""
        return f"{self.record.collection[5:]}/{self.record.key}"

    @property
    def amount(self) -> int | None:
        """The price in minor units; None where none is valid."""
        return None if self.price is None else self.price.amount_minor

    @property
    def unit(self) -> Any:
        """The same per kg, l, m or piece."""
        if self.amount is None:
            return None
        return unit_price(self.amount, self.offer.net, self.offer.pack, self.offer.sold_by)

    @property
    def stock(self) -> int:
        """A STOCK_ code."""
        if self.offer.stock.made_to_order or self.offer.stock.level in ("few", "some"):
            return STOCK_LIKELY
        return STOCK_NONE if self.offer.stock.level == "none" else STOCK_UNKNOWN

    @property
    def product(self) -> Any:
        """Offers of one product have the same."""
        gtin = self.offer.gtin
        if gtin is None:
            return self.id
        short = gtin[6:] if gtin.startswith("000000") else None
        given_out_by_shops = (
            short[0] in "02" if short else gtin[1:3] in ("02", "04") or gtin[1] == "2"
        )
        return (self.record.owner, gtin) if given_out_by_shops else gtin


def seen_of(
    store: MemoryRecords, place: RecordId, folded: Folded, *, query: Query, at_ms: int
) -> Seen:
    """The offer of this record as the query's shopper finds it."""
    offer = Offer.from_fields(folded.fields)
    record = store.present.get(place._replace(kind="site", key=place.collection[5:]))
    site = Site.from_fields(record.fields) if record else Site()
    named, words = words_of_whole(offer)
    source = store.present.get(place._replace(kind="source", key=offer.source))
    checked = Offer.from_fields(source.fields).checked_at if source and offer.source else None
    moments = [folded.stamps.get("prices"), offer.checked_at, checked]
    away_m = distance_m(query.near, site.position) if query.near and site.position else 0.0
    currency = offer.currency or site.currency
    price = price_now(offer.prices, at_ms, member=query.member) if currency else None
    return Seen(
        place,
        offer,
        site,
        words.split(" "),
        named,
        max((moment for moment in moments if moment is not None), default=None),
        away_m,
        price,
        currency,
        store.heard.get((place.owner, place.collection), 0),
        (place.owner, place.collection) in store.twice,
    )
