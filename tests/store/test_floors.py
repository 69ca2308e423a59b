"""The floor of own logs: it rises only where something goes, 30 days behind, and never falls."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fedretail.crdt.head import Head
from fedretail.store.commits import Edit
from fedretail.store.floors import BEHIND_MS, DAY_MS
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

SHOP = builders.shop()
LOG = SHOP.log()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(3)))
    yield store
    store.close()


def renewed(store: Store) -> Head:
    signed = store.renew(SHOP.author(), SITE)
    assert signed is not None
    return signed.head


def test_vacant_rows_go_after_30_days(store: Store, clock: ManualClock) -> None:
    clock.advance(DAY_MS)
    builders.empty(store, SHOP.author(), [("offer", "sku0")])
    clock.advance(BEHIND_MS - 1)
    head = renewed(store)
    assert (head.floor, head.count) == (0, 3)
    clock.advance(1)
    head = renewed(store)
    assert (head.floor, head.count) == (2, 2)
    assert builders.row(store, LOG, ("offer", "sku0")) is None
    assert builders.problems(store) == []


def test_the_floor_stays_where_nothing_would_go(store: Store, clock: ManualClock) -> None:
    """Each rise makes those who are behind fetch all of the log."""
    for _ in range(100):
        clock.advance(DAY_MS)
        assert renewed(store).floor == 0


def test_the_floor_never_falls(store: Store, clock: ManualClock) -> None:
    builders.empty(store, SHOP.author(), [("offer", "sku0")])
    clock.advance(DAY_MS)
    renewed(store)
    clock.advance(BEHIND_MS)
    floor = renewed(store).floor
    assert floor == 3
    signed = store.commit(SHOP.author(), SITE, builders.offer_edits([7]))
    assert signed is not None
    assert signed.head.floor == floor
    clock.advance(-400 * DAY_MS)
    assert renewed(store).floor == floor


def test_rows_above_the_floor_stay(store: Store, clock: ManualClock) -> None:
    clock.advance(DAY_MS)
    builders.empty(store, SHOP.author(), [("offer", "sku0")])
    clock.advance(DAY_MS)
    builders.empty(store, SHOP.author(), [("offer", "sku1")])
    clock.advance(BEHIND_MS - DAY_MS)
    head = renewed(store)
    assert (head.floor, head.count) == (2, 2)
    assert builders.row(store, LOG, ("offer", "sku1")) is not None


def test_only_rows_without_groups_go(store: Store, clock: ManualClock) -> None:
    """A small row that ends in an empty list looks like a vacant one."""
    fields = {"f": list[int]()}
    store.commit(SHOP.author(), SITE, [Edit("offer", "x", fields, keep_unknown=True)])
    builders.empty(store, SHOP.author(), [("offer", "sku0")])
    clock.advance(DAY_MS)
    renewed(store)
    clock.advance(BEHIND_MS)
    assert renewed(store).count == 3
    assert builders.row(store, LOG, ("offer", "x")) is not None


def test_upkeep_raises_the_floor_where_prices_change_every_day(
    store: Store, clock: ManualClock
) -> None:
    """A log that is written daily is never renewed for its own sake."""
    builders.empty(store, SHOP.author(), [("offer", "sku0")])
    for day in range(40):
        clock.advance(DAY_MS)
        store.commit(SHOP.author(), SITE, builders.offer_edits([1], amount_minor=100 + day))
        store.vacating.run(SHOP.author())
    assert builders.row(store, LOG, ("offer", "sku0")) is None
    state = store.log(LOG)
    assert state is not None
    # Raised once, not every day.
    assert state.point.seq == 2 + 40 + 1


def test_days_are_noted_once_and_old_ones_forgotten(store: Store, clock: ManualClock) -> None:
    for _ in range(200):
        clock.advance(DAY_MS // 2)
        renewed(store)
    connection = builders.QuickConnection(store.path)
    (days,) = connection.execute("SELECT count(*) FROM local_day").fetchone()
    connection.close()
    assert 30 <= days <= 32
