"""The journal: every version that a row had comes back from it, as long as it is kept."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.row import Groups, RowKey, replaced, stored_row
from fedretail.domain.kind import RecordId
from fedretail.store import journal, logs
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

SHOP = builders.shop(devices=2)
KEYS = ["a", "b", "c"]
# Python takes some of these for others.
VALUES = st.sampled_from([1, True, 0, False, None, "x", [1], [True], {"k": b"z"}])
EDIT = st.builds(
    Edit,
    st.sampled_from(["offer", "source"]),
    st.sampled_from(KEYS),
    st.dictionaries(st.sampled_from(["f", "g", "h"]), VALUES, min_size=1, max_size=3),
    is_deletion=st.sampled_from([False, False, False, True]),
    keep_unknown=st.just(True),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["own", "sister"]), st.lists(EDIT, min_size=1, max_size=4)),
    max_size=12,
)
PLACES = [RecordId(SHOP.owner, SITE, kind, key) for kind in ("offer", "source") for key in KEYS]


def current(store: Store, log: bytes) -> dict[RecordId, tuple[int, Groups]]:
    """(seq, groups) of the rows that a log has now."""
    found = {}
    for (kind, key), packed in builders.rows(store, log).items():
        row = stored_row(packed)
        found[RecordId(SHOP.owner, SITE, kind, key)] = (row.seq, row.groups)
    return found


@given(STEPS, st.sampled_from([1, 2, 500]), st.booleans())
def test_every_version_comes_back(steps: Any, rows: int, in_parts: bool) -> None:
    """Of both devices' logs, the sister's as it stood at each fetch, newest first."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(journal, "_ROWS", rows)
        patch.setattr(journal, "_FEW", 1 if in_parts else 20)
        patch.setattr(logs, "PART_BYTES", 1 if in_parts else 10_000)
        clock = ManualClock()
        store = builders.shop_store(Path(folder), SHOP, clock=clock)
        sister = builders.shop_store(Path(folder), SHOP, clock=clock, device=1)
        builders.add_log(store, SHOP.log_name(device=1))
        history: dict[RecordId, list[tuple[int, int, bytes]]] = {place: [] for place in PLACES}
        for name, edits in steps:
            clock.advance(5)
            target, device = (store, 0) if name == "own" else (sister, 1)
            target.commit(SHOP.author(device), SITE, edits)
            log = SHOP.log(device=device)
            if name == "sister":
                builders.fetch(store, sister, log)
            for place, (seq, groups) in current(store, log).items():
                if (device, seq) not in [item[:2] for item in history[place]]:
                    history[place].append((device, seq, pack(groups)))
        found = store.versions_of(PLACES)
        for place in PLACES:
            expected = sorted(item[2] for item in history[place])
            assert sorted(map(pack, found.get(place, []))) == expected
            assert [pack(item) for item in store.versions(place)] == [
                pack(item) for item in found.get(place, [])
            ]
        own_only = [place for place in PLACES if all(item[0] == 0 for item in history[place])]
        for place in own_only:
            assert [pack(item) for item in store.versions(place)] == [
                item[2] for item in reversed(history[place])
            ]
        store.close()
        sister.close()


@pytest.fixture
def store(tmp_path: Path) -> Any:
    store = builders.shop_store(tmp_path, SHOP)
    yield store
    store.close()


def test_a_gap_ends_what_can_be_told(store: Store) -> None:
    """Where an entry is missing, nothing is made up from those before it."""
    for number in range(5):
        store.commit(SHOP.author(), SITE, [Edit("offer", "a", {"pack": number})])
    place = RecordId(SHOP.owner, SITE, "offer", "a")
    assert [groups[0][1]["pack"] for groups in store.versions(place)] == [4, 3, 2, 1, 0]
    connection = builders.QuickConnection(store.path)
    connection.execute("DELETE FROM local_journal WHERE seq = 4")
    connection.close()
    assert [groups[0][1]["pack"] for groups in store.versions(place)] == [4, 3]


def test_rows_at_their_limits_fit_into_an_entry(store: Store) -> None:
    connection = builders.QuickConnection(store.path)
    old = replaced([(n, {f"field-{n:02}": "v" * 100}) for n in range(64)], seq=2)
    new = replaced([(99, {"!": True})], seq=3)
    keys = [RowKey("offer", f"{number:064}") for number in range(journal._ROWS)]
    rows = [(key, old.pack(), new.pack()) for key in keys]
    journal.keep(connection, 1, rows, head=Point(3, 99), now_ms=0)
    (entry,) = connection.execute("SELECT entry FROM local_journal").fetchone()
    kept = dict(journal._read(entry, Point(3, 99), keys))
    assert [journal._earlier(new, kept[key]) for key in keys] == [old] * journal._ROWS
    connection.close()


def test_a_changed_price_takes_little(store: Store) -> None:
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(500)))
    for amount in (1, 2):
        edits = [Edit("offer", f"sku{n}", {"prices": [[amount + n % 90]]}) for n in range(500)]
        store.commit(SHOP.author(), SITE, edits)
    connection = builders.QuickConnection(store.path)
    sizes = [size for (size,) in connection.execute("SELECT length(entry) FROM local_journal")]
    connection.close()
    assert len(sizes) == 2
    assert max(sizes) < 500 * 10
