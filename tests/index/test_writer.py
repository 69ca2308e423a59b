"""Making, mending and sharing index.db: never an error, never a wrong answer."""

import sqlite3
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.geo import Position, to_e7
from fedretail.domain.kind import RecordId
from fedretail.errors import Unavailable
from fedretail.index import places, schema
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

CLOCK = ManualClock()
NOW_MS = CLOCK.now_ms()
HERE = Position(48.5, 9.05)


def put_site(store: MemoryRecords, number: int, position: Position | None = HERE) -> RecordId:
    owner, nonce = bytes(16), bytes([number])
    site = site_id(owner, nonce)
    fields: dict[str, Any] = {"nonce": nonce, "name": f"Shop {number}"}
    if position is not None:
        fields["lat_e7"], fields["lon_e7"] = to_e7(position)
    record = RecordId(owner, f"site/{site}", "site", site)
    store.put(record, fields, stamp=NOW_MS)
    return record


def put_offers(store: MemoryRecords, site: RecordId, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        record = site._replace(kind="offer", key=f"k{number}")
        store.put(record, {"name": f"Milk {number}"}, stamp=NOW_MS)


@pytest.fixture
def store() -> MemoryRecords:
    store = MemoryRecords()
    put_offers(store, put_site(store, 0), 50)
    return store


def total(index: Index, words: str = "milk") -> int:
    return index.search(Query(words=words)).total


def test_a_missing_index_is_made_by_the_first_search(tmp_path: Path, store: MemoryRecords) -> None:
    with Index.open(tmp_path / "index.db", store, clock=CLOCK) as index:
        assert total(index) == 50
        assert index.lag() == 0


def test_another_store_or_version_means_another_index(
    tmp_path: Path, store: MemoryRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.db"
    with Index.open(path, store, clock=CLOCK) as index:
        assert total(index) == 50
    other = MemoryRecords("other")
    put_offers(other, put_site(other, 1), 3)
    with Index.open(path, other, clock=CLOCK) as index:
        assert total(index) == 3
    monkeypatch.setattr(schema, "VERSION", "next")
    monkeypatch.setattr("fedretail.index.writer.VERSION", "next")
    with Index.open(path, other, clock=CLOCK) as index:
        assert total(index) == 3
        assert index.statistics()["offers"] == 3


def test_an_older_copy_of_the_store_means_another_index(
    tmp_path: Path, store: MemoryRecords
) -> None:
    path = tmp_path / "index.db"
    with Index.open(path, store, clock=CLOCK) as index:
        assert total(index) == 50
    copy = MemoryRecords(store.id)
    put_offers(copy, put_site(copy, 0), 5)
    with Index.open(path, copy, clock=CLOCK) as index:
        assert total(index) == 5


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(4_000)])
def test_a_file_that_is_no_index_is_made_one(
    tmp_path: Path, store: MemoryRecords, content: bytes
) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(content)
    with Index.open(path, store, clock=CLOCK) as index:
        assert total(index) == 50


def test_a_database_of_somebody_else_is_emptied(tmp_path: Path, store: MemoryRecords) -> None:
    path = tmp_path / "index.db"
    db = sqlite3.connect(path)
    db.execute('CREATE TABLE "od""d"(x)')
    db.execute("CREATE VIRTUAL TABLE offer USING fts5(x)")
    db.close()
    with Index.open(path, store, clock=CLOCK) as index:
        assert total(index) == 50


def test_a_reader_notices_that_the_file_was_replaced(tmp_path: Path, store: MemoryRecords) -> None:
    path = tmp_path / "index.db"
    with (
        Index.open(path, store, clock=CLOCK) as reader,
        Index.open(path, store, clock=CLOCK) as writer,
    ):
        assert total(reader) == 50
        writer.rebuild()
        put_offers(store, put_site(store, 2), 7)
        writer.follow()
        assert total(reader) == 57


