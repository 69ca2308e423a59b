"""Which candidates answer a query, and in which order: everything judged at the moment asked.

What filters, orders and facets mean is defined on Goods, in modules of their own. Cells and
columns tell most of it without reading an offer; what they do not tell is judged by its Goods.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from fedretail.domain.catalog import Offer
from fedretail.domain.geo import distance_m
from fedretail.domain.hours import OpenState
from fedretail.domain.ids import offer_id
from fedretail.domain.listings import warnings_of
from fedretail.errors import BugError
from fedretail.index.answering.asked import AskedWords
from fedretail.index.answering.details import Detail, Details
from fedretail.index.answering.rough import Hit, Rough
from fedretail.index.answering.told import told_goods
from fedretail.index.layout.cells import (
    NO_PRICE,
    TIMED,
    WINDOWED,
    Cell,
    currency_of,
)
from fedretail.index.layout.rows import checked_at, name_words, offer_words
from fedretail.index.layout.schema import SEQUENCE_BITS
from fedretail.index.memory.sites import FewSites, SiteEntry, Sites
from fedretail.index.query import Query, limits_of, names_sites
from fedretail.index.records import Records
from fedretail.index.rules.goods import Age, Goods, Where, goods_of, latest
from fedretail.index.rules.orders import Order, order_of
from fedretail.index.rules.ranking import (
    DAY_MS,
    FRESH_DAYS,
    Term,
    most_relevant,
    score,
)
from fedretail.index.rules.stock import STOCK_NONE, STOCK_UNKNOWN
from fedretail.index.rules.timed import ASKED, Timed, timed_at

# A collection that nobody heard of for so long leaves public search: its offers may be gone.
UNHEARD_MS = 30 * 24 * 3600 * 1000
# Rows read together where all of them are judged: as many as `details` keeps with room to spare.
_AHEAD = 200


class Reached(NamedTuple):
    """A site that may be shown, and when its machine last signed."""

    entry: SiteEntry
    where: Where
    seen_at_ms: int


class Judge:
    """Judges rows for one query at one moment, in one snapshot of the index."""

    def __init__(
        self,
        query: Query,
        sites: Sites | FewSites,
        store: Records,
        *,
        details: Details,
        now_ms: int,
        at_ms: int,
    ) -> None:
        self.query = query
        self.at_ms = at_ms
        self.sites = sites
        self.details = details
        self._store = store
        self._now_ms = now_ms
        self.limits = limits_of(query)
        # Most queries ask nothing of single offers, and judge thousands.
        self._of_goods = [one for one in self.limits if one.asks_goods]
        self._asks_facts = query.gtin is not None or any(one.asks_facts for one in self.limits)
        self._asks_hours = query.facets or any(one.asks_hours for one in self.limits)
        self.asks_prices = (
            query.sort in ("cheapest", "cheapest-unit")
            or query.facets
            or any(one.asks_prices for one in self.limits)
        )
        # The flags of cells whose facts decide whether a row is shown, or where.
        self.to_read = WINDOWED | (TIMED if self.asks_prices else 0)
        self._reached: dict[int, Reached | None] = {}
        self._states: dict[int, OpenState] = {}
        self._warnings: dict[int, tuple[str, ...]] = {}
        # How relevant rows are to the words of this query, as they stand in this snapshot.
        self.known_relevant: dict[int, float] = {}
        self.units: tuple[str, ...] = ()
        # When each of the sites was signed last, ms, -1 never; None where only the store knows.
        self.heard: Any = None
        self.words = AskedWords.of(())

    @property
    def is_plain(self) -> bool:
        """Whether a row's cell tells whether it answers, and a bound of its order.

        Of all others each row is judged by its Goods, where columns are not at hand.
        """
        query, view = self.query, self.query.view
        is_viewed = view is not None and (view.asks_goods or view.own == "first")
        is_sorted = query.group or query.sort == "cheapest-unit"
        return not (self._asks_facts or is_viewed or is_sorted)

    @property
    def asks_units(self) -> bool:
        """Whether prices per kg, l, m or piece decide."""
        return self.query.sort == "cheapest-unit"

    def weigh(self, terms: Iterable[Term]) -> None:
        """Set the words by which hits are told how relevant they are."""
        self.words = AskedWords.of(terms)

    @property
    def asks_near(self) -> bool:
        """Whether offers are asked for that lie near, and nothing else of them but categories."""
        query = self.query
        few = (query.near is None, query.group, query.gtin is not None)
        is_near = query.sort in ("best", "nearest") and not any(few)
        return is_near and not any(one.asks_goods for one in self.limits)

    def bases(self) -> list[int] | None:
        """The sites where offers may be, where a radius, a map or retailers say it."""
        query = self.query
        if query.near is not None and query.within_m is not None:
            return self.sites.within(query.near, query.within_m)
        if not names_sites(query) or isinstance(self.sites, FewSites):
            return None
        return [one.base for one in self.sites.entries if self._asked_at(one) is not None]

    @property
    def is_local(self) -> bool:
        """Whether the query or its view says where, or whose, offers are to be."""
        view = self.query.view
        is_own = view is not None and view.own == "only"
        return is_own or any(
            (one.within_m, one.box, one.retailers) != (None, None, None) for one in self.limits
        )

    def roughs(
        self,
        cells: Iterable[tuple[int, Cell]],
        categories: set[int] | None,
        cover: Mapping[int, float] | None = None,
        full: set[int] | None = None,
    ) -> list[Rough]:
        """The rows of a plain query that answer but for what must be read, unsorted.

        categories: the numbers wanted, None for all. cover: for each row at most so large a share
        of what was asked it holds; None: all. full: the rows that hold every word, which come
        before the others; None: all do.
        """
        found = []
        for row, cell in cells:
            reached = self._reach(row >> SEQUENCE_BITS)
            if reached is not None and (categories is None or cell.category in categories):
                partial = full is not None and row not in full
                share = 1.0 if cover is None else cover[row]
                rough = self._rough(row, cell, reached, share, partial=partial)
                if rough is not None:
                    found.append(rough._replace(low=(partial, *rough.low), partial=partial))
        return found

    def expect(self, rows: list[int]) -> None:
        """Read in few statements what `settle` and a listing of these rows need."""
        rows = self.details.expect(rows)
        named = {(row >> SEQUENCE_BITS, self.details.read(row).source) for row in rows}
        self.details.expect_sources(
            (self.reach(base).entry, source) for base, source in named if source
        )

    def settle(self, rough: Rough) -> Hit:
        """The hit with its true order: reads the offer's key and, where they count, words."""
        where = self.reach(rough.row >> SEQUENCE_BITS).where
        detail = self.details.read(rough.row)
        shown = offer_id(where.site, detail.key)
        goods = Goods(shown, where, rough.price, rough.currency, rough.stock, unit=rough.unit)
        points = 0.0
        if self.query.sort == "best":
            points = self._points(rough.row, goods, detail, rough)
        order = self.order(goods, points, is_partial=rough.partial)
        return Hit(order, rough.row, points, goods)

    def order(self, goods: Goods, points: float, *, is_partial: bool) -> Order:
        """The order of a hit: offers with every word first, own ones before others if need be."""
        query, view = self.query, self.query.view
        order = order_of(goods, points, sort=query.sort, asked=query, units=self.units)
        if view is not None and view.own == "first":
            return is_partial, goods.where.owner != view.owner, *order
        return is_partial, *order

    def hits(self, cells: Iterable[tuple[int, Cell]], categories: set[int] | None) -> list[Hit]:
        """The rows that answer, each judged by its Goods; unsorted, without their order."""
        is_best, hits = self.query.sort == "best", []
        for row, goods in self.goods(cells, categories, named=True):
            points = self._points(row, goods, self.details.read(row)) if is_best else 0.0
            hits.append(Hit((), row, points, goods))
        return hits

    def goods(
        self, cells: Iterable[tuple[int, Cell]], categories: set[int] | None, *, named: bool
    ) -> Iterator[tuple[int, Goods]]:
        """The rows that answer; named: with the ids of their offers, which must be read."""
        for row, cell in self._read_ahead(cells) if named else cells:
            reached = self._reach(row >> SEQUENCE_BITS)
            if reached is None or not (categories is None or cell.category in categories):
                continue
            goods = self._goods(row, cell, reached, named=named)
            if goods is not None and all(one.keeps(goods, self.at_ms) for one in self._of_goods):
                yield row, goods

    def _read_ahead(self, cells: Iterable[tuple[int, Cell]]) -> Iterator[tuple[int, Cell]]:
        """The same cells; what `details` will be asked of them is read in few statements."""
        coming = iter(cells)
        while some := list(islice(coming, _AHEAD)):
            self.expect([row for row, _ in some if self._reach(row >> SEQUENCE_BITS) is not None])
            yield from some

    def warnings(self, base: int) -> tuple[str, ...]:
        """What to warn of at the site of a hit; worked out once."""
        if base not in self._warnings:
            entry, _, seen_at_ms = self.reach(base)
            is_signed_twice = self._store.signed_twice(entry.owner, entry.collection)
            self._warnings[base] = warnings_of(
                seen_at_ms=seen_at_ms, now_ms=self._now_ms, is_signed_twice=is_signed_twice
            )
        return self._warnings[base]

    def reach(self, base: int) -> Reached:
        """The site of a hit."""
        reached = self._reached.get(base) or self._reach(base)
        if reached is None:
            raise BugError("a hit at a site that is not shown")
        return reached

    def state(self, base: int) -> OpenState:
        """Whether the site of a hit is open; worked out once."""
        if base not in self._states:
            self._states[base] = self.sites.state(self.reach(base).entry, self.at_ms)
        return self._states[base]

    def are_heard(self, heard: Any) -> Any:
        """For a numpy array of when collections were signed last (-1: never): may they be shown."""
        return (heard >= 0) & (self._now_ms - heard <= UNHEARD_MS)

    def timed(self, row: int) -> Timed:
        """What a row offers at the moment asked."""
        fields = self.details.read(row).fields
        offer = Offer.from_fields({name: fields[name] for name in ASKED if name in fields})
        return timed_at(offer, self.at_ms, member=self.query.member)

    def confirmed_at_ms(self, row: int, entry: SiteEntry) -> int | None:
        """When somebody last stood behind a row's offer."""
        detail = self.details.read(row)
        # The source stands there as judged; the whole Offer takes five times as long.
        source_ms = self.details.source_ms(entry, detail.source)
        checked = detail.fields.get("checked_at")
        return latest(
            detail.priced_at_ms, None if checked is None else checked_at(checked), source_ms
        )

    def age(self, row: int, entry: SiteEntry, offer: Offer) -> Age:
        """When somebody stood behind a row's offer."""
        source_ms = self.details.source_ms(entry, offer.source)
        return Age(self.details.read(row).priced_at_ms, source_ms)

    def age_ms(self, row: int) -> int | None:
        """How long ago somebody stood behind a row's price; None where that is unknown."""
        confirmed = self.confirmed_at_ms(row, self.reach(row >> SEQUENCE_BITS).entry)
        return None if confirmed is None else self.at_ms - confirmed

    def _least_age_ms(self, cell: Cell, entry: SiteEntry) -> int | None:
        """Not more than the age of the offer of a cell; None where that is unknown."""
        if not cell.fresh_s:
            return None
        # A cell knows the second.
        age_ms = self.at_ms - (cell.fresh_s * 1000 + 999)
        source = (
            self.details.labels(cell).source if age_ms > FRESH_DAYS * DAY_MS and cell.trait else ""
        )
        read_ms = self.details.source_ms(entry, source)
        return age_ms if read_ms is None else min(age_ms, self.at_ms - read_ms)

    def _points(self, row: int, goods: Goods, detail: Detail, rough: Rough | None = None) -> float:
        """The score of a row. rough: what is known of the words that it lacks; None: it has all."""
        relevant = 1.0
        if self.words.terms:
            found = self.known_relevant.get(row)
            if found is None:
                lacks = () if rough is None else rough.lacks
                # What a partial answer's name lacks may stand beside it.
                if lacks or rough is None or not rough.partial:
                    found = self.words.relevance.of_name(*name_words(detail.fields), lacks)
                if found is None:
                    named, words = offer_words(detail.fields)
                    found = self.words.relevance.of(words, named)
                self.known_relevant[row] = found
            relevant = found
        age_ms = self.age_ms(row)
        return score(relevant, goods.where.distance_m, goods.stock, age_ms=age_ms)

    def _rough(
        self, row: int, cell: Cell, reached: Reached, cover: float, *, partial: bool
    ) -> Rough | None:
        query, stock, where = self.query, cell.stock, reached.where
        if query.in_stock and stock == STOCK_NONE:
            return None
        price = None if cell.price == NO_PRICE else cell.price
        if cell.flags & self.to_read:
            timed = self.timed(row)
            if not timed.is_shown:
                return None
            price = timed.amount
        currency = currency_of(cell.currency) or where.currency
        if currency is None:
            price = None
        if query.asks_prices and not query.affords(price, currency):
            return None
        unsure = query.in_stock and stock == STOCK_UNKNOWN
        if query.sort == "best":
            # Holds while a score is made of relevance, nearness, presence and freshness alone.
            relevant = most_relevant(cover, cell.named) if self.words.terms else 1.0
            relevant *= self.words.lacking if partial else 1.0
            age_ms = self._least_age_ms(cell, reached.entry)
            bound = score(relevant, where.distance_m, stock, age_ms=age_ms)
            low: tuple[Any, ...] = (unsure, -bound)
        else:
            # All but the offer's id.
            goods = Goods("", where, price, currency, stock)
            low = order_of(goods, 0.0, sort=query.sort, asked=query)[:-1]
        return Rough(low, row, False, unsure, price, currency, stock, cover)

    def _goods(self, row: int, cell: Cell, reached: Reached, *, named: bool) -> Goods | None:
        """What a row offers at the moment; None where it stands only at another one."""
        where, query = reached.where, self.query
        is_odd = cell.unit == NO_PRICE != cell.price  # more than a cell holds
        if not (self._asks_facts or is_odd or cell.flags & self.to_read):
            shown = offer_id(where.site, self.details.read(row).key) if named else ""
            return told_goods(cell, self.details.labels(cell), where, shown)
        detail = self.details.read(row)
        offer = Offer.from_fields(detail.fields)
        if not offer.shown(self.at_ms) or (query.gtin is not None and offer.gtin != query.gtin):
            return None
        return goods_of(
            offer,
            where,
            self.age(row, reached.entry, offer),
            shown=offer_id(where.site, detail.key),
            stock=cell.stock,
            at_ms=self.at_ms,
            member=query.member,
        )

    def _reach(self, base: int) -> Reached | None:
        """The site with this base where this query may show it, else None; worked out once."""
        if base in self._reached:
            return self._reached[base]
        entry = self.sites.get(base)
        reached = None if entry is None else self._reached_site(entry)
        self._reached[base] = reached
        return reached

    def _reached_site(self, entry: SiteEntry) -> Reached | None:
        where = self._asked_at(entry)
        if where is None:
            return None
        seen_at_ms = self._seen_at(entry)
        if seen_at_ms is None or self._now_ms - seen_at_ms > UNHEARD_MS:
            return None
        return Reached(entry, where, seen_at_ms)

    def _seen_at(self, entry: SiteEntry) -> int | None:
        if self.heard is None or not isinstance(self.sites, Sites):
            return self._store.seen_at(entry.owner, entry.collection)
        moment = int(self.heard[self.sites.number_at(entry.base)])
        return None if moment < 0 else moment

    def _asked_at(self, entry: SiteEntry) -> Where | None:
        """A site as this query sees it, None where it asks for no offers of it."""
        near, within_m = self.query.near, self.query.within_m
        away_m = None if near is None else distance_m(near, entry.position)
        if within_m is not None and (away_m is None or away_m > within_m):
            return None
        where = Where(
            entry.owner,
            entry.id,
            entry.told.name if self.query.facets else "",
            entry.position,
            entry.currency,
            away_m,
            self.sites.state(entry, self.at_ms) if self._asks_hours else None,
        )
        return where if all(one.at_site(where) for one in self.limits) else None
