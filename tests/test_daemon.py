"""The daemon: one a store, search without it, a clean stop, and what time brings about."""

import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

import fedretail
from fedretail import daemon as daemon_module
from fedretail.clock import SystemClock
from fedretail.daemon import Daemon, Ready, ServeOptions, ours, run, running
from fedretail.errors import BugError, FedretailError, PeerError, Refused, Unavailable
from fedretail.index.query import Query
from fedretail.node.base import DAEMON, STALE_MS
from fedretail.node.import_report import ImportOptions
from fedretail.node.networks import network
from fedretail.node.node import Node
from fedretail.node.renewals import RENEW_MS
from fedretail.node.room import RECEIVED
from fedretail.node.setup import create_reader
from fedretail.p2p.memory import MemoryNetwork
from fedretail.testing.clock import ManualClock
from fedretail.testing.loopback import LOOPBACK
from fedretail.testing.nodes import new_shop, prices, write_prices

PATIENCE_S = 30.0


async def until(holds: Callable[[], Any]) -> None:
    """Look again until it holds; in a thread, since it may ask the store."""
    with trio.fail_after(PATIENCE_S):
        while not await trio.to_thread.run_sync(holds):
            await trio.sleep(0.02)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryNetwork:
    """Daemons meet on a network in memory."""
    network = MemoryNetwork()
    monkeypatch.setattr(
        Daemon, "_transport", lambda self: network.transport(self.node.keyring.device_seed)
    )
    return network


@pytest.fixture
def shops(tmp_path: Path) -> Any:
    """Makes shops by name, closed at the end."""
    with ExitStack() as stack:

        def make(name: str, clock: Any = None) -> Node:
            path = tmp_path / name
            return stack.enter_context(new_shop(path, name, clock=clock or SystemClock()))

        yield make


@asynccontextmanager
async def serving(
    *daemons: Daemon,
) -> AsyncIterator[tuple[list[Ready], list[trio.CancelScope]]]:
    """Run daemons until the block ends; (what they said when ready, how to end each)."""
    async with trio.open_nursery() as nursery:
        told, scopes = [], []

        async def one(daemon: Daemon, *, task_status: trio.TaskStatus[Ready]) -> None:
            with trio.CancelScope() as scope:
                scopes.append(scope)
                await daemon.run(task_status=task_status)

        for each in daemons:
            ready = await nursery.start(partial(one, each))
            told.append(ready)
        yield told, scopes
        nursery.cancel_scope.cancel()


def sell(node: Node, key: str, amount_minor: int = 250) -> None:
    fields = {"name": f"Fresh {key}", "currency": "EUR", "prices": [[amount_minor]]}
    node.write("offer", key, fields, site=node.site())


def finds(node: Node, words: str) -> list[tuple[str, int | None]]:
    page = node.search(Query(words=words, near=node.position))
    return [(one.name, one.amount_minor) for one in page.results]


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
            assert one.sentence() == (
                "The 1 neighbour that is switched on now has your newest prices."
            )
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


# --- the network part ---


async def test_join_while_the_daemon_runs_changes_the_network(
    memory: MemoryNetwork, shops: Any
) -> None:
    one, two = shops("one"), shops("two")
    sell(one, "bread")
    events: list[str] = []
    async with serving(Daemon(one), Daemon(two, on_event=events.append)) as (told, _):
        assert network(one) != network(two)
        two.join(told[0].ticket)
        await until(lambda: finds(two, "bread") == [("Fresh bread", 250)])
        assert network(one) == network(two)
        assert "This computer has joined another network." in events


async def test_join_changes_the_network_of_a_real_host_too(shops: Any) -> None:
    """The same socket is given up and taken again."""
    one, two = shops("one"), shops("two")
    sell(one, "bread")
    free = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = free.socket.getsockname()[1]
    await free.aclose()
    fixed = ServeOptions([f"/ip4/127.0.0.1/tcp/{port}"])
    async with serving(Daemon(one, ServeOptions([LOOPBACK])), Daemon(two, fixed)) as (told, _):
        two.join(told[0].ticket)
        await until(lambda: finds(two, "bread") == [("Fresh bread", 250)])
        state = two.daemon_state()
        assert state is not None
        assert state["addresses"] == told[1].addresses


async def test_a_peer_of_the_settings_is_dialled(memory: MemoryNetwork, shops: Any) -> None:
    one, two = shops("one"), shops("two")
    sell(one, "bread")
    async with serving(Daemon(one)) as (told, _):
        two.store.set_meta({"network": network(one)})
        async with serving(Daemon(two, ServeOptions(peers=told[0].addresses))):
            await until(lambda: finds(two, "bread"))


