"""Making, mending and sharing index.db: never an error, never a wrong answer."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.names import site_id
from fedretail.domain.geo import Position, to_e7
from fedretail.domain.kind import RecordId
from fedretail.errors import Unavailable
from fedretail.index.layout import schema
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.index.writing import places
from fedretail.index.writing.follow import Follower
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
    monkeypatch.setattr("fedretail.index.writing.writer.VERSION", "next")
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
            patch("fedretail.index.writing.follow.write_state", side_effect=RuntimeError),
            pytest.raises(RuntimeError),
        ):
            index.follow()
        assert (total(index), index.lag()) == (50, 6)
        assert index.follow() == 6
        assert total(index) == 55


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 3)), max_size=60),
    st.integers(1, 7),
    st.integers(0, 2),
)
def test_a_long_catch_up_ends_as_one_step_by_step(
    deeds: list[tuple[int, int, int]], batch: int, broken: int
) -> None:
    """However many entries a transaction holds, and though one or two of them fail."""
    store, folder = MemoryRecords(), tempfile.mkdtemp()
    many, whole = Path(folder) / "many" / "index.db", Path(folder) / "whole" / "index.db"
    many.parent.mkdir()
    whole.parent.mkdir()
    for site, key, deed in deeds:
        place = put_site(store, site, (None, HERE, Position(1, 1))[deed % 3])
        offer = place._replace(kind="offer", key=f"k{key}")
        if deed == 3:
            store.delete(offer)
        else:
            fields = {"name": f"Milk {key * deed}", "prices": [[deed]], "source": f"s{deed}"}
            store.put(offer, fields, stamp=NOW_MS + deed)
    with (
        Index.open(many, store, clock=CLOCK) as index,
        patch("fedretail.index.writing.writer.MANY_ENTRIES", batch),
    ):
        for step in range(broken):
            with (
                patch("fedretail.index.writing.follow.write_state", side_effect=BrokenPipeError)
                if step
                else patch("fedretail.index.writing.words.merge_all", side_effect=BrokenPipeError),
                suppress(BrokenPipeError, Unavailable),
            ):
                index.follow()
        index.follow()
        found = answers(index), index.statistics()["offers"]
    with Index.open(whole, store, clock=CLOCK) as index:
        while index.follow(limit=1):
            pass
        assert found == (answers(index), index.statistics()["offers"])
    assert held(many) == held(whole)
    shutil.rmtree(folder)


def answers(index: Index) -> list[dict[str, Any]]:
    page = index.search(Query(words="milk", limit=100))
    return sorted((one.to_json() for one in page.results), key=lambda one: str(one["offer"]))


def held(path: Path) -> list[tuple[Any, ...]]:
    """What FTS5 holds, as (word, offer), after it has looked through itself."""
    db = sqlite3.connect(path)
    db.execute("INSERT INTO word(word) VALUES('integrity-check')")
    db.execute("CREATE VIRTUAL TABLE temp.held USING fts5vocab(main, word, instance)")
    query = (
        "SELECT term, site.id, key FROM held JOIN offer ON offer.id = doc"
        " JOIN site ON site.base = offer.id >> 22 ORDER BY 1, 2, 3"
    )
    rows = db.execute(query).fetchall()
    (pieces,) = db.execute("SELECT v FROM word_config WHERE k = 'automerge'").fetchone()
    db.close()
    return [*rows, (pieces,)]


def test_limits_and_deadlines_stop_between_batches(tmp_path: Path, store: MemoryRecords) -> None:
    with (
        patch("fedretail.index.writing.writer.BATCH_ENTRIES", 20),
        Index.open(tmp_path / "index.db", store, clock=CLOCK) as index,
    ):
        assert index.follow(limit=10) == 10
        assert index.search(Query(words="milk")).behind == 41
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


@pytest.mark.parametrize("lives_long", [False, True])
def test_a_site_that_used_up_its_numbers_takes_new_ones(tmp_path: Path, lives_long: bool) -> None:
    store = MemoryRecords()
    site = put_site(store, 0)
    most = "fedretail.index.writing.{}.MAX_OFFERS_PER_SITE"
    with (
        patch(most.format("places"), 10),
        patch(most.format("offers"), 10),
        Index.open(tmp_path / "index.db", store, clock=CLOCK) as index,
    ):
        put_offers(store, put_site(store, 1), 1)
        for round_ in range(4):
            put_offers(store, site, 4, first=round_ * 4)
            index.follow()
            if lives_long:
                index.load()
            assert total(index) == 5
            for number in range(round_ * 4, round_ * 4 + 4):
                store.delete(site._replace(kind="offer", key=f"k{number}"))
            index.follow()
            assert total(index) == 1


def test_a_new_price_changes_neither_words_nor_facts(tmp_path: Path, store: MemoryRecords) -> None:
    path = tmp_path / "index.db"
    offer = put_site(store, 0)._replace(kind="offer", key="k0")
    store.put(offer, {"name": "Milk", "currency": "EUR", "prices": [[100]]}, stamp=NOW_MS)

    def written() -> tuple[Any, ...]:
        db = sqlite3.connect(path)
        state = schema.read_state(db)
        assert state is not None
        rows = db.execute("SELECT * FROM offer").fetchall(), db.execute("SELECT * FROM word_data")
        found = (state.worded, rows[0], rows[1].fetchall())
        db.close()
        return found

    with Index.open(path, store, clock=CLOCK) as index:
        index.follow()
        before = written()
        store.put(offer, {"name": "Milk", "currency": "EUR", "prices": [[90]]}, stamp=NOW_MS + 5)
        assert index.follow() == 1
        assert written() == before
        best = index.search(Query(words="milk", currency="EUR", sort="cheapest")).results[0]
        assert (best.amount_minor, best.confirmed_at_ms) == (90, NOW_MS + 5)
        store.put(
            offer, {"name": "Oat milk", "currency": "EUR", "prices": [[90]]}, stamp=NOW_MS + 6
        )
        index.follow()
        assert written()[0] > before[0]
        assert total(index, "oat") == 1


def test_a_daemon_follows_in_steps_that_grow_and_tidies_up_when_idle(tmp_path: Path) -> None:
    store = MemoryRecords()
    place = put_site(store, 0, HERE)
    for number in range(90):
        offer = place._replace(kind="offer", key=f"k{number}")
        store.put(offer, {"name": f"Milk {number}"}, stamp=NOW_MS)
    steps: list[int] = []
    with (
        patch("fedretail.index.writing.writer.BATCH_ENTRIES", 5),
        patch("fedretail.index.writing.writer.MANY_ENTRIES", 20),
        Index.open(tmp_path / "index.db", store, clock=ManualClock(NOW_MS)) as index,
        patch.object(Follower, "step", counted(steps)),
    ):
        assert index.hold()
        assert index.work()
        assert index.lag() == 0
        while index.work():
            pass
    assert steps[:5] == [5, 10, 20, 20, 20]
    assert held(tmp_path / "index.db")[-1] == (4,)
    assert count_of_pieces(tmp_path / "index.db") == 1


def test_a_slow_machine_takes_smaller_steps(tmp_path: Path) -> None:
    store, clock = MemoryRecords(), ManualClock(NOW_MS)
    place = put_site(store, 0, HERE)
    for number in range(40):
        offer = place._replace(kind="offer", key=f"k{number}")
        store.put(offer, {"name": f"Milk {number}"}, stamp=NOW_MS)
    steps: list[int] = []
    with (
        patch("fedretail.index.writing.writer.BATCH_ENTRIES", 5),
        Index.open(tmp_path / "index.db", store, clock=clock) as index,
        patch.object(Follower, "step", counted(steps, lambda count: clock.advance(count * 101))),
    ):
        while index.work():
            pass
    # Ten entries take more than a second.
    assert steps[:4] == [5, 5, 5, 5]


def counted(
    steps: list[int], then: Callable[[int], object] = lambda _: None
) -> Callable[[Follower, int], int]:
    """Follower.step that notes how much it was asked for."""
    step = Follower.step

    def noted(follower: Follower, limit: int) -> int:
        steps.append(limit)
        then(limit)
        return step(follower, limit)

    return noted


def count_of_pieces(path: Path) -> int:
    """In how many pieces FTS5 holds its lists."""
    db = sqlite3.connect(path)
    (count,) = db.execute("SELECT count(DISTINCT segid) FROM word_idx").fetchone()
    db.close()
    return int(count)
