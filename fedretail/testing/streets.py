"""Whole nodes on a network in memory: machines that are switched on and off, and their street."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from fedretail.p2p.effects import Effect, Moved
from fedretail.p2p.service import SyncService
from fedretail.p2p.session import State
from fedretail.store.commits import Edit
from fedretail.testing import builders
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import Neighbour
from fedretail.testing.memory_network import MemoryNetwork


class TrioClock:
    """The wall clock of a machine, which trio's clock moves; `jump_ms` puts it wrong."""

    def __init__(self) -> None:
        self.jump_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return ManualClock.START_MS + self.jump_ms + int(trio.current_time() * 1000)


class Machine:
    """A shop's computer: its store, its place on the network, and its service while it runs."""

    def __init__(self, street: "Street", name: str, transport: Any = None) -> None:
        self.shop = builders.shop(name)
        self.street = street
        self.clock = TrioClock()
        store = builders.new_store(street.folder, name, clock=ManualClock())
        store.add_auth(self.shop.grants)
        store.set_meta({"owner": self.shop.owner, "device": self.shop.devices[0].public})
        self.node = Neighbour(store, name)
        self.transport: Any = transport or street.net.transport(self.shop.devices[0].public)
        self.known: list[str] = []
        self.effects: list[tuple[float, Effect]] = []
        self.service: SyncService = self._service()
        self._running: trio.CancelScope | None = None

    def _service(self) -> SyncService:
        one = SyncService(
            self.node.mirror,
            self.transport,
            me=(self.node.network, self.node.me().store),
            clock=self.clock,
            random=lambda: 0.5,
            data_version=self.node.store.data_version,
            in_threads=self.street.in_threads,
        )
        one.on_effect = lambda link, effect: self.effects.append((trio.current_time(), effect))
        return one

    async def start(self) -> None:
        """Switch it on, with its store as it was left."""
        self.node = Neighbour(self.node.store, self.node.name, network=self.node.network)
        self.service = self._service()
        self._running = trio.CancelScope()

        async def run(task_status: trio.TaskStatus[list[str]]) -> None:
            assert self._running is not None
            with self._running:
                await self.service.run(task_status=task_status)

        await self.street.nursery.start(run)
        for address in self.known:
            self.service.add_address(address, "ticket")

    def knows(self, other: "Machine") -> None:
        """Give it the other's address, as a ticket does."""
        self.known += other.transport.addresses()
        for address in other.transport.addresses():
            self.service.add_address(address, "ticket")

    def stop(self) -> None:
        """Switch it off."""
        assert self._running is not None
        self._running.cancel()

    def sell(self, number: int, amount_minor: int = 129) -> None:
        """Commit an offer."""
        edits = [Edit("offer", f"sku{number}", {"name": "Bread", "prices": [[amount_minor]]})]
        self.node.store.commit(self.shop.author(), builders.SITE, edits)

    def moves(self) -> list[float]:
        """When a log moved by a neighbour's word."""
        return [at_s for at_s, effect in self.effects if isinstance(effect, Moved)]

    def is_live(self, *others: "Machine") -> bool:
        """Whether there is a session past its first round with each of `others`."""
        links = self.service.links
        return {one.transport.peer_id for one in others} <= {
            peer for peer, link in links.items() if link.session.state is State.LIVE
        }


class Street:
    """Some machines on one network."""

    def __init__(
        self, folder: Path, nursery: trio.Nursery, *, in_threads: bool, latency_s: float = 0.02
    ) -> None:
        self.folder = folder
        self.nursery = nursery
        self.in_threads = in_threads
        self.net = MemoryNetwork(latency_s=latency_s)
        self.machines: list[Machine] = []

    async def open(self, *names: str, transport: Any = None) -> list[Machine]:
        """New machines that run and know nobody."""
        new = [Machine(self, name, transport) for name in names]
        for one in new:
            await one.start()
        self.machines += new
        return new

    async def pair(self, *offers: int) -> list[Machine]:
        """Two new machines that have met, the first with these offers."""
        a, b = await self.open("a", "b")
        for number in offers:
            a.sell(number)
        b.knows(a)
        await until(lambda: self.agree(a, b) and b.is_live(a))
        return [a, b]

    def agree(self, *machines: Machine) -> bool:
        """Whether all of them (none named: all of the street) hold the same heads."""
        first, *others = machines or self.machines
        return all(one.node.state() == first.node.state() for one in others)


async def until(holds: Callable[[], Any], within_s: float = 120.0) -> float:
    """Wait until something holds; the seconds that took."""
    start_s = trio.current_time()
    with trio.fail_after(within_s):
        while not holds():
            await trio.sleep(0.05)
    return trio.current_time() - start_s


@asynccontextmanager
async def street(folder: Path, *, in_threads: bool = False) -> AsyncIterator[Street]:
    """A street with its stores in `folder`; everything ends with the block."""
    async with trio.open_nursery() as nursery:
        yield Street(folder, nursery, in_threads=in_threads)
        nursery.cancel_scope.cancel()
