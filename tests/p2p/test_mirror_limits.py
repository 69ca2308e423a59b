"""What strangers may fill of a store: owners, names, records; and what stays possible then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fedretail.crdt.names import LogName, log_id
from fedretail.p2p import heads
from fedretail.p2p import mirror as limits
from fedretail.p2p.mirror import Mirror
from fedretail.store import logs
from fedretail.store.store import Store
from fedretail.testing import builders

NETWORK = bytes(32)
SHOP = builders.shop("known", devices=3)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = builders.new_store(tmp_path)
    yield store
    store.close()


def name(number: int, shop: builders.Shop = SHOP) -> LogName:
    return shop.log_name(f"site/{number:016d}")


def test_owners_are_not_taken_in_without_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_OWNERS", 3)
    mirror = Mirror(store, NETWORK)
    mirror.learn(list(SHOP.grants[:1]), [])
    for number in range(9):
        mirror.learn(list(builders.shop(f"stranger {number}").grants), [])
    assert len(store.owners()) == 3
    mirror.learn(list(SHOP.grants), [])
    assert len(store.grants(SHOP.owner).devices(SHOP.owner)) == 3


def test_a_full_list_of_records_leaves_room_for_a_few_of_every_member(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_AUTH_RECORDS", 1)
    monkeypatch.setattr(limits, "_FEW_RECORDS", 2)
    mirror = Mirror(store, NETWORK)
    for one in SHOP.grants:
        mirror.learn([one], [])
    mirror.learn(list(builders.shop("stranger").grants), [])
    assert len(store.grants(SHOP.owner).devices(SHOP.owner)) == 2
    assert store.owners() == [SHOP.owner]


def test_names_without_a_head_give_way_to_later_ones(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "MAX_NAMES", 5)
    monkeypatch.setattr(logs, "MAX_BARE_LOGS", 20)
    mirror = Mirror(store, NETWORK)
    mirror.learn(list(SHOP.grants), [])
    for number in range(100):
        mirror.learn([], [name(number)])
    assert len(mirror._names) == 5
    count = store._read.execute("SELECT count(*) FROM log").fetchone()
    collections = store._read.execute("SELECT count(*) FROM collection").fetchone()
    assert count == collections == (20,)
    assert mirror.name(log_id(name(85))) == name(85)
    assert mirror.name(log_id(name(3))) is None


def test_catalogs_are_not_taken_in_without_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_LOGS", 0)
    mirror = Mirror(store, NETWORK)
    mirror.learn(list(SHOP.grants), [])
    mirror.learn([], [name(1)])
    assert mirror.name(log_id(name(1))) is None
