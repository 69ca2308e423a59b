"""Bounds of many rows: nothing is passed over on the page behind a cursor."""

from pathlib import Path

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.kind import RecordId
from fedretail.index.memory import memory
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

# So long that it stands before what only has to do with milk, and not far before it.
LONGER = " ".join(["Milk", *(f"w{number}" for number in range(44))])
LONG = "Milk from the far end of the road, with oats, nuts, figs, dates, cocoa and a little salt"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"a": (LONG, ""), "b": ("Bun", "Milk")}, "milk"),
        ({"a": (LONGER, ""), "b": ("Bun", "Milk")}, "milk"),
    ],
    ids=["beside the name", "not what it is"],
)
def test_a_page_of_another_program_begins_behind_the_cursor(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: dict[str, tuple[str, str]],
    words: str,
) -> None:
    store, clock, owner = MemoryRecords(), ManualClock(), b"o" * 16
    site = site_id(owner, b"n")
    record = RecordId(owner, f"site/{site}", "site", site)
    fields = {"name": "Shop", "nonce": b"n", "lat_e7": 1, "lon_e7": 1}
    store.put(record, fields, stamp=clock.now_ms())
    for key, (name, category) in names.items():
        place = record._replace(kind="offer", key=key)
        offer = {"name": name, "category": category, "prices": [[100]], "currency": "EUR"}
        store.put(place, offer, stamp=clock.now_ms())
    monkeypatch.setattr(memory, "USE_FROM_ROWS", 0)
    shown, cursor = [], None
    for _ in names:
        # What another one read of the rows is not known to this one.
        with Index.open(tmp_path / "index.db", store, clock=clock) as index:
            index.follow()
            index.load()
            page = index.search(Query(words=words, limit=1, cursor=cursor))
            shown += [one.offer.rpartition("/")[2] for one in page.results]
            cursor = page.next
    assert shown == sorted(names)
    assert cursor is None
