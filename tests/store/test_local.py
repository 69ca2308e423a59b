"""This node's own notes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fedretail.store import local
from fedretail.store.local import Note
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

OWNER = b"o" * 16


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    store = builders.new_store(tmp_path, clock=clock)
    yield store
    store.close()


def test_notes_have_a_time_and_go(store: Store, clock: ManualClock) -> None:
    assert store.noted("daemon") is None
    store.note("daemon", {"pid": 7, "name": "ä"})
    assert store.noted("daemon") == Note({"pid": 7, "name": "ä"}, clock.now_ms())
    clock.advance(5)
    store.note("daemon", [])
    assert store.noted("daemon") == Note([], clock.now_ms())
    store.note("daemon", None)
    assert store.noted("daemon") is None


def test_meta(store: Store) -> None:
    assert store.meta("charter") is None
    store.set_meta({"charter": b"\0x", "owner": OWNER})
    store.set_meta({"charter": b"y"})
    assert (store.meta("charter"), store.meta("owner")) == (b"y", OWNER)


def test_addresses_last_heard_first_and_not_without_end(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("/a", "/b", "/c"):
        store.add_address(name, "ticket")
    store.add_address("/b", "peer")
    store.heard("/b")
    now = clock.now_ms()
    assert store.addresses() == [("/b", "ticket", now), ("/a", "ticket", 0), ("/c", "ticket", 0)]
    monkeypatch.setattr(local, "MAX_ADDRESSES", 4)
    for number in range(9):
        store.add_address(f"/{number}", "peer")
    assert len(store.addresses()) == 4


def test_what_neighbours_tell_keeps_no_typed_address_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "MAX_ADDRESSES", 4)
    store.add_address("/works", "peer")
    store.heard("/works")
    for number in range(9):
        store.add_address(f"/{number}", "peer")
    store.add_address("/typed", "ticket")
    for number in range(9):
        store.add_address(f"/more{number}", "peer")
    assert [address for address, *_ in store.addresses()][:2] == ["/typed", "/works"]
    assert len(store.addresses()) == 4


def test_profiles_of_sources(store: Store) -> None:
    assert store.profile(OWNER, SITE, "main") is None
    store.set_profile(OWNER, SITE, "main", {"decimal": ",", "columns": {"Preis": "price"}})
    assert store.profile(OWNER, SITE, "main") == {"decimal": ",", "columns": {"Preis": "price"}}
    assert store.profile(OWNER, SITE, "other") is None
    assert store.profile(OWNER, "member", "main") is None
