"""What the sync protocol needs of a network: dial a peer by key, and a stream of bytes to it.

Two things implement it, and one acceptance suite (`fedretail.testing.transport_acceptance`)
holds both: `memory.MemoryTransport` for tests and simulation, `host.Libp2pTransport` for shops.

What users of a stream see, whatever lies below:

- `receive` gives b"" after the peer has closed its side; a connection that breaks is never
  taken for that end, it raises PeerError.
- a peer that stops reading blocks `send`, first by back-pressure, after `stall_s` by PeerError.
- a `send` that was cancelled or has failed may have sent a part: the stream is reset.
- nobody at an address, no route, no time: Unavailable. The wrong key there: PeerError.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Never, Protocol

import trio

# The protocol's name on the wire, negotiated by multistream-select on each new stream.
PROTOCOL = "/fedretail/sync/1"
# That of pictures, on streams of its own beside those of a session; see `blob_frames`.
BLOB_PROTOCOL = "/fedretail/blob/1"


class Stream(Protocol):
    """An ordered stream of bytes to one authenticated peer, with back-pressure."""

    @property
    def peer_id(self) -> str:
        """The peer's libp2p id, "12D3KooW…"."""
        ...

    @property
    def peer_key(self) -> bytes:
        """The peer's Ed25519 public key (32 bytes), proved by it in the handshake."""
        ...

    async def send(self, data: bytes) -> None:
        """Hands data over in order; waits while the peer is slow. Raises PeerError."""
        ...

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """The next 1..max_bytes bytes, b"" when the peer has closed its side. Raises PeerError."""
        ...

    async def close(self) -> None:
        """Ends the sending side in good order: what was sent arrives. Never raises."""
        ...

    async def reset(self) -> None:
        """Tears the stream down at once, both ways. Never raises."""
        ...


Handler = Callable[[Stream], Awaitable[None]]


class Transport(Protocol):
    """One device on a network: serves incoming streams and dials peers."""

    @property
    def peer_id(self) -> str:
        """This device's libp2p id."""
        ...

    @property
    def peer_key(self) -> bytes:
        """This device's Ed25519 public key (32 bytes)."""
        ...

    def addresses(self) -> list[str]:
        """Where this device is reached, full multiaddrs with /p2p/<id>; [] while not serving."""
        ...

    async def serve(
        self, handler: Handler, *, task_status: trio.TaskStatus[Any] = trio.TASK_STATUS_IGNORED
    ) -> Never:
        """Runs until cancelled; calls `handler` in a task of its own for each incoming stream.

        `started()` when listening. A handler that raises ends its stream and nothing else; when
        it returns the stream is closed. Raises Unavailable when an address cannot be had.
        """
        ...

    async def connect(self, address: str) -> Stream:
        """A new stream to the peer that `address` names, over its connection or a new one.

        Raises MalformedInput (no such address form), Unavailable (nobody there, no time),
        PeerError (another key there, does not speak our protocol).
        """
        ...

    async def disconnect(self, peer_id: str) -> None:
        """Drops all connections to the peer, with their streams. Never raises."""
        ...

    def statistics(self) -> dict[str, int | float]:
        """Counters since the start; `connections`, `bytes_in`, `bytes_out` among them."""
        ...


class Carrier(Transport, Protocol):
    """A transport that carries further protocols to those it is connected with already."""

    def handle(self, protocol: str, handler: Handler) -> None:
        """Serve incoming streams of another protocol too; said before `serve`."""
        ...

    async def open(self, peer_id: str, protocol: str) -> Stream:
        """A new stream over a connection that is there; nobody is dialled for it.

        Raises Unavailable (not connected, no time), PeerError (does not speak that protocol); the
        connection and its other streams stay as they are.
        """
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that keep one bad peer from harming the others; seconds end in _s."""

    # A connection costs about 64 KB here, so 256 are 16 MB; a shop needs about ten.
    connections: int = 256
    # Shops behind one NAT share an address; sixteen of them are a shopping centre.
    connections_per_address: int = 16
    # A handshake takes 20 ms of work here. Sixteen shops behind one address may come back at once,
    # four times; then one a second is enough, and costs 2 % of a core.
    calls_per_address: int = 64
    calls_per_address_s: float = 1.0
    # Who calls sooner waits for its turn, so that one that calls without end keeps no other behind
    # its address out; less than `handshake_s`, in which the caller gives up.
    call_wait_s: float = 5.0
    # Handshakes under way at once. One takes milliseconds; one makes room for a newcomer.
    handshakes: int = 64
    # TCP, Noise and Yamux together; a phone on a bad line needs two or three seconds.
    handshake_s: float = 10.0
    # Negotiating the protocol on a new stream: one round trip.
    open_s: float = 10.0
    # One sync stream a peer is enough; the rest is room for pings and reconnects.
    streams_per_connection: int = 16
    # Silence on a connection after which the peer is pinged, and time it has to answer. Yamux
    # says a word every 30 s, so a live peer is never pinged and idle costs 4 B/s, not 30.
    ping_after_s: float = 32.0
    ping_wait_s: float = 10.0
    # A peer that commits a large batch may not read for a while; this long is too long.
    stall_s: float = 30.0
    # Time the peer has to close its side after we have closed ours; then the stream is reset.
    linger_s: float = 5.0
    # Unread bytes of one connection. Yamux windows are <= 1 MiB a stream, sessions use 256 KiB.
    buffer_bytes: int = 4 * 1024 * 1024
