"""Many rows in the order in which they may come, sorted no further than somebody looks.

Distances of many sites are worked out with a centimetre of doubt, which only decides how many
rows are looked at closely, never the order.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice, pairwise

import numpy as np

from fedretail.domain.ids import offer_id
from fedretail.domain.prices import UnitPrice
from fedretail.index.answering import ties
from fedretail.index.answering.ascending import ascending
from fedretail.index.answering.covers import Cover
from fedretail.index.answering.many import FOREIGN, Many
from fedretail.index.answering.rough import Rough
from fedretail.index.answering.scores import DOUBT, Names, Parts, Scores
from fedretail.index.answering.ties import merged
from fedretail.index.layout.cells import UNIT_BASES, currency_code, currency_of
from fedretail.index.layout.schema import SEQUENCE_BITS
from fedretail.index.memory.arrays import Array, are_among, distinct
from fedretail.index.memory.columns import Taken
from fedretail.index.memory.spatial import doubt_m
from fedretail.index.rules.orders import Order, units_by
from fedretail.index.rules.ranking import nearness

# So many rows are read before the names of the others are looked at; a page needs fewer.
_READ_FIRST = 300
# Greater unit prices stand behind all others and are told apart when they are read.
_MOST_UNIT = (1 << 40) - 1


class Ranked:
    """The rows of Many, to be asked for in ascending order."""

    def __init__(
        self,
        many: Many,
        *,
        cover: Cover | None,
        full: Sequence[int] | None,
        units: tuple[str, ...] = (),
        names: Names | None = None,
    ) -> None:
        """Sorts nothing yet.

        cover: for each row the share of what was asked that it holds; None: all. full: the rows
        that hold every word, which come before the others; None: all do. units: as `units_of`,
        () to work them out. names: as Scores has them.
        """
        self.many, query = many, many.judge.query
        count = len(many)
        share, terms = np.ones(count), many.judge.words.terms
        parts: Parts = [(one, None) for one in terms]
        self._holds: list[tuple[int, Array | None]] = []
        if cover is not None and count:
            places = _places(many, cover)
            share = np.asarray(cover.shares)[places]
            parts = [(term, held[places]) for term, held in cover.parts]
            if parts:
                held_of = dict(parts)
                self._holds = [(number, held_of.get(term)) for number, term in enumerate(terms)]
        self._lacks = np.zeros(count, bool)
        if full is not None:
            self._lacks = ~are_among(many.rows, np.asarray(full, np.int64))
        self._behind = np.zeros(count, bool)
        view = query.view
        self._is_owned = view is not None and view.own == "first"
        if view is not None and self._is_owned:
            own = many.reach.sites.of_retailers([view.owner.hex()] if view.owner else [])
            self._behind = ~are_among(many.sites, np.array(own, np.int64))
        self._scores = Scores(many, share, parts, self._lacks, names=names)
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
            return [many.reach.sites.arrays.ranks[many.sites], -self._scores.bound]
        if sort == "best":
            return [-self._scores.bound * DOUBT]
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

        Nobody asks from where, and all else of the bound is worked out as scores are.
        """
        query = self.many.judge.query
        return query.sort == "best" and query.near is None

    def __len__(self) -> int:
        return len(self.many)

    def prepare(self) -> None:
        """Copy all that is asked for later, while the columns are held."""
        query = self.many.judge.query
        if query.sort == "best":
            self._scores.prepare()
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
            is_past = -self._scores.worst() < last
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
            yield from self._alike(np.arange(len(kinds)))
            return
        for kind in np.flatnonzero(np.bincount(kinds)).tolist():
            group = np.flatnonzero(kinds == kind)
            yield from self._alike(group if places is None else places[group])

    def _alike(self, group: Array) -> Iterator[Rough]:
        """These rows of one kind; behind those that a page needs, their names are looked at."""
        roughs = merged(self._runs(self._in_order(group)))
        if self.many.judge.query.sort != "best" or not self._scores.knows_names:
            yield from roughs
            return
        are_left = np.ones(len(self.many), bool)
        for rough in islice(roughs, _READ_FIRST):
            are_left[rough.place] = False
            yield rough
        yield from merged(self._runs(self._closer(group[are_left[group]])))

    def _in_order(self, group: Array, more: int = 8) -> Iterator[Array]:
        """The places of these rows by their keys, some at a time."""
        for some in ascending([key[group] for key in self._keys], more):
            yield group[some]

    def _closer(self, group: Array) -> Iterator[Array]:
        """The same by what the names of the rows say, of no more than somebody looks at.

        It puts none before what its bound had been: what comes later cannot stand before it.
        """
        keys, waiting = self._keys, group[:0]
        for some in filter(len, self._in_order(group, more=2)):
            last = keys[-1][some[-1]]
            keys[-1][some] = -self._scores.look_closer(some) * (1.0 if self._is_tight else DOUBT)
            waiting = np.concatenate((waiting, some))
            waiting = waiting[np.lexsort([key[waiting] for key in keys])]
            count = int(np.searchsorted(keys[-1][waiting], last, "right"))
            yield waiting[:count]
            waiting = waiting[count:]
        yield waiting

    def _runs(self, ordered: Iterable[Array]) -> Iterator[tuple[Order, Iterator[Rough]]]:
        """Rows at places in the order of their keys, those of one site that stand alike together.

        Each run with its lower bound.
        """
        keys, sites = self._keys, self.many.sites
        for some in ordered:
            is_new = np.ones(len(some), bool)
            pairs = (one[some][1:] != one[some][:-1] for one in (sites, *keys))
            is_new[1:] = np.logical_or.reduce([*pairs])
            starts = np.flatnonzero(is_new).tolist()
            for start, end in pairwise([*starts, len(some)]):
                places = some[start:end]
                first, *others = places.tolist()
                rough = self._rough(first)
                if len(places) > ties.MOST_READ:
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
            last = -self._scores.bound_of(
                places, nearness(where.distance_m), self._read_ms(places, base)
            )
        for value in distinct(last).tolist():
            alike = places[last == value]
            rows = dict(zip(many.rows[alike].tolist(), alike.tolist(), strict=True))
            for row, key in judge.details.by_key(base, rows):
                low = (*start, value, offer_id(where.site, key))
                yield self._rough(rows[row])._replace(low=low)

    def _read_ms(self, places: Array, base: int) -> Array:
        """When the sources of rows of one site were read; 0 for none."""
        judge, traits = self.many.judge, self.many.labels.traits.traits
        entry, numbers = judge.reach(base).entry, self._scores.trait[places]
        read_ms = np.zeros(len(places), np.int64)
        for number in distinct(numbers).tolist():
            moment = judge.details.source_ms(entry, traits[number].source)
            read_ms[numbers == number] = moment or 0
        return read_ms

    def _rough(self, place: int) -> Rough:
        many, price, currency, unit = self.many, -1, None, None
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
            float(self._scores.share[place]),
            unit,
            place,
            tuple(i for i, held in self._holds if held is None or not held[place]),
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
    if len(cover.rows) == len(many):
        return np.arange(len(many))
    at = np.zeros(int(cover.rows.places.max(initial=-1)) + 1, np.int32)
    at[cover.rows.places] = np.arange(len(cover.rows), dtype=np.int32)
    return at[many.taken.places]
