"""Whatever fails, and wherever: nothing is half done, and what was acknowledged is there.

Beside the tests that mirror a module: these hold for the store as a whole.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from fedretail.errors import Unavailable
from fedretail.store import logs
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.faults import Faults, Killed, sqlite_error

SHOP = builders.shop()
LOG = SHOP.log()
EDITS = [
    Edit("offer", "sku1", {"name": "new", "prices": [[1]], "cost": 3}),
    Edit("offer", "sku2", is_deletion=True),
    Edit("offer", "sku9", {"name": "added", "supplier": "someone"}),
]


def commit(store: Store, _: Store) -> None:
    store.commit(SHOP.author(), SITE, EDITS)


def renew(store: Store, _: Store) -> None:
    store.renew(SHOP.author(), SITE)


def advance(store: Store, other: Store) -> None:
    builders.fetch_part(store, other, LOG)


def advance_in_parts(store: Store, other: Store) -> None:
    builders.fetch(store, other, LOG)


def grant(store: Store, _: Store) -> None:
    store.add_auth(builders.shop("another").grants)


CASES: list[tuple[Callable[[Store, Store], None], int, int]] = [
    (commit, 0, 10**6),
    (renew, 0, 10**6),
    (advance, 1, 10**6),
    (advance_in_parts, 1, 1),
    (grant, 0, 10**6),
]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """The files of a shop's store with two commits, and of a peer's at the first of them."""
    own = builders.shop_store(tmp_path, SHOP)
    peer = builders.peer_store(tmp_path, "peer", SHOP)
    own.commit(SHOP.author(), SITE, builders.offer_edits(range(4)))
    builders.fetch(peer, own, LOG)
    own.commit(SHOP.author(), SITE, EDITS)
    own.close()
    peer.close()
    return own.path, peer.path


def left_behind(path: Path, folder: Path) -> Path:
    """The file and its WAL as they are at this moment, as a killed process leaves them."""
    for name in (path.name, f"{path.name}-wal"):
        if path.with_name(name).exists():
            shutil.copy(path.with_name(name), folder / name)
    return folder / path.name


@pytest.mark.parametrize(("deed", "which", "part_bytes"), CASES)
def test_killed_between_any_two_statements(
    pair: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deed: Callable[[Store, Store], None],
    which: int,
    part_bytes: int,
) -> None:
    monkeypatch.setattr(logs, "PART_BYTES", part_bytes)
    states: list[dict[str, list[Any]]] = []
    for at in range(1, 200):
        with TemporaryDirectory(dir=tmp_path) as name:
            folder = Path(name)
            is_done, state = killed(pair, folder, at, (deed, which))
        if not states or state != states[-1]:
            states.append(state)
        if is_done:
            break
    assert is_done
    # Between before and after there is nothing, but parts that are staged one by one.
    assert len(states) == 2 if part_bytes > 1 else len(states) > 2


def killed(
    pair: tuple[Path, Path], folder: Path, at: int, case: tuple[Callable[..., None], int]
) -> tuple[bool, dict[str, list[Any]]]:
    """(whether the deed was done, what the file holds) when its `at`-th statement is the last."""
    deed, which = case
    (folder / "left").mkdir()
    path = Path(shutil.copy(pair[which], folder))
    faults = Faults(Killed)
    store, other = builders.opened(path, connect=faults.connect), builders.opened(pair[1 - which])
    faults.arm(at)
    is_done = True
    try:
        deed(store, other)
    except Killed:
        is_done = False
    rest = builders.opened(left_behind(path, folder / "left"))
    assert builders.problems(rest) == []
    rest.close()
    for item in (store, other):
        faults.arm(0)
        item.close()
    return is_done, builders.contents(rest.path)


@pytest.mark.parametrize("name", ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_READONLY"])
@pytest.mark.parametrize(("deed", "which", "part_bytes"), CASES[:3])
def test_the_disk_fails_at_any_statement(
    pair: tuple[Path, Path],
    name: str,
    deed: Callable[[Store, Store], None],
    which: int,
    part_bytes: int,
) -> None:
    before = builders.contents(pair[which])
    faults = Faults(lambda: sqlite_error(name))
    store, other = (
        builders.opened(pair[which], connect=faults.connect),
        builders.opened(pair[1 - which]),
    )
    for at in range(1, 200):
        faults.arm(at)
        try:
            deed(store, other)
        except Unavailable as error:
            assert str(store.path) in error.message
            assert error.hint
            if builders.contents(pair[which]) == before:
                continue
        break
    assert at > 3
    # The last fault comes between commit and answer, so the deed stands then.
    faults.arm(0)
    assert builders.problems(store) == []
    store.close()
    other.close()


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    class Cramped(builders.QuickConnection):
        """Room for 40 pages of 4 KiB."""

        def __init__(self, path: Path) -> None:
            super().__init__(path)
            self.execute("PRAGMA max_page_count=40")

    store = builders.shop_store(tmp_path, SHOP)
    store.close()
    cramped = builders.opened(store.path, connect=Cramped)
    done = 0
    error = None
    while error is None and done < 5000:
        try:
            cramped.commit(SHOP.author(), SITE, builders.offer_edits(range(done, done + 20)))
            done += 20
        except Unavailable as caught:
            error = caught
    assert error is not None
    assert "full" in error.message
    assert "Free some space" in error.hint
    assert 20 <= done < 5000
    assert builders.problems(cramped) == []
    assert len(list(cramped.records("offer"))) == done
    cramped.close()
    roomy = builders.opened(store.path)
    assert roomy.commit(SHOP.author(), SITE, builders.offer_edits(range(done, done + 20)))
    assert len(list(roomy.records("offer"))) == done + 20
    roomy.close()
