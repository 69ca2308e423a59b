"""Auth records held: only what counts, and nobody fills another's place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fedretail.crdt.access import AuthRecord, SignedRecord, renewal
from fedretail.store import auth
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.clock import ManualClock

NOW = ManualClock.START_MS
SHOP = builders.shop(devices=2)
FIRST, SECOND = SHOP.grants
STRANGER = builders.key("stranger")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = builders.new_store(tmp_path)
    yield store
    store.close()


def renewed(record: AuthRecord, device: int, at_ms: int) -> SignedRecord:
    return renewal(record, SHOP.devices[device], now_ms=at_ms)


def raw(store: Store) -> list[bytes]:
    return [record.raw for _, record in store.auth_records()]


def test_records_are_kept_once_and_in_order(store: Store) -> None:
    assert store.add_auth(SHOP.grants) == 2
    assert store.add_auth(SHOP.grants) == 0
    assert raw(store) == [FIRST.raw, SECOND.raw]
    moved = [moved for moved, _ in store.auth_records()]
    assert [record.raw for _, record in store.auth_records(moved_after=moved[0])] == [SECOND.raw]
    assert store.owners() == [SHOP.owner]
    assert store.grants(SHOP.owner).devices(SHOP.owner) == {
        device.public for device in SHOP.devices
    }


def test_of_renewals_the_newest_stays(store: Store) -> None:
    store.add_auth(SHOP.grants)
    times = [NOW + 5, NOW + 9, NOW + 7]
    counts = [store.add_auth([renewed(SECOND.record, 0, at)]) for at in times]
    assert counts == [1, 1, 0]
    assert raw(store)[2:] == [renewed(SECOND.record, 0, NOW + 9).raw]


def test_what_nobody_may_say_is_not_kept(store: Store) -> None:
    store.add_auth(SHOP.grants)
    by_writer = renewed(FIRST.record, 1, NOW)
    by_stranger = renewal(FIRST.record, STRANGER, now_ms=NOW)
    of_stranger = FIRST.record._replace(device=STRANGER.public)
    unknown = renewal(of_stranger, SHOP.devices[0], now_ms=NOW)
    granted = of_stranger._replace(signer=SHOP.devices[0].public, number=3)
    forged = SignedRecord.sign(granted, SHOP.devices[0])
    assert store.add_auth([by_writer, by_stranger, unknown, forged]) == 0
    assert len(raw(store)) == 2


def test_unknown_types_of_root_are_kept_unread(store: Store) -> None:
    later = FIRST.record._replace(type="guardians", number=3, device=None, details={"of": [1]})
    signed = SignedRecord.sign(later, SHOP.root)
    assert store.add_auth([signed, *SHOP.grants]) == 3
    assert raw(store)[0] == signed.raw


def test_a_flood_leaves_room_for_root(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stolen managing device must not keep root's next statement out."""
    monkeypatch.setattr(auth, "MAX_RECORDS_PER_OWNER", 4)
    store.add_auth(SHOP.grants)
    for number in range(20):
        store.add_auth([renewed(SHOP.grants[number % 2].record, 0, NOW + number)])
    assert len(raw(store)) == 4
    for number in (3, 4, 5):
        device = builders.key(f"more {number}").public
        added = builders.grant(SHOP.root, device, number=number, now_ms=NOW)
        assert store.add_auth([added]) == (number < 5)
    other = builders.shop("other")
    assert store.add_auth(other.grants) == 1
