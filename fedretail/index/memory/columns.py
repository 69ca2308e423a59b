"""Columns: the cells of all offers in memory, for queries that many offers answer.

One Columns belongs to one process and is made when a query first needs it; a cold search for a
rare word never does, nor loads numpy. It stands at one commit of the index. Every query first
brings it to the commit of its own snapshot by reading the blocks that changed since.

What others may use: inside `Columns.held`, `take`, `take_spans` and `take_sites` give Taken: row
numbers, for each row the number of its site in `Sites.entries` (-1: a site that is not shown), and
columns by the names of cells.CELL_TYPES, copied when they are asked for.
"""

import sqlite3
import threading
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from fedretail.errors import MalformedInput
from fedretail.index.layout.cells import (
    BLOCK_BITS,
    CELL_TYPES,
    CELLS_PER_BLOCK,
    PRESENT,
    WINDOWED,
    whole_block,
)
from fedretail.index.layout.schema import SEQUENCE_BITS, Newer, State
from fedretail.index.memory.arrays import Array, are_among
from fedretail.index.memory.moments import Moments
from fedretail.index.memory.names import Names
from fedretail.index.memory.sites import Sites

_CELL = np.dtype(CELL_TYPES)
_BASE_SHIFT = SEQUENCE_BITS - BLOCK_BITS
# A page of results asks for the milliseconds, of few rows.
_HELD = [(name, kind) for name, kind in CELL_TYPES if name != "millis"]
# Numbers of labels take as many bytes as the greatest of them needs.
_NUMBERED = ("category", "brand", "trait")
# Cells read at a time while all are loaded.
_STRIDE = 1 << 14
# Room behind the cells for those that come, as a share of those there are.
_ROOM = 0.05
_LEAST_ROOM = 1_024
# Categories that are browsed again and again: 4 bytes a site each.
_MOST_SHELVES = 32
# Fewer rows than one of so many places are joined by sorting them.
_SPARSE = 8


class Taken:
    """Some rows, their places in the columns, and the number of each one's site.

    Holds as long as the caller holds the columns. sites: -1 for a site that is not shown.
    """

    __slots__ = ("_columns", "counts", "is_kept", "places", "rows", "sites")

    def __init__(self, columns: dict[str, Array], rows: Array, places: Array, sites: Array) -> None:
        """All of one length."""
        self._columns = columns
        self.rows, self.places, self.sites = rows, places, sites
        # Whether somebody keeps it as long as rows stand where they do; so then are its counts.
        self.is_kept = False
        self.counts: SiteCounts | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[int]:
        return iter(self.rows.tolist())

    def column(self, name: str) -> Array:
        """A copy of one column, by its name in cells.CELL_TYPES."""
        return self._columns[name][self.places]

    def wide(self) -> "Taken":
        """The same rows, for many columns: numpy would widen the places anew for each of them."""
        return Taken(self._columns, self.rows, self.places.astype(np.intp), self.sites)

    @property
    def gtins(self) -> Array:
        """Their gtin_code."""
        return self.column("gtin_high").astype(np.int64) << 32 | self.column("gtin_low")

    def where(self, keep: Array) -> "Taken":
        """Some of the rows: those where `keep` holds, or at these places."""
        return Taken(self._columns, self.rows[keep], self.places[keep], self.sites[keep])

    def at_sites(self, numbers: Array) -> "Taken":
        """Those of the sites with these numbers."""
        shown = np.zeros(max(int(self.sites.max(initial=0)), int(numbers.max(initial=0))) + 2, bool)
        # The last is for rows of no site.
        shown[numbers] = True
        return self.where(shown[self.sites])

    def cut(self, spans: list[tuple[int, int]]) -> "Taken":
        """Those in spans of row numbers; the rows must ascend."""
        ends = np.searchsorted(self.rows, np.array(spans, np.int64).reshape(-1, 2))
        ends[:, 1] = np.searchsorted(self.rows, np.array([last for _, last in spans]), "right")
        pieces = [np.arange(start, end) for start, end in ends.tolist()]
        return self.where(np.concatenate([np.zeros(0, np.int64), *pieces]))


