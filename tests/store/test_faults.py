"""Whatever fails, and wherever: nothing is half done, and what was acknowledged is there.

Beside the tests that mirror a module: these hold for the store as a whole.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from fedretail.clock import SystemClock
from fedretail.crdt.changes import Point
from fedretail.domain.kind import RecordId
from fedretail.domain.kinds import registry
from fedretail.errors import FedretailError, Refused, Unavailable
from fedretail.store import logs, schema
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
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


def refold(store: Store, _: Store) -> None:
    store.refold_due()


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


def dump(path: Path) -> dict[str, list[Any]]:
    connection = sqlite3.connect(path)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables = [name for (name,) in names if name != "sqlite_sequence"]
    found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    connection.close()
    return found


def opened(path: Path, faults: Faults | None = None) -> Store:
    connect = faults.connect if faults else builders.QuickConnection
    return Store.open(path, clock=ManualClock(), kinds=registry(), connect=connect)


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
    store, other = opened(path, faults), opened(pair[1 - which])
    faults.arm(at)
    is_done = True
    try:
        deed(store, other)
    except Killed:
        is_done = False
    rest = opened(left_behind(path, folder / "left"))
    assert builders.problems(rest) == []
    rest.close()
    for item in (store, other):
        faults.arm(0)
        item.close()
    return is_done, dump(rest.path)


@pytest.mark.parametrize("name", ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_READONLY"])
@pytest.mark.parametrize(("deed", "which", "part_bytes"), CASES[:3])
def test_the_disk_fails_at_any_statement(
    pair: tuple[Path, Path],
    name: str,
    deed: Callable[[Store, Store], None],
    which: int,
    part_bytes: int,
) -> None:
    before = dump(pair[which])
    faults = Faults(lambda: sqlite_error(name))
    store, other = opened(pair[which], faults), opened(pair[1 - which])
    for at in range(1, 200):
        faults.arm(at)
        try:
            deed(store, other)
        except Unavailable as error:
            assert str(store.path) in error.message
            assert error.hint
            if dump(pair[which]) == before:
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
    cramped = Store.open(store.path, clock=ManualClock(), kinds=registry(), connect=Cramped)
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
    roomy = opened(store.path)
    assert roomy.commit(SHOP.author(), SITE, builders.offer_edits(range(done, done + 20)))
    assert len(list(roomy.records("offer"))) == done + 20
    roomy.close()


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
            opened(store.path).commit(SHOP.author(), SITE, builders.offer_edits([2]))
        assert caught.value.hint
        assert store.path.read_bytes() == before
        folder.chmod(0o755)
        store.path.chmod(0o644)
        again = opened(store.path)
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
        cut = opened(store.path)
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
    bent = opened(store.path)
    assert any("not those that were counted" in line for line in builders.problems(bent))
    bent.close()


WRITER = """
import json, sys
from pathlib import Path
from fedretail.clock import SystemClock
from fedretail.domain.kinds import registry
from fedretail.store.store import Store
from fedretail.store.commits import Edit
from fedretail.testing import builders
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
shop = builders.shop()
store = Store.create(path, clock=SystemClock(), kinds=registry())
print("ready", flush=True)
sys.stdin.readline()
for number in range(count):
    edits = [Edit("offer", f"{name}-{number}", {"name": name}),
             Edit("offer", "shared", {"name": f"{name}-{number}", "cost": number})]
    head = store.commit(shop.author(), builders.SITE, edits).head
    print(json.dumps([f"{name}-{number}", head.seq, head.stamp]), flush=True)
"""


def writer(path: Path, name: str, count: int) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")


def start(processes: "list[subprocess.Popen[str]]") -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


@pytest.mark.process
def test_several_processes_commit_at_once(tmp_path: Path) -> None:
    """They also create the file at once, and one is killed as it goes."""
    path = tmp_path / "store.db"
    processes = [writer(path, name, 40 if name != "x" else 100_000) for name in "abx"]
    start(processes)
    victim = processes[2].stdout
    assert victim is not None
    told = [victim.readline() for _ in range(20)]
    processes[2].send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    told += victim.readlines()
    told += [line for process in processes[:2] for line in process.communicate()[0].splitlines()]
    processes[2].communicate()
    assert [process.returncode for process in processes[:2]] == [0, 0]
    answers = sorted((json.loads(line) for line in told if line.endswith(("]", "]\n"))), key=at_seq)
    store = Store.open(path, clock=SystemClock(), kinds=registry())
    state = store.log(LOG)
    assert state is not None
    seqs = [seq for _, seq, _ in answers]
    stamps = [stamp for _, _, stamp in answers]
    # One commit of the killed process may be there unsaid.
    assert len(set(seqs)) == len(seqs) >= state.point.seq - 1
    assert stamps == sorted(set(stamps))
    found = {place.key for place, _ in store.records("offer")}
    assert {key for key, _, _ in answers} <= found
    shared = store.record(RecordId(SHOP.owner, SITE, "offer", "shared"))
    assert shared is not None
    last = [key for key, seq, _ in answers if seq == state.point.seq]
    assert last in ([shared.fields["name"]], [])
    assert [line for line in builders.problems(store) if "never named" not in line] == []
    store.close()


def at_seq(answer: list[Any]) -> int:
    return int(answer[1])


def test_two_threads_on_one_store(tmp_path: Path) -> None:
    store = builders.shop_store(tmp_path, SHOP)
    peer = builders.peer_store(tmp_path, "peer", SHOP)
    stamps: list[int] = []
    failures: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(25):
                signed = store.commit(
                    SHOP.author(), SITE, [Edit("offer", f"{name}{number}", {"pack": 1})]
                )
                assert signed is not None
                stamps.append(signed.head.stamp)
                builders.fetch(peer, store, LOG)
                assert store.record(RecordId(SHOP.owner, SITE, "offer", f"{name}{number}"))
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Two fetches of one log at once may overtake each other, which is no failure of the store.
    assert [error for error in failures if not isinstance(error, FedretailError)] == []
    assert failures == []
    assert len(set(stamps)) == 75
    state = store.log(LOG)
    assert state is not None
    assert state.point == Point(75, max(stamps))
    builders.fetch(peer, store, LOG)
    assert builders.rows(peer, LOG) == builders.rows(store, LOG)
    assert builders.problems(store) == builders.problems(peer) == []
    store.close()
    peer.close()
