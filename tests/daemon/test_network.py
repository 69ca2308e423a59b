"""The daemon's network part: it is joined, dies and comes back, and search goes on meanwhile."""

import threading
from functools import partial
from typing import Any

import pytest
import trio

from fedretail.daemon import daemon as daemon_module
from fedretail.daemon.daemon import Daemon, ServeOptions
from fedretail.errors import PeerError, Unavailable
from fedretail.node.import_report import ImportOptions
from fedretail.node.networks import network
from fedretail.node.node import Node
from fedretail.node.room import RECEIVED
from fedretail.testing.daemons import PATIENCE_S, serving, until
from fedretail.testing.loopback import LOOPBACK
from fedretail.testing.memory_network import MemoryNetwork
from fedretail.testing.nodes import finds, prices, sell, write_prices


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

    monkeypatch.setattr("fedretail.daemon.daemon.network", failing)
    async with serving(Daemon(shop)):
        sell(shop, "bread")
        await until(lambda: calls)
        with trio.fail_after(PATIENCE_S):
            while len(calls) < 2:
                # Each write makes the daemon look again which network this is.
                sell(shop, f"more{len(calls)}")
                await trio.sleep(0.02)
        assert shop.daemon_state()


async def takes_own_edits_alone(one: Node, two: Node, caplog: pytest.LogCaptureFixture) -> None:
    """The second has no room for the first one's list, and finds what it writes itself."""
    path = write_prices(one.path / "list.csv", prices(30))
    one.import_file(path, ImportOptions(one.site()))
    async with serving(Daemon(one)) as (told, _):
        two.join(told[0].ticket)
        async with serving(Daemon(two)):
            await until(lambda: "There is no room" in caplog.text)
            sell(two, "bread")
            await until(lambda: finds(two, "bread"))
            assert not [one for one, _ in two.records("offer") if one.owner != two.owner]


async def test_a_nearly_full_disk_takes_nothing_from_others_but_own_edits(
    memory: MemoryNetwork, shops: Any, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = shops("one"), shops("two")
    (two.path / "config.toml").write_text(f"disk_reserve_mb = {10**9}\n", encoding="utf-8")
    await takes_own_edits_alone(one, two, caplog)


async def test_a_day_that_is_used_up_takes_nothing_from_others(
    memory: MemoryNetwork, shops: Any, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = shops("one"), shops("two")
    (two.path / "config.toml").write_text("max_down_mb_per_day = 1\n", encoding="utf-8")
    two.store.note(RECEIVED, [two.clock.now_ms() // (24 * 3600 * 1000), 1_000_000])
    await takes_own_edits_alone(one, two, caplog)


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
