"""What a process keeps in memory, and from when on."""

from pathlib import Path
from unittest.mock import patch

from fedretail.crdt.names import site_id
from fedretail.domain.kind import RecordId
from fedretail.index.memory import memory
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords


def test_who_lives_long_judges_by_columns_from_few_rows_on(tmp_path: Path) -> None:
    store = MemoryRecords()
    with Index.open(tmp_path / "index.db", store, clock=ManualClock()) as index:
        kept = index._memory
        assert not kept.is_worth(memory.USE_FROM_ROWS, 1_000)
        index.load()
        assert kept.is_worth(memory.USE_FROM_ROWS, 1_000)
        assert not kept.is_worth(memory.USE_FROM_ROWS - 1, 1_000)


OWNER = b"o" * 16
SITE = site_id(OWNER, b"n")


def shop(store: MemoryRecords, count: int, *, stamp: int) -> None:
    """A shop with so many offers of milk, each a cent dearer than the last."""
    place = RecordId(OWNER, f"site/{SITE}", "site", SITE)
    fields = {"name": "Shop", "nonce": b"n", "currency": "EUR", "lat_e7": 485000000, "lon_e7": 0}
    store.put(place, fields, stamp=stamp)
    for number in range(count):
        offer(store, f"k{number:03}", 100 + number, stamp=stamp)


def offer(store: MemoryRecords, key: str, cents: int, *, stamp: int) -> None:
    record = RecordId(OWNER, f"site/{SITE}", "offer", key)
    store.put(record, {"name": "Milk", "prices": [[cents]]}, stamp=stamp)


def test_what_is_loaded_answers_and_follows_what_changes(tmp_path: Path) -> None:
    store, clock = MemoryRecords(), ManualClock()
    shop(store, 200, stamp=clock.now_ms())
    with Index.open(tmp_path / "index.db", store, clock=clock) as index:
        index.follow()
        index.load()
        kept = index._memory
        assert kept.is_loaded
        assert kept._columns is not None
        assert kept._columns._used == 200
        assert kept._heard is not None
        columns = kept._columns
        index.load()
        assert kept._columns is columns
        cheapest = Query(words="milk", sort="cheapest", currency="EUR", limit=1)
        assert index.search(cheapest).results[0].amount_minor == 100
        offer(store, "k150", 7, stamp=clock.now_ms())
        index.follow()
        page = index.search(cheapest)
        assert (page.results[0].amount_minor, page.total) == (7, 200)


def test_the_rows_of_a_common_word_are_kept_until_words_change(tmp_path: Path) -> None:
    store, clock = MemoryRecords(), ManualClock()
    shop(store, 200, stamp=clock.now_ms())
    with (
        patch.object(memory, "KEEP_FROM_ROWS", 10),
        Index.open(tmp_path / "index.db", store, clock=clock) as index,
    ):
        index.follow()
        index.load()
        assert index.search(Query(words="milk")).total == 200
        (kept,) = index._memory._lists.values()
        # A price moves nothing; a new offer does.
        offer(store, "k150", 7, stamp=clock.now_ms())
        index.follow()
        assert index.search(Query(words="milk")).total == 200
        assert list(index._memory._lists.values()) == [kept]
        offer(store, "new", 7, stamp=clock.now_ms())
        index.follow()
        assert index.search(Query(words="milk")).total == 201
        assert list(index._memory._lists.values()) != [kept]


def test_a_page_is_the_same_whatever_comes_or_goes_before_it(tmp_path: Path) -> None:
    store, clock = MemoryRecords(), ManualClock()
    shop(store, 200, stamp=clock.now_ms())
    with Index.open(tmp_path / "index.db", store, clock=clock) as index:
        index.follow()
        for is_loaded in (False, True):
            if is_loaded:
                index.load()
            query = Query(words="milk", sort="cheapest", currency="EUR", limit=10)
            first = index.search(query)
            second = Query(
                words="milk", sort="cheapest", currency="EUR", limit=10, cursor=first.next
            )
            wanted = [one.offer for one in index.search(second).results]
            assert len(wanted) == 10
            gone = first.results[3].offer.rpartition("/")[2]
            store.delete(RecordId(OWNER, f"site/{SITE}", "offer", gone))
            offer(store, f"cheaper{is_loaded}", 5, stamp=clock.now_ms())
            # The very offer where the first page ended may go.
            last = first.results[-1].offer.rpartition("/")[2]
            store.delete(RecordId(OWNER, f"site/{SITE}", "offer", last))
            index.follow()
            assert [one.offer for one in index.search(second).results] == wanted


def test_a_word_counts_anew_when_it_moves_into_the_name(tmp_path: Path) -> None:
    """The words of the offer stay the same, and so does what FTS5 holds of it."""
    store, clock = MemoryRecords(), ManualClock()
    shop(store, 1, stamp=clock.now_ms())
    record = RecordId(OWNER, f"site/{SITE}", "offer", "k000")
    store.put(record, {"name": "Milk", "brand": "Hof Ober"}, stamp=clock.now_ms())
    with Index.open(tmp_path / "index.db", store, clock=clock) as index:
        before = index.search(Query(words="milk")).results[0].score
        store.put(record, {"name": "Milk Hof Ober"}, stamp=clock.now_ms())
        index.follow()
        (after,) = index.search(Query(words="milk")).results
        assert after.score < before, "what was remembered of the row"
        with Index.open(tmp_path / "index.db", store, clock=clock) as other:
            assert other.search(Query(words="milk")).results == [after]


def test_what_only_the_facts_say_is_not_kept_past_its_change(tmp_path: Path) -> None:
    """Prices that begin and end stand in no cell; neither does their stamp, where it is older."""
    store, clock = MemoryRecords(), ManualClock()
    now_ms = clock.now_ms()
    shop(store, 200, stamp=now_ms)
    record = RecordId(OWNER, f"site/{SITE}", "offer", "k007")

    def put(cents: int) -> None:
        prices = [[cents, now_ms - 1_000, now_ms + 9_000_000]]
        fields = {"name": "Milk", "prices": prices, "checked_at": now_ms + 5_000}
        store.put(record, fields, stamp=now_ms)

    with Index.open(tmp_path / "index.db", store, clock=clock) as index:
        put(9)
        index.follow()
        index.load()
        cheapest = Query(words="milk", sort="cheapest", currency="EUR", limit=1)
        assert index.search(cheapest).results[0].amount_minor == 9
        put(8)
        index.follow()
        assert index.search(cheapest).results[0].amount_minor == 8
        put(300)
        index.follow()
        assert index.search(cheapest).results[0].amount_minor == 100
