"""What is held of each log, and what peers are told of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fedretail.crdt.changes import Point
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.store import logs
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE

SHOP = builders.shop(devices=2)
LOG = SHOP.log()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = builders.shop_store(tmp_path, SHOP)
    yield store
    store.close()


def point(store: Store) -> Point:
    state = store.log(LOG)
    assert state is not None
    return state.point


def test_heads_in_the_order_in_which_they_moved(store: Store) -> None:
    assert store.heads() == []
    builders.add_log(store, SHOP.log_name(device=1))
    assert store.heads() == []
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    store.commit(SHOP.author(), "member", [Edit("member", "self", {"name": "x"})])
    (first, name, raw), (second, other, _) = store.heads()
    assert (name, other.collection) == (SHOP.log_name(), "member")
    assert SignedHead.parse(raw).head.log == LOG
    assert store.heads(moved_after=second) == []
    store.renew(SHOP.author(), SITE)
    assert [name.collection for _, name, _ in store.heads(moved_after=first)] == ["member", SITE]


def test_logs_of_a_collection(store: Store) -> None:
    builders.add_log(store, SHOP.log_name(device=1))
    builders.add_log(store, SHOP.log_name(device=1))
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    found = {state.log for state in store.logs_of(SHOP.owner, SITE)}
    assert found == {LOG, SHOP.log(device=1)}
    assert store.logs_of(SHOP.owner, "member") == []
    assert store.log(bytes(16)) is None


def test_nothing_to_tell(store: Store) -> None:
    assert store.changes_since(LOG, Point(0, 0), None) is None
    assert store.wanted(LOG) is None
    builders.add_log(store, SHOP.log_name())
    assert store.changes_since(LOG, Point(0, 0), None) is None
    assert store.wanted(LOG) == (Point(0, 0), None)
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    assert store.changes_since(LOG, point(store), None) is None
    assert store.changes_since(LOG, Point(99, 0), None) is None


@pytest.mark.parametrize("few", [0, 1, 2000])
def test_few_and_many_changes_are_the_same_changes(
    store: Store, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(30)))
    base = point(store)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(5, 9), amount_minor=3))
    store.commit(SHOP.author(), SITE, [Edit("offer", "sku20", is_deletion=True)])
    expected = [part.changes for part in builders.parts(store, LOG, base)]
    monkeypatch.setattr(logs, "_FEW", few)
    assert [part.changes for part in builders.parts(store, LOG, base)] == expected
    assert len(expected) == 1
    keys = {line[0] for _, _, lines in expected[0] for line in lines}
    assert keys == {"sku5", "sku6", "sku7", "sku8", "sku20"}


def test_a_log_is_its_four_values(store: Store) -> None:
    name = SHOP.log_name()
    assert name.device == SHOP.devices[0].public
    assert log_id(name) == LOG