def joined(parts: Iterable[Taken]) -> Taken:
    """The rows of some, each once, ascending; taken in the same hold."""
    every = list(parts)
    some = [one for one in every if len(one)] or every[:1]
    if len(some) == 1:
        return some[0]
    rows = np.concatenate([one.rows for one in some])
    places = np.concatenate([one.places for one in some])
    sites = np.concatenate([one.sites for one in some])
    size = int(places.max()) + 1
    if len(rows) * _SPARSE > size:
        # Sorting many takes longer than to look which place is taken.
        numbers = np.zeros(size, np.int32)
        numbers[places] = np.arange(1, len(places) + 1, dtype=np.int32)
        chosen = numbers[np.flatnonzero(numbers)] - 1
        rows, places, sites = rows[chosen], places[chosen], sites[chosen]
    # Blocks that grew stand behind all others.
    if (rows[1:] <= rows[:-1]).any():
        order = np.argsort(rows, kind="stable")
        is_new = np.ones(len(order), bool)
        is_new[1:] = rows[order[1:]] != rows[order[:-1]]
        order = order[is_new]
        rows, places, sites = rows[order], places[order], sites[order]
    return Taken(some[0]._columns, rows, places, sites)


class SiteCounts(NamedTuple):
    """Some offers: how many of them each site has, but for `windowed` that begin or end."""

    lasting: Array
    windowed: Taken