async def test_neighbours_are_found_again_without_a_ticket(
    memory: MemoryNetwork, shops: Any
) -> None:
    one, two = shops("one"), shops("two")
    async with serving(Daemon(one)) as (told, _):
        two.join(told[0].ticket)
        async with serving(Daemon(two)):
            await until(two.peers)
            await until(lambda: any(heard for *_, heard in two.store.addresses()))
        sell(one, "bread")
        async with serving(Daemon(two)):
            await until(lambda: finds(two, "bread"))


async def test_search_goes_on_while_the_network_part_dies(
    shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedretail.p2p.supervisor._RESTART_S", 0.01)
    net, deaths = MemoryNetwork(), []

    class Dying:
        """A transport whose host dies once it has been up."""

        def __init__(self, node: Node) -> None:
            self._inner = net.transport(node.keyring.device_seed)
            self.die = trio.Event()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        async def serve(self, handler: Any, *, task_status: Any) -> None:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._inner.serve, handler)
                task_status.started()
                await self.die.wait()
                self.die = trio.Event()
                deaths.append(1)
                raise PeerError("The network part stopped.")

    transports: list[Dying] = []

    def made(self: Daemon) -> Dying:
        transports.append(Dying(self.node))
        return transports[-1]

    monkeypatch.setattr(Daemon, "_transport", made)
    shop = shops("one")
    daemon = Daemon(shop)
    async with serving(daemon):
        sell(shop, "bread")
        for name in ("rolls", "cake", "cheese"):
            before = len(deaths)
            transports[0].die.set()
            with trio.fail_after(PATIENCE_S):
                while len(deaths) == before:
                    await trio.sleep(0.01)
            sell(shop, name)
            await until(partial(finds, shop, name))
        await until(lambda: daemon.statistics()["restarts"] == 3)
        assert shop.daemon_state()


async def test_a_failure_of_the_network_part_begins_it_anew(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "NOTE_S", 0.01)
    shop, calls = shops("one"), []

    def failing(node: Node) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise Unavailable("The disk does not answer.")
        return network(node)

    monkeypatch.setattr("fedretail.daemon.network", failing)
    async with serving(Daemon(shop)):
        sell(shop, "bread")
        await until(lambda: calls)
        with trio.fail_after(PATIENCE_S):
            while len(calls) < 2:
                # Each write makes the daemon look again which network this is.
                sell(shop, f"more{len(calls)}")
                await trio.sleep(0.02)
        assert shop.daemon_state()


