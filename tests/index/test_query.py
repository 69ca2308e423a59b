"""What may be asked, and what an answer warns of."""

from pathlib import Path

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.geo import Position, to_e7
from fedretail.domain.kind import RecordId
from fedretail.domain.listings import SILENT_AFTER_MS
from fedretail.errors import UsageError
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

HERE = Position(48.5, 9.0)


def test_what_cannot_be_meant_is_refused() -> None:
    for wrong in (
        {"within_m": 5.0},
        {"sort": "nearest"},
        {"near": HERE, "within_m": float("nan")},
        {"max_price_minor": 5},
        {"limit": -1},
    ):
        with pytest.raises(UsageError):
            Query(words="milk", **wrong)  # type: ignore[arg-type]


def test_what_search_warns_of(tmp_path: Path) -> None:
    clock = ManualClock()
    store = MemoryRecords()
    owner, nonce = b"o" * 16, b"nonce"
    site = site_id(owner, nonce)
    lat_e7, lon_e7 = to_e7(HERE)
    fields = {"name": "Shop", "nonce": nonce, "lat_e7": lat_e7, "lon_e7": lon_e7}
    place = RecordId(owner, f"site/{site}", "site", site)
    store.put(place, fields, stamp=clock.now_ms())
    store.put(place._replace(kind="offer", key="a"), {"name": "Milk"}, stamp=clock.now_ms())
    index = Index.open(tmp_path / "index.db", store, clock=clock)
    offer = f"{site}/a"

    def warnings() -> list[tuple[str, ...]]:
        shown = index.show(offer)
        assert shown is not None
        (found,) = index.search(Query(words="milk")).results
        assert found.warnings == shown.warnings
        return [found.warnings]

    assert warnings() == [()]
    clock.advance(SILENT_AFTER_MS)
    assert warnings() == [()]
    clock.advance(1)
    assert warnings() == [("silent",)]
    store.twice.add((owner, f"site/{site}"))
    assert warnings() == [("silent", "signed-twice")]
    store.hear(owner, f"site/{site}", clock.now_ms())
    assert warnings() == [("signed-twice",)]
