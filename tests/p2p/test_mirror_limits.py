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
    for number in range(9):
        mirror.learn(list(builders.shop(f"stranger {number}").grants), [])
        assert len(store.owners()) <= 3
    mirror.learn(list(SHOP.grants), [])
    assert len(store.grants(SHOP.owner).devices(SHOP.owner)) == 3


def test_strangers_give_way_to_later_ones(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_OWNERS", 4)
    monkeypatch.setattr(limits, "_ROOM_RECORDS", 1)
    source = builders.shop_store(tmp_path, SHOP)
    source.commit(SHOP.author(), builders.SITE, builders.offer_edits([1]))
    mirror = Mirror(store, NETWORK)
    mirror.learn(list(SHOP.grants), [SHOP.log_name()])
    builders.fetch(store, source, SHOP.log())
    mirror.refresh()
    strangers = [builders.shop(f"stranger {number}") for number in range(9)]
    for one in strangers:
        mirror.learn(list(one.grants), [one.log_name()])
    kept = [SHOP, *strangers[-3:]]
    assert store.owners() == sorted(one.owner for one in kept)
    assert [mirror.name(one.log()) is not None for one in strangers] == [False] * 6 + [True] * 3
    # As one that begins with what is left: nothing else is remembered.
    other = Mirror(store, NETWORK)
    assert (mirror._auth.keys(), mirror._auth_count) == (other._auth.keys(), other._auth_count)


def test_where_nobody_can_give_way_that_is_not_looked_up_each_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_OWNERS", 1)
    store.add_auth(SHOP.grants)
    store.set_meta({"owner": SHOP.owner})
    mirror = Mirror(store, NETWORK)
    looks: list[int] = []
    monkeypatch.setattr(store.upkeep, "forget_strangers", lambda count: looks.append(count) or [])  # type: ignore[func-returns-value]
    for number in range(5):
        mirror.learn(list(builders.shop(f"stranger {number}").grants), [])
    assert len(looks) == 1
    assert store.owners() == [SHOP.owner]


def test_a_full_list_of_records_leaves_room_for_a_few_of_every_member(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_AUTH_RECORDS", 1)
    monkeypatch.setattr(limits, "_FEW_RECORDS", 2)
    mirror = Mirror(store, NETWORK)
    store.set_meta({"owner": SHOP.owner})
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
