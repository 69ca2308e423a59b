"""The words of a large catalog, which the index keeps for those who mistype one."""

import sqlite3
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest

from fedretail.domain.kind import RecordId
from fedretail.index.language.catalog import Catalog
from fedretail.index.search import Index
from fedretail.index.writing.follow import Follower
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

CLOCK = ManualClock()
FROM_OFFERS = "fedretail.index.language.spelling.KEPT_FROM_OFFERS"


def put_offers(store: MemoryRecords, numbers: range) -> None:
    for number in numbers:
        place = RecordId(bytes(16), "site/aaaaaaaaaaaaaaaa", "offer", f"k{number}")
        store.put(place, {"name": f"Milk {number}"}, stamp=1)


def kept(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as db:
        return {word for (word,) in db.execute("SELECT words FROM spelling")}


def test_they_are_kept_when_nothing_is_left_to_follow(tmp_path: Path) -> None:
    store, path = MemoryRecords(), tmp_path / "index.db"
    put_offers(store, range(50))
    with patch(FROM_OFFERS, 51), Index.open(path, store, clock=CLOCK) as index:
        assert index.hold()
        while index.work():
            pass
        assert kept(path) == set(), "few are read as they stand"
        put_offers(store, range(50, 51))
        while index.work():
            pass
        assert kept(path) == {"milk"}


def test_they_are_kept_where_a_long_catch_up_ends(tmp_path: Path) -> None:
    store, path = MemoryRecords(), tmp_path / "index.db"
    put_offers(store, range(50))
    with (
        patch(FROM_OFFERS, 50),
        patch("fedretail.index.writing.writer.MANY_ENTRIES", 10),
        Index.open(path, store, clock=CLOCK) as index,
    ):
        index.follow()
    assert kept(path) == {"milk"}


def test_a_failure_leaves_those_that_were_kept(tmp_path: Path) -> None:
    store, path = MemoryRecords(), tmp_path / "index.db"
    put_offers(store, range(50))

    def fail(one: Catalog, db: sqlite3.Connection, followed: int) -> None:
        db.execute("DELETE FROM spelling")
        raise RuntimeError

    with Index.open(path, store, clock=CLOCK) as index:
        index.follow()
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            Catalog.of([("oats", 1)]).keep(db, 0)
            follower = Follower(db, store)
            with patch(FROM_OFFERS, 50), patch.object(Catalog, "keep", fail):
                put_offers(store, range(50, 1_200))
                while follower.step():
                    pass
                with pytest.raises(RuntimeError):
                    follower.spell()
            assert not db.in_transaction
        assert kept(path) == {"oats"}
