"""Days count while the daemon runs and has neighbours; a month of them empties what was deleted."""

from pathlib import Path

from fedretail.crdt.row import stored_row
from fedretail.node.base import DAEMON
from fedretail.node.node import Node
from fedretail.node.setup import create_reader
from fedretail.node.upkeep import steps
from fedretail.node.vacating import LONGEST_MS, SYNCED_MS, vacate_due
from fedretail.store.vacating import WAIT_MS
from fedretail.testing import builders
from fedretail.testing.clock import ManualClock

MINUTE_MS = 60_000


def meets(shop: Node, *, last_sync_ms: int | None) -> None:
    """What the daemon notes while it has a session with a neighbour."""
    note(shop, last_sync_ms, started_ms=0)


def note(shop: Node, last_sync_ms: int | None, *, started_ms: int) -> None:
    shop.store.note(DAEMON, {"peers": [{"last_sync_ms": last_sync_ms}], "started_ms": started_ms})


def counted(shop: Node) -> int:
    return shop.store.meta("running_ms") or 0


def test_time_counts_only_with_a_neighbour(shop: Node, clock: ManualClock) -> None:
    vacate_due(shop)
    clock.advance(MINUTE_MS)
    vacate_due(shop)
    meets(shop, last_sync_ms=None)
    clock.advance(1)
    vacate_due(shop)
    assert counted(shop) == 0
    meets(shop, last_sync_ms=1)
    clock.advance(MINUTE_MS)
    vacate_due(shop)
    # The note was a minute old: that daemon has gone.
    assert counted(shop) == 0
    meets(shop, last_sync_ms=1)
    clock.advance(1000)
    vacate_due(shop)
    assert counted(shop) == 1000


def test_it_counts_for_a_week_after_the_last_neighbour(shop: Node, clock: ManualClock) -> None:
    meets(shop, last_sync_ms=1)
    vacate_due(shop)
    for _ in range(SYNCED_MS // LONGEST_MS + 100):
        clock.advance(LONGEST_MS)
        vacate_due(shop)
    assert counted(shop) == SYNCED_MS


def test_sleep_and_a_clock_set_back_do_not_count(shop: Node, clock: ManualClock) -> None:
    for step_ms in (LONGEST_MS + 1, 400 * SYNCED_MS, -SYNCED_MS):
        meets(shop, last_sync_ms=1)
        vacate_due(shop)
        clock.advance(step_ms)
        vacate_due(shop)
    assert counted(shop) == 0


def test_a_removed_offer_leaves_the_log(shop: Node, clock: ManualClock) -> None:
    site = shop.site()
    shop.write("offer", "bread", {"name": "Bread"}, site=site)
    shop.remove("offer", "bread", site=site)
    log = shop.identity.author().log(f"site/{site.id}")
    (state,) = shop.store.logs_of(log.owner, log.collection)
    meets(shop, last_sync_ms=1)
    upkeep(shop)
    shop.store.vacating.add_running(WAIT_MS)
    packed = builders.row(shop.store, state.log, ("offer", "bread"))
    assert packed is not None
    assert stored_row(packed).groups
    # Alone, or just begun: nobody has said yet whether more is known of this shop elsewhere.
    meets(shop, last_sync_ms=None)
    upkeep(shop)
    note(shop, 1, started_ms=clock.now_ms())
    upkeep(shop)
    packed = builders.row(shop.store, state.log, ("offer", "bread"))
    assert packed is not None
    assert stored_row(packed).groups
    meets(shop, last_sync_ms=1)
    upkeep(shop)
    packed = builders.row(shop.store, state.log, ("offer", "bread"))
    assert packed is not None
    assert stored_row(packed).groups == []
    assert not [found for _, found in shop.check() if found]


def upkeep(shop: Node) -> None:
    for step in steps(shop, None, choice=0.5):
        step()


def test_a_reader_has_nothing_to_empty(tmp_path: Path, clock: ManualClock) -> None:
    with create_reader(tmp_path / "reader", None, clock=clock) as reader:
        assert vacate_due(reader) == 0
        assert reader.store.noted("looked") is None
