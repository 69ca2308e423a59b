"""py-libp2p 0.8.1, set up so that no peer can stop it: the swarm, its sockets, its guards.

Imported by `host` alone, and only when a host starts (0.7 s, 85 MB). One rule stands above the
single guards: **use the small public parts** (`Swarm.upgrade_*_raw_conn`, `SwarmConn.new_stream`,
multistream-select) **and none of the machinery around them**: its listener, its dialler with
cache, retries and delays, its resource manager, auto-connector, identify push. What we do not
start cannot fail. docs/explanation/libp2p.md lists each trap and how it was reproduced.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import libp2p.network.connection.swarm_connection as swarm_connection
import libp2p.stream_muxer.yamux.yamux as yamux
import trio
from libp2p.abc import IMuxedConn, IRawConnection, ISecureConn
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.custom_types import TProtocol
from libp2p.host.basic_host import BasicHost
from libp2p.identity.identify_push.identify_push import ID_PUSH
from libp2p.io.abc import ReadWriteCloser
from libp2p.io.exceptions import ConnectionClosedError
from libp2p.network.config import ConnectionConfig
from libp2p.network.stream.net_stream import NetStream
from libp2p.network.swarm import Swarm
from libp2p.peer.id import ID
from libp2p.peer.peerstore import PeerStore
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as Noise
from libp2p.transport.exceptions import SecurityUpgradeFailure
from libp2p.transport.upgrader import TransportUpgrader
from multiaddr import Multiaddr

from fedretail.errors import MalformedInput
from fedretail.p2p.address import parse_peer_id
from fedretail.p2p.host.streams import retire
from fedretail.p2p.transport import Limits

log = logging.getLogger("fedretail.p2p")

StreamHandler = Callable[[NetStream], Awaitable[None]]

# Yamux lets a fast sender's window grow to 16 MiB a stream, all of it buffered here when our
# reader is slow. Sessions keep 256 KiB under way; 1 MiB is ample for a round trip of 100 ms.
yamux.MAX_WINDOW_SIZE = 1024 * 1024
# Without a handler Python prints libp2p's warnings to the terminal. LIBP2P_DEBUG still works.
logging.getLogger("libp2p").addHandler(logging.NullHandler())
# This module logs on the root logger, whose first use installs a handler that prints libp2p's
# inner life on a shopkeeper's terminal.
swarm_connection.logging = logging.getLogger("libp2p.network.connection")

# Connections we dial ourselves; the daemon keeps about ten.
_DIALLED_MAX = 128
_READ_BYTES = 65536


class Socket(ReadWriteCloser):
    """A TCP connection under Noise: counts bytes, notes when the peer was last heard.

    `read(n)` gives exactly n bytes unless the connection ends: libp2p's `read_exactly` gives up
    after 100 short reads, which a 64 KiB frame in small segments reaches. Reading ahead also
    spares a system call for each two-byte length.
    """

    def __init__(
        self, stream: trio.abc.Stream, remote: tuple[str, int], count: Counter[str]
    ) -> None:
        self.remote = remote
        self.closed = trio.Event()
        self.heard_at_s = trio.current_time()
        self.write_limit_s = 15.0
        self._stream = stream
        self._count = count
        self._ahead = bytearray()

    async def read(self, n: int | None = None) -> bytes:
        """Exactly n bytes, less only at the end; what there is when n is None."""
        wanted = 1 if n is None else n
        while len(self._ahead) < wanted:
            data = await self._receive()
            if not data:
                break
            self._ahead += data
        size = len(self._ahead) if n is None else n
        result = bytes(self._ahead[:size])
        del self._ahead[:size]
        return result

    async def _receive(self) -> bytes:
        try:
            data = bytes(await self._stream.receive_some(_READ_BYTES))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise ConnectionClosedError("the connection is gone") from error
        self._count["bytes_in"] += len(data)
        self.heard_at_s = trio.current_time()
        return data

    async def write(self, data: bytes) -> None:
        """Writes all of it, or the connection is over.

        Shielded from cancellation: by now Noise has counted its nonce on, so a frame half sent
        or left out breaks every stream of the connection, not only the one that was cancelled.
        """
        with trio.CancelScope(shield=True) as scope:
            scope.deadline = trio.current_time() + self.write_limit_s
            try:
                await self._stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                await self.close()
                raise ConnectionClosedError("the connection is gone") from error
        if scope.cancelled_caught:
            self._count["write_stalled"] += 1
            await self.close()
            raise ConnectionClosedError("the peer takes no bytes")
        self._count["bytes_out"] += len(data)

    async def close(self) -> None:
        """Drops the connection at once; whoever reads or writes on it gets an error."""
        self.closed.set()
        await trio.aclose_forcefully(self._stream)

    def get_remote_address(self) -> tuple[str, int] | None:
        """(host, port) of the peer; libp2p's own gives None for IPv6."""
        return self.remote


class Bounded:
    """The Noise session as Yamux reads it, which stops a peer that overruns our buffers.

    Yamux only warns of a peer that ignores its window and buffers on, until memory ends. An
    honest peer never comes near the limit, so the connection is dropped.
    """

    def __init__(self, muxed: yamux.Yamux, limit_bytes: int, count: Counter[str]) -> None:
        self._conn = muxed.secured_conn
        self._buffers = muxed.stream_buffers
        self._limit_bytes = limit_bytes
        self._count = count

    async def read(self, n: int) -> bytes:
        """As the session, unless unread bytes and the next n pass the limit."""
        # 12 bytes are a Yamux header; only bodies fill buffers.
        if n > yamux.HEADER_SIZE:
            unread = sum(len(buffer) for buffer in self._buffers.values())
            if unread + n > self._limit_bytes:
                self._count["overrun"] += 1
                await self._conn.close()
                raise ConnectionClosedError("the peer overruns its window")
        return await self._conn.read(n)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)


