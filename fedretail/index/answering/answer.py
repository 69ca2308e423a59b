"""The answer to one query in one snapshot of the index: find, judge, sort, read what is shown."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fedretail.domain.catalog import Offer
from fedretail.domain.listings import Listing
from fedretail.index.answering.candidates import Cover, Words, plan
from fedretail.index.answering.cursors import Cursor
from fedretail.index.answering.judge import Judge
from fedretail.index.answering.paging import (
    MOST_LISTED,
    Sheet,
    first_sheet,
    near_sheet,
    ranked_sheet,
    sheet,
)
from fedretail.index.answering.reasons import reasons_of
from fedretail.index.answering.rough import Hit, Rough
from fedretail.index.answering.shelves import chosen_shelves, shelves, shelves_name
from fedretail.index.answering.terms import query_terms
from fedretail.index.answering.ties import apart
from fedretail.index.language.amounts import gtin_word
from fedretail.index.language.spelling import Spellings
from fedretail.index.language.vocabulary import IndexVocabulary
from fedretail.index.layout.cells import Cell, cells_in, cells_of
from fedretail.index.layout.lists import Spans
from fedretail.index.layout.schema import SEQUENCE_BITS, State
from fedretail.index.memory.memory import Lists, Memory
from fedretail.index.memory.sites import Sites
from fedretail.index.query import Group, Query, barcode_in, shelf_test
from fedretail.index.rules.facets import Facets, facets_of
from fedretail.index.rules.instead import Instead, instead_of
from fedretail.index.rules.ranking import Term
from fedretail.index.rules.shown import Shelf, listing

if TYPE_CHECKING:
    from fedretail.index.answering.ranked import Ranked
    from fedretail.index.answering.reach import Reach
    from fedretail.index.answering.rings import Rings
    from fedretail.index.memory.columns import Columns, Taken

# Fewer offers with every word than this, and those with some of them are listed after them. Who
# asks for the nearest or cheapest means every word; one full answer is worth more to them than
# any number of half ones.
FEW_FULL_MATCHES = 1
# From so many offers in the area asked for on, those near are looked at first.
RINGS_FROM_ROWS = 5_000
# Who asks for the best looks through a page: as many as one holds.
FEW_BEST_MATCHES = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What Page has of the same names; the feed's cursor that the answer stands for."""

    listings: list[Listing]
    total: int
    full: int
    followed: int
    next: str | None = None
    facets: Facets | None = None
    groups: list[Group] = field(default_factory=list)
    products: int | None = None
    reasons: list[dict[str, Any]] = field(default_factory=list)
    instead: list[Instead] = field(default_factory=list)


def answer(
    db: sqlite3.Connection,
    state: State,
    judge: Judge,
    *,
    memory: Memory,
    spellings: Spellings,
    cursor: Cursor | None,
) -> Answer:
    """The answer to the judge's query from the open transaction."""
    query = judge.query
    words = _words(db, state, query, memory=memory, spellings=spellings)
    is_best = query.sort == "best"
    terms = words.terms(state.offers, weighed=is_best and len(words.words) > 1)
    judge.weigh(terms)
    if judge.words.terms:
        judge.known_relevant = memory.known_relevant(state, tuple(terms))
    asked = _Asked(db, state, memory, judge, cursor)
    found, full, page = _found(asked, words, terms, cursor=cursor)
    firsts = [group[0] for group in page.groups]
    groups = _groups(page, judge) if query.group else []
    listings = [group.listings[0] for group in groups] or [_listing(hit, judge) for hit in firsts]
    return Answer(
        listings,
        found.total,
        full,
        state.followed,
        page.next,
        asked.facets(found) if query.facets else None,
        groups,
        page.products,
        [_reasons(hit, judge, terms) for hit in firsts] if query.explain else [],
        instead_of(terms, listings, spellings.languages_at(state.followed) or ()),
    )


def _reasons(hit: Hit, judge: Judge, terms: list[Term]) -> dict[str, Any]:
    detail = judge.details.read(hit.row)
    age_ms = judge.age_ms(hit.row)
    return reasons_of(hit, detail.fields, terms, sort=judge.query.sort, age_ms=age_ms)


def _words(
    db: sqlite3.Connection, state: State, query: Query, *, memory: Memory, spellings: Spellings
) -> Words:
    known = memory.known_words(state)
    vocabulary = IndexVocabulary(db, spellings, generation=state.followed, known=known)
    return Words(
        Lists(db, state, memory),
        query_terms(
            barcode_in(query.words) or query.words,
            vocabulary,
            begun=query.begun,
            as_typed=query.as_typed,
        ),
        must=None if query.gtin is None else gtin_word(query.gtin),
    )


@dataclass(frozen=True, slots=True)
class _Found:
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


