"""Following a real store: what it holds is what is found, after edits, deletions and restarts."""

import gc
import sqlite3
from pathlib import Path
from unittest.mock import patch

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.geo import Position, to_e7
from fedretail.domain.kind import RecordId
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.index.writing.bulk import Bulk
from fedretail.store.commits import Edit
from fedretail.testing import builders
from fedretail.testing.builders import offer_edits, shop_store
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

HERE = Position(48.5, 9.05)


def test_a_store_is_followed_through_edits_deletions_and_restarts(tmp_path: Path) -> None:
    shop, clock = builders.shop(), ManualClock()
    store = shop_store(tmp_path, shop, clock=clock)
    site = site_id(shop.owner, b"nonce")
    collection = f"site/{site}"
    author, path = shop.author(), tmp_path / "index.db"
    lat_e7, lon_e7 = to_e7(HERE)
    place = {"name": "Mill", "nonce": b"nonce", "lat_e7": lat_e7, "lon_e7": lon_e7}
    query = Query(words="oat", near=HERE, sort="cheapest", currency="EUR")

    # The offers come first: they are found from the moment the site has a place.
    store.commit(author, collection, offer_edits(range(30)))
    with Index.open(path, store, clock=clock) as index:
        assert index.follow() == 30
        assert index.search(query).total == 0
    store.commit(author, collection, [Edit("site", site, place)])
    store.commit(author, collection, [Edit("offer", "sku3", {"prices": [[99]]})])
    store.commit(author, collection, [Edit("offer", "sku4", is_deletion=True)])
    with Index.open(path, store, clock=clock) as index:
        assert index.lag() == 3
        page = index.search(query)
        assert (page.total, page.behind) == (0, 3)
        assert index.follow() == 3
        page = index.search(query)
        assert (page.total, page.behind) == (29, 0)
        best = page.results[0]
        assert (best.offer, best.amount_minor) == (f"{site}/sku3", 99)
        assert best.confirmed_at_ms is not None
        assert best.seen_at_ms == store.seen_at(shop.owner, collection)
        shown = index.show(best.offer, near=HERE)
        assert shown is not None
        assert shown.to_json() == best.to_json()
        assert index.show(f"{site}/sku4") is None
        before = [one.offer for one in index.search(query).results]
        index.rebuild()
        assert [one.offer for one in index.search(query).results] == before
    store.close()


def test_records_of_other_kinds_and_places_are_passed_over(tmp_path: Path) -> None:
    store, clock = MemoryRecords(), ManualClock()
    owner = bytes(16)
    for collection, kind, key in [
        ("member", "member", "self"),
        ("site/not a site id", "offer", "k"),
        ("own/aaaaaaaaaaaaaaaa", "offer", "k"),
        ("site/aaaaaaaaaaaaaaaa", "site", "another"),
        ("site/aaaaaaaaaaaaaaaa", "wish", "k"),
    ]:
        store.put(RecordId(owner, collection, kind, key), {"name": "Milk"}, stamp=1)
    with Index.open(tmp_path / "index.db", store, clock=clock) as index:
        assert index.follow() == 5
        assert index.statistics()["offers"] == 0
        assert index.lag() == 0


@pytest.mark.parametrize("failing", [1, 4, 9])
def test_a_failure_while_writing_takes_back_its_batch_alone(tmp_path: Path, failing: int) -> None:
    """Statements of a batch: offers, words, cells. The second thread runs them."""
    store, written = offers_in_memory(50), iter(range(1, 100))
    write = Bulk.write

    def fail(one: Bulk, db: sqlite3.Connection) -> None:
        if next(written) == failing:
            raise RuntimeError
        write(one, db)

    with (
        Index.open(tmp_path / "index.db", store, clock=ManualClock()) as index,
        patch("fedretail.index.writing.writer.MANY_ENTRIES", 10),
    ):
        with patch.object(Bulk, "write", fail), pytest.raises(RuntimeError):
            index.follow()
        whole = (failing - 1) // 3
        assert index.lag() == 50 - 10 * whole
        assert index.statistics()["offers"] == 10 * whole
        index.follow()
        assert (index.statistics()["offers"], index.lag()) == (50, 0)


def test_a_failure_while_reading_on_leaves_what_was_written(tmp_path: Path) -> None:
    store, read = offers_in_memory(50), iter(range(1, 100))
    feed = store.feed

    def fail(after: int, limit: int) -> list[tuple[int, RecordId]]:
        if next(read) == 3:
            raise RuntimeError
        return feed(after, limit)

    with (
        Index.open(tmp_path / "index.db", store, clock=ManualClock()) as index,
        patch("fedretail.index.writing.writer.MANY_ENTRIES", 10),
    ):
        with patch.object(store, "feed", fail), pytest.raises(RuntimeError):
            index.follow()
        assert (index.statistics()["offers"], index.lag()) == (20, 30)
        index.follow()
        assert (index.statistics()["offers"], index.lag()) == (50, 0)


def test_collecting_rests_while_batches_are_written_and_goes_on_after(tmp_path: Path) -> None:
    store, was_on = offers_in_memory(50), set()
    write = Bulk.write

    def note(one: Bulk, db: sqlite3.Connection) -> None:
        was_on.add(gc.isenabled())
        write(one, db)

    def leave(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with (
        Index.open(tmp_path / "index.db", store, clock=ManualClock()) as index,
        patch("fedretail.index.writing.writer.MANY_ENTRIES", 10),
        patch.object(Bulk, "write", note),
    ):
        index.follow()
        assert gc.isenabled()
        with pytest.raises(KeyboardInterrupt):
            index.rebuild(leave)
        assert gc.isenabled()
        index.follow()
        assert gc.isenabled()
        assert (was_on, index.statistics()["offers"]) == ({False}, 50)


def offers_in_memory(count: int) -> MemoryRecords:
    store = MemoryRecords()
    for number in range(count):
        place = RecordId(bytes(16), "site/aaaaaaaaaaaaaaaa", "offer", f"k{number}")
        store.put(place, {"name": f"Milk {number}"}, stamp=1)
    return store
