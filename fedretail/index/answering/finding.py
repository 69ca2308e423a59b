"""What answers among rows: few are judged one by one, many by their columns or ring by ring."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from fedretail.index.answering.covers import Cover
from fedretail.index.answering.cursors import Cursor
from fedretail.index.answering.judge import Judge
from fedretail.index.answering.rough import Hit, Rough
from fedretail.index.answering.shelves import chosen_shelves, shelves, shelves_name
from fedretail.index.language.text import match
from fedretail.index.layout.cells import Cell, cells_in, cells_of
from fedretail.index.layout.lists import Spans
from fedretail.index.layout.schema import State
from fedretail.index.memory.memory import Memory
from fedretail.index.memory.sites import Sites
from fedretail.index.query import shelf_test
from fedretail.index.rules.facets import Facets, facets_of
from fedretail.index.rules.ranking import Form

if TYPE_CHECKING:
    from fedretail.index.answering.many import Many
    from fedretail.index.answering.ranked import Ranked
    from fedretail.index.answering.reach import Reach
    from fedretail.index.answering.rings import Rings
    from fedretail.index.memory.columns import Columns, Taken
    from fedretail.index.memory.names import Told

# Fewer offers with every word than this, and those with some of them are listed after them. Who
# asks for the nearest or cheapest means every word; one full answer is worth more to them than
# any number of half ones.
FEW_FULL_MATCHES = 1
# From so many offers in the area asked for on, those near are looked at first.
RINGS_FROM_ROWS = 5_000
# ... where all of them are counted all the same.
FACETS_FROM_ROWS = 20_000
# Who asks for the best looks through a page: as many as one holds.
FEW_BEST_MATCHES = 10


@dataclass(frozen=True, slots=True)
class Found:
    """How many rows answer; in the order in which they may be the first, or all as hits.

    rows, spans: among which they were found. ranked: the same of many rows, by their columns.
    """

    total: int
    rows: Sequence[int] | None
    spans: Spans
    roughs: Sequence[Rough] = ()
    hits: Sequence[Hit] = ()
    ranked: "Ranked | None" = None
    rings: "Rings | None" = None

    def numbers(self) -> Sequence[int]:
        """The rows that answer, ascending; an array where they are many."""
        if self.ranked is not None:
            rows: Any = self.ranked.many.rows
            return rows  # type: ignore[no-any-return]
        return sorted([*(one.row for one in self.roughs), *(one.row for one in self.hits)])


@dataclass(slots=True)
class Finder:
    """Few rows are judged one by one, many by their columns."""

    db: sqlite3.Connection
    state: State
    memory: Memory
    judge: Judge
    cursor: Cursor | None
    _reach: "Reach | None" = None
    _categories: set[int] | None = None

    def spans(self) -> Spans:
        """The spans of rows of the sites where offers may be; None for everywhere."""
        judge, sites = self.judge, self.judge.sites
        if self.memory.is_loaded and isinstance(sites, Sites):
            return sites.ranges_of(self.reach(sites).numbers) if judge.is_local else None
        near = judge.bases()
        return None if near is None else sites.ranges(near)

    def held(self) -> AbstractContextManager[object]:
        """The columns for as long as what was taken of them is used; nothing without them."""
        if not self.memory.is_loaded:
            return nullcontext()
        return self.memory.held(self.db, self.state, self.memory.sites(self.db, self.state))

    def reach(self, sites: Sites) -> "Reach":
        """The sites of the query, judged at once."""
        if self._reach is None:
            from fedretail.index.answering.reach import Reach

            self.judge.heard = self.memory.heard(sites)
            self._reach = Reach(self.judge, sites, self.judge.heard)
        return self._reach

    def judged(
        self,
        rows: Sequence[int] | None,
        spans: Spans,
        cover: Cover | None = None,
        full: Sequence[int] | None = None,
    ) -> Found:
        """What answers of these rows (None: of all in the spans).

        cover, full: as Judge.roughs has them.
        """
        judge, memory = self.judge, self.memory
        count = len(rows) if rows is not None else memory.offers_in(self.db, self.state, spans)
        if memory.is_worth(count, self.state.offers):
            is_whole = rows is None or (
                cover is None
                and getattr(rows, "is_kept", False)
                and shelf_test(judge.query) is None
            )
            few = FACETS_FROM_ROWS if judge.query.facets else RINGS_FROM_ROWS
            if is_whole and judge.asks_near and count >= few:
                kept: Any = rows
                rings = self._rings(kept)
                # Few offers may be joined by those with some of the words.
                if len(judge.words.terms) < 2 or len(rings) >= FEW_BEST_MATCHES:
                    return Found(len(rings), rows, spans, rings=rings)

            ranked = self._ranked(partial(_taken, rows, spans), cover=cover, full=full)
            return Found(len(ranked), rows, spans, ranked=ranked)
        if not judge.is_plain:
            hits = judge.hits(self._cells(rows, spans), self._shelves())
            return Found(len(hits), rows, spans, hits=hits)
        shares = dict(zip(map(int, cover.rows), cover.shares, strict=True)) if cover else None
        known = None if full is None else set(map(int, full))
        found = judge.roughs(self._cells(rows, spans), self._shelves(), shares, known)
        return Found(len(found), rows, spans, sorted(found, key=lambda rough: rough.low))

    def facets(self, found: Found) -> Facets:
        """The facets of all that was found."""
        query = self.judge.query
        if found.ranked is not None or found.rings is not None:
            from fedretail.index.answering.counts import facets_of_many

            # By distance, few of the rows have been judged.
            with self.held():
                if found.ranked is not None:
                    return facets_of_many(found.ranked.many)
                return facets_of_many(self._many(partial(_taken, found.rows, found.spans)))
        goods: Iterable[Any] = (hit.goods for hit in found.hits)
        if self.judge.is_plain:
            cells = self._cells(found.rows, found.spans)
            goods = (one for _, one in self.judge.goods(cells, self._shelves(), named=False))
        return facets_of(goods, category=query.category, currency=query.currency)

    def _shelves(self) -> set[int] | None:
        if self._categories is None:
            self._categories = shelves(self.judge.query, self.judge.details)
        return self._categories

    def _cells(self, rows: Sequence[int] | None, spans: Spans) -> Iterable[tuple[int, Cell]]:
        if rows is not None:
            return cells_of(self.db, map(int, rows))
        whole: Sequence[tuple[int, int] | None] = [None] if spans is None else spans
        return (one for span in whole for one in cells_in(self.db, span))

    def _rings(self, rows: "Taken | None") -> "Rings":
        """All offers, or those in rows that are kept, by distance."""
        from fedretail.index.answering.rings import Rings

        judge, memory = self.judge, self.memory
        sites, labels = memory.sites(self.db, self.state), memory.labels(self.db, self.state)
        with memory.held(self.db, self.state, sites) as columns:
            if rows is None:
                counts = columns.counts(
                    shelves_name(judge.query), chosen_shelves(judge.query, labels)
                )
            else:
                counts = columns.counts_of(rows)

        def at(numbers: Any) -> "Ranked":
            return self._ranked(
                lambda columns: (
                    columns.take_sites(numbers) if rows is None else rows.at_sites(numbers)
                )
            )

        windowed = len(self._ranked(lambda _: counts.windowed)) if len(counts.windowed) else 0
        return Rings(
            judge,
            self.reach(sites),
            counts,
            windowed=windowed,
            ranked_at=at,
        )

    def _ranked(
        self,
        taken: Callable[["Columns"], "Taken"],
        *,
        cover: Cover | None = None,
        full: Sequence[int] | None = None,
    ) -> "Ranked":
        """Many rows, judged and to be put in order."""
        from fedretail.index.answering.ranked import Ranked

        sites = self.memory.sites(self.db, self.state)
        with self.memory.held(self.db, self.state, sites):
            units = self.cursor.units if self.cursor else ()
            ranked = Ranked(self._many(taken), cover=cover, full=full, units=units, names=self)
            self.judge.units = ranked.units
            ranked.prepare()
        return ranked

    def names_of(self, rows: Any) -> "Told":
        """The names of these rows."""
        sites = self.memory.sites(self.db, self.state)
        with self.memory.held(self.db, self.state, sites) as columns:
            return columns.names.of(rows, self.judge.details.names)

    def holds(self, form: Form, rows: Any) -> Any:
        """A numpy array: for each of these rows whether its offer holds a form of a word."""
        sites = self.memory.sites(self.db, self.state)
        with self.memory.held(self.db, self.state, sites) as columns:
            asked = match([[(form.token, form.begun)]], every=True)
            held = self.memory.held_of(self.db, self.state, asked, self.spans())
            return held[columns.take(rows).places]

    def _many(self, taken: Callable[["Columns"], "Taken"]) -> "Many":
        """Many rows, judged."""
        from fedretail.index.answering.many import Many

        judge, memory = self.judge, self.memory
        sites, labels = memory.sites(self.db, self.state), memory.labels(self.db, self.state)
        reach = self.reach(sites)
        with memory.held(self.db, self.state, sites) as columns:
            moments = columns.moments[judge.query.member]
            return Many(judge, reach, labels, taken(columns), moments=moments)


def _taken(rows: Sequence[int] | None, spans: Spans, columns: "Columns") -> "Taken":
    """These rows; None: all in the spans."""
    return columns.take_spans(spans) if rows is None else columns.of(rows)
