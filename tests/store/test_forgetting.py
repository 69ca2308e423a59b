"""The feed forgets what has gone, late and bit by bit, and followers that are too far behind."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedretail.index.layout.schema import State, read_state
from fedretail.index.search import Index
from fedretail.store import forgetting
from fedretail.store.commits import Edit
from fedretail.store.forgetting import KEPT_MS
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

DAY_MS = 24 * 3600 * 1000
SHOP = builders.shop()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    """A shop with offers 0 to 2, of which 0 has gone for ever since."""
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(3)))
    builders.empty(store, SHOP.author(), [("offer", "sku0")])
    for days in (1, 31):
        clock.advance(days * DAY_MS)
        store.renew(SHOP.author(), SITE)
    assert len(builders.rows(store, SHOP.log())) == 2
    yield store
    store.close()


def told(store: Store) -> list[str]:
    return [place.key for _, place in store.feed(0, 100)]


def test_what_has_gone_is_forgotten_and_the_rest_stays(store: Store) -> None:
    entries = store.feed(0, 100)
    assert store.feed_start() == 0
    store.prune()
    assert sorted(told(store)) == ["sku1", "sku2"]
    assert store.feed_start() == next(cursor for cursor, place in entries if place.key == "sku0")
    store.prune()
    assert sorted(told(store)) == ["sku1", "sku2"]


def test_young_entries_stay(store: Store, clock: ManualClock) -> None:
    clock.advance(KEPT_MS - 32 * DAY_MS)
    store.prune()
    assert len(told(store)) == 3
    clock.advance(3 * DAY_MS)
    store.prune()
    assert len(told(store)) == 2


def test_a_row_in_any_log_keeps_its_entry(store: Store) -> None:
    author = SHOP.author(incarnation=SHOP.incarnation + 1)
    store.commit(author, SITE, builders.offer_edits([7]))
    builders.empty(store, author, [("offer", "sku0")])
    store.prune()
    assert "sku0" in told(store)


def test_some_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "_BATCH", 1)
    for _ in range(3):
        store.prune()
    assert len(told(store)) == 2


def test_the_end_stays_where_it_was(store: Store, clock: ManualClock) -> None:
    """A follower at the end would take itself for one of another copy."""
    builders.empty(store, SHOP.author(), [("offer", "sku1"), ("offer", "sku2")])
    for days in (1, 31):
        clock.advance(days * DAY_MS)
        store.renew(SHOP.author(), SITE)
    end = store.feed_end()
    store.prune()
    assert told(store) == []
    assert store.feed_end() == end == store.feed_start()


def test_an_index_that_is_too_far_behind_is_made_anew(tmp_path: Path, clock: ManualClock) -> None:
    """What it has not heard of would stay in it for ever; who has begun since misses nothing."""
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(3)))
    early, present = tmp_path / "early.db", tmp_path / "present.db"
    for path in (early, present):
        with Index.open(path, store, clock=clock) as index:
            assert index.follow() == 3
    clock.advance(DAY_MS)
    store.commit(SHOP.author(), SITE, [Edit("offer", "sku0", is_deletion=True)])
    builders.empty(store, SHOP.author(), [("offer", "sku0")])
    for days in (1, 31):
        clock.advance(days * DAY_MS)
        store.renew(SHOP.author(), SITE)
    new = tmp_path / "new.db"
    with Index.open(new, store, clock=clock) as index:
        assert index.follow(limit=1) == 1
    with Index.open(present, store, clock=clock) as index:
        assert index.follow() == 1
    store.prune()
    begun = {path: state(path).begun for path in (early, present, new)}
    for path in begun:
        with Index.open(path, store, clock=clock) as index:
            index.follow()
            assert index.lag() == 0
    assert {path for path in begun if state(path).begun != begun[path]} == {early}
    assert {state(path).followed for path in begun} <= {store.feed_end(), state(new).followed}
    store.close()


def state(path: Path) -> State:
    with contextlib.closing(sqlite3.connect(path)) as db:
        found = read_state(db)
    assert found is not None
    return found
