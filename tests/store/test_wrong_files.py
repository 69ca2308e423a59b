"""Files that are protected, of another version, no store or damaged: said, and not touched."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fedretail.domain.kinds import registry
from fedretail.errors import FedretailError, Refused, Unavailable
from fedretail.store import schema
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

SHOP = builders.shop()


@contextmanager
def ordinary_user() -> Iterator[None]:
    """As a user whom write protection stops; skips where that cannot be had."""
    if not hasattr(os, "geteuid"):
        pytest.skip("no users on this system")
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.mark.parametrize("is_folder_locked", [True, False])
def test_a_write_protected_store(is_folder_locked: bool) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        store = builders.shop_store(folder, SHOP)
        store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
        store.close()
        store.path.chmod(0o444)
        if is_folder_locked:
            folder.chmod(0o555)
        before = store.path.read_bytes()
        with ordinary_user(), pytest.raises(Unavailable) as caught:
            builders.opened(store.path).commit(SHOP.author(), SITE, builders.offer_edits([2]))
        assert caught.value.hint
        assert store.path.read_bytes() == before
        folder.chmod(0o755)
        store.path.chmod(0o644)
        again = builders.opened(store.path)
        assert len(list(again.records("offer"))) == 1
        again.close()


def test_no_room_to_begin(tmp_path: Path) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        with ordinary_user(), pytest.raises(Unavailable):
            builders.new_store(folder)
        folder.chmod(0o755)
    with pytest.raises(Unavailable):
        builders.new_store(tmp_path / "missing")


@pytest.mark.parametrize("number", [schema.SCHEMA + 1, schema.SCHEMA - 1, 999])
def test_a_store_of_another_version_is_left_untouched(tmp_path: Path, number: int) -> None:
    store = builders.shop_store(tmp_path, SHOP)
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    store.close()
    raw = sqlite3.connect(store.path)
    raw.execute(f"PRAGMA user_version={number}")
    raw.close()
    before = store.path.read_bytes()
    for door in (Store.open, Store.create):
        with pytest.raises(Refused) as caught:
            door(store.path, clock=ManualClock(), kinds=registry())
        assert ("newer" if number > schema.SCHEMA else "older") in caught.value.message
        assert caught.value.hint
        assert store.path.read_bytes() == before
        assert sorted(path.name for path in tmp_path.iterdir()) == [store.path.name]


def test_another_programs_database_is_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE recipes (name)")
    raw.close()
    before = path.read_bytes()
    for door in (Store.open, Store.create):
        with pytest.raises(Refused, match="not a store of fedretail"):
            door(path, clock=ManualClock(), kinds=registry())
        assert path.read_bytes() == before


@pytest.mark.parametrize("data", [b"not a database, but long enough to hold a header" * 50, b"x"])
def test_a_file_that_is_no_database(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(data)
    for door in (Store.open, Store.create):
        with pytest.raises(FedretailError) as caught:
            door(path, clock=ManualClock(), kinds=registry())
        assert str(path) in caught.value.message
        assert path.read_bytes() == data


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_an_error_and_no_crash(tmp_path: Path, share: float) -> None:
    store = builders.shop_store(tmp_path, SHOP)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(500)))
    store.close()
    data = store.path.read_bytes()
    store.path.write_bytes(data[: int(len(data) * share)])
    seen = []
    try:
        cut = builders.opened(store.path)
    except FedretailError as error:
        seen = [error.message]
    else:
        for look in (lambda: builders.problems(cut), lambda: list(cut.records("offer"))):
            try:
                seen += [str(item) for item in look()] if look() and not seen else []
            except FedretailError as error:
                seen.append(error.message)
        cut.close()
    assert seen


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    store = builders.shop_store(tmp_path, SHOP)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(50)))
    store.close()
    data = bytearray(store.path.read_bytes())
    data[data.index(b"oat drink no. 33")] ^= 1
    store.path.write_bytes(data)
    bent = builders.opened(store.path)
    assert any("not those that were counted" in line for line in builders.problems(bent))
    bent.close()
