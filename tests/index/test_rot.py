"""What rots in index.db without SQLite noticing it: the index is made anew, and answers."""

import sqlite3
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.kind import RecordId
from fedretail.index.layout.cells import Cell, cell_of
from fedretail.index.memory import memory
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

CLOCK = ManualClock()
OWNER = b"o" * 16
SITE = site_id(OWNER, b"n")
PLACE = RecordId(OWNER, f"site/{SITE}", "offer", "")
OFFERS = 70
# Of one offer alone its cell may say what it will, until somebody reads the rest: the first does.
QUERIES = [
    Query(words="milk food", sort="cheapest-unit"),
    Query(facets=True, category="Food"),
    Query(words="milk", facets=True, claims=("organic",)),
    Query(group=True, open_now=True),
]


def put(store: MemoryRecords, number: int, **more: object) -> None:
    fields = {"name": "Milk", "category": "Food", "claims": ["organic"], **more}
    store.put(PLACE._replace(key=f"k{number}"), fields, stamp=CLOCK.now_ms())


def strange_number(packed: bytes, name: str) -> bytes:
    cell = cell_of(packed, 0)
    assert isinstance(cell, Cell)
    return cell._replace(**{name: 1 << 20}).packed() + packed[len(cell.packed()) :]


# Table and column, and what becomes of its first value.
ROT = {
    "half a cell": ("cell", "cells", lambda packed: packed[:-1]),
    "a block that is a text": ("cell", "cells", lambda _: "x"),
    "a block that is no text": ("cell", "CAST(cells AS TEXT)", lambda packed: packed),
    "a category": ("cell", "cells", lambda packed: strange_number(packed, "category")),
    "a trait": ("cell", "cells", lambda packed: strange_number(packed, "trait")),
    "a field of a site": ("site", "fields", lambda _: b"\x81\x63\x01"),
    "fields that are a list": ("offer", "facts", lambda _: b"\x91\x01"),
    "a field of an offer": ("offer", "facts", lambda _: b"\x81\x63\x01"),
}


def rot(path: Path, what: str) -> None:
    table, column, spoil = ROT[what]
    plain = column.removeprefix("CAST(").partition(" ")[0]
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        row, value = db.execute(f"SELECT rowid, {plain} FROM {table} LIMIT 1").fetchone()
        db.execute(f"UPDATE {table} SET {plain} = ? WHERE rowid = ?", (spoil(value), row))
        if plain != column:
            db.execute(f"UPDATE {table} SET {plain} = {column} WHERE rowid = ?", (row,))


@pytest.fixture
def store() -> MemoryRecords:
    store = MemoryRecords()
    fields = {"name": "Shop", "nonce": b"n", "lat_e7": 0, "lon_e7": 0, "hours": "24/7"}
    store.put(PLACE._replace(kind="site", key=SITE), fields, stamp=CLOCK.now_ms())
    for number in range(OFFERS):
        put(store, number)
    return store


@pytest.mark.parametrize("what", ROT)
@pytest.mark.parametrize("lives_long", [False, True])
def test_a_search_has_the_index_made_anew(
    tmp_path: Path, store: MemoryRecords, what: str, lives_long: bool
) -> None:
    path = tmp_path / "index.db"
    with Index.open(path, store, clock=CLOCK) as index:
        index.follow()
    rot(path, what)
    with (
        patch.object(memory, "USE_FROM_ROWS", 1),
        Index.open(path, store, clock=CLOCK) as index,
    ):
        if lives_long:
            index.load()
        assert [index.search(query).total for query in QUERIES] == [OFFERS] * len(QUERIES)


@pytest.mark.parametrize("what", ROT)
def test_following_goes_on(tmp_path: Path, store: MemoryRecords, what: str) -> None:
    path = tmp_path / "index.db"
    with Index.open(path, store, clock=CLOCK) as index:
        index.follow()
        rot(path, what)
        for number in range(OFFERS):
            put(store, number, category="Bread")
        index.follow()
        assert index.lag() == 0
