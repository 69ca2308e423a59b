"""How good each of many rows can be, by what is known of it without reading it.

Bounds are worked out in the same steps as scores, and no step rounds something smaller above
something greater: where nobody asks from where, a bound may be met to the last bit.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np

from fedretail.index.answering.beside import most_of
from fedretail.index.answering.many import Many
from fedretail.index.answering.named import most_relevant_of
from fedretail.index.memory.arrays import Array
from fedretail.index.memory.names import MOST_ROWS, Told
from fedretail.index.memory.spatial import doubt_m
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
    Form,
    Term,
)

# Distances, and sums of floats in another order, differ by less.
DOUBT = 1 + 1e-12
# A name of more words than a cell counts may be as long as it likes.
_MOST_NAMED = 255
_WEIGHTS, _LENGTHS = np.array(STOCK_WEIGHTS), np.array(LENGTHS)
# Terms that rows may hold, and whether each row may; None: all do. None at all: nothing is known.
Parts = Sequence[tuple[Term, Array | None]]


class Names(Protocol):
    """Who tells of rows what stands in their names."""

    def names_of(self, rows: Array) -> Told:
        """Their names, of MOST_ROWS at most."""
        ...

    def holds(self, form: Form, rows: Array) -> Array:
        """For each of these rows whether its offer holds a form of a word, wherever."""
        ...


class Scores:
    """The scores that the rows of Many may have."""

    def __init__(
        self,
        many: Many,
        share: Array,
        parts: Parts,
        lacks: Array,
        *,
        names: Names | None,
    ) -> None:
        """share: of what was asked each row holds at most. lacks: which rows lack some of it.

        names: who tells of the names of rows; None: nobody does.
        """
        self._many, self.share, self._parts, self._lacks = many, share, parts, lacks
        self._names = names

    def prepare(self) -> None:
        """Copy what is asked for later, while the columns are held."""
        taken = self._many.taken
        self._named, self.trait = taken.column("named"), taken.column("trait")
        self._fresh_s = taken.column("fresh_s")

    @cached_property
    def bound(self) -> Array:
        """The greatest score that each row may have."""
        return self._bound_at(slice(None))

    def _bound_at(self, places: Array | slice) -> Array:
        many = self._many
        is_sourced = many.labels.traits.sourced[self.trait[places]]
        read_ms = np.where(is_sourced, many.judge.details.newest_source_ms(), 0)
        near = 1 / (1 + many.reach.distance(many.sites[places]) / HALF_DISTANCE_M)
        return self.bound_of(places, near, read_ms)

    def bound_of(self, places: Array | slice, near: Array | float, read_ms: Array) -> Array:
        """The same of some rows, worked out as scores are.

        near: as ranking.nearness; read_ms: not before their sources were read, 0 for none.
        """
        fresh = self._freshness(self._fresh_s[places], read_ms, doubt_ms=999)
        bound: Array = self._relevant[places] * near * _WEIGHTS[self._many.stock[places]] * fresh
        return bound

    @property
    def knows_names(self) -> bool:
        """Whether `look_closer` tells more."""
        return self._names is not None and bool(self._many.judge.words.terms)

    def look_closer(self, places: Array) -> Array:
        """The bounds of the rows at these places, by the words of their names."""
        names = self._names
        assert names is not None
        words, most = self._many.judge.words, self._relevant
        for start in range(0, len(places), MOST_ROWS):
            some = places[start : start + MOST_ROWS]
            told = names.names_of(self._many.rows[some])
            parts = [(term, None if held is None else held[some]) for term, held in self._parts]
            most[some] = np.minimum(most[some], most_relevant_of(told, words, parts, names.holds))
        return self._bound_at(places)

    @cached_property
    def _relevant(self) -> Array:
        """How relevant each row is at most; exactly, where that is known."""
        words, share = self._many.judge.words, self.share
        if not words.terms:
            return share
        places, known = self._known
        shape = np.where(self._lacks, words.lacking, 1.0)
        most = most_of(self._many, self._parts, words.total)
        if most is not None:
            share = most.share
            shape[most.nowhere] = words.nowhere
        found: Array = share / _LENGTHS[self._named] * shape
        found[places] = known
        return found

    @cached_property
    def _known(self) -> tuple[Array, Array]:
        """The places of rows that earlier queries for these words have read; their relevance."""
        # Others may add to it meanwhile.
        known = self._many.judge.known_relevant.copy()
        rows = np.fromiter(known, np.int64, len(known))
        values = np.fromiter(known.values(), float, len(known))
        if not len(self._many):
            return np.zeros(0, np.int64), np.zeros(0)
        places = np.minimum(np.searchsorted(self._many.rows, rows), len(self._many) - 1)
        is_here = self._many.rows[places] == rows
        return places[is_here], values[is_here]

    def _freshness(self, fresh_s: Array, read_ms: Array, *, doubt_ms: int) -> Array:
        """As ranking.freshness, of what was confirmed `doubt_ms` later than cells say at most."""
        at_ms, kept = self._many.judge.at_ms, np.ones(len(fresh_s))
        month_ago_s = (at_ms - FRESH_DAYS * DAY_MS) // 1000
        old = np.flatnonzero((fresh_s > 0) & (fresh_s <= month_ago_s))
        if len(old):
            newest = np.maximum(fresh_s[old].astype(np.int64) * 1000 + doubt_ms, read_ms[old])
            past = np.clip((at_ms - newest) // DAY_MS - FRESH_DAYS, 0, STALE_DAYS - FRESH_DAYS)
            kept[old] = 1 - STALE_COST * past / (STALE_DAYS - FRESH_DAYS)
        return kept

    def worst(self) -> Array:
        """The smallest score that each row may have."""
        many, away = self._many, self._many.distance
        least = np.where(self._lacks, 0.0, 1.0)
        if many.judge.words.terms:
            named = self._named
            least = np.where(named < _MOST_NAMED, least * many.judge.words.least * BESIDE_NAME, 0.0)
            least = least / _LENGTHS[named] * LEAST_SHAPE
            places, known = self._known
            least[places] = known
        near = 1 / (1 + (away + 2 * doubt_m(away)) / HALF_DISTANCE_M)
        fresh = self._freshness(self._fresh_s, np.zeros(len(many)), doubt_ms=0)
        fresh[self._fresh_s == 0] -= STALE_COST
        worst: Array = least * near * _WEIGHTS[many.stock] * fresh / DOUBT
        return worst