async def test_a_nearly_full_disk_takes_nothing_from_others_but_own_edits(
    memory: MemoryNetwork, shops: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = shops("one"), shops("two")
    (two.path / "config.toml").write_text(f"disk_reserve_mb = {10**9}\n", encoding="utf-8")
    one.import_file(write_prices(tmp_path / "list.csv", prices(30)), ImportOptions(one.site()))
    async with serving(Daemon(one)) as (told, _):
        two.join(told[0].ticket)
        async with serving(Daemon(two)):
            await until(lambda: "There is no room" in caplog.text)
            sell(two, "bread")
            await until(lambda: finds(two, "bread"))
            assert not [one for one, _ in two.records("offer") if one.owner != two.owner]


async def test_a_day_that_is_used_up_takes_nothing_from_others(
    memory: MemoryNetwork, shops: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = shops("one"), shops("two")
    (two.path / "config.toml").write_text("max_down_mb_per_day = 1\n", encoding="utf-8")
    two.store.note(RECEIVED, [two.clock.now_ms() // (24 * 3600 * 1000), 1_000_000])
    one.import_file(write_prices(tmp_path / "list.csv", prices(30)), ImportOptions(one.site()))
    async with serving(Daemon(one)) as (told, _):
        two.join(told[0].ticket)
        async with serving(Daemon(two)):
            await until(lambda: "There is no room" in caplog.text)
            sell(two, "bread")
            await until(lambda: finds(two, "bread"))
            assert not [one for one, _ in two.records("offer") if one.owner != two.owner]


async def test_a_session_that_has_worked_does_not_hold_up_the_network(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may hold the write lock for long: only one thread waits for it."""
    one, two = shops("one"), shops("two")
    free, asked = threading.Event(), threading.Event()
    plain = two.store.heard

    def slow(address: str) -> None:
        asked.set()
        assert free.wait(PATIENCE_S)
        plain(address)

    monkeypatch.setattr(two.store, "heard", slow)
    async with serving(Daemon(one)) as (told, _):
        two.join(told[0].ticket)
        async with serving(Daemon(two)):
            await until(asked.is_set)
            sell(one, "bread")
            await until(lambda: finds(two, "bread"))
            free.set()


# --- time ---


async def test_upkeep_runs_while_the_daemon_does(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stamps that mature reach the index; a day later there is a sign of life."""
    monkeypatch.setattr(daemon_module, "UPKEEP_S", 0.02)
    monkeypatch.setattr(daemon_module, "NOTE_S", 0.1)
    here, ahead = ManualClock(), ManualClock()
    ahead.advance(30 * 60 * 1000)
    one, two = shops("one", here), shops("two", ahead)
    async with serving(Daemon(one)) as (told, _):
        two.join(told[0].ticket)
        async with serving(Daemon(two)):
            sell(two, "bread")
            await until(lambda: len(one.store.heads()) == 4)
            await until(lambda: [peer["has_mine"] for peer in two.peers()] == [True])
            assert finds(one, "bread") == []
            here.advance(30 * 60 * 1000)
            await until(lambda: finds(one, "bread"))
            seen = one.store.seen_at(one.owner, "member")
            here.advance(RENEW_MS)
            ahead.advance(RENEW_MS)
            await until(lambda: one.store.seen_at(one.owner, "member") > seen)


async def test_upkeep_that_fails_is_tried_again(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "UPKEEP_S", 0.01)
    shop, tries = shops("one"), []

    def failing() -> None:
        tries.append(1)
        raise Unavailable("The disk does not answer.")

    monkeypatch.setattr(shop.store, "prune", failing)
    async with serving(Daemon(shop)):
        await until(lambda: len(tries) > 2)
        sell(shop, "bread")
        await until(lambda: finds(shop, "bread"))


async def test_a_clock_that_is_off_is_corrected_and_told(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two neighbours agree that it is an hour later: an offer of the last hour has ended."""
    monkeypatch.setattr(daemon_module, "LOOK_S", 0.02)
    late, right = ManualClock(), ManualClock()
    right.advance(3600 * 1000)
    shop, others = shops("late", late), [shops("two", right), shops("three", right)]
    until_ms = late.now_ms() + 30 * 60 * 1000
    fields = {"name": "Fresh bread", "currency": "EUR", "prices": [[99, None, until_ms], [250]]}
    shop.write("offer", "bread", fields, site=shop.site())
    assert finds(shop, "bread") == [("Fresh bread", 99)]
    async with serving(Daemon(shop)) as (told, _):
        for other in others:
            other.join(told[0].ticket)
        async with serving(*map(Daemon, others)):
            await until(lambda: shop.status()["clock_offset_ms"] == 3600 * 1000)
            assert finds(shop, "bread") == [("Fresh bread", 250)]
            assert shop.time.now_ms() == right.now_ms()
    assert finds(shop, "bread") == [("Fresh bread", 99)]


async def test_a_record_that_the_index_stumbles_over_does_not_end_the_daemon(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "NOTE_S", 0.01)
    shop = shops("one")
    follow, failures = shop.index.follow, [ValueError("never thought of")] * 3

    def stumbling(**limits: Any) -> int:
        if failures:
            raise failures.pop()
        return int(follow(**limits))

    monkeypatch.setattr(shop.index, "follow", stumbling)
    async with serving(Daemon(shop)):
        shop.write("offer", "bread", {"name": "Bread"}, site=shop.site())
        await until(lambda: not failures and not shop.index.lag())


# --- many nodes on one store ---


async def test_threads_and_the_daemon_share_a_store(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with Node.open(shop.path) as node:
                for n in range(15):
                    sell(node, f"t{number}n{n}")
                    finds(node, "fresh")
                    node.status()
        except BaseException as error:  # noqa: BLE001 - told by the test
            errors.append(error)

    async with serving(Daemon(shop)):
        async with trio.open_nursery() as nursery:
            for number in range(4):
                nursery.start_soon(trio.to_thread.run_sync, work, number)
        assert errors == []
        await until(lambda: shop.status()["offers"] == 60)
    assert not [found for _, found in shop.check() if found]


@pytest.mark.process
async def test_processes_and_the_daemon_share_a_store(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    script = """
import sys
from fedretail import Node
from fedretail.index.query import Query
with Node.open(sys.argv[1]) as node:
    for n in range(20):
        fields = {"name": f"Fresh {sys.argv[2]} {n}", "currency": "EUR", "prices": [[100 + n]]}
        node.write("offer", f"{sys.argv[2]}{n}", fields, site=node.site())
        node.search(Query(words="fresh"))
assert not [one for one in sys.modules if one.split(".")[0] in ("libp2p", "trio")]
"""
    async with serving(Daemon(shop)):
        async with trio.open_nursery() as nursery:
            for name in ("a", "b", "c"):
                command = [sys.executable, "-c", script, str(shop.path), name]
                nursery.start_soon(trio.run_process, command)
        await until(lambda: shop.status()["offers"] == 60)
    assert not [found for _, found in shop.check() if found]


# --- beginning and ending a process ---


RUN = """
import sys
from pathlib import Path
from fedretail.daemon import ServeOptions, run
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
    with pytest.raises(FedretailError, match="no address to listen on"):
        run(shops("one").path, ServeOptions(["/dns4/example.org/tcp/1"]), print)


def test_ours_tells_reasons_from_faults() -> None:
    one, two = Refused("no"), Unavailable("gone")
    assert ours(ExceptionGroup("", [one])) is one
    assert ours(ExceptionGroup("", [ExceptionGroup("", [two]), one])) is two
    assert ours(ExceptionGroup("", [one, ValueError()])) is None
    assert ours(BaseExceptionGroup("", [one, KeyboardInterrupt()])) is None
    assert isinstance(ours(ExceptionGroup("", [BugError("")])), BugError)


# --- embedding ---


async def test_running_in_a_trio_program(shops: Any) -> None:
    one, two = shops("one"), shops("two")
    sell(one, "bread")
    async with fedretail.running(one, listen=[LOOPBACK]):
        two.join(one.ticket())
        async with fedretail.running(two, listen=[LOOPBACK]):
            await until(lambda: finds(two, "bread"))
    # The nodes go on as they were, without a network.
    sell(two, "rolls")
    assert finds(two, "rolls")
    assert finds(two, "bread")


async def test_an_error_in_the_block_comes_out_as_it_is(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    with pytest.raises(ZeroDivisionError):
        async with running(shop):
            1 / 0  # noqa: B018
    assert shop.daemon_state() is None


async def test_a_daemon_that_cannot_start_says_why(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    async with running(shop):
        with Node.open(shop.path) as again, pytest.raises(Refused, match="already"):
            async with running(again):
                pytest.fail("two daemons on one store")


@pytest.mark.process
def test_importing_fedretail_and_searching_load_no_network(shops: Any) -> None:
    script = (
        "import sys, fedretail\n"
        "from fedretail.index.query import Query\n"
        "assert 'numpy' not in sys.modules\n"
        "fedretail.Node.open(sys.argv[1]).search(Query(words='bread'))\n"
        "print([one for one in sys.modules if one in ('libp2p', 'trio', 'fastapi')])\n"
    )
    command = [sys.executable, "-c", script, str(shops("one").path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


# --- the examples of docs/how-to/embed.md ---


def examples() -> list[str]:
    """The Python programs of the page, in order."""
    page = Path(__file__).resolve().parent.parent / "docs" / "how-to" / "embed.md"
    blocks = page.read_text(encoding="utf-8").split("```python\n")[1:]
    return [block.split("```")[0] for block in blocks]


def run_example(program: str, shop: Node) -> str:
    command = [sys.executable, "-c", program, str(shop.path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert not done.stderr, done.stderr
    assert done.returncode == 0
    return done.stdout


@pytest.mark.process
def test_the_examples_of_the_page_on_embedding(shops: Any, tmp_path: Path) -> None:
    shop = shops("one")
    search, take, serve = examples()
    out = run_example(search, shop)
    assert out == f"{shop.site().id}/bread-1000 Rye bread 1 kg 380 EUR\n"
    assert shop.store.own(shop.place("offer", "bread-1000", shop.site())) == {"stock_count": 12}
    names: dict[str, Any] = {}
    exec(take, names)  # noqa: S102 - our own page
    path = write_prices(tmp_path / "list.csv", [*prices(3), ["B", "Bad", "?"]])
    assert names["take"](shop, path) == "3 new, 0 changed, 1 to mend"
    ticket, connections = run_example(serve, shop).splitlines()
    assert ticket.startswith("fr1-")
    assert connections == "0 connections"
    assert shop.daemon_state() is None
