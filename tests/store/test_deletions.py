"""What a node has shown as deleted stays so, while a copy that it holds says otherwise."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fedretail.domain.kind import RecordId
from fedretail.store import deletions, incarnations, logs
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

PAIR = builders.shop("pair", devices=2)
FIRST, SECOND = PAIR.log(device=0), PAIR.log(device=1)
PLACE = RecordId(PAIR.owner, SITE, "offer", "sku0")


@pytest.fixture
def devices(tmp_path: Path, clock: ManualClock) -> Iterator[list[Store]]:
    """Two devices of a shop; the second wrote sku0, then the first deleted it."""
    stores = [builders.shop_store(tmp_path, PAIR, clock=clock, device=number) for number in (0, 1)]
    stores[1].commit(PAIR.author(1), SITE, builders.offer_edits([0]))
    clock.advance(1000)
    stores[0].commit(PAIR.author(0), SITE, [Edit("offer", "sku0", is_deletion=True)])
    clock.advance(1000)
    yield stores
    for store in stores:
        store.close()


@pytest.fixture
def peer(tmp_path: Path, clock: ManualClock, devices: list[Store]) -> Iterator[Store]:
    """A neighbour that has both logs, and shows the offer as deleted."""
    store = builders.peer_store(tmp_path, "peer", PAIR, clock=clock)
    builders.add_log(store, PAIR.log_name(device=1))
    take(store, devices)
    assert store.record(PLACE) is None
    yield store
    store.close()


def take(store: Store, devices: list[Store]) -> None:
    builders.fetch(store, devices[0], FIRST)
    builders.fetch(store, devices[1], SECOND)


def shown(store: Store) -> set[str]:
    """The offers that every way of reading shows."""
    one = {PLACE.key} if store.record(PLACE) else set()
    many = {place.key for place in store.records_of([PLACE])}
    pages = {place.key for place, _ in store.records("offer") if place == PLACE}
    assert one == many == pages
    return one


def remembered(store: Store) -> int:
    (count,) = store._read.execute("SELECT count(*) FROM local_deletion").fetchone()
    return int(count)


def test_a_deletion_that_leaves_does_not_bring_back_what_it_beat(
    devices: list[Store], peer: Store
) -> None:
    builders.empty(devices[0], PAIR.author(0), [("offer", "sku0")])
    end = peer.feed_end()
    builders.fetch(peer, devices[0], FIRST)
    assert shown(peer) == set()
    assert remembered(peer) == 1
    # Its readers hear of nothing either.
    assert peer.feed_end() == end


def test_it_is_forgotten_when_the_other_log_has_caught_up(
    devices: list[Store], peer: Store
) -> None:
    builders.empty(devices[0], PAIR.author(0), [("offer", "sku0")])
    builders.fetch(peer, devices[0], FIRST)
    builders.empty(devices[1], PAIR.author(1), [("offer", "sku0")])
    builders.fetch(peer, devices[1], SECOND)
    assert shown(peer) == set()
    assert remembered(peer) == 0


def test_a_later_edit_is_shown_and_only_that(
    devices: list[Store], peer: Store, clock: ManualClock
) -> None:
    builders.empty(devices[0], PAIR.author(0), [("offer", "sku0")])
    builders.fetch(peer, devices[0], FIRST)
    clock.advance(1000)
    devices[1].commit(PAIR.author(1), SITE, [Edit("offer", "sku0", {"name": "again"})])
    builders.fetch(peer, devices[1], SECOND)
    value = peer.record(PLACE)
    assert value is not None
    assert value.fields == {"name": "again"}
    assert shown(peer) == {"sku0"}


def test_who_holds_nothing_older_remembers_nothing(
    devices: list[Store], peer: Store, clock: ManualClock
) -> None:
    builders.empty(devices[1], PAIR.author(1), [("offer", "sku0")])
    builders.fetch(peer, devices[1], SECOND)
    builders.empty(devices[0], PAIR.author(0), [("offer", "sku0")])
    builders.fetch(peer, devices[0], FIRST)
    assert remembered(peer) == 0


def test_a_deletion_replaced_by_a_later_one(devices: list[Store], peer: Store) -> None:
    devices[0].commit(PAIR.author(0), SITE, [Edit("offer", "sku0", is_deletion=True)])
    builders.fetch(peer, devices[0], FIRST)
    assert shown(peer) == set()
    builders.empty(devices[0], PAIR.author(0), [("offer", "sku0")])
    builders.fetch(peer, devices[0], FIRST)
    assert shown(peer) == set()
    assert remembered(peer) == 1


def test_a_log_that_goes_as_a_whole_leaves_its_deletions(devices: list[Store], peer: Store) -> None:
    """As an older incarnation does when a newer one has taken its rows over."""
    state = peer.log(FIRST)
    assert state is not None
    with peer._write.transaction(durable=False):
        incarnations.drop(peer._write, state, now_ms=ManualClock.START_MS)
    assert shown(peer) == set()
    assert remembered(peer) == 1


def test_what_a_device_began_anew_is_no_older_copy(
    tmp_path: Path, devices: list[Store], peer: Store
) -> None:
    """It has lost its disk, and its clock was ahead before: its rows have earlier stamps now."""
    anew = replace(PAIR, incarnation=PAIR.incarnation + 1)
    early = ManualClock(ManualClock.START_MS - 3_600_000)
    folder = tmp_path / "anew"
    folder.mkdir()
    source = builders.shop_store(folder, anew, clock=early)
    source.commit(anew.author(0), SITE, [Edit("offer", "sku0", {"name": "again"})])
    builders.add_log(peer, anew.log_name(device=0))
    builders.fetch(peer, source, anew.log(device=0))
    state = peer.log(FIRST)
    assert state is not None
    with peer._write.transaction(durable=False):
        incarnations.drop(peer._write, state, now_ms=ManualClock.START_MS)
    value = peer.record(PLACE)
    assert value is not None
    # The other device's log stays hidden.
    assert value.fields == {"name": "again"}
    assert shown(peer) == {"sku0"}


def test_a_deletion_that_was_never_in_force_hides_nothing(
    devices: list[Store], peer: Store, clock: ManualClock
) -> None:
    state = peer.log(FIRST)
    assert state is not None
    long_ago_ms = ManualClock.START_MS - 24 * 3_600_000
    with peer._write.transaction(durable=False):
        incarnations.drop(peer._write, state, now_ms=long_ago_ms)
    assert remembered(peer) == 0
    assert shown(peer) == {"sku0"}


def test_what_beats_nothing_is_forgotten_with_the_log_that_it_beat(
    devices: list[Store], peer: Store, clock: ManualClock
) -> None:
    builders.empty(devices[0], PAIR.author(0), [("offer", "sku0")])
    builders.fetch(peer, devices[0], FIRST)
    assert remembered(peer) == 1
    for log, left in ((FIRST, 1), (SECOND, 0)):
        state = peer.log(log)
        assert state is not None
        with peer._write.transaction(durable=False):
            incarnations.drop(peer._write, state, now_ms=clock.now_ms())
        assert remembered(peer) == left


def test_the_next_collection_of_a_number_inherits_no_deletions(
    devices: list[Store], peer: Store
) -> None:
    """A collection that went as a whole, and of whose name nothing is known any more."""
    builders.empty(devices[0], PAIR.author(0), [("offer", "sku0")])
    builders.fetch(peer, devices[0], FIRST)
    state = peer.log(FIRST)
    assert state is not None
    with peer._write.transaction(durable=False):
        for table in ("row", "feed", "log"):
            peer._write.execute(f"DELETE FROM {table}")
    builders.add_log(peer, PAIR.log_name())
    with peer._write.transaction(durable=False):
        while held := peer._write.execute("SELECT id FROM log ORDER BY id").fetchone():
            logs.forget(peer._write, *held)
        number = logs.collection_number(peer._write, bytes(16), SITE)
    assert number == state.collection
    assert remembered(peer) == 0


def test_a_damaged_row_of_one_log_says_nothing_beside_another(tmp_path: Path) -> None:
    """Else neither could be repaired where both are damaged, and neighbours would be blamed."""
    owner = builders.shop(devices=2)
    peer = builders.peer_store(tmp_path, "peer", owner)
    for device in range(2):
        store = builders.shop_store(tmp_path, owner, device=device)
        store.commit(owner.author(device), SITE, [Edit("offer", "k", {"name": str(device)})])
        builders.add_log(peer, owner.log_name(device=device))
        builders.fetch(peer, store, owner.log(device=device))
        store.close()
    one, other = (peer.log(owner.log(device=device)) for device in range(2))
    assert one is not None
    assert other is not None
    with peer._write.transaction(durable=True):
        query = "UPDATE row SET row = substr(row, 1, length(row) / 2) WHERE log = ?"
        peer._write.execute(query, (other.number,))
    assert deletions.said_beside(peer._read, one, ("offer", "k")) == []
    assert len(deletions.said_beside(peer._read, other, ("offer", "k"))) == 1
    peer.close()
