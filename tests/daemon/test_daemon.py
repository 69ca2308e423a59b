"""The daemon: one a store, what commands see of it, how its process begins and ends."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from fedretail.daemon.daemon import Daemon, ServeOptions
from fedretail.daemon.failures import ours
from fedretail.daemon.running import run, running
from fedretail.errors import BugError, FedretailError, Refused, Unavailable
from fedretail.node.base import DAEMON, STALE_MS
from fedretail.node.node import Node
from fedretail.node.setup import create_reader
from fedretail.testing.clock import ManualClock
from fedretail.testing.daemons import PATIENCE_S, serving, until
from fedretail.testing.loopback import LOOPBACK
from fedretail.testing.memory_network import MemoryNetwork
from fedretail.testing.nodes import finds, sell

# --- one daemon a store ---


async def test_a_second_daemon_is_refused(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    async with serving(Daemon(shop)):
        with Node.open(shop.path) as again, pytest.raises(Refused, match="already"):
            await Daemon(again).run()
        assert shop.daemon_state()
    async with serving(Daemon(shop)):
        assert shop.daemon_state()


async def test_a_port_in_use_is_said_plainly(shops: Any) -> None:
    shop = shops("one")
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    async with listener:
        port = listener.socket.getsockname()[1]
        with pytest.raises(Unavailable, match=str(port)):
            await Daemon(shop, ServeOptions([f"/ip4/127.0.0.1/tcp/{port}"])).run()
    assert shop.daemon_state() is None


async def test_a_reader_without_a_network_is_told_to_join(
    memory: MemoryNetwork, tmp_path: Path
) -> None:
    with create_reader(tmp_path / "reader", None) as reader:
        with pytest.raises(Refused, match="reader") as caught:
            await Daemon(reader).run()
        assert "join" in caught.value.hint


async def test_a_folder_that_cannot_be_written(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(self: Any) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fedretail.locks.FileLock.acquire_soon", closed)
    with pytest.raises(Unavailable, match="Permission denied"):
        await Daemon(shops("one")).run()


# --- what commands see ---


async def test_the_state_note_comes_and_goes(memory: MemoryNetwork, shops: Any) -> None:
    one, two = shops("one"), shops("two")
    assert one.sentence().startswith("Saved here. Neighbours get it when")
    async with serving(Daemon(one)) as (told, _):
        assert told[0].addresses
        assert told[0].ticket == one.ticket()
        assert one.sentence() == "Saved here. Sent as soon as a neighbour can be reached."
        two.join(told[0].ticket)
        async with serving(Daemon(two)) as (_, scopes):
            await until(lambda: [peer["has_mine"] for peer in one.peers()] == [True])
            await until(lambda: [peer["has_mine"] for peer in two.peers()] == [True])
            all_have = "The 1 neighbour that is switched on has your prices since "
            assert one.sentence().startswith(all_have)
            status = one.status()
            assert status["daemon"]
            assert status["members"] == 2
            assert status["peers"][0]["id"] == two.identity.peer_id
            assert status["peers"][0]["last_sync"]
            # From the moment of a write on, nobody has it until they say so.
            sell(one, "bread")
            assert [peer["has_mine"] for peer in one.peers()] == [False]
            assert one.sentence() == (
                "The 1 neighbour that is switched on now does not have your newest prices yet."
            )
            await until(lambda: [peer["has_mine"] for peer in one.peers()] == [True])
            assert finds(two, "bread") == [("Fresh bread", 250)]
            scopes[0].cancel()
        # A good-bye: the other side knows at once, long before any time limit.
        await until(lambda: one.peers() == [])
        assert two.store.noted(DAEMON) is None
        assert not two.status()["daemon"]
        assert finds(two, "bread") == [("Fresh bread", 250)]
    assert one.store.noted(DAEMON) is None


def test_a_note_left_by_a_killed_daemon_means_nothing(
    shops: Any, note_daemon: Callable[[Node, Any], None]
) -> None:
    clock = ManualClock()
    shop = shops("one", clock)
    state = {"peers": [], "own": {}, "clock_offset_ms": 0, "addresses": ["/ip4/10.0.0.1/tcp/1"]}
    # Whoever was killed holds no lock any more ...
    shop.store.note(DAEMON, state)
    assert not shop.status()["daemon"]
    note_daemon(shop, state)
    assert shop.status()["daemon"]
    # ... and one that lives but cannot write knows nothing of the last minutes.
    clock.advance(STALE_MS + 1)
    assert not shop.status()["daemon"]
    assert shop.status()["peers"] == []
    with pytest.raises(Refused, match="Nobody would answer"):
        shop.ticket()


async def test_a_note_that_cannot_be_taken_back_hides_no_reason(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shops("one")

    async def fail() -> None:
        async with running(shop):
            monkeypatch.setattr(shop.store, "note", _disk_full)
            raise RuntimeError("the reason")

    with pytest.raises(RuntimeError, match="the reason"):
        await fail()


def _disk_full(*_: Any, **__: Any) -> None:
    raise Unavailable("The disk is full.")


# --- beginning and ending a process ---


RUN = """
import sys
from pathlib import Path
from fedretail.daemon.daemon import ServeOptions
from fedretail.daemon.running import run
run(Path(sys.argv[1]), ServeOptions([sys.argv[2]]), lambda ready: print("ready", flush=True))
print("ended", flush=True)
"""


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_in_order(shops: Any, name: str) -> None:
    shop = shops("one")
    command = [sys.executable, "-c", RUN, str(shop.path), LOOPBACK]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        state = shop.daemon_state()
        assert state is not None
        assert state["pid"] == process.pid
        process.send_signal(getattr(signal, name))
        out, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, errors) == (0, "ended\n", "")
    assert shop.store.noted(DAEMON) is None


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_after_a_kill_the_next_one_starts_at_once(shops: Any) -> None:
    shop = shops("one")
    for _ in range(2):
        command = [sys.executable, "-c", RUN, str(shop.path), LOOPBACK]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            sell(shop, "bread")
            process.kill()
    assert finds(shop, "bread")
    assert not [found for _, found in shop.check() if found]


def test_run_raises_what_is_wrong_and_no_group(tmp_path: Path, shops: Any) -> None:
    with pytest.raises(Unavailable, match="no store"):
        run(tmp_path / "nothing", ServeOptions(), print)
    path = tmp_path / "reader"
    create_reader(path, None).close()
    with pytest.raises(Refused, match="reader"):
        run(path, ServeOptions([LOOPBACK]), print)
    with pytest.raises(FedretailError, match="no address to listen at"):
        run(shops("one").path, ServeOptions(["/dns4/example.org/tcp/1"]), print)


def test_ours_tells_reasons_from_faults() -> None:
    one, two = Refused("no"), Unavailable("gone")
    assert ours(ExceptionGroup("", [one])) is one
    assert ours(ExceptionGroup("", [ExceptionGroup("", [two]), one])) is two
    assert ours(ExceptionGroup("", [one, ValueError()])) is None
    assert ours(BaseExceptionGroup("", [one, KeyboardInterrupt()])) is None
    assert isinstance(ours(ExceptionGroup("", [BugError("")])), BugError)