class Upgrader(TransportUpgrader):
    """TCP to Noise to Yamux, nothing else; peers have Ed25519 keys; buffers are bounded.

    libp2p's default security options take plaintext as well: then anybody who knows a public
    key passes for its owner. So both protocols are given explicitly.
    """

    def __init__(self, seed: bytes, limits: Limits, count: Counter[str]) -> None:
        keys = create_new_key_pair(seed)
        noise = Noise(keys, noise_privkey=create_noise_key_pair().private_key)
        super().__init__({NOISE: noise}, {TProtocol(yamux.PROTOCOL_ID): yamux.Yamux})
        self._limits = limits
        self._count = count

    async def upgrade_security(
        self, raw_conn: IRawConnection, is_initiator: bool, peer_id: ID | None = None
    ) -> ISecureConn:
        """The Noise session; refuses peers whose key is not Ed25519.

        A session's `get_remote_public_key` is the Noise key, good for one connection; the
        peer's own key is in its authenticated id.
        """
        conn = await super().upgrade_security(raw_conn, is_initiator, peer_id)
        try:
            parse_peer_id(str(conn.get_remote_peer()))
        except MalformedInput as error:
            await conn.close()
            raise SecurityUpgradeFailure(error.message) from error
        return conn

    async def upgrade_connection(self, conn: ISecureConn, peer_id: ID) -> IMuxedConn:
        """The Yamux connection over it, with bounded buffers and a guarded main task."""
        muxed = await super().upgrade_connection(conn, peer_id)
        assert isinstance(muxed, yamux.Yamux)
        muxed.secured_conn = Bounded(muxed, self._limits.buffer_bytes, self._count)
        start = muxed.start

        async def guarded_start() -> None:
            try:
                with contained(self._count, "muxer_error"):
                    await start()
            finally:
                bury(muxed)

        muxed.start = guarded_start
        return muxed


def bury(muxed: yamux.Yamux) -> None:
    """Wakes everyone who waits on a connection whose main task is gone.

    Yamux does so when it sees the connection break, but not when its task is cancelled or
    fails: then readers wait for ever.
    """
    muxed.event_shutting_down.set()
    for stream in muxed.streams.values():
        stream.closed = stream.send_closed = stream.recv_closed = True
        stream.reset_received = True
    for event in muxed.stream_events.values():
        event.set()


@contextmanager
def contained(count: Counter[str], name: str) -> Iterator[None]:
    """Counts and logs any exception of the body but cancellation, which passes.

    An exception in a task of libp2p's swarm ends the swarm and with it the host: a peer could
    stop a shop with three wrong bytes. BaseException, since pyo3's PanicException is one.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit, trio.Cancelled):
        raise
    except BaseExceptionGroup as group:
        ours, theirs = group.split((KeyboardInterrupt, SystemExit, trio.Cancelled))
        if theirs is not None:
            count[name] += 1
            log.debug("%s", name, exc_info=theirs)
        if ours is not None:
            raise ours from None
    except BaseException as error:
        count[name] += 1
        log.debug("%s", name, exc_info=error)


class _NoAutoConnect:
    """Stands where libp2p dials peers on its own account and remembers every id for ever."""

    async def start(self) -> None:
        """Nothing."""

    async def stop(self) -> None:
        """Nothing."""

    async def run_background_task(self, nursery: trio.Nursery) -> None:
        """Nothing."""

    async def maybe_connect(self) -> None:
        """Nothing."""

    def record_disconnect(self, peer_id: ID) -> None:
        """Nothing."""


def build_host(
    seed: bytes,
    handlers: Mapping[str, StreamHandler],
    *,
    limits: Limits,
    count: Counter[str],
    addresses: Callable[[], list[str]],
) -> BasicHost:
    """A host that speaks our protocols, ping and identify (answers only), guarded at the swarm."""
    keys = create_new_key_pair(seed)
    own_id = ID.from_pubkey(keys.public_key)
    peers = PeerStore()
    peers.add_key_pair(own_id, keys)
    # The door (sockets.py) keeps the caps; libp2p's own stand above it, or it would prune.
    most = limits.connections + _DIALLED_MAX
    config = ConnectionConfig(
        max_connections=most, high_watermark=most, low_watermark=0, min_connections=0
    )
    swarm = Swarm(own_id, peers, Upgrader(seed, limits, count), [], connection_config=config)
    swarm.auto_connector = _NoAutoConnect()
    host = BasicHost(
        swarm,
        addrs_factory=lambda _: [Multiaddr(text) for text in addresses()],
        disable_identify_address_discovery=True,
    )
    # Identify asks each new peer for 1-2 KB we do not use; push lets any peer fill our store.
    swarm.notifees.clear()
    host.remove_stream_handler(ID_PUSH)
    for name, handler in handlers.items():
        host.set_stream_handler(TProtocol(name), handler)
    swarm.set_stream_handler(_guarded(swarm.common_stream_handler, limits, count))
    return host


def _guarded(inner: StreamHandler, limits: Limits, count: Counter[str]) -> StreamHandler:
    """The swarm's handler of incoming streams, contained, capped, with a reset at the end."""

    async def guarded(stream: NetStream) -> None:
        fine = False
        try:
            if len(stream.swarm_conn.get_streams()) > limits.streams_per_connection:
                count["streams_refused"] += 1
                return
            with contained(count, "handler_error"):
                await inner(stream)
                fine = True
        finally:
            # After a failure the peer must see a reset: an end would look like all was said.
            await retire(stream, limits.linger_s if fine else 0.0)

    return guarded
