"""Which candidates answer a query, and in which order: everything judged at the moment asked."""

import heapq
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fedretail.crdt.codec import unpack
from fedretail.domain.catalog import Offer
from fedretail.domain.geo import distance_m
from fedretail.domain.ids import offer_id
from fedretail.domain.listings import warnings_of
from fedretail.domain.prices import price_now
from fedretail.errors import BugError
from fedretail.index.candidates import Row
from fedretail.index.query import Query
from fedretail.index.ranking import Relevance, Term, score
from fedretail.index.records import Records
from fedretail.index.schema import SEQUENCE_BITS, STOCK_NONE, STOCK_UNKNOWN
from fedretail.index.sites import SiteEntry, Sites
from fedretail.index.text import fold

# A collection that nobody heard of for so long leaves public search: its offers may be gone.
UNHEARD_MS = 30 * 24 * 3600 * 1000
MAX_FACTS_BYTES = 1 << 20
_STEP = re.compile(r"\s*[>»|/]\s*")


class Hit(NamedTuple):
    """A row that answers. `order` sorts hits; no two are equal, since it ends with the offer."""

    order: tuple[Any, ...]
    row: int
    score: float


class Reached(NamedTuple):
    """A site that may be shown, and how far away it is (None: nobody asked from where)."""

    entry: SiteEntry
    distance_m: float | None
    seen_at_ms: int
    currency: str | None


class Judge:
    """Judges rows for one query at one moment."""

    def __init__(self, query: Query, sites: Sites, store: Records, *, now_ms: int) -> None:
        self.query = query
        self.at_ms = now_ms if query.at_ms is None else query.at_ms
        self._sites = sites
        self._store = store
        self._now_ms = now_ms
        self._reached: dict[int, Reached | None] = {}

    @property
    def asks_prices(self) -> bool:
        """Whether prices decide what is found or in which order."""
        return self.query.sort == "cheapest" or self.query.max_price_minor is not None

    def hits(
        self, rows: Iterable[Row], terms: Sequence[Term], categories: set[int] | None
    ) -> list[Hit]:
        """The rows that answer, unsorted. `categories`: the numbers wanted, None for all."""
        hits = []
        relevant = Relevance(terms)
        for row in rows:
            base = row[0] >> SEQUENCE_BITS
            reached = self._reached[base] if base in self._reached else self._reach(base)
            if reached is not None and (categories is None or row[5] in categories):
                hit = self._hit(row, reached, relevant)
                if hit is not None:
                    hits.append(hit)
        return hits

    def warnings(self, base: int) -> tuple[str, ...]:
        """What to warn of at the site of a hit."""
        entry, seen_at_ms = self.reach(base)
        is_signed_twice = self._store.signed_twice(entry.owner, entry.collection)
        return warnings_of(
            seen_at_ms=seen_at_ms, now_ms=self._now_ms, is_signed_twice=is_signed_twice
        )

    def reach(self, base: int) -> tuple[SiteEntry, int]:
        """The site of a hit, and when its machine last signed (ms)."""
        reached = self._reached[base]
        if reached is None:
            raise BugError("a hit at a site that is not shown")
        return reached.entry, reached.seen_at_ms

    def _hit(self, row: Row, reached: Reached, relevant: Relevance) -> Hit | None:
        number, key, price, currency, stock, _, timed, named, words, facts = row
        query = self.query
        if query.in_stock and stock == STOCK_NONE:
            return None
        if timed:
            shown, price = self._timed(facts)
            if not shown:
                return None
        currency = currency or reached.currency
        if currency is None:
            price = None
        if query.max_price_minor is not None and not self._affordable(price, currency):
            return None
        offer = offer_id(reached.entry.id, key)
        unsure = query.in_stock and stock == STOCK_UNKNOWN
        if query.sort == "best":
            points = score(relevant.of(words, named), reached.distance_m, stock)
            return Hit((unsure, -points, offer), number, points)
        distance = reached.distance_m or 0.0
        if query.sort == "nearest":
            return Hit((unsure, distance, offer), number, 0.0)
        # Prices of one currency compare; the shopper's own comes first, unknown prices last.
        cheap = (price is None, currency != query.currency, currency or "", price or 0)
        return Hit((unsure, *cheap, distance, offer), number, 0.0)

    def _reach(self, base: int) -> Reached | None:
        """The site with this base where this query may show it, else None; worked out once."""
        entry = self._sites.by_base.get(base)
        reached = None if entry is None else self._reached_site(entry)
        self._reached[base] = reached
        return reached

    def _reached_site(self, entry: SiteEntry) -> Reached | None:
        query = self.query
        distance = None if query.near is None else distance_m(query.near, entry.position)
        if query.within_m is not None and (distance is None or distance > query.within_m):
            return None
        seen_at_ms = self._store.seen_at(entry.owner, entry.collection)
        if seen_at_ms is None or self._now_ms - seen_at_ms > UNHEARD_MS:
            return None
        if query.open_now and entry.site.open_state(self.at_ms).open is not True:
            return None
        return Reached(entry, distance, seen_at_ms, entry.site.currency)

    def _timed(self, facts: bytes | None) -> tuple[bool, int | None]:
        """(is the offer shown, its price) at the moment asked."""
        offer = Offer.from_fields(unpack(facts or b"\x80", max_bytes=MAX_FACTS_BYTES))
        price = price_now(offer.prices, self.at_ms)
        return offer.shown(self.at_ms), None if price is None else price.amount_minor

    def _affordable(self, price: int | None, currency: str | None) -> bool:
        most = self.query.max_price_minor
        return price is not None and currency == self.query.currency and price <= (most or 0)


def first(hits: list[Hit], offset: int, limit: int) -> list[Hit]:
    """Hits `offset` to `offset + limit` in their order."""
    return heapq.nsmallest(offset + limit, hits)[offset:]


def category_matches(text: str, wanted: str) -> bool:
    """Whether a category is the one wanted, or one step or the beginning of its path is."""
    steps = [fold(step) for step in _STEP.split(text.strip())]
    asked = [fold(step) for step in _STEP.split(wanted.strip())]
    return asked == steps[: len(asked)] or (len(asked) == 1 and asked[0] in steps)
