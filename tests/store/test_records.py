"""Reading: every way of reading tells the same, and the feed names all that changed."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.stamp import MATURITY_MS
from fedretail.domain.kind import RecordId
from fedretail.store import records
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

SHOP = builders.shop(devices=2)
KEYS = [f"k{number}" for number in range(7)]
EDITS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.lists(
            st.builds(
                lambda key, amount, gone: Edit("offer", key, {"pack": amount}, is_deletion=gone),
                st.sampled_from(KEYS),
                st.integers(1, 3),
                st.sampled_from([False, False, True]),
            ),
            min_size=1,
            max_size=4,
        ),
        # The second device's clock may be off, by more than what takes effect at once.
        st.sampled_from([0, -5000, 5000, 2 * MATURITY_MS]),
    ),
    max_size=8,
)


def place(key: str) -> RecordId:
    return RecordId(SHOP.owner, SITE, "offer", key)


class Follower:
    """Keeps what the feed told it to read, as an index does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cursor = 0
        self.held: dict[RecordId, Any] = {}

    def follow(self) -> None:
        while entries := self._store.feed(self._cursor, 2):
            assert self._store.feed_behind(self._cursor) >= len(entries)
            present = self._store.records_of([item for _, item in entries])
            for self._cursor, item in entries:
                self.held.pop(item, None)
                if item in present:
                    self.held[item] = present[item]
        assert self._cursor == self._store.feed_end()


@given(EDITS, st.integers(1, 4))
def test_a_follower_holds_what_a_reader_finds(edits: Any, page: int) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as name:
        patch.setattr(records, "_PAGE", page)
        patch.setattr(records, "_BATCH", 2)
        clock, skewed = ManualClock(), ManualClock()
        store = builders.shop_store(Path(name), SHOP, clock=clock)
        second = builders.shop_store(Path(name), SHOP, clock=skewed, device=1)
        for other in (store, second):
            for device in (0, 1):
                builders.add_log(other, SHOP.log_name(device=device))
        follower = Follower(store)
        for device, some, skew in edits:
            writer = (store, second)[device]
            skewed.advance(skew - (skewed.now_ms() - clock.now_ms()))
            writer.commit(SHOP.author(device), SITE, some)
            if skew >= 0:
                builders.fetch(store, second, SHOP.log(device=1))
                builders.fetch(second, store, SHOP.log())
            follower.follow()
            check(store, follower)
        clock.advance(5 * MATURITY_MS)
        store.refold_due()
        follower.follow()
        check(store, follower)
        assert store.refold_due() == 0
        store.close()
        second.close()


def check(store: Store, follower: Follower) -> None:
    found = dict(store.records("offer"))
    assert list(found) == sorted(found)
    assert found == follower.held
    assert found == store.records_of([place(key) for key in KEYS])
    singles = {key: store.record(place(key)) for key in KEYS}
    assert found == {place(key): value for key, value in singles.items() if value is not None}
    assert found == dict(store.records("offer", owner=SHOP.owner, collection=SITE))


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    yield store
    store.close()


def test_a_record_stands_once_in_the_feed_at_its_newest_place(store: Store) -> None:
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(3)))
    store.commit(SHOP.author(), SITE, builders.offer_edits([0], amount_minor=1))
    keys = [item.key for _, item in store.feed(0, 100)]
    assert keys == ["sku1", "sku2", "sku0"]
    assert store.feed(store.feed_end(), 100) == []
    assert store.feed_behind(0) == 3
    assert [item.key for _, item in store.feed(0, 1)] == ["sku1"]


def test_what_another_device_beats_does_not_enter_the_feed(
    store: Store, tmp_path: Path, clock: ManualClock
) -> None:
    slow = ManualClock(clock.now_ms() - 5000)
    second = builders.shop_store(tmp_path, SHOP, clock=slow, device=1)
    second.commit(SHOP.author(1), SITE, [Edit("offer", "a", {"pack": 1})])
    store.commit(SHOP.author(), SITE, [Edit("offer", "a", {"pack": 2})])
    end = store.feed_end()
    builders.add_log(store, SHOP.log_name(device=1))
    builders.fetch(store, second, SHOP.log(device=1))
    assert store.feed_end() == end
    second.close()