def test_one_follows_and_the_others_read(tmp_path: Path, store: MemoryRecords) -> None:
    path = tmp_path / "index.db"
    with (
        Index.open(path, store, clock=CLOCK) as daemon,
        Index.open(path, store, clock=CLOCK) as command,
    ):
        daemon.follow()
        assert daemon.hold()
        put_offers(store, put_site(store, 3), 4)
        assert command.follow() == 0
        page = command.search(Query(words="milk"))
        assert (page.total, page.behind) == (50, 5)
        with pytest.raises(Unavailable):
            command.rebuild()
        assert daemon.follow() == 5
        assert total(command) == 54


def test_a_reader_does_not_wait_for_an_open_write(tmp_path: Path, store: MemoryRecords) -> None:
    path = tmp_path / "index.db"
    with Index.open(path, store, clock=CLOCK) as index:
        index.follow()
        writer = schema.connect_for_writing(path)
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("DELETE FROM offer")
        assert total(index) == 50
        writer.execute("ROLLBACK")
        writer.close()


def test_a_failed_batch_leaves_rows_and_cursor_as_they_were(
    tmp_path: Path, store: MemoryRecords
) -> None:
    with Index.open(tmp_path / "index.db", store, clock=CLOCK) as index:
        index.follow()
        put_offers(store, put_site(store, 0, Position(1, 1)), 5, first=100)
        with (
            patch("fedretail.index.follow.write_state", side_effect=RuntimeError),
            pytest.raises(RuntimeError),
        ):
            index.follow()
        assert (total(index), index.lag()) == (50, 6)
        assert index.follow() == 6
        assert total(index) == 55


def test_limits_and_deadlines_stop_between_batches(tmp_path: Path, store: MemoryRecords) -> None:
    with Index.open(tmp_path / "index.db", store, clock=CLOCK) as index:
        assert index.follow(limit=10) == 10
        assert index.search(Query(words="milk")).behind == 41
        with patch("fedretail.index.writer.BATCH_ENTRIES", 20):
            assert index.follow(deadline_ms=NOW_MS) == 20
        assert index.follow() == 21


def test_rebuild_tells_its_progress(tmp_path: Path, store: MemoryRecords) -> None:
    told: list[tuple[int, int]] = []
    with Index.open(tmp_path / "index.db", store, clock=CLOCK) as index:
        index.follow()
        index.rebuild(lambda done, of: told.append((done, of)))
        assert told == [(51, 51)]
        assert total(index) == 50


def test_a_crowded_cell_spills_over_and_stays_exact(tmp_path: Path) -> None:
    store = MemoryRecords()
    with (
        patch.object(places, "DUPLICATE_BITS", 1),
        Index.open(tmp_path / "index.db", store, clock=CLOCK) as index,
    ):
        sites = [put_site(store, number) for number in range(9)]
        for site in sites:
            put_offers(store, site, 2)
        index.follow()
        assert index.search(Query(words="milk", near=HERE, within_m=1.0)).total == 18
        put_site(store, 4, None)
        put_site(store, 5, Position(0, 0))
        index.follow()
        assert index.search(Query(words="milk", near=HERE, within_m=1.0)).total == 14
        assert total(index) == 16


def test_a_site_that_used_up_its_numbers_takes_new_ones(tmp_path: Path) -> None:
    store = MemoryRecords()
    site = put_site(store, 0)
    most = "fedretail.index.{}.MAX_OFFERS_PER_SITE"
    with (
        patch(most.format("places"), 10),
        patch(most.format("follow"), 10),
        Index.open(tmp_path / "index.db", store, clock=CLOCK) as index,
    ):
        for round_ in range(4):
            put_offers(store, site, 6, first=round_ * 6)
            index.follow()
            assert total(index) == 6
            for number in range(round_ * 6, round_ * 6 + 6):
                store.delete(site._replace(kind="offer", key=f"k{number}"))
            index.follow()
            assert total(index) == 0
