"""Judging many rows at once: filters and totals by their columns.

Gives the same answers as judging them one by one. What columns do not tell is read: of rows whose
price or validity depends on the moment, and of those on the edge of an age in seconds.
"""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fedretail.index.answering.reach import Reach
from fedretail.index.answering.shelves import chosen_shelves
from fedretail.index.language.text import fold
from fedretail.index.layout.cells import (
    BASE_MASK,
    BASE_SHIFT,
    NO_PRICE,
    PRESENT,
    STOCK_MASK,
    STOCK_SHIFT,
    currency_code,
    gtin_code,
)
from fedretail.index.memory.arrays import Array
from fedretail.index.memory.columns import Taken
from fedretail.index.memory.moments import Moments
from fedretail.index.memory.tables import Tables
from fedretail.index.rules.filters import Filters
from fedretail.index.rules.stock import STOCK_NONE, STOCK_UNKNOWN
from fedretail.index.rules.timed import Timed

if TYPE_CHECKING:
    from fedretail.index.answering.judge import Judge

# A code that no currency has.
FOREIGN = 255
# Rows whose prices depend on the moment are read so many at a time.
_READ = 500
# `fresh_s` is rounded down, and at its ends says less still.
_MOST_FRESH_S = (1 << 32) - 1


class Many:
    """What is left of the rows taken once everything is judged but the words.

    All arrays are of one length: rows, sites, stock; where prices are asked for also price (minor
    units, -1 for none) and currency; where unit prices are, unit (amount, -1 for none) and base
    (number in UNIT_BASES).
    """

    def __init__(
        self, judge: "Judge", reach: Reach, labels: Tables, taken: Taken, *, moments: Moments
    ) -> None:
        self.judge, self.reach, self.labels = judge, reach, labels
        self._moments = moments
        self._filter(taken)
        if judge.asks_prices:
            self._prices()
        else:
            self._windows()
        for limit in judge.limits:
            if limit.newer_than_ms is not None:
                self._newer(judge.at_ms - limit.newer_than_ms)
        self.rows, self.sites = self.taken.rows, self.taken.sites.astype(np.intp)
        self.stock = self._flags >> STOCK_SHIFT & STOCK_MASK

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def category(self) -> Array:
        """The number of each row's category."""
        return self.taken.column("category")

    @cached_property
    def brand(self) -> Array:
        """The number of each row's brand."""
        return self.taken.column("brand")

    @cached_property
    def shared(self) -> Array:
        """Which labels of each row begin as its name does; see layout.labels."""
        return self.taken.column("shared")

    @property
    def distance(self) -> Array:
        """Of each row's site, as Reach has it."""
        return self.reach.distance(self.sites)

    @property
    def unsure(self) -> Array:
        """Whether a row is asked to be in stock, and nobody knows."""
        if not self.judge.query.in_stock:
            return np.zeros(len(self.rows), bool)
        found: Array = self.stock == STOCK_UNKNOWN
        return found

    def _filter(self, taken: Taken) -> None:
        """Leave out what sites and lasting columns say."""
        judge, labels = self.judge, self.labels
        flags = taken.column("flags")
        keep = (flags & PRESENT).astype(bool) & self.reach.of_rows(taken.sites)
        if judge.query.gtin is not None:
            keep &= taken.gtins == gtin_code(judge.query.gtin)
        shelves = chosen_shelves(judge.query, labels)
        if shelves is not None:
            keep &= shelves[taken.column("category")]
        for limit in judge.limits:
            if limit.in_stock:
                keep &= flags >> STOCK_SHIFT & STOCK_MASK != STOCK_NONE
            if limit.type is not None or limit.claims:
                keep &= _of_traits(limit, labels)[taken.column("trait")]
            if limit.for_age is not None:
                own = np.array([one.min_age for one in labels.traits.traits], float)
                own = own[taken.column("trait")]
                usual = labels.categories.ages[taken.column("category")]
                keep &= np.where(np.isnan(own), usual, own) <= limit.for_age
        self.taken, self._flags = taken, flags
        if not keep.all():
            self.taken, self._flags = taken.where(keep), flags[keep]

    def _windows(self) -> None:
        """Leave out what is not shown at the moment asked."""
        shown = np.ones(len(self.taken), bool)
        places = np.flatnonzero(self._flags & self.judge.to_read)
        shown[places] = self._said(places)["shown"]
        self._keep(shown)

    def _said(self, places: Array) -> Array:
        """What the rows at these places say at the moment asked; see Moments."""
        judge = self.judge

        def read(rows: list[int]) -> list[Timed]:
            found: list[Timed] = []
            for start in range(0, len(rows), _READ):
                some = rows[start : start + _READ]
                judge.details.expect(some)
                found += map(judge.timed, some)
            return found

        return self._moments.at(self.taken.rows[places], judge.at_ms, read)

    def _prices(self) -> None:
        """Work out prices and currencies at the moment asked; leave out what is not shown."""
        judge, taken, flags = self.judge, self.taken, self._flags
        self.price = taken.column("price").astype(np.int64)
        shown = np.ones(len(taken), bool)
        to_read = (flags & judge.to_read).astype(bool)
        if judge.asks_units:
            self.unit = taken.column("unit").astype(np.int64)
            self.base = flags >> BASE_SHIFT & BASE_MASK
            # More than a cell holds.
            to_read |= (self.unit == NO_PRICE) & (self.price != NO_PRICE)
        places = np.flatnonzero(to_read)
        said = self._said(places)
        shown[places], self.price[places] = said["shown"], said["amount"]
        if judge.asks_units:
            is_known = said["unit"] >= 0
            self.unit[places[is_known]] = said["unit"][is_known]
            self.base[places[is_known]] = said["base"][is_known]
        own = taken.column("currency").astype(np.int64)
        currencies = self.reach.sites.arrays.currencies
        self.currency = np.where(own == 0, currencies[taken.sites], own)
        self.price[self.currency == 0] = -1
        for limit in judge.limits:
            if limit.asks_prices:
                least, most = limit.min_price_minor, limit.max_price_minor
                shown &= (self.price >= max(least or 0, 0)) & (most is None or self.price <= most)
                shown &= self.currency == (currency_code(limit.currency) or FOREIGN)
        self._keep(shown)

    def _newer(self, since_ms: int) -> None:
        """Leave out what nobody stood behind since a moment."""
        fresh_s = self.taken.column("fresh_s").astype(np.int64)
        keep = (fresh_s > 0) & (fresh_s * 1000 >= since_ms)
        is_edge = (fresh_s == 0) | (fresh_s == _MOST_FRESH_S) | (fresh_s == since_ms // 1000)
        traits, numbers = self.labels.traits.traits, self.taken.column("trait")
        sourced = self.labels.traits.sourced[numbers]
        sources = self.judge.details.sources()
        # A source is one of a few of a site's.
        known: dict[tuple[int, int], bool] = {}
        for place in np.flatnonzero(~keep & sourced & ~is_edge).tolist():
            site, trait = int(self.taken.sites[place]), int(numbers[place])
            if (site, trait) not in known:
                entry = self.reach.sites.entries[site]
                name = (entry.owner, entry.id, traits[trait].source)
                known[site, trait] = sources.get(name, since_ms - 1) >= since_ms
            keep[place] = known[site, trait]
        for place in np.flatnonzero(is_edge).tolist():
            entry = self.reach.sites.entries[int(self.taken.sites[place])]
            moment = self.judge.confirmed_at_ms(int(self.taken.rows[place]), entry)
            keep[place] = moment is not None and moment >= since_ms
        self._keep(keep)

    def _keep(self, keep: Array) -> None:
        if keep.all():
            return
        self.taken, self._flags = self.taken.where(keep), self._flags[keep]
        if not self.judge.asks_prices:
            return
        self.price, self.currency = self.price[keep], self.currency[keep]
        if self.judge.asks_units:
            self.unit, self.base = self.unit[keep], self.base[keep]

    def products(self) -> Array:
        """For each row a number that only offers of the same product have; see groups."""
        codes = self.taken.gtins
        keys = np.where(codes == 0, -1 - np.arange(len(codes)), codes)
        restricted = np.flatnonzero(_restricted(codes - 1) & (codes > 0))
        if len(restricted):
            owners = self.reach.sites.arrays.owners[self.sites[restricted]]
            keys[restricted] = (1 << 50) + _numbered(owners, codes[restricted])
        return keys


def _of_traits(limit: Filters, labels: Tables) -> Array:
    """For the number of each trait whether type and claims are those asked for."""
    wanted = frozenset(map(fold, limit.claims))

    def holds(number: int) -> bool:
        one = labels.traits.traits[number]
        return limit.type in (None, one.type) and wanted <= one.claims

    return np.fromiter(map(holds, range(len(labels.traits.texts))), bool)


def _numbered(first: Array, second: Array) -> Array:
    """A number for each pair, the same for equal ones."""
    order = np.lexsort((second, first))
    is_new = np.zeros(len(order), bool)
    for part in (first[order], second[order]):
        is_new[1:] |= part[1:] != part[:-1]
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(is_new)
    return numbers


def _restricted(gtins: Array) -> Array:
    """is_restricted for many, as numbers."""
    # Whatever the first of 14 digits says of packs; mostly it is 0.
    packed, long = gtins.copy(), np.flatnonzero(gtins >= 10**13)
    packed[long] %= 10**13
    found: Array = _between(packed, 2 * 10**12) | _between(packed, 2 * 10**11)
    found |= _between(packed, 4 * 10**11)
    short = np.flatnonzero(gtins < 10**8)
    found[short] = (gtins[short] < 10**7) | _between(gtins[short], 2 * 10**7)
    return found


def _between(numbers: Array, least: int) -> Array:
    """Which numbers begin as `least` does, a digit and zeros behind it."""
    end = least + 10 ** (len(str(least)) - 1)
    found: Array = (numbers >= least) & (numbers < end)
    return found
