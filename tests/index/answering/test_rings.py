"""A common word is answered by rings, category or not, as looking at all its rows would."""

from dataclasses import replace
from pathlib import Path

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.geo import Position
from fedretail.domain.kind import RecordId
from fedretail.index.answering import finding, rings
from fedretail.index.memory import memory
from fedretail.index.query import Query
from fedretail.index.rules.orders import Sort
from fedretail.index.search import Index
from fedretail.index.views import View
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords


def put_shop(
    store: MemoryRecords, number: int, clock: ManualClock, *, apart_e7: int, name: str
) -> None:
    owner = bytes([number]) * 16
    site = site_id(owner, b"n")
    record = RecordId(owner, f"site/{site}", "site", site)
    fields = {"name": "Shop", "nonce": b"n", "lat_e7": number * apart_e7, "lon_e7": 1}
    store.put(record, fields, stamp=clock.now_ms())
    for key, category in (("a", "Food"), ("b", "Drinks")):
        place = record._replace(kind="offer", key=key)
        store.put(place, {"name": name, "category": category}, stamp=clock.now_ms())


def look_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few offers are answered as very many are."""
    for module, name, value in (
        (finding, "RINGS_FROM_ROWS", 0),
        (rings, "_FIRST", 1),
        (rings, "_NEAREST", 2),
        (memory, "KEEP_FROM_ROWS", 0),
        (memory, "USE_FROM_ROWS", 0),
    ):
        monkeypatch.setattr(module, name, value)


def test_rings_of_a_word_hold_what_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, clock = MemoryRecords(), ManualClock()
    for shop in range(12):
        put_shop(store, shop, clock, apart_e7=100_000, name="Milk")
    look_closely(monkeypatch)
    made: list[int] = []

    def counted(one: rings.Rings) -> int:
        made.append(one._total)
        return one._total

    monkeypatch.setattr(rings.Rings, "__len__", counted)
    with Index.open(tmp_path / "index.db", store, clock=clock) as index:
        index.follow()
        index.load()
        asked: list[tuple[str | None, int]] = [(None, 24), ("Food", 12)]
        sorts: list[Sort] = ["nearest", "best"]
        for shelf, total in asked:
            for sort in sorts:
                query = Query(words="milk", near=Position(0.0, 0.0), category=shelf, sort=sort)
                page = index.search(query)
                assert page.total == total
                away = [one.distance_m for one in page.results]
                assert away == sorted(away, key=lambda one: one or 0.0)
                assert len(away) == min(total, 20)
            assert bool(made) == (shelf is None)
            made.clear()


def test_what_is_read_in_one_ring_does_not_come_again_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, clock = MemoryRecords(), ManualClock()
    for shop in range(12):
        # Of these names less is kept than their cells say: by so much as the next shop is away.
        put_shop(store, shop, clock, apart_e7=166_400, name="Chocolate with milk")
    look_closely(monkeypatch)
    with Index.open(tmp_path / "index.db", store, clock=clock) as index:
        index.follow()
        index.load()
        query, found = Query(words="milk", near=Position(0.0, 0.0), limit=2), []
        while True:
            page = index.search(query)
            found += [one.offer for one in page.results]
            if page.next is None:
                break
            query = replace(query, cursor=page.next)
    assert len(set(found)) == len(found) == 24


@pytest.mark.parametrize("sort", ["nearest", "best"])
def test_own_offers_come_first_however_far_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sort: Sort
) -> None:
    store, clock = MemoryRecords(), ManualClock()
    for shop in range(12):
        owner = bytes([shop]) * 16
        site = site_id(owner, b"n")
        record = RecordId(owner, f"site/{site}", "site", site)
        fields = {"name": "Shop", "nonce": b"n", "lat_e7": shop * 100_000, "lon_e7": 1}
        store.put(record, fields, stamp=clock.now_ms())
        store.put(record._replace(kind="offer", key="a"), {"name": "Milk"}, stamp=clock.now_ms())
    for module, name, value in (
        (finding, "RINGS_FROM_ROWS", 0),
        (rings, "_FIRST", 1),
        (memory, "USE_FROM_ROWS", 0),
    ):
        monkeypatch.setattr(module, name, value)
    mine = View(own="first", owner=bytes([11]) * 16)
    with Index.open(tmp_path / "index.db", store, clock=clock) as index:
        index.follow()
        index.load()
        query = Query(near=Position(0.0, 0.0), sort=sort, view=mine, owner=mine.owner)
        found = index.search(query).results
    assert [one.is_own for one in found] == [True] + [False] * 11
    away = [one.distance_m or 0.0 for one in found]
    assert away[1:] == sorted(away[1:])
    assert away[0] > away[-1]