class Columns:
    """The cells of one index; any thread may ask, one at a time."""

    def __init__(self) -> None:
        self._turn = threading.RLock()
        self._file = -1
        self._commits = 0
        self._most: dict[str, int] = {}
        self._sites_known: Sites | None = None
        self._blocks = np.zeros(0, np.int64)
        # Of rows whose price depends on the moment, what has been read: for members and others.
        self.moments: dict[bool, Moments] = {}
        self.names = Names()
        # Another number where rows stand at other places.
        self.layout = 0
        self._counts: dict[Hashable, SiteCounts] = {}

    @contextmanager
    def held(self, db: sqlite3.Connection, state: State, sites: Sites) -> Iterator["Columns"]:
        """The columns at the commit of a snapshot; nobody changes them meanwhile.

        Newer where they are past it.
        """
        with self._turn:
            self._refresh(db, state, sites)
            yield self

    def of(self, rows: Sequence[int] | Taken) -> Taken:
        """As `take`; what was taken in the same hold is the same."""
        if isinstance(rows, Taken):
            return rows
        return self.take(np.asarray(rows, np.int64))

    def take(self, rows: Array) -> Taken:
        """These rows, ascending; those without an offer may be left out."""
        if not len(self._blocks):
            return Taken(self._columns, *[rows[:0]] * 3)
        blocks = np.searchsorted(self._blocks, rows >> BLOCK_BITS)
        blocks[blocks == len(self._blocks)] = 0
        places = rows & (CELLS_PER_BLOCK - 1)
        known = (self._blocks[blocks] == rows >> BLOCK_BITS) & (places < self._lengths[blocks])
        if not known.all():
            rows, blocks, places = rows[known], blocks[known], places[known]
        return self._at(rows, blocks, places)

    def take_spans(self, spans: list[tuple[int, int]] | None) -> Taken:
        """All rows in these spans of whole sites (None: everywhere)."""
        return self._whole(self._in_spans(spans))

    def take_sites(self, numbers: Array) -> Taken:
        """All rows of the sites with these numbers, ascending."""
        assert self._sites_known is not None
        # The last is for blocks of no site.
        shown = np.zeros(len(self._sites_known.entries) + 1, bool)
        shown[numbers] = True
        return self._whole(np.flatnonzero(shown[self._sites]))

    def _whole(self, wanted: Array) -> Taken:
        """All rows of these blocks."""
        lengths = self._lengths[wanted]
        blocks = np.repeat(wanted, lengths)
        places = np.arange(len(blocks)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self._at((self._blocks[blocks] << BLOCK_BITS) + places, blocks, places)

    @property
    def room(self) -> int:
        """How many places there are, free ones included."""
        return len(self._columns["flags"])

    def count(self, spans: list[tuple[int, int]] | None) -> int:
        """How many rows stand in the spans, deleted ones included."""
        return int(self._lengths[self._in_spans(spans)].sum())

    def counts(self, name: Hashable, chosen: Array | None) -> SiteCounts:
        """The offers of some categories (None: of all), counted; kept under a name for them."""
        known = self._counts.get(name)
        if known is None:
            known = self._counted_whole(chosen)
            if len(self._counts) >= _MOST_SHELVES:
                self._counts.clear()
            self._counts[name] = known
        return known

    def counts_of(self, taken: Taken) -> SiteCounts:
        """The same of rows that are kept."""
        if taken.counts is None:
            taken.counts = self._counted(taken, None)
        return taken.counts

    def _counted_whole(self, chosen: Array | None) -> SiteCounts:
        """As `_counted` of all rows, by blocks: which row stands where need not be worked out."""
        assert self._sites_known is not None
        flags = self._columns["flags"]
        keep = (flags & PRESENT).astype(bool)
        if chosen is not None:
            keep &= chosen[self._columns["category"]]
        is_windowed = keep & (flags & WINDOWED).astype(bool)
        lasting = self._sums(keep & ~is_windowed)
        size = len(self._sites_known.entries)
        # The first is for blocks of no site.
        by_site = np.bincount(self._sites + 1, lasting, minlength=size + 1)[1:].astype(np.int32)
        some = self._whole(np.flatnonzero(self._sums(is_windowed)))
        return SiteCounts(by_site, self._counted(some, chosen).windowed)

    def _sums(self, holds: Array) -> Array:
        """How many rows of each block it holds for."""
        sums = np.zeros(len(holds) + 1, np.int32)
        np.cumsum(holds, out=sums[1:])
        found: Array = sums[self._starts + self._lengths] - sums[self._starts]
        return found

    def _counted(self, taken: Taken, chosen: Array | None) -> SiteCounts:
        assert self._sites_known is not None
        flags = taken.column("flags")
        keep = (flags & PRESENT).astype(bool) & (taken.sites >= 0)
        if chosen is not None:
            keep &= chosen[taken.column("category")]
        is_windowed = (flags & WINDOWED).astype(bool)
        size = len(self._sites_known.entries)
        lasting = np.bincount(taken.sites[keep & ~is_windowed], minlength=size)
        return SiteCounts(lasting.astype(np.int32), taken.where(keep & is_windowed))

    def _in_spans(self, spans: list[tuple[int, int]] | None) -> Array:
        """The places of the blocks in the spans."""
        wanted = np.arange(len(self._blocks))
        if spans is None:
            return wanted
        ends = np.array(spans, np.int64).reshape(-1, 2) >> BLOCK_BITS
        first = np.searchsorted(self._blocks, ends[:, 0])
        last = np.searchsorted(self._blocks, ends[:, 1], "right")
        pieces = [wanted[:0], *(wanted[a:b] for a, b in zip(first, last, strict=True))]
        return np.concatenate(pieces)

    def _at(self, rows: Array, blocks: Array, places: Array) -> Taken:
        # 32 bits reach 2,000 million offers.
        found = (self._starts[blocks] + places).astype(np.int32)
        return Taken(self._columns, rows, found, self._sites[blocks])

    def _refresh(self, db: sqlite3.Connection, state: State, sites: Sites) -> None:
        if self._file != state.file:
            self._load(db, state)
        elif self._commits > state.commits:
            raise Newer
        elif self._commits < state.commits:
            query = "SELECT block, cells FROM cell WHERE commit_no > ? ORDER BY block"
            self._most = _most_numbers(db)
            self._change(db.execute(query, (self._commits,)).fetchall())
            self._commits = state.commits
        if self._sites_known is not sites:
            self._sites = sites.numbers_of(self._blocks >> _BASE_SHIFT).astype(np.int32)
            self._sites_known = sites
            self._moved()

    def _moved(self) -> None:
        """Note that rows stand elsewhere, or others do."""
        self.layout += 1
        self._counts.clear()

    def _load(self, db: sqlite3.Connection, state: State) -> None:
        """Read everything."""
        self._file, self._most = -1, _most_numbers(db)
        sizes = db.execute("SELECT block, length(cells) FROM cell ORDER BY block")
        self._blocks, lengths = np.fromiter(sizes, np.dtype("i8,i8")).view("(2,)i8").T.copy()
        self._lengths = lengths // _CELL.itemsize
        self._starts = np.cumsum(self._lengths) - self._lengths
        used = int(self._lengths.sum())
        room = used + max(_LEAST_ROOM, int(used * _ROOM))
        self._columns = {name: np.zeros(room, kind) for name, kind in _HELD}
        self._columns |= {name: np.zeros(room, np.uint8) for name in _NUMBERED}
        (cache,) = db.execute("PRAGMA cache_size").fetchone()
        # Everything is read once: pages that are kept would only take room.
        db.execute("PRAGMA cache_size = -256")
        start = 0
        reader = db.execute("SELECT cells FROM cell ORDER BY block")
        while packed := reader.fetchmany(_STRIDE // CELLS_PER_BLOCK):
            cells = np.frombuffer(b"".join([whole_block(one) for (one,) in packed]), _CELL)
            self._widen(cells)
            for name, column in self._columns.items():
                column[start : start + len(cells)] = cells[name]
            start += len(cells)
        self._used = used
        db.execute(f"PRAGMA cache_size = {cache}")
        self._sites_known = None
        self.moments = {True: Moments(), False: Moments()}
        self.names = Names()
        self._file, self._commits = state.file, state.commits

    def _change(self, changed: list[tuple[int, bytes]]) -> None:
        """Put changed blocks in place of what they were; longer ones behind all others."""
        if not changed:
            return
        numbers = np.array([number for number, _ in changed], np.int64)
        new = numbers[~are_among(numbers, self._blocks)]
        if len(new):
            places = np.searchsorted(self._blocks, new)
            self._blocks = np.insert(self._blocks, places, new)
            self._lengths = np.insert(self._lengths, places, 0)
            self._starts = np.insert(self._starts, places, 0)
            self._sites_known = None
        self.names.forget(numbers)
        for kept in self.moments.values():
            kept.forget(numbers << BLOCK_BITS, CELLS_PER_BLOCK)
        for place, (_, packed) in zip(
            np.searchsorted(self._blocks, numbers).tolist(), changed, strict=True
        ):
            cells = np.frombuffer(whole_block(packed), _CELL)
            before, start = self._lengths[place], self._starts[place]
            shelves = self._columns["category"][start : start + before]
            if len(cells) != before or not _same_shelves(
                shelves, self._columns["flags"][start : start + before], cells
            ):
                self._moved()
            if len(cells) > before:
                start = self._starts[place] = self._room(len(cells))
            self._lengths[place] = len(cells)
            self._widen(cells)
            for name, column in self._columns.items():
                column[start : start + len(cells)] = cells[name]

    def _widen(self, cells: Array) -> None:
        """Make room for greater numbers of labels."""
        for name in _NUMBERED:
            column, most = self._columns[name], int(cells[name].max(initial=0))
            if most > self._most[name] or cells[name].min(initial=0) < 0:
                raise MalformedInput("a cell of texts that no table holds")
            if most > np.iinfo(column.dtype).max:
                self._columns[name] = column.astype(np.min_scalar_type(most))

    def _room(self, count: int) -> int:
        """The first of `count` free places behind all cells."""
        start = self._used
        if start + count > len(self._columns["flags"]):
            more = max(_LEAST_ROOM, count, int(start * _ROOM))
            for name, column in self._columns.items():
                self._columns[name] = np.concatenate((column, np.zeros(more, column.dtype)))
        self._used = start + count
        return start


def _most_numbers(db: sqlite3.Connection) -> dict[str, int]:
    """The greatest number of each table of labels."""
    asked = ", ".join(f"(SELECT max(id) FROM {name})" for name in _NUMBERED)
    found = db.execute(f"SELECT {asked}").fetchone()
    return {name: most or 0 for name, most in zip(_NUMBERED, found, strict=True)}


def _same_shelves(shelves: Array, flags: Array, cells: Array) -> bool:
    """Whether the same rows have offers, of the same categories, as before; none begins to end."""
    is_there = ((flags ^ cells["flags"]) & (PRESENT | WINDOWED) == 0).all()
    return bool(is_there and (shelves == cells["category"]).all())
