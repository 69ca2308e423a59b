"""Words of categories and brands are not taken for words of names: few of their offers are read."""

from pathlib import Path
from typing import Any

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.kind import RecordId
from fedretail.index.answering import candidates
from fedretail.index.answering.judge import Judge
from fedretail.index.answering.rough import Hit, Rough
from fedretail.index.memory import memory
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords
from fedretail.testing.naive_search import naive_search

MANY, FEW = 300, 60


def put_shop(store: MemoryRecords, clock: ManualClock) -> None:
    owner = b"o" * 16
    site = site_id(owner, b"n")
    record = RecordId(owner, f"site/{site}", "site", site)
    fields = {"name": "Shop", "nonce": b"n", "lat_e7": 1, "lon_e7": 1}
    store.put(record, fields, stamp=clock.now_ms())
    # Names of many lengths: equal ones are told apart by reading them.
    names = [
        " ".join(["Thing", *(f"w{n}" for n in range(1 + number // 10))]) for number in range(MANY)
    ]
    offers: list[dict[str, Any]] = [
        {"name": one, "category": "Garden > Fresh", "brand": "Spade"} for one in names
    ]
    # In these names the words do stand.
    offers += [{"name": "Garden spade", "category": "Garden > Tools"}] * 2
    offers += [{"name": "Fresh soil", "category": "Garden > Fresh"}]
    # As most packs of a federation are of few sizes, which their names do not say.
    offers = [{**one, "net": ["500", "GRM"]} for one in offers]
    offers += [{"name": one} for one in ("Soil 500 g", "Soil 5 kg", "Spade 9 in")]
    for number, offer in enumerate(offers):
        place = record._replace(kind="offer", key=f"k{number}")
        store.put(place, offer, stamp=clock.now_ms())


@pytest.mark.parametrize(
    "words",
    ["garden", "spade", "gar", "ga", "garden fresh soil", "soil spade", "500 g", "5", "500g soil"],
)
def test_offers_are_not_read_for_what_their_labels_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    store, clock = MemoryRecords(), ManualClock()
    put_shop(store, clock)
    monkeypatch.setattr(memory, "USE_FROM_ROWS", 0)
    monkeypatch.setattr(candidates, "MANY_ROWS", 0)
    read: list[int] = []
    settle = Judge.settle

    def counted(judge: Judge, rough: Rough) -> Hit:
        read.append(rough.row)
        return settle(judge, rough)

    monkeypatch.setattr(Judge, "settle", counted)
    with Index.open(tmp_path / "index.db", store, clock=clock) as index:
        index.follow()
        index.load()
        query = Query(words=words, begun=len(words) < 4)
        page = index.search(query)
    wanted = naive_search(store, query, now_ms=clock.now_ms())
    assert page.total == len(wanted.offers) > 2
    assert [one.offer for one in page.results] == wanted.offers[:20]
    assert len(read) < FEW