def _found(
    asked: "_Asked", words: Words, terms: list[Term], *, cursor: Cursor | None
) -> tuple[_Found, int, Sheet]:
    """(what answers, how many with every word, the page)."""
    judge, query = asked.judge, asked.judge.query
    spans = plan(words, asked.spans)
    is_nothing = bool(query.words.strip()) and not words.words
    rows: Sequence[int] | None = [] if is_nothing else None
    if words.asks and not is_nothing:
        rows = words.rows(spans)
    found = asked.judged(rows, spans)
    full = found.total
    whole: Sequence[int] | None = None
    few = FEW_BEST_MATCHES if query.sort == "best" else FEW_FULL_MATCHES
    if full < few and len(words.words) > 1:
        whole = found.numbers()
        found = _found_partly(asked, words, terms, whole, few=few) or found
    if found.rings is not None:
        return found, full, near_sheet(found.rings, judge, cursor=cursor)
    if found.ranked is not None:
        return found, full, ranked_sheet(found.ranked, judge, cursor=cursor)
    if judge.is_plain:
        roughs: Iterable[Rough] = found.roughs
        if not judge.words.adds_up:
            roughs = apart(roughs, judge.details, lambda base: judge.reach(base).entry.id)
        return found, full, first_sheet(roughs, found.total, judge, cursor=cursor)
    known = None if whole is None else set(map(int, whole))
    every = [hit for hit in found.hits if known is None or hit.row in known]
    partial = [hit for hit in found.hits if known is not None and hit.row not in known]
    return found, full, sheet(every, partial, judge, cursor=cursor)


def _found_partly(
    asked: "_Asked", words: Words, terms: list[Term], whole: Sequence[int], *, few: int
) -> _Found | None:
    """What holds some of the words, those that hold all (`whole`) included; None: nobody holds any.

    few: so many are enough.
    """
    # Rows that hold a common word are many where only the rare one is so.
    found, wide = None, asked.spans()
    for some in words.some(asked.state.offers):
        # Nobody moves what the lists say stands where, until it is judged.
        with asked.held():
            cover = words.covers(terms, some, wide, whole)
            found = asked.judged(cover.rows, wide, cover, whole)
        if found.total >= few:
            break
    return found


@dataclass(slots=True)
class _Asked:
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
    ) -> _Found:
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
            if is_whole and judge.asks_near and count >= RINGS_FROM_ROWS:
                kept: Any = rows
                rings = self._rings(kept)
                # Few offers may be joined by those with some of the words.
                if len(judge.words.terms) < 2 or len(rings) >= FEW_BEST_MATCHES:
                    return _Found(len(rings), rows, spans, rings=rings)

            def taken(columns: "Columns") -> "Taken":
                return columns.take_spans(spans) if rows is None else columns.of(rows)

            ranked = self._ranked(taken, cover=cover, full=full)
            return _Found(len(ranked), rows, spans, ranked=ranked)
        if not judge.is_plain:
            hits = judge.hits(self._cells(rows, spans), self._shelves())
            return _Found(len(hits), rows, spans, hits=hits)
        shares = dict(zip(map(int, cover.rows), cover.shares, strict=True)) if cover else None
        known = None if full is None else set(map(int, full))
        found = judge.roughs(self._cells(rows, spans), self._shelves(), shares, known)
        return _Found(len(found), rows, spans, sorted(found, key=lambda rough: rough.low))

    def facets(self, found: _Found) -> Facets:
        """The facets of all that was found."""
        query = self.judge.query
        if found.ranked is not None:
            from fedretail.index.answering.counts import facets_of_many

            return facets_of_many(found.ranked.many)
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
                shelf = columns.shelf(
                    shelves_name(judge.query), chosen_shelves(judge.query, labels)
                )
            else:
                shelf = columns.shelf_of(rows)

        def at(numbers: Any) -> "Ranked":
            return self._ranked(
                lambda columns: (
                    columns.take_sites(numbers) if rows is None else rows.at_sites(numbers)
                )
            )

        windowed = len(self._ranked(lambda _: shelf.windowed)) if len(shelf.windowed) else 0
        return Rings(
            judge,
            self.reach(sites),
            shelf,
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
        from fedretail.index.answering.many import Many
        from fedretail.index.answering.ranked import Ranked

        judge, memory = self.judge, self.memory
        sites, labels = memory.sites(self.db, self.state), memory.labels(self.db, self.state)
        reach = self.reach(sites)
        with memory.held(self.db, self.state, sites) as columns:
            moments = columns.moments[judge.query.member]
            many = Many(judge, reach, labels, taken(columns), moments=moments)
            units = self.cursor.units if self.cursor else ()
            ranked = Ranked(many, cover=cover, full=full, units=units)
            judge.units = ranked.units
            ranked.prepare()
        return ranked


def _groups(page: Sheet, judge: Judge) -> list[Group]:
    groups = []
    for hits, total in zip(page.groups, page.totals, strict=True):
        listed = tuple(_listing(hit, judge) for hit in hits[:MOST_LISTED])
        groups.append(Group(listed[0].gtin, listed[0].name, listed, total))
    return groups


def _listing(hit: Hit, judge: Judge) -> Listing:
    base, query = hit.row >> SEQUENCE_BITS, judge.query
    entry, where, seen_at_ms = judge.reach(base)
    detail = judge.details.read(hit.row)
    offer = Offer.from_fields(detail.fields)
    shelf = Shelf(
        site_id=entry.id,
        site=entry.told,
        key=detail.key,
        seen_at_ms=seen_at_ms,
        age=judge.age(hit.row, entry, offer),
        warnings=judge.warnings(base),
        state=where.state or judge.state(base),
        is_own=query.owner is not None and query.owner == entry.owner,
        away_m=where.distance_m,
    )
    return listing(
        offer, shelf, at_ms=judge.at_ms, near=query.near, score=hit.score, member=query.member
    )
