"""Several processes and threads on one store at once."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from fedretail.clock import SystemClock
from fedretail.crdt.changes import Point
from fedretail.domain.kind import RecordId
from fedretail.domain.kinds import registry
from fedretail.errors import FedretailError
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE

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
SHOP = builders.shop()
LOG = SHOP.log()


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