def test_an_edit_beats_what_is_seen_although_clocks_differ(store: Store, tmp_path: Path) -> None:
    fast = ManualClock(ManualClock.START_MS + MATURITY_MS - 10)
    second = builders.shop_store(tmp_path, SHOP, clock=fast, device=1)
    second.commit(SHOP.author(1), SITE, [Edit("offer", "a", {"pack": 1})])
    fast.advance(365 * 24 * 3600 * 1000)
    second.commit(SHOP.author(1), SITE, [Edit("offer", "b", {"pack": 1})])
    builders.add_log(store, SHOP.log_name(device=1))
    builders.fetch(store, second, SHOP.log(device=1))
    store.commit(SHOP.author(), SITE, [Edit("offer", "a", {"pack": 2})])
    folded = store.record(place("a"))
    assert folded is not None
    assert folded.fields == {"pack": 2}
    assert store.record(place("b")) is None
    second.close()


def test_seen_at_is_the_newest_head(store: Store, clock: ManualClock) -> None:
    assert store.seen_at(SHOP.owner, SITE) is None
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    clock.advance(60_000)
    store.renew(SHOP.author(), SITE)
    assert store.seen_at(SHOP.owner, SITE) == clock.now_ms()
    assert store.seen_at(SHOP.owner, "member") is None


def test_records_while_others_write(store: Store) -> None:
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(2500)))
    seen: list[RecordId] = []
    for item, _ in store.records("offer"):
        if not seen:
            store.commit(SHOP.author(), SITE, [Edit("offer", "sku2499", is_deletion=True)])
        seen.append(item.key)
    assert len(seen) >= 2499
    assert sorted(set(seen)) == seen


def test_a_record_begun_anew_beats_what_another_device_wrote(
    store: Store, tmp_path: Path, clock: ManualClock
) -> None:
    """Whichever key is the greater: the deletion has a stamp of its own, later than all seen."""
    second = builders.shop_store(tmp_path, SHOP, clock=clock, device=1)
    for one, other, devices in ((store, second, (0, 1)), (second, store, (1, 0))):
        builders.add_log(one, SHOP.log_name(device=devices[1]))
        clock.advance(1000)
        other.commit(SHOP.author(devices[1]), SITE, [Edit("offer", "a", {"pack": 1, "name": "x"})])
        builders.fetch(one, other, SHOP.log(device=devices[1]))
        anew = [Edit("offer", "a", is_deletion=True), Edit("offer", "a", {"pack": 2})]
        one.commit(SHOP.author(devices[0]), SITE, anew)
        folded = one.record(place("a"))
        assert folded is not None
        assert folded.fields == {"pack": 2}
        builders.add_log(other, SHOP.log_name(device=devices[0]))
        builders.fetch(other, one, SHOP.log(device=devices[0]))
        assert other.record(place("a")) == folded
    second.close()


def test_entries_after_a_power_cut_are_behind_those_it_took_back(
    tmp_path: Path, clock: ManualClock
) -> None:
    shop = builders.shop("cut")
    source = builders.shop_store(tmp_path, shop, clock=clock)
    source.commit(shop.author(), SITE, builders.offer_edits([1]))
    store = builders.peer_store(tmp_path, "peer", shop, clock=clock)
    store.close()
    copy = store.path.read_bytes()
    ends = []
    for _ in range(2):
        for suffix in ("-wal", "-shm"):
            store.path.with_name(store.path.name + suffix).unlink(missing_ok=True)
        store.path.write_bytes(copy)
        store = builders.new_store(tmp_path, "peer", clock=clock)
        builders.fetch(store, source, shop.log())
        ends.append(store.feed_end())
        store.close()
        clock.advance(1)
    assert ends[0] < ends[1]
    source.close()
