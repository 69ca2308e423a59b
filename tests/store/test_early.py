"""Stamps that are not in force yet: their records are told of when they are, and not before."""

from contextlib import closing
from pathlib import Path

import pytest

from fedretail.crdt.stamp import MATURITY_MS
from fedretail.domain.kind import RecordId
from fedretail.domain.kinds import registry
from fedretail.store import early
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

SHOP = builders.shop()
ITEM = RecordId(SHOP.owner, SITE, "offer", "a")


def test_the_earlier_of_two_early_stamps_is_not_missed(tmp_path: Path, clock: ManualClock) -> None:
    trio = builders.shop("trio", devices=3)
    store = builders.shop_store(tmp_path, trio, clock=clock)
    for device, ahead in ((1, 2 * MATURITY_MS), (2, 3 * MATURITY_MS)):
        fast = ManualClock(clock.now_ms() + ahead)
        source = builders.shop_store(tmp_path, trio, clock=fast, device=device)
        edit = Edit("offer", "a", {f"f{device}": 1}, keep_unknown=True)
        source.commit(trio.author(device), SITE, [edit])
        builders.add_log(store, trio.log_name(device=device))
        builders.fetch(store, source, trio.log(device=device))
        source.close()
    item = RecordId(trio.owner, SITE, "offer", "a")
    assert store.record(item) is None
    for names in (["f1"], ["f1", "f2"]):
        clock.advance(MATURITY_MS)
        assert store.refold_due() == 1
        folded = store.record(item)
        assert folded is not None
        assert list(folded.fields) == names
    assert store.refold_due() == 0
    store.close()


@pytest.mark.parametrize("is_other_process", [False, True])
def test_what_was_in_force_while_the_clock_was_ahead_is_told_of_again(
    tmp_path: Path, clock: ManualClock, is_other_process: bool
) -> None:
    """The log's newest head was early all the time, its older stamps were not."""
    ahead = ManualClock(clock.now_ms() + 2 * MATURITY_MS)
    source = builders.shop_store(tmp_path, SHOP, clock=ahead)
    store = builders.peer_store(tmp_path, "peer", SHOP, clock=clock)
    edit = Edit("offer", "a", {"name": "Milk"})
    source.commit(SHOP.author(), SITE, [edit])
    ahead.advance(20 * MATURITY_MS)
    source.commit(SHOP.author(), SITE, [Edit("offer", "b", {"name": "Bread"})])
    builders.add_log(store, SHOP.log_name())
    builders.fetch(store, source, SHOP.log())
    source.close()
    assert store.refold_due() == 0
    clock.advance(5 * MATURITY_MS)
    second = Store.open(store.path, clock=clock, kinds=registry())
    assert (second if is_other_process else store).refold_due() == 1
    second.close()
    clock.advance(-5 * MATURITY_MS)
    assert store.record(ITEM) is None
    cursor = store.feed_end()
    assert store.refold_due() == 0
    assert {one.key for _, one in store.feed(cursor, 9)} == {"a", "b"}
    clock.advance(5 * MATURITY_MS)
    assert store.refold_due() == 1
    assert store.record(ITEM) is not None
    store.close()


def test_many_records_come_into_force_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "_BATCH", 3)
    clock, ahead = ManualClock(), ManualClock()
    ahead.advance(5 * MATURITY_MS)
    source = builders.shop_store(tmp_path, SHOP, clock=ahead)
    store = builders.peer_store(tmp_path, "peer", SHOP, clock=clock)
    edits = [Edit("offer", f"k{n}", {"name": "Milk"}) for n in range(9)]
    source.commit(SHOP.author(), SITE, edits)
    builders.fetch(store, source, SHOP.log())
    clock.advance(5 * MATURITY_MS)
    assert store.refold_due() == 9
    assert store.refold_due() == 0
    store.close()


def test_what_was_in_force_by_a_clock_set_back_since_is_waited_for(
    tmp_path: Path, clock: ManualClock
) -> None:
    shop = builders.shop("fast")
    ahead = ManualClock(clock.now_ms() + 3 * MATURITY_MS)
    source = builders.shop_store(tmp_path, shop, clock=ahead)
    store = builders.peer_store(tmp_path, "peer", shop, clock=ahead)
    store.refold_due()
    source.commit(shop.author(), SITE, builders.offer_edits([1]))
    builders.fetch(store, source, shop.log())
    source.close()
    item = RecordId(shop.owner, SITE, "offer", "sku1")
    assert store.record(item) is not None
    ahead.advance(-3 * MATURITY_MS)
    end = store.feed_end()
    assert store.refold_due() == 0
    assert [place for _, place in store.feed(end, 9)] == [item]
    assert store.record(item) is None
    ahead.advance(2 * MATURITY_MS)
    assert store.refold_due() == 1
    assert store.record(item) is not None
    store.close()


def test_who_begins_to_read_after_the_clock_was_set_back_hears_of_it_again(
    tmp_path: Path, clock: ManualClock
) -> None:
    shop = builders.shop("fast")
    store = builders.shop_store(tmp_path, shop, clock=clock)
    clock.advance(3 * MATURITY_MS)
    store.commit(shop.author(), SITE, builders.offer_edits([1]))
    item = RecordId(shop.owner, SITE, "offer", "sku1")
    store.close()
    clock.advance(-2 * MATURITY_MS)
    with closing(Store.open(store.path, clock=clock, kinds=registry())) as search:
        ((cursor, place),) = search.feed(0, 9)
        assert (place, search.record(item)) == (item, None)
    clock.advance(2 * MATURITY_MS)
    with closing(Store.open(store.path, clock=clock, kinds=registry())) as daemon:
        assert daemon.refold_due() == 1
        assert [place for _, place in daemon.feed(cursor, 9)] == [item]
        assert daemon.record(item) is not None
