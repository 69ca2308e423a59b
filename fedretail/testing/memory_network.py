"""A network inside one process: latency, partitions, lost connections, no sockets.

For tests and the simulator. Time is trio's, so under `trio.testing.MockClock` hours pass in
milliseconds; what arrives when depends on nothing but the calls made and that clock. It behaves
as TCP does towards its users:

- bytes of one stream arrive in order or not at all; a full buffer stops the sender;
- a partition holds bytes back; when it heals they arrive, unless it lasted so long that the
  peer was given up (`Limits.ping_after_s + ping_wait_s`, as the watchdog of the real host does);
- `lose` breaks the connections between two peers at once.

Addresses look like real ones (`/ip4/10.0.0.1/tcp/4001/p2p/…`), numbered in order of creation.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Never

import trio

from fedretail.crdt.keys import SigningKey
from fedretail.errors import PeerError, Unavailable
from fedretail.p2p.address import Address, parse_peer, peer_id_of
from fedretail.p2p.transport import PROTOCOL, Handler, Limits, Stream

# A frame of the session is at most 256 KiB; smaller pieces let a partition fall inside one.
_PIECE_BYTES = 16 * 1024
_PORT = 4001


@dataclass(eq=False, slots=True)
class Link:
    """One direction between two peers: its latency, since when it is cut, bytes carried."""

    latency_s: float
    cut_since_s: float | None = None
    bytes: int = 0
    # A dict for its order: who is woken first must not depend on where objects lie in memory.
    pipes: "dict[_Pipe, None]" = field(default_factory=dict)

    def delay_s(self) -> float:
        """How long the next piece is under way; a later one never arrives before it."""
        return self.latency_s

    def wake(self) -> None:
        """Lets everyone who waits on this direction look again."""
        for pipe in self.pipes:
            pipe.lot.unpark_all()


@dataclass(eq=False)
class _Pipe:
    """One direction of a stream: pieces with the time at which they arrive."""

    link: Link
    capacity_bytes: int
    patience_s: float
    pieces: deque[tuple[float, bytes]] = field(default_factory=deque)
    held_bytes: int = 0
    ends_at_s: float = math.inf
    broken: bool = False
    lot: trio.lowlevel.ParkingLot = field(default_factory=trio.lowlevel.ParkingLot)

    async def put(self, data: bytes) -> None:
        for start in range(0, len(data), _PIECE_BYTES):
            piece = data[start : start + _PIECE_BYTES]
            while self.held_bytes >= self.capacity_bytes and not self.broken:
                await self._wait(math.inf)
            if self.broken or self.ends_at_s < math.inf:
                raise PeerError("The connection to the peer is lost.")
            self.pieces.append((trio.current_time() + self.link.delay_s(), piece))
            self.held_bytes += len(piece)
            self.link.bytes += len(piece)
            self.lot.unpark_all()
        await trio.lowlevel.checkpoint()

    async def take(self, max_bytes: int) -> bytes:
        await trio.lowlevel.checkpoint()
        while not self.broken:
            due_s = self.pieces[0][0] if self.pieces else self.ends_at_s
            if self.link.cut_since_s is None and due_s <= trio.current_time():
                if self.pieces:
                    return self._first(max_bytes)
                self.link.pipes.pop(self, None)
                return b""
            await self._wait(due_s)
        raise PeerError("The connection to the peer is lost.")

    def _first(self, max_bytes: int) -> bytes:
        due_s, piece = self.pieces.popleft()
        if len(piece) > max_bytes:
            self.pieces.appendleft((due_s, piece[max_bytes:]))
            piece = piece[:max_bytes]
        self.held_bytes -= len(piece)
        self.lot.unpark_all()
        return piece

    async def _wait(self, due_s: float) -> None:
        """Until something changed, `due_s`, or patience with a partition is at its end."""
        cut_s = self.link.cut_since_s
        until_s = due_s if cut_s is None else cut_s + self.patience_s
        with trio.move_on_at(until_s):
            await self.lot.park()
        if cut_s is not None and cut_s == self.link.cut_since_s:
            self.broken = trio.current_time() >= until_s

    def finish(self) -> None:
        self.ends_at_s = min(self.ends_at_s, trio.current_time() + self.link.latency_s)
        self.lot.unpark_all()

    def break_off(self) -> None:
        self.broken = True
        self.link.pipes.pop(self, None)
        self.lot.unpark_all()


class MemoryStream:
    """One end of a stream in memory; see `transport.Stream`."""

    def __init__(self, owner: "MemoryTransport", peer: "MemoryTransport", pipes: "_Pair") -> None:
        self.peer_id = peer.peer_id
        self.peer_key = peer.peer_key
        self._owner = owner
        self._incoming, self._outgoing = pipes
        self._closed = False

    async def send(self, data: bytes) -> None:
        """Hands data over; resets the stream when that fails or is cancelled."""
        try:
            with trio.fail_after(self._owner.limits.stall_s):
                await self._outgoing.put(data)
        except trio.TooSlowError:
            self._break()
            raise PeerError("The peer does not take data any more.") from None
        except BaseException:
            self._break()
            raise
        self._owner.count["bytes_out"] += len(data)

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """The next bytes, b"" at the end, PeerError when the connection is lost."""
        try:
            data = await self._incoming.take(max_bytes)
        except PeerError:
            self._break()
            raise
        self._owner.count["bytes_in"] += len(data)
        if not data and self._closed:
            self._owner.streams.pop(self, None)
        return data

    async def close(self) -> None:
        """Ends the sending side after what was sent; `receive` goes on."""
        self._closed = True
        self._outgoing.finish()
        await trio.lowlevel.cancel_shielded_checkpoint()

    async def reset(self) -> None:
        """Breaks both directions at once."""
        self._break()
        await trio.lowlevel.cancel_shielded_checkpoint()

    def _break(self) -> None:
        self._incoming.break_off()
        self._outgoing.break_off()
        self._owner.streams.pop(self, None)


_Pair = tuple[_Pipe, _Pipe]


class MemoryNetwork:
    """All peers and links of one process; the faults are its methods."""

    def __init__(
        self,
        *,
        latency_s: float = 0.0,
        buffer_bytes: int = 256 * 1024,
        limits: Limits | None = None,
    ) -> None:
        self.latency_s = latency_s
        self.buffer_bytes = buffer_bytes
        self.limits = limits or Limits()
        self.peers: dict[str, MemoryTransport] = {}
        self._links: dict[tuple[str, str], Link] = {}

    def transport(self, device_seed: bytes) -> "MemoryTransport":
        """A new device on this network with the key of that 32-byte seed."""
        high, low = divmod(len(self.peers) + 1, 256)
        peer = MemoryTransport(self, device_seed, host=f"10.0.{high}.{low}")
        self.peers[peer.peer_id] = peer
        return peer

    def link(self, source: str, target: str) -> Link:
        """The direction from one peer id to another; its latency may be set."""
        present = self._links.get((source, target))
        if present is None:
            present = self._links[source, target] = self.new_link()
        return present

    def new_link(self) -> Link:
        """A direction between two peers that were never in touch; a subclass may make it bad."""
        return Link(self.latency_s)

    def cut(self, source: str, target: str) -> None:
        """Holds back, from now on, what `source` sends to `target` (one way only)."""
        link = self.link(source, target)
        if link.cut_since_s is None:
            link.cut_since_s = trio.current_time()
            link.wake()

    def partition(self, a: str, b: str) -> None:
        """Cuts both directions between two peers."""
        self.cut(a, b)
        self.cut(b, a)

    def heal(self) -> None:
        """Ends all cuts; what was held back arrives."""
        for link in self._links.values():
            link.cut_since_s = None
            link.wake()

    def lose(self, a: str, b: str) -> None:
        """Breaks all streams between two peers at once."""
        for pipe in [*self.link(a, b).pipes, *self.link(b, a).pipes]:
            pipe.break_off()

    def bytes(self) -> int:
        """Bytes carried by all links together."""
        return sum(link.bytes for link in self._links.values())

    def pipe(self, source: str, target: str) -> _Pipe:
        """A new direction of a stream."""
        link = self.link(source, target)
        patience_s = self.limits.ping_after_s + self.limits.ping_wait_s
        pipe = _Pipe(link, capacity_bytes=self.buffer_bytes, patience_s=patience_s)
        link.pipes[pipe] = None
        return pipe


class MemoryTransport:
    """A device on a MemoryNetwork; see `transport.Transport`."""

    def __init__(self, network: MemoryNetwork, device_seed: bytes, *, host: str) -> None:
        self.peer_key = SigningKey.from_seed(device_seed).public
        self.peer_id = peer_id_of(self.peer_key)
        self.limits = network.limits
        self.streams: dict[MemoryStream, None] = {}
        self.count = {"bytes_in": 0, "bytes_out": 0, "accepted": 0, "dialled": 0, "failed": 0}
        self._network = network
        self.place = Address("ip4", host, _PORT, self.peer_id)
        self._handlers: dict[str, Handler] = {}
        self._nursery: trio.Nursery | None = None

    def addresses(self) -> list[str]:
        """The one address of this device while it serves."""
        return [str(self.place)] if self._nursery else []

    async def serve(
        self, handler: Handler, *, task_status: trio.TaskStatus[Any] = trio.TASK_STATUS_IGNORED
    ) -> Never:
        """Accepts streams until cancelled; then all streams of this device break."""
        try:
            async with trio.open_nursery() as nursery:
                self._handlers[PROTOCOL], self._nursery = handler, nursery
                task_status.started()
                await trio.sleep_forever()
        finally:
            self._nursery = None
            for stream in list(self.streams):
                stream._break()
        raise AssertionError("unreachable: sleep_forever does not return")

    async def connect(self, address: str) -> Stream:
        """A new stream to that peer, after one round trip; Unavailable while it is cut off."""
        where = parse_peer(address)
        if where.peer_id == self.peer_id:
            raise Unavailable("That is the address of this device itself.")
        peer = self._find(where)
        there, back = (
            self._network.link(self.peer_id, where.peer_id),
            self._network.link(where.peer_id, self.peer_id),
        )
        with trio.move_on_after(self.limits.handshake_s):
            while there.cut_since_s is not None or back.cut_since_s is not None:
                await trio.sleep(self.limits.handshake_s / 100)
            await trio.sleep(there.latency_s + back.latency_s)
            if peer._nursery is None:
                raise self._nobody(where)
            return self._join(peer)
        raise self._nobody(where)

    def _find(self, where: Address) -> "MemoryTransport":
        for peer in self._network.peers.values():
            if peer.place.host == where.host and peer._nursery:
                if peer.peer_id != where.peer_id:
                    raise PeerError(f"Another machine answers at {where.place}.")
                return peer
        raise self._nobody(where)

    def handle(self, protocol: str, handler: Handler) -> None:
        """Serve incoming streams of another protocol too."""
        self._handlers[protocol] = handler

    async def open(self, peer_id: str, protocol: str) -> Stream:
        """A new stream to a peer that there is a stream to, after one round trip."""
        if not any(stream.peer_id == peer_id for stream in self.streams):
            raise Unavailable("There is no connection to that peer.")
        peer, there = self._network.peers[peer_id], self._network.link(self.peer_id, peer_id)
        await trio.sleep(there.latency_s + self._network.link(peer_id, self.peer_id).latency_s)
        if peer._nursery is None or there.cut_since_s is not None:
            raise Unavailable("There is no connection to that peer any more.")
        if protocol not in peer._handlers:
            raise PeerError(f"The peer does not speak {protocol}.")
        return self._join(peer, protocol)

    def _join(self, peer: "MemoryTransport", protocol: str = PROTOCOL) -> MemoryStream:
        there = self._network.pipe(self.peer_id, peer.peer_id)
        back = self._network.pipe(peer.peer_id, self.peer_id)
        mine = MemoryStream(self, peer, (back, there))
        theirs = MemoryStream(peer, self, (there, back))
        self.streams[mine] = None
        peer.accept(theirs, protocol)
        self.count["dialled"] += 1
        return mine

    def accept(self, stream: MemoryStream, protocol: str) -> None:
        """Starts the handler on a stream that a peer has opened."""
        assert self._nursery is not None
        self.streams[stream] = None
        self.count["accepted"] += 1
        self._nursery.start_soon(self._handle, stream, self._handlers[protocol])

    async def _handle(self, stream: MemoryStream, handler: Handler) -> None:
        try:
            await handler(stream)
        except Exception:  # noqa: BLE001 - a handler's failure ends its stream and nothing else
            self.count["failed"] += 1
            await stream.reset()
        else:
            await stream.close()

    def _nobody(self, where: Address) -> Unavailable:
        return Unavailable(f"Nobody answers at {where.place}.", hint="Is the other daemon running?")

    async def disconnect(self, peer_id: str) -> None:
        """Breaks all streams to that peer."""
        self._network.lose(self.peer_id, peer_id)
        await trio.lowlevel.checkpoint()

    def statistics(self) -> dict[str, int | float]:
        """Counters since the start."""
        peers = {stream.peer_id for stream in self.streams}
        return {"connections": len(peers), "streams": len(self.streams), **self.count}
