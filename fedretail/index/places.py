"""Where the offers of a site stand in the index: bases, sequence numbers, moves.

A site's base says where its rows stand among all rows. A site that moves to another cell takes
all its rows along, with new row numbers, in the transaction that moves it.
"""

import sqlite3
from dataclasses import dataclass

from fedretail.crdt.codec import pack
from fedretail.domain.geo import Position, from_e7, hilbert, to_e7
from fedretail.domain.kind import Value
from fedretail.index.schema import DUPLICATE_BITS, MAX_OFFERS_PER_SITE, NOWHERE, SEQUENCE_BITS


@dataclass(slots=True)
class Place:
    """A site's row while rows are written."""

    base: int
    owner: bytes
    site: str
    next_seq: int
    position: Position | None

    @property
    def first_row(self) -> int:
        """The smallest row number that belongs to this site."""
        return self.base << SEQUENCE_BITS

    @property
    def last_row(self) -> int:
        """The greatest row number that belongs to this site."""
        return self.first_row + MAX_OFFERS_PER_SITE - 1


def find(db: sqlite3.Connection, owner: bytes, site: str) -> Place | None:
    """The place of a site, None when the index does not know it."""
    query = "SELECT base, next_seq, lat_e7, lon_e7 FROM site WHERE owner = ? AND id = ?"
    row = db.execute(query, (owner, site)).fetchone()
    if row is None:
        return None
    base, next_seq, lat_e7, lon_e7 = row
    return Place(base, owner, site, next_seq, None if lat_e7 is None else from_e7(lat_e7, lon_e7))


def settle(
    db: sqlite3.Connection,
    owner: bytes,
    site: str,
    *,
    position: Position | None,
    fields: dict[str, Value],
) -> Place:
    """Write a site's row and bring its offers to where it lies now; the place it has then.

    `position` None: a site that is not shown. It keeps its offers for the day it is.
    """
    place = find(db, owner, site)
    wanted = _wanted_base(position)
    if place is None:
        place = Place(_free_base(db, wanted), owner, site, 0, position)
    elif _wanted_base(place.position) != wanted:
        place = move(db, place, _free_base(db, wanted))
    place.position = position
    lat_e7, lon_e7 = (None, None) if position is None else to_e7(position)
    db.execute(
        "INSERT OR REPLACE INTO site VALUES(?, ?, ?, ?, ?, ?, ?)",
        (place.base, owner, site, place.next_seq, lat_e7, lon_e7, pack(fields)),
    )
    return place


def make_room(db: sqlite3.Connection, place: Place, count: int) -> Place:
    """The place of a site with room for `count` more offers, as far as there can be.

    Sequence numbers of deleted offers are not given again one by one; a site that has used all
    four million takes new ones from 0.
    """
    if place.next_seq + count <= MAX_OFFERS_PER_SITE:
        return place
    return move(db, place, _free_base(db, _wanted_base(place.position)))


def move(db: sqlite3.Connection, place: Place, base: int) -> Place:
    """Give all rows of a site new numbers, densely from 0; FTS5 is told old and new words."""
    moved = Place(base, place.owner, place.site, 0, place.position)
    span = (place.first_row, place.last_row)
    rows = db.execute("SELECT id FROM offer WHERE id BETWEEN ? AND ? ORDER BY id", span).fetchall()
    here = "FROM offer WHERE id BETWEEN ? AND ? ORDER BY id"
    db.execute(f"INSERT INTO word(word, rowid, words) SELECT 'delete', id, words {here}", span)
    db.executemany(
        "UPDATE offer SET id = ? WHERE id = ?",
        ((moved.first_row + seq, row) for seq, (row,) in enumerate(rows)),
    )
    span = (moved.first_row, moved.last_row)
    db.execute(f"INSERT INTO word(rowid, words) SELECT id, words {here}", span)
    moved.next_seq = len(rows)
    db.execute(
        "UPDATE site SET base = ?, next_seq = ? WHERE base = ?",
        (moved.base, moved.next_seq, place.base),
    )
    return moved


def _wanted_base(position: Position | None) -> int:
    return NOWHERE if position is None else hilbert(position) << DUPLICATE_BITS


def _free_base(db: sqlite3.Connection, wanted: int) -> int:
    """The first free base from `wanted` on.

    A cell with more than 1,024 sites spills over into the next ones: its sites stand less near
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
