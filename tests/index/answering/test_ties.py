"""A shop that is asked for all it has: few offers are read, and they are the right ones."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.geo import Position, to_e7
from fedretail.domain.kind import RecordId
from fedretail.index.answering.judge import Judge
from fedretail.index.answering.rough import Hit, Rough
from fedretail.index.answering.ties import merged
from fedretail.index.memory import memory
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

DAY_MS = 24 * 3600 * 1000
NOW_MS = 1_767_607_200_000
HERE, NEAR = Position(48.5, 9.05), Position(48.51, 9.06)
OFFERS, LIMIT = 1_500, 20
# One more page, and as many as are read before anything is told of keys.
MOST_READ = 150


def put_shop(store: MemoryRecords, number: int, **fields: Any) -> None:
    """A shop with offers whose keys run against the order in which they came."""
    owner, nonce = bytes(16), bytes([number])
    site = site_id(owner, nonce)
    place = RecordId(owner, f"site/{site}", "site", site)
    lat_e7, lon_e7 = to_e7(HERE)
    named = {"nonce": nonce, "name": f"Shop {number}", "lat_e7": lat_e7, "lon_e7": lon_e7 + number}
    store.put(place, named, stamp=NOW_MS)
    store.put(place._replace(kind="source", key="till"), {"checked_at": NOW_MS}, stamp=NOW_MS)
    old_ms = NOW_MS - number * 100 * DAY_MS
    for count in range(OFFERS):
        offer = place._replace(kind="offer", key=f"k{OFFERS - count:05}")
        store.put(offer, {"name": "Milk", **fields}, stamp=old_ms)


@pytest.fixture(scope="module", params=["columns", "cells"])
def index(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """One shop with prices of today, one with prices 100 days old, one whose till was read now."""
    store = MemoryRecords()
    put_shop(store, 0, prices=[[129]], currency="EUR")
    put_shop(store, 1, prices=[[129]], currency="EUR")
    put_shop(store, 2, source="till", prices=[[139]], currency="EUR")
    path = tmp_path_factory.mktemp("ties") / "index.db"
    few = 0 if request.param == "columns" else 10 * OFFERS
    with (
        patch.object(memory, "LOAD_FROM_ROWS", few),
        patch.object(memory, "USE_FROM_ROWS", few),
        Index.open(path, store, clock=ManualClock(NOW_MS)) as index,
    ):
        index.follow()
        yield index


@pytest.mark.parametrize("sort", ["best", "nearest", "cheapest", "cheapest-unit"])
@pytest.mark.parametrize("words", ["", "milk"])
@pytest.mark.parametrize("near", [None, NEAR])
def test_few_offers_are_read_where_many_stand_alike(
    index: Index, sort: Any, words: str, near: Position | None
) -> None:
    if near is None and sort == "nearest":
        return
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        asked = Query(
            words=words, near=near, sort=sort, limit=LIMIT, cursor=cursor, at_ms=NOW_MS,
            currency="EUR",
        )  # fmt: skip
        reads: list[int] = []
        with patch.object(Judge, "settle", noted(reads)):
            page = index.search(asked)
        assert page.total == 3 * OFFERS
        assert len(reads) <= MOST_READ
        seen += [one.offer for one in page.results]
        cursor = page.next
    keys = [one.split("/")[1] for one in seen]
    assert len({one.split("/")[0] for one in seen}) == 1
    assert keys == [f"k{number:05}" for number in range(1, 3 * LIMIT + 1)]


def noted(reads: list[int]) -> Callable[[Judge, Rough], Hit]:
    """Judge.settle that notes the rows it reads."""
    settle = Judge.settle

    def settled(judge: Judge, rough: Rough) -> Hit:
        reads.append(rough.row)
        return settle(judge, rough)

    return settled


def test_runs_are_merged_by_their_lower_bounds() -> None:
    def rough(*low: Any) -> Rough:
        return Rough(low, 0, False, False, None, None, 0, 1.0)

    runs = [
        ((1,), [rough(1, "a"), rough(3, "a")]),
        ((1,), [rough(1)]),
        ((2,), []),
        ((2,), [rough(2, "b"), rough(2, "c")]),
        ((4,), [rough(4)]),
    ]
    found = [one.low for one in merged((low, iter(some)) for low, some in runs)]
    assert len(found) == 6
    assert all(first <= second for first, second in pairwise(found))
