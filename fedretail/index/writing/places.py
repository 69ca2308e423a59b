"""Where the offers of a site stand in the index: bases, sequence numbers, moves.

A site's base says where its rows stand among all rows. A site that moves to another cell takes
all its rows along, with new row numbers, in the transaction that moves it.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fedretail.domain.geo import Position, from_e7, hilbert, to_e7
from fedretail.domain.kind import Value
from fedretail.index.layout.cells import Cell, CellWriter
from fedretail.index.layout.facts import pack_site
from fedretail.index.layout.schema import (
    DUPLICATE_BITS,
    MAX_OFFERS_PER_SITE,
    NOWHERE,
    SEQUENCE_BITS,
    Damaged,
)

# Sites looked up in one go.
_READ = 200

_Key = tuple[bytes, str]


@dataclass(frozen=True, slots=True)
class Rows:
    """What moving rows changes beside the tables: their cells; and how to make their words."""

    cells: CellWriter
    words: Callable[[bytes, Cell], str]
    """The words of an offer from its facts and its cell."""


@dataclass(slots=True)
class Place:
    """A site's row while rows are written."""

    base: int
    owner: bytes
    site: str
    next_seq: int
    position: Position | None
    written_seq: int = 0
    """`next_seq` as it stands in the table."""

    @property
    def first_row(self) -> int:
        """The smallest row number that belongs to this site."""
        return self.base << SEQUENCE_BITS

    @property
    def last_row(self) -> int:
        """The greatest row number that belongs to this site."""
        return self.first_row + MAX_OFFERS_PER_SITE - 1


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a site lies, and what its row says of it.

    position: None for a site that is not shown. It keeps its offers for the day it is.
    """

    owner: bytes
    site: str
    position: Position | None
    currency: str | None
    fields: Mapping[str, Value]


def find(db: sqlite3.Connection, keys: Iterable[tuple[bytes, str]]) -> dict[_Key, Place]:
    """The places of those of the sites (owner, id) that the index knows."""
    wanted = set(keys)
    query = (
        "SELECT owner, id, base, next_seq, lat_e7, lon_e7 FROM site"
        f" WHERE id IN ({','.join('?' * _READ)})"
    )
    found = {}
    for some in _parts(sorted({site for _, site in wanted})):
        for owner, site, base, seq, lat_e7, lon_e7 in db.execute(query, some):
            position = None if lat_e7 is None else from_e7(lat_e7, lon_e7)
            if (owner, site) in wanted:
                found[owner, site] = Place(base, owner, site, seq, position, seq)
    return found


def begin(db: sqlite3.Connection, stands: list[Stand]) -> list[Place]:
    """The places of sites that the index did not know, each with a row of its own."""
    wanted = [_wanted_base(one.position) for one in stands]
    query = f"SELECT base FROM site WHERE base IN ({','.join('?' * _READ)})"
    taken = {base for some in _parts(sorted(set(wanted))) for (base,) in db.execute(query, some)}
    places: list[Place] = []
    rows: list[tuple[Any, ...]] = []
    for one, base in zip(stands, wanted, strict=True):
        if base in taken:
            _insert(db, rows)
            rows = []
            base = _free_base(db, base)
        taken.add(base)
        places.append(Place(base, one.owner, one.site, 0, one.position))
        rows.append(_row(places[-1], one))
    _insert(db, rows)
    return places


def settle(db: sqlite3.Connection, place: Place, stand: Stand, rows: Rows) -> Place:
    """Write a known site's row anew and bring its offers to where it lies now; its place then."""
    wanted = _wanted_base(stand.position)
    if _wanted_base(place.position) != wanted:
        place = move(db, place, _free_base(db, wanted), rows)
    place.position = stand.position
    _insert(db, [_row(place, stand)])
    return place


def _row(place: Place, stand: Stand) -> tuple[Any, ...]:
    lat_e7, lon_e7 = (None, None) if stand.position is None else to_e7(stand.position)
    where = lat_e7, lon_e7, stand.currency
    return place.base, stand.owner, stand.site, place.next_seq, *where, pack_site(stand.fields)


def _insert(db: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    db.executemany("INSERT OR REPLACE INTO site VALUES(?, ?, ?, ?, ?, ?, ?, ?)", sorted(rows))


def _parts(values: list[Any]) -> Iterator[list[Any]]:
    """The values by _READ, each part filled up with nulls: one statement serves all."""
    for start in range(0, len(values), _READ):
        some = values[start : start + _READ]
        yield some + [None] * (_READ - len(some))


def make_room(db: sqlite3.Connection, place: Place, count: int, rows: Rows) -> Place:
    """The place of a site with room for `count` more offers, as far as there can be.

    Sequence numbers of deleted offers are not given again one by one; a site that has used all
    four million takes new ones from 0.
    """
    if place.next_seq + count <= MAX_OFFERS_PER_SITE or place.next_seq == 0:
        return place
    return move(db, place, _free_base(db, _wanted_base(place.position)), rows)


def move(db: sqlite3.Connection, place: Place, base: int, rows: Rows) -> Place:
    """Give all rows of a site new numbers, densely from 0; FTS5 is told old and new ones."""
    moved = Place(base, place.owner, place.site, 0, place.position)
    span = (place.first_row, place.last_row)
    query = "SELECT id, facts FROM offer WHERE id BETWEEN ? AND ? ORDER BY id"
    gone, come, numbers = [], [], []
    for seq, (row, facts) in enumerate(db.execute(query, span).fetchall()):
        cell, number = rows.cells.get(row), moved.first_row + seq
        if cell is None:
            raise Damaged("an offer without its cell")
        words = rows.words(facts, cell)
        gone.append((row, words))
        come.append((number, words))
        numbers.append((number, row))
        rows.cells.clear(row)
        rows.cells.put(number, cell.packed())
    db.executemany("INSERT INTO word(word, rowid, words) VALUES('delete', ?, ?)", gone)
    db.executemany("UPDATE offer SET id = ? WHERE id = ?", numbers)
    db.executemany("INSERT INTO word(rowid, words) VALUES(?, ?)", come)
    moved.next_seq = moved.written_seq = len(numbers)
    db.execute(
        "UPDATE site SET base = ?, next_seq = ? WHERE base = ?",
        (moved.base, moved.next_seq, place.base),
    )
    return moved


def _wanted_base(position: Position | None) -> int:
    return NOWHERE if position is None else hilbert(position) << DUPLICATE_BITS


def _free_base(db: sqlite3.Connection, wanted: int) -> int:
    """The first free base from `wanted` on.

    A cell with more than 64 sites spills over into the next ones: its sites stand less near
    to each other, which costs time and no answer.
    """
    if not db.execute("SELECT 1 FROM site WHERE base = ?", (wanted,)).fetchone():
        return wanted
    query = (
        "SELECT base + 1 FROM site AS here WHERE base >= ? AND NOT EXISTS"
        " (SELECT 1 FROM site WHERE base = here.base + 1) ORDER BY base LIMIT 1"
    )
    (base,) = db.execute(query, (wanted,)).fetchone()
    if wanted < NOWHERE <= base:
        return _free_base(db, 0)
    return int(base)
