"""What the simulator has found, as small as it gets: clocks that were wrong for a moment."""

from pathlib import Path

import pytest

pytest.importorskip("apsw", reason="needs the extra fedretail[testing]")

from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Repair
from fedretail.domain.kind import RecordId
from fedretail.domain.kinds import registry
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing.builders import SITE, Shop, add_log, fetch, peer_store, shop, shop_store
from fedretail.testing.clock import ManualClock
from fedretail.testing.sim.disk import Disk
from fedretail.testing.sim.oracles import Follower
from fedretail.testing.sim.process import Process
from fedretail.testing.sim.world import World

# Further ahead than a stamp may be to be in force, for less than a minute: between two looks.
AHEAD_MS = 20 * 60 * 1000
MOMENT_MS = 10_000
EDITS = [Edit("offer", "k", {"name": "early"})]


@pytest.fixture
def owner() -> Shop:
    return shop()


def is_told_of_in_the_end(store: Store, owner: Shop, clock: ManualClock) -> bool:
    """Whether who reads the feed now, before the stamp is in force, hears of it again later."""
    place = RecordId(owner.owner, SITE, "offer", "k")
    entries = store.feed(0, 10)
    assert store.record(place) is None
    cursor = max((at for at, _ in entries), default=0)
    store.refold_due()
    clock.advance(2 * AHEAD_MS)
    store.refold_due()
    assert store.record(place) is not None
    return place in [found for _, found in store.feed(cursor, 10)]


def early(folder: Path, owner: Shop, clock: ManualClock) -> tuple[Store, Store]:
    """A shop whose clock is ahead and that has written, and a peer whose clock is right."""
    theirs = ManualClock(ManualClock.START_MS + AHEAD_MS)
    source = shop_store(folder, owner, clock=theirs)
    source.commit(owner.author(), SITE, EDITS)
    target = peer_store(folder, "peer", owner, clock=clock)
    target.refold_due()
    return source, target


def test_rows_taken_in_while_the_clock_was_ahead_for_a_moment(
    tmp_path: Path, owner: Shop, clock: ManualClock
) -> None:
    source, target = early(tmp_path, owner, clock)
    clock.advance(AHEAD_MS)
    fetch(target, source, owner.log())
    # Later than the last look: a clock that went back all the same.
    clock.advance(MOMENT_MS - AHEAD_MS)
    assert is_told_of_in_the_end(target, owner, clock)


def test_a_command_of_another_process_while_the_clock_was_ahead_for_a_moment(
    tmp_path: Path, owner: Shop, clock: ManualClock
) -> None:
    daemon = shop_store(tmp_path, owner, clock=clock)
    daemon.refold_due()
    clock.advance(AHEAD_MS)
    command = shop_store(tmp_path, owner, clock=clock)
    command.commit(owner.author(), SITE, EDITS)
    command.close()
    clock.advance(MOMENT_MS - AHEAD_MS)
    assert is_told_of_in_the_end(daemon, owner, clock)


def test_rows_with_early_stamps_that_come_by_a_repair(
    tmp_path: Path, owner: Shop, clock: ManualClock
) -> None:
    source, target = early(tmp_path, owner, clock)
    part = source.repairs.whole_rows(owner.log(), [RowKey("offer", "k")])
    assert part is not None
    target.repairs.repair(Repair(SignedHead.parse(part.head), [], [pack(part.changes)]))
    assert is_told_of_in_the_end(target, owner, clock)


@pytest.mark.parametrize("seed", range(8))
def test_what_a_follower_has_read_outlives_the_power(
    tmp_path: Path, owner: Shop, clock: ManualClock, seed: int
) -> None:
    """A clock that was ahead and is right again would let cursors go back otherwise."""
    source = shop_store(tmp_path, owner, clock=clock)
    disk = Disk(World(seed), tmp_path)
    path = tmp_path / "peer" / "store.db"
    path.parent.mkdir()

    def started() -> tuple[Process, Store]:
        process = Process(disk)
        return process, Store.create(path, clock=clock, kinds=registry(), connect=process.connect)

    process, store = started()
    store.add_auth(owner.grants)
    add_log(store, owner.log_name())
    clock.advance(AHEAD_MS)
    source.commit(owner.author(), SITE, [Edit("offer", "first", {"name": "first"})])
    fetch(store, source, owner.log())
    follower = Follower()
    follower.follow(store)
    assert {place.key for place in follower.values} == {"first"}
    process.bury()
    disk.lose_power()
    clock.advance(-AHEAD_MS)
    process, store = started()
    assert store.feed_end() == follower.cursor
    process.bury()
