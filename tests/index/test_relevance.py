"""The order of results against judgments, and the rules that judge them."""

from pathlib import Path

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.ids import parse_offer_id
from fedretail.domain.kind import RecordId
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.judged import ndcg, read_judged
from fedretail.testing.memory_records import MemoryRecords

JUDGED = Path(__file__).parent / "judged"
# What the search reached when this was written, less a hundredth for changes of balance.
LEAST_NDCG = 0.92


def test_judged_queries_are_answered_as_well_as_they_were(tmp_path: Path) -> None:
    judged, clock = read_judged(JUDGED), ManualClock()
    store, owner = MemoryRecords(), b"o" * 16
    site = site_id(owner, b"n")
    record = RecordId(owner, f"site/{site}", "site", site)
    fields = {"name": "Shop", "nonce": b"n", "lat_e7": 1, "lon_e7": 1}
    store.put(record, fields, stamp=clock.now_ms())
    for key, name in judged.names.items():
        store.put(record._replace(kind="offer", key=key), {"name": name}, stamp=clock.now_ms())
    points = []
    with Index.open(tmp_path / "index.db", store, clock=clock) as index:
        for query, grades in judged.queries.items():
            page = index.search(Query(words=query, limit=10))
            assert page.results, query
            points.append(ndcg([parse_offer_id(one.offer)[1] for one in page.results], grades))
    assert sum(points) / len(points) >= LEAST_NDCG


def test_the_best_order_is_worth_one() -> None:
    grades = {"a": 3, "b": 1}
    assert ndcg(["a", "b", "c"], grades) == 1
    assert 0 < ndcg(["b", "a"], grades) < 1
    assert ndcg(["c"], grades) == ndcg([], grades) == ndcg(["a"], {}) == 0


def test_judgments_speak_of_names_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("# some\na Oat milk\n", encoding="utf-8")
    (tmp_path / "queries.txt").write_text("milk | a:3 b:1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="milk"):
        read_judged(tmp_path)
