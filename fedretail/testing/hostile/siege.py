"""A daemon under attack, as honest people see it: does it answer, search, and keep its size.

The attackers run in this process, over real sockets. Each attack comes from an address of its own
(127.0.1.1, 127.0.1.2, ...), as a node takes no more than sixteen connections from one; honest
peers come from another again. Only Linux has all these addresses.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import trio

from fedretail.clock import SystemClock
from fedretail.index.query import Query
from fedretail.node.networks import network
from fedretail.node.node import Node
from fedretail.p2p import wire
from fedretail.p2p.address import parse_peer
from fedretail.p2p.effects import Effect, Synced
from fedretail.p2p.host import Libp2pTransport
from fedretail.p2p.link import Link
from fedretail.p2p.session import Session
from fedretail.p2p.transport import Stream
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import Neighbour
from fedretail.testing.hostile.served import Served
from fedretail.testing.loopback import Line
from fedretail.testing.nodes import new_shop

OFFERS = 40
# An honest peer that waits longer than this for the whole shop would take it for switched off.
PATIENCE_S = 10.0
# What a daemon may grow by under everything together: 256 connections of 64 KB, 4 MiB of unread
# bytes in some, and what Python keeps.
MAX_GROWTH_BYTES = 150 * 1024 * 1024
_LOOK_S = 0.02


class Health(NamedTuple):
    """How a daemon does: seconds for an honest peer's sync, bytes in memory, what is wrong."""

    answer_s: float
    memory: int
    faults: tuple[str, ...]


class Siege:
    """A running daemon, and what attackers and honest peers need of it."""

    def __init__(self, served: Served, node: Node, nursery: trio.Nursery) -> None:
        self.served = served
        self.node = node
        self.nursery = nursery
        state = served.wait(node)
        where = parse_peer(state["addresses"][0])
        self.port, self.peer_id = where.port, where.peer_id
        self.network = network(node) or b""
        self._memory = served.memory()
        self._origins = 0

    def hello(self) -> wire.Hello:
        """A greeting that fits."""
        store, nonce = secrets.token_bytes(16), secrets.token_bytes(16)
        return wire.Hello(1, 1, self.network, store, nonce, self.node.clock.now_ms(), [], [])

    def origin(self) -> str:
        """An address that nobody has called from."""
        self._origins += 1
        return f"127.0.{1 + self._origins // 250}.{1 + self._origins % 250}"

    async def tcp(self, origin: str) -> trio.SocketStream:
        """A bare TCP connection to the daemon."""
        return await trio.open_tcp_stream("127.0.0.1", self.port, local_address=origin)

    async def line(self, origin: str) -> Line:
        """A relay to the daemon that can go dead; calls over it come from `origin`."""
        line = Line()
        await self.nursery.start(lambda **kw: line.serve(self.port, source=origin, **kw))
        return line

    async def device(self) -> Libp2pTransport:
        """A device of a stranger that can dial."""
        device = Libp2pTransport(secrets.token_bytes(32), [])
        await self.nursery.start(device.serve, _no_calls)
        return device

    def address(self, line: Line) -> str:
        """Where the daemon is reached over that line."""
        return f"/ip4/127.0.0.1/tcp/{line.port}/p2p/{self.peer_id}"

    async def connection(self, device: Libp2pTransport, line: Line) -> Any:
        """A new libp2p connection, without our wrapper."""
        return await device._serving()._dial(parse_peer(self.address(line)))

    async def stream(self) -> Stream:
        """A sync stream of a stranger of its own, from an address of its own."""
        return await (await self.device()).connect(self.address(await self.line(self.origin())))

    def counted(self, name: str) -> int:
        """A number of the daemon's statistics, some seconds old at most."""
        state = self.node.daemon_state() or {"statistics": {}}
        return int(state["statistics"].get(name, 0))

    async def health(self) -> Health:
        """How the daemon does now."""
        faults = []
        answer_s = await self._honest()
        if answer_s > PATIENCE_S:
            faults.append(f"an honest peer had no sync in {PATIENCE_S:.0f} s")
        found = await trio.to_thread.run_sync(
            lambda: self.node.search(Query(words="article", limit=5)).total
        )
        if found < OFFERS:
            faults.append(f"search finds {found} offers of {OFFERS}")
        if not self.served.is_alive:
            return Health(answer_s, 0, (*faults, "the daemon is gone"))
        memory = self.served.memory()
        if memory - self._memory > MAX_GROWTH_BYTES:
            faults.append(f"the daemon has grown by {memory - self._memory >> 20} MB")
        if "Traceback" in self.served.said():
            faults.append(f"the daemon has failed somewhere: {self.served.said()[-1500:]}")
        return Health(answer_s, memory, tuple(faults))

    async def _honest(self) -> float:
        """Seconds until a new peer holds the whole shop; more than PATIENCE_S: it does not."""
        started = trio.current_time()
        with trio.move_on_after(PATIENCE_S + 1), TemporaryDirectory() as folder:
            store = builders.new_store(Path(folder), "honest", clock=ManualClock())
            try:
                await self._sync(Neighbour(store, "honest", network=self.network))
            finally:
                store.close()
        return trio.current_time() - started

    async def _sync(self, neighbour: Neighbour) -> None:
        while True:
            try:
                stream = await self.stream()
                break
            except Exception:  # noqa: BLE001 - refused for the moment: an honest peer tries again
                await trio.sleep(0.1)
        me = neighbour.me()._replace(nonce=secrets.token_bytes(16), store=secrets.token_bytes(16))
        session = Session(me, neighbour.mirror, neighbour.fetches)
        link = Link(stream, session, clock=self.node.clock, address="")
        is_done = trio.Event()

        async def report(_: Link, effect: Effect) -> None:
            if isinstance(effect, Synced):
                is_done.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.run, report, trio.to_thread.run_sync)
            await is_done.wait()
            # What was written a moment ago, the daemon notices a moment later.
            while _heads(neighbour.store) != _heads(self.node.store):
                await trio.sleep(_LOOK_S)
            nursery.cancel_scope.cancel()


def _heads(store: Store) -> set[bytes]:
    return {raw for _, _, raw in store.heads()}


Attack = Callable[[Siege], Awaitable[None]]


async def _no_calls(stream: Stream) -> None:
    await stream.reset()


@asynccontextmanager
async def besieged(folder: Path) -> AsyncIterator[Siege]:
    """A daemon of a shop with OFFERS offers; it and all attackers end with the block."""
    with new_shop(folder / "shop", clock=SystemClock()) as node:
        fields = {"currency": "EUR", "prices": [[250]]}
        edits = [
            Edit("offer", f"A{number}", {"name": f"Article number {number}", **fields})
            for number in range(OFFERS)
        ]
        node.commit(node.site().id, edits)
        node.follow()
        with Served(node.path) as served:
            async with trio.open_nursery() as nursery:
                yield Siege(served, node, nursery)
                nursery.cancel_scope.cancel()
