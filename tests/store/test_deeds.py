"""Deeds: what stood in records before them, in the transaction of their commits, for 30 days."""

import pytest

from fedretail.domain.kind import RecordId
from fedretail.store.commits import Edit
from fedretail.store.deeds import KEPT_MS, Deed, Entry
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

SHOP = builders.shop()


@pytest.fixture
def store(tmp_path, clock: ManualClock):
    with_shop = builders.shop_store(tmp_path, SHOP, clock=clock)
    yield with_shop
    with_shop.close()


def commit(store: Store, deed: Deed | None, *edits: Edit) -> int:
    head = store.commit(SHOP.author(), SITE, edits, deed=deed)
    return 0 if head is None else head.head.stamp


def place(key: str) -> RecordId:
    return RecordId(SHOP.owner, SITE, "offer", key)


def test_values_before_and_after_own_ones_too(store: Store) -> None:
    deed = Deed.new(name="x")
    commit(store, None, Edit("offer", "a", {"name": "Tea", "cost": 5, "sku": "1"}))
    stamp = commit(store, deed, Edit("offer", "a", {"name": "Mate", "cost": 7, "brand": "B"}))
    before = {"name": "Tea", "cost": 5}
    after = {"name": "Mate", "cost": 7, "brand": "B"}
    assert list(store.deeds.entries(deed.id)) == [[Entry(place("a"), stamp, before, after)]]
    assert store.deeds.find(deed.id) == store.deeds.newest(5)[0]
    assert store.deeds.newest(5)[0].what == {"name": "x"}


def test_a_new_record_a_deletion_and_what_was_never_there(store: Store) -> None:
    deed = Deed.new()
    one = commit(store, deed, Edit("offer", "a", {"name": "Tea", "cost": 5}))
    two = commit(
        store, deed, Edit("offer", "a", is_deletion=True), Edit("offer", "b", is_deletion=True)
    )
    ((first, second),) = store.deeds.entries(deed.id)
    assert first == Entry(place("a"), one, None, {})
    assert second == Entry(place("a"), two, {"name": "Tea", "cost": 5}, None)


def test_a_change_of_own_fields_alone_is_a_deed(store: Store) -> None:
    deed = Deed.new()
    commit(store, None, Edit("offer", "a", {"name": "Tea", "cost": 5}))
    assert commit(store, deed, Edit("offer", "a", {"cost": 6})) == 0
    (((_, stamp, before, after),),) = store.deeds.entries(deed.id)
    assert (before, after) == ({"cost": 5}, {"cost": 6})
    assert store.deeds.own_stamps([place("a")]) == {place("a"): {"cost": stamp}}


def test_many_records_come_page_by_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedretail.store.deeds._PAGE", 2)
    deed = Deed.new()
    for name in ("x", "y"):
        commit(store, deed, *(Edit("offer", key, {"name": name}) for key in "abc"))
    found = list(store.deeds.entries(deed.id))
    assert [[entry.place.key for entry in entries] for entries in found] == [
        ["a", "a"], ["b", "b"], ["c", "c"],
    ]  # fmt: skip


def test_they_are_forgotten_after_30_days(store: Store, clock: ManualClock) -> None:
    old, new = Deed.new(), Deed.new()
    commit(store, old, Edit("offer", "a", {"name": "Tea"}))
    clock.advance(KEPT_MS)
    commit(store, new, Edit("offer", "a", {"name": "Mate"}))
    store.prune()
    assert store.deeds.find(old.id) is not None
    clock.advance(1)
    store.prune()
    assert [deed.id for deed in store.deeds.newest(5)] == [new.id]
    assert list(store.deeds.entries(old.id)) == []


def test_a_commit_that_fails_leaves_no_deed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("fedretail.store.commits._keep_own", fail)
    with pytest.raises(OSError):  # noqa: PT011
        commit(store, Deed.new(), Edit("offer", "a", {"name": "Tea"}))
    assert store.deeds.newest(5) == []
