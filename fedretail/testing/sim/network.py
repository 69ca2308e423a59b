"""The network of a run: loss that delays, jitter, cut lines, silent deaths, slow readers, a tap."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Never

import trio

from fedretail.errors import Unavailable
from fedretail.p2p.transport import Handler, Stream
from fedretail.testing.memory_network import Link, MemoryNetwork, MemoryTransport
from fedretail.testing.sim.world import World

# A lost piece comes again after this long, twice that when it is lost again, as TCP does.
RESEND_S = 0.2
# Pieces of a line that loses that much are lost five times in a row at most.
_MOST_LOST = 5


class LossyLink(Link):
    """A direction between two peers on which pieces are delayed, and lost and sent again."""

    world: World

    def delay_s(self) -> float:
        """How long the next piece is under way."""
        delay_s = self.latency_s * (0.5 + self.world.choose.random())
        again_s = RESEND_S
        for _ in range(_MOST_LOST):
            if not self.world.happens(self.world.knobs.loss):
                break
            self.world.counts["pieces lost"] += 1
            delay_s += again_s
            again_s *= 2
        return delay_s


class SimNetwork(MemoryNetwork):
    """A MemoryNetwork whose lines are as bad as the world's knobs say."""

    def __init__(self, world: World) -> None:
        super().__init__(latency_s=0.02)
        # Node names by peer id.
        self.names: dict[str, str] = {}
        self._world = world
        self._silent: set[str] = set()
        self._parted: set[tuple[str, str]] = set()

    def new_link(self) -> Link:
        """A line of its own distance."""
        link = LossyLink(self.latency_s * self._world.choose.choice([0.1, 1, 5]))
        link.world = self._world
        return link

    def part(self, source: str, target: str) -> None:
        """Nothing goes from one peer to another until `mend`."""
        self._parted.add((source, target))
        self.cut(source, target)

    def hang(self, source: str, target: str) -> None:
        """What is under way on open streams never arrives, and nobody is told; new ones work."""
        link = self.link(source, target)
        dead = self.new_link()
        dead.cut_since_s = trio.current_time()
        dead.pipes, link.pipes = link.pipes, {}
        for pipe in dead.pipes:
            pipe.link = dead
        dead.wake()

    def mend(self) -> None:
        """All partitions end."""
        self._parted.clear()
        self._restore()

    def silence(self, peer: str) -> None:
        """A peer is without power, or asleep: nothing reaches it or comes from it."""
        self._silent.add(peer)
        for other in self.peers:
            self.partition(peer, other)

    def awaken(self, peer: str, *, is_new: bool) -> None:
        """A peer is back; `is_new`: it knows nothing of the connections it had."""
        self._silent.discard(peer)
        for other in self.peers:
            if is_new:
                self.lose(peer, other)
        self._restore()

    def _restore(self) -> None:
        """Let go through what nothing holds back any more."""
        for (source, target), link in self._links.items():
            is_cut = (source, target) in self._parted or not self._silent.isdisjoint(
                (source, target)
            )
            if link.cut_since_s is not None and not is_cut:
                link.cut_since_s = None
                link.wake()


class SimStream:
    """A stream of a node; what it sends passes its tap, and it reads as slowly as its node."""

    def __init__(self, inner: Stream, owner: "SimTransport") -> None:
        self._inner = inner
        self._owner = owner
        self._tap = owner.new_tap(inner)

    @property
    def peer_id(self) -> str:
        """The peer's id."""
        return self._inner.peer_id

    @property
    def peer_key(self) -> bytes:
        """The peer's key."""
        return self._inner.peer_key

    async def send(self, data: bytes) -> None:
        """Send what the tap leaves of `data`."""
        await self._inner.send(self._tap(data))

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """The next bytes, late where the node is slow."""
        if self._owner.slowness_s:
            await trio.sleep(self._owner.slowness_s)
            max_bytes = min(max_bytes, 4096)
        return await self._inner.receive(max_bytes)

    async def close(self) -> None:
        """End the sending side."""
        await self._inner.close()

    async def reset(self) -> None:
        """Tear the stream down."""
        await self._inner.reset()


class SimTransport:
    """The transport of one node, over a device of the network that survives restarts."""

    def __init__(
        self,
        device: MemoryTransport,
        new_tap: Callable[[Stream], Callable[[bytes], bytes]],
        *,
        is_off: Callable[[], bool],
    ) -> None:
        self.peer_id = device.peer_id
        self.peer_key = device.peer_key
        self.new_tap = new_tap
        self.slowness_s = 0.0
        self._is_off = is_off
        self._device = device

    def addresses(self) -> list[str]:
        """Where this node is reached."""
        return self._device.addresses()

    async def serve(
        self, handler: Handler, *, task_status: trio.TaskStatus[Any] = trio.TASK_STATUS_IGNORED
    ) -> Never:
        """Runs until cancelled."""
        await self._device.serve(partial(self._handle, handler), task_status=task_status)

    async def _handle(self, handler: Callable[[Stream], Awaitable[None]], stream: Stream) -> None:
        await handler(SimStream(stream, self))

    async def connect(self, address: str) -> Stream:
        """A new stream to the peer that `address` names."""
        if self._is_off():
            raise Unavailable("This computer is asleep.")
        return SimStream(await self._device.connect(address), self)

    async def disconnect(self, peer_id: str) -> None:
        """Drop the streams to a peer."""
        await self._device.disconnect(peer_id)

    def statistics(self) -> dict[str, int | float]:
        """Counters since the start."""
        return self._device.statistics()
