"""Many rows in the order in which they may come, sorted no further than somebody looks.

Distances of many sites are worked out with a centimetre of doubt, which only decides how many
rows are looked at closely, never the order.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, pairwise

import numpy as np

from fedretail.domain.ids import offer_id
from fedretail.domain.prices import UnitPrice
from fedretail.index.answering import ties
from fedretail.index.answering.ascending import ascending
from fedretail.index.answering.beside import most_of
from fedretail.index.answering.candidates import Cover
from fedretail.index.answering.many import FOREIGN, Many
from fedretail.index.answering.rough import Rough
from fedretail.index.answering.ties import merged
from fedretail.index.layout.cells import UNIT_BASES, currency_code, currency_of
from fedretail.index.layout.schema import SEQUENCE_BITS
from fedretail.index.memory.arrays import Array, are_among, distinct
from fedretail.index.memory.columns import Taken
from fedretail.index.memory.spatial import doubt_m
from fedretail.index.rules.orders import Order, units_by
from fedretail.index.rules.ranking import (
    BESIDE_NAME,
    DAY_MS,
    FRESH_DAYS,
    HALF_DISTANCE_M,
    LEAST_SHAPE,
    LENGTHS,
    STALE_COST,
    STALE_DAYS,
    STOCK_WEIGHTS,
    Term,
    nearness,
)

# Sums of floats in another order differ by less.
_DOUBT = 1 + 1e-12
# Greater unit prices stand behind all others and are told apart when they are read.
_MOST_UNIT = (1 << 40) - 1
# A name of more words than a cell counts may be as long as it likes.
_MOST_NAMED = 255


class Ranked:
    """The rows of Many, to be asked for in ascending order."""

    def __init__(
        self,
        many: Many,
        *,
        cover: Cover | None,
        full: Sequence[int] | None,
        units: tuple[str, ...] = (),
    ) -> None:
        """Sorts nothing yet.

        cover: for each row the share of what was asked that it holds; None: all. full: the rows
        that hold every word, which come before the others; None: all do. units: as `units_of`,
        () to work them out.
        """
        self.many, query = many, many.judge.query
        count = len(many)
        self._share = np.ones(count)
        self._parts: Sequence[tuple[Term, Array | None]] = [
            (one, None) for one in many.judge.words.terms
        ]
        if cover is not None and count:
            places = _places(many, cover)
            self._share = np.asarray(cover.shares)[places]
            self._parts = [(term, held[places]) for term, held in cover.parts]
        self._lacks = np.zeros(count, bool)
        if full is not None:
            self._lacks = ~are_among(many.rows, np.asarray(full, np.int64))
        self._behind = np.zeros(count, bool)
        view = query.view
        self._is_owned = view is not None and view.own == "first"
        if view is not None and self._is_owned:
            own = many.reach.sites.of_retailers([view.owner.hex()] if view.owner else [])
            self._behind = ~are_among(many.sites, np.array(own, np.int64))
        self._class = self._lacks * 4 + self._behind * 2 + many.unsure
        self.units = units
        if query.sort == "cheapest-unit" and not units:
            bases = np.bincount(many.base[many.price >= 0], minlength=len(UNIT_BASES))
            self.units = units_by(dict(zip(UNIT_BASES, bases.tolist(), strict=True)))

    @cached_property
    def products(self) -> Array:
        """As Many.products."""
        return self.many.products()

    @cached_property
    def distance(self) -> Array:
        """As Many.distance."""
        return self.many.distance

    @cached_property
    def _keys(self) -> list[Array]:
        """What to sort by, the most important last; ascending and never above the true order."""
        many, sort = self.many, self.many.judge.query.sort
        if self._is_tight:
            return [many.reach.sites.arrays.ranks[many.sites], -self._bound]
        if sort == "best":
            return [-self._bound * _DOUBT]
        if sort == "nearest":
            return [self.distance]
        asked = many.judge.query.currency
        mine = 0 if asked is None else currency_code(asked) or FOREIGN
        is_priced = many.price >= 0
        if sort == "cheapest":
            # An amount is less than 2**40.
            key = np.where(is_priced, many.price, 0)
        else:
            ranks = np.array([self.units.index(base) for base in UNIT_BASES])[many.base]
            key = ranks << 40 | np.minimum(many.unit, _MOST_UNIT)
            key = np.where(is_priced, key, 0)
        key |= many.currency << 44
        key |= (many.currency != mine).astype(np.int64) << 53
        key |= (~is_priced).astype(np.int64) << 54
        return [self.distance, key]

    @property
    def _is_tight(self) -> bool:
        """Whether a score may be just the bound, as many may be: then ids decide.

        Nobody asks from where, and one word is no sum: the bound is worked out as scores are.
        """
        judge = self.many.judge
        is_best = judge.query.sort == "best" and judge.query.near is None
        return is_best and not judge.words.adds_up

    @cached_property
    def _bound(self) -> Array:
        """The greatest score that each row may have."""
        every = np.arange(len(self.many))
        is_sourced = self.many.labels.traits.sourced[self._trait]
        read_ms = np.where(is_sourced, self.many.judge.details.newest_source_ms(), 0)
        return self._bound_of(every, 1 / (1 + self.distance / HALF_DISTANCE_M), read_ms)

    def _bound_of(self, places: Array, near: Array | float, read_ms: Array) -> Array:
        """The same of some rows, worked out as scores are.

        near: as ranking.nearness; read_ms: not before their sources were read, 0 for none.
        """
        fresh = self._freshness(self._fresh_s[places], read_ms, doubt_ms=999)
        return self._relevant[places] * near * _presence(self.many.stock[places]) * fresh

    @cached_property
    def _relevant(self) -> Array:
        """How relevant each row is at most; exactly, where that is known."""
        if not self.many.judge.words.terms:
            return self._share
        places, known = self._known
        words, share = self.many.judge.words, self._share
        shape = np.where(self._lacks, words.lacking, 1.0)
        most = most_of(self.many, self._parts, sum(term.weight for term in words.terms))
        if most is not None:
            share = most.share
            shape[most.nowhere] = words.nowhere
        found: Array = share / _lengths(self._named) * shape
        found[places] = known
        return found

    @cached_property
    def _known(self) -> tuple[Array, Array]:
        """The places of rows that earlier queries for these words have read; their relevance."""
        # Others may add to it meanwhile.
        known = self.many.judge.known_relevant.copy()
        rows = np.fromiter(known, np.int64, len(known))
        values = np.fromiter(known.values(), float, len(known))
        if not len(self.many):
            return np.zeros(0, np.int64), np.zeros(0)
        places = np.minimum(np.searchsorted(self.many.rows, rows), len(self.many) - 1)
        is_here = self.many.rows[places] == rows
        return places[is_here], values[is_here]

    def _freshness(self, fresh_s: Array, read_ms: Array, *, doubt_ms: int) -> Array:
        """As ranking.freshness, of what was confirmed `doubt_ms` later than cells say at most."""
        at_ms, kept = self.many.judge.at_ms, np.ones(len(fresh_s))
        month_ago_s = (at_ms - FRESH_DAYS * DAY_MS) // 1000
        old = np.flatnonzero((fresh_s > 0) & (fresh_s <= month_ago_s))
        if len(old):
            newest = np.maximum(fresh_s[old].astype(np.int64) * 1000 + doubt_ms, read_ms[old])
            past = np.clip((at_ms - newest) // DAY_MS - FRESH_DAYS, 0, STALE_DAYS - FRESH_DAYS)
            kept[old] = 1 - STALE_COST * past / (STALE_DAYS - FRESH_DAYS)
        return kept

    def _worst(self) -> Array:
        """The smallest score that each row may have."""
        many = self.many
        away = self.distance
        least = np.where(self._lacks, 0.0, 1.0)
        if many.judge.words.terms:
            named = self._named
            least = np.where(named < _MOST_NAMED, least * many.judge.words.least * BESIDE_NAME, 0.0)
            least = least / _lengths(named) * LEAST_SHAPE
            places, known = self._known
            least[places] = known
        near = 1 / (1 + (away + 2 * doubt_m(away)) / HALF_DISTANCE_M)
        fresh = self._freshness(self._fresh_s, np.zeros(len(many)), doubt_ms=0)
        fresh[self._fresh_s == 0] -= STALE_COST
        worst: Array = least * near * _presence(many.stock) * fresh / _DOUBT
        return worst

    def __len__(self) -> int:
        return len(self.many)

    def prepare(self) -> None:
        """Copy all that is asked for later, while the columns are held."""
        query, taken = self.many.judge.query, self.many.taken
        if query.sort == "best":
            self._named, self._trait = taken.column("named"), taken.column("trait")
            self._fresh_s = taken.column("fresh_s")
        _ = self._keys
        if query.group:
            _ = self.products
        if query.facets:
            _ = self.many.category, self.many.brand

    def product(self, place: int) -> int:
        """The number of a row's product."""
        return int(self.products[place])

    def of_product(self, product: int) -> Array:
        """The places of the rows of a product."""
        return np.flatnonzero(self.products == product)

    def count_products(self) -> int:
        """How many products there are."""
        return len(distinct(self.products))

    def left(self, after: Order) -> Array:
        """The places of the rows that may stand behind a place in the order.

        Of products that stand before it, none.
        """
        passed = self._passed(after)
        if self.many.judge.query.group:
            passed = are_among(self.products, self.products[passed])
        return np.flatnonzero(~passed)

    def _passed(self, after: Order) -> Array:
        """Which rows stand before a place in the order, or at it, for sure."""
        parts = [*after]
        kind = parts.pop(0) * 4
        kind += parts.pop(0) * 2 if self._is_owned else 0
        kind += parts.pop(0)
        sort, last = self.many.judge.query.sort, float(parts[-2])
        far = self.distance + 2 * doubt_m(self.distance)
        if sort == "best":
            is_past = -self._worst() < last
        elif sort == "nearest":
            is_past = far < last
        else:
            key = self._key_of(parts)
            mine = self._keys[-1]
            is_past = (mine < key) | ((mine == key) & (far < last) & self._is_told)
        found: Array = (self._class < kind) | ((self._class == kind) & is_past)
        return found

    @property
    def _is_told(self) -> Array:
        """Where equal keys mean equal prices."""
        if self.many.judge.query.sort == "cheapest":
            return np.ones(len(self.many), bool)
        return self.many.unit < _MOST_UNIT

    def _key_of(self, parts: Sequence[object]) -> int:
        """The key that hits at a place in the order have."""
        unknown, foreign, currency, *amounts = parts[:-2]
        rank, amount = amounts if len(amounts) > 1 else (0, *amounts)
        key = min(int(amount), _MOST_UNIT) | int(rank) << 40  # type: ignore[call-overload]
        key |= currency_code(str(currency)) << 44
        return int(key | bool(foreign) << 53 | bool(unknown) << 54)

    def roughs(self, places: Array | None = None) -> Iterator[Rough]:
        """The rows (those at some places), the lower bounds of their orders ascending."""
        if places is not None and len(places) <= ties.MOST_READ:
            yield from sorted(map(self._rough, places.tolist()), key=lambda one: one.low)
            return
        kinds = self._class if places is None else self._class[places]
        if places is None and len(kinds) and kinds.min() == kinds.max():
            yield from merged(self._runs(None))
            return
        for kind in np.flatnonzero(np.bincount(kinds)).tolist():
            group = np.flatnonzero(kinds == kind)
            group = group if places is None else places[group]
            yield from merged(self._runs(group))

    def _runs(self, group: Array | None) -> Iterator[tuple[Order, Iterator[Rough]]]:
        """These rows (None: all), those of one site that stand alike together, by lower bounds."""
        keys, sites = self._keys, self.many.sites
        if group is not None:
            keys, sites = [key[group] for key in keys], sites[group]
        for some in ascending(keys):
            is_new = np.ones(len(some), bool)
            pairs = (one[some][1:] != one[some][:-1] for one in (sites, *keys))
            is_new[1:] = np.logical_or.reduce([*pairs])
            starts = np.flatnonzero(is_new).tolist()
            for start, end in pairwise([*starts, len(some)]):
                places = some[start:end] if group is None else group[some[start:end]]
                first, *others = places.tolist()
                rough = self._rough(first)
                if len(places) > ties.MOST_READ and not self.many.judge.words.adds_up:
                    yield rough.low, self._tied(places, rough)
                else:
                    yield rough.low, chain([rough], map(self._rough, others))

    def _tied(self, places: Array, first: Rough) -> Iterator[Rough]:
        """Rows of one site with one lower bound, by their true distance and their keys."""
        many, judge = self.many, self.many.judge
        base = first.row >> SEQUENCE_BITS
        where, start = judge.reach(base).where, first.low
        # A site's id may stand behind the bound already.
        start = start[:-2] if self._is_tight else start[:-1]
        last = np.full(len(places), where.distance_m or 0.0)
        if judge.query.sort == "best":
            last = -self._bound_of(places, nearness(where.distance_m), self._read_ms(places, base))
        for value in distinct(last).tolist():
            alike = places[last == value]
            rows = dict(zip(many.rows[alike].tolist(), alike.tolist(), strict=True))
            for row, key in judge.details.by_key(base, rows):
                low = (*start, value, offer_id(where.site, key))
                yield self._rough(rows[row])._replace(low=low)

    def _read_ms(self, places: Array, base: int) -> Array:
        """When the sources of rows of one site were read; 0 for none."""
        judge, traits = self.many.judge, self.many.labels.traits.traits
        entry, numbers = judge.reach(base).entry, self._trait[places]
        read_ms = np.zeros(len(places), np.int64)
        for number in distinct(numbers).tolist():
            moment = judge.details.source_ms(entry, traits[number].source)
            read_ms[numbers == number] = moment or 0
        return read_ms

    def _rough(self, place: int) -> Rough:
        many = self.many
        price, currency, unit = -1, None, None
        if many.judge.asks_prices:
            price, currency = int(many.price[place]), currency_of(int(many.currency[place]))
        if price >= 0 and many.judge.asks_units:
            unit = UnitPrice(int(many.unit[place]), UNIT_BASES[many.base[place]])
        lacks, behind = bool(self._lacks[place]), bool(self._behind[place])
        unsure = bool(self._class[place] & 1)
        start = (lacks, behind, unsure) if self._is_owned else (lacks, unsure)
        return Rough(
            (*start, *self._low(place, price, currency, unit)),
            int(many.rows[place]),
            lacks,
            unsure,
            None if price < 0 else price,
            currency,
            int(many.stock[place]),
            float(self._share[place]),
            unit,
            place,
        )

    def _low(
        self, place: int, price: int, currency: str | None, unit: UnitPrice | None
    ) -> tuple[object, ...]:
        """The beginning of a row's order, behind what says that it is partial or unsure."""
        query = self.many.judge.query
        if self._is_tight:
            sites = self.many.reach.sites.entries
            return float(self._keys[-1][place]), sites[int(self.many.sites[place])].id
        if query.sort in ("best", "nearest"):
            return (float(self._keys[-1][place]),)
        # As order_of has it.
        known = (price < 0, currency != query.currency, currency or "")
        away_m = float(self.distance[place])
        if query.sort == "cheapest":
            return (*known, max(price, 0), away_m)
        rank, amount = (0, 0)
        if unit is not None:
            rank, amount = self.units.index(unit.per), min(unit.amount_minor, _MOST_UNIT)
        return (*known, rank, amount, away_m)


def _places(many: Many, cover: Cover) -> Array:
    """The places of the rows of Many among those of a cover, of which they are some."""
    if not isinstance(cover.rows, Taken):
        return np.searchsorted(cover.rows, many.rows)
    at = np.zeros(int(cover.rows.places.max(initial=-1)) + 1, np.int32)
    at[cover.rows.places] = np.arange(len(cover.rows), dtype=np.int32)
    return at[many.taken.places]


def _presence(stock: Array) -> Array:
    return np.array(STOCK_WEIGHTS)[stock]


def _lengths(named: Array) -> Array:
    return np.array(LENGTHS)[named]
