"""In how many pieces FTS5's lists stand."""

import sqlite3
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

from fedretail.crdt.names import site_id
from fedretail.domain.kind import RecordId
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

CLOCK = ManualClock()
OWNER = bytes(16)
SITE = site_id(OWNER, b"n")


def put(store: MemoryRecords, first: int, last: int) -> None:
    for number in range(first, last):
        offer = RecordId(OWNER, f"site/{SITE}", "offer", f"k{number}")
        store.put(offer, {"name": f"Milk {number}"}, stamp=CLOCK.now_ms())


def pieces(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        (count,) = db.execute("SELECT count(DISTINCT segid) FROM word_idx").fetchone()
    return int(count)


def test_pieces_are_joined_that_somebody_left_who_was_ended(tmp_path: Path) -> None:
    store, path = MemoryRecords(), tmp_path / "index.db"
    put(store, 0, 90)
    with (
        patch("fedretail.index.writing.writer.BATCH_ENTRIES", 5),
        patch("fedretail.index.writing.writer.MANY_ENTRIES", 20),
        Index.open(path, store, clock=CLOCK) as index,
    ):
        index.work()
    assert pieces(path) > 1
    put(store, 90, 91)
    with Index.open(path, store, clock=CLOCK) as index:
        assert index.hold()
        while index.work():
            pass
    assert pieces(path) == 1
