"""One run of the libp2p host: connections in and out, the watchdog, streams.

Imported by `host` alone, when a host starts.
"""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import trio
from libp2p.custom_types import TProtocol
from libp2p.exceptions import BaseLibp2pError
from libp2p.host.ping import ID as PING
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.network.stream.net_stream import NetStream
from libp2p.peer.id import ID
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.security.noise.exceptions import PeerIDMismatchesPubkey
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

from fedretail.errors import FedretailError, PeerError, Unavailable
from fedretail.p2p import sockets
from fedretail.p2p.address import Address
from fedretail.p2p.host.guards import Socket, build_host, contained
from fedretail.p2p.host.streams import Libp2pStream, retire
from fedretail.p2p.transport import PROTOCOL, Handler, Limits

log = logging.getLogger("fedretail.p2p")

_NOWHERE = Multiaddr("/ip4/0.0.0.0/tcp/0")  # libp2p only logs it.
# libp2p itself waits 0.2 s when it closes a connection.
_CLOSE_S = 2.0


class Core:
    """A libp2p host while it runs, and the sockets under it."""

    def __init__(
        self,
        seed: bytes,
        handlers: Mapping[str, Handler],
        *,
        limits: Limits,
        count: Counter[str],
        addresses: Callable[[], list[str]],
    ) -> None:
        """`handlers`: by the protocol that they speak."""
        self._limits = limits
        self._count = count
        self._door = sockets.Door(limits)
        speaking = {name: partial(self._on_stream, one) for name, one in handlers.items()}
        self._host = build_host(seed, speaking, limits=limits, count=count, addresses=addresses)
        self._swarm: Any = self._host.get_network()
        self._nursery: trio.Nursery | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[trio.Nursery]:
        """Runs the swarm; gives the nursery for our own tasks. Its death ends both."""
        try:
            async with background_trio_service(self._swarm), trio.open_nursery() as nursery:
                await self._swarm.event_background_nursery_created.wait()
                self._nursery = nursery
                yield nursery
        finally:
            self._nursery = None

    async def accept(self, stream: trio.SocketStream) -> None:
        """Serves one incoming TCP connection; nothing that it does ends the host."""
        with contained(self._count, "task_error"):
            await self._accept(stream)

    async def _accept(self, stream: trio.SocketStream) -> None:
        """libp2p keeps the place of a connection for ever; here it is freed when that ends."""
        remote = sockets.remote_of(stream)
        guest = self._door.enter(remote[0]) if await self._door.wait(remote[0]) else None
        if guest is None:
            self._count["refused"] += 1
            await trio.aclose_forcefully(stream)
            return
        socket = Socket(stream, remote, self._count)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._send_away, guest, socket)
                await self._shake(guest, socket)
                nursery.cancel_scope.cancel()
        finally:
            self._door.leave(guest)
            await socket.close()

    async def _send_away(self, guest: sockets.Guest, socket: Socket) -> None:
        await guest.away.wait()
        self._count["refused"] += 1
        await socket.close()

    async def _shake(self, guest: sockets.Guest, socket: Socket) -> None:
        """The handshake under a time limit; then stays as long as the connection does."""
        try:
            with trio.fail_after(self._limits.handshake_s):
                muxed = await self._swarm.upgrade_inbound_raw_conn(
                    RawConnection(socket, False), _NOWHERE
                )
            self._door.known(guest)
            self._count["accepted"] += 1
            await self._watch(socket, self._connection(muxed))
        except trio.TooSlowError:
            self._count["handshake_timeout"] += 1
        except Exception:  # noqa: BLE001 - any failure of a stranger's handshake ends only it
            self._count["handshake_failed"] += 1

    def _connection(self, muxed: Any) -> SwarmConn:
        for connection in self._swarm.get_connections(muxed.peer_id):
            if connection.muxed_conn is muxed:
                return connection
        raise PeerError("The connection ended at its start.")

    async def _watch(self, socket: Socket, connection: SwarmConn) -> None:
        """Until the connection ends; ends it when the peer is silent and answers no ping.

        A machine that lost its power or its cable sends no goodbye, and libp2p never looks.
        Live ones are heard every 30 s (Yamux measures its round trip), so a ping is rare.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._end_when_silent, socket, connection)
            await socket.closed.wait()
            nursery.cancel_scope.cancel()

    async def _end_when_silent(self, socket: Socket, connection: SwarmConn) -> None:
        while True:
            heard_s = socket.heard_at_s
            await trio.sleep_until(heard_s + self._limits.ping_after_s)
            if socket.heard_at_s > heard_s:
                continue
            self._count["pings"] += 1
            with trio.move_on_after(self._limits.ping_wait_s), contained(self._count, "ping_error"):
                await self._ping(connection)
            if socket.heard_at_s <= heard_s:
                self._count["half_open"] += 1
                await socket.close()

    async def _ping(self, connection: SwarmConn) -> None:
        stream = await self._negotiate(connection, str(PING))
        try:
            await stream.write(bytes(32))
            await stream.read(32)
        finally:
            await retire(stream, 0.0)

    async def connect(self, where: Address) -> Libp2pStream:
        """A stream to that peer, over a connection that still works or a new one."""
        for connection in self._connections(where.peer_id):
            try:
                return await self._open(connection, where)
            except PeerError:
                # Dead, or full of streams that never ended: only a new connection helps.
                await self._drop(connection)
        return await self._open(await self._dial(where), where)

    async def open(self, peer_id: str, protocol: str) -> Libp2pStream:
        """A stream of that protocol over a connection that is there, which stays in any case."""
        for connection in self._connections(peer_id):
            return self._wrap(await self._agree(connection, protocol, peer_id))
        raise Unavailable("There is no connection to that peer.")

    async def _open(self, connection: SwarmConn, where: Address) -> Libp2pStream:
        return self._wrap(await self._agree(connection, PROTOCOL, where.place))

    async def _agree(self, connection: SwarmConn, protocol: str, name: str) -> NetStream:
        try:
            with trio.fail_after(self._limits.open_s):
                return await self._negotiate(connection, protocol)
        except trio.TooSlowError as error:
            raise PeerError(f"The peer at {name} does not answer.") from error
        except BaseLibp2pError as error:
            raise PeerError(
                f"The peer at {name} does not speak {protocol}.",
                hint="It may run another program, or an older or newer version.",
            ) from error

    async def _negotiate(self, connection: SwarmConn, protocol: str) -> NetStream:
        """A stream that speaks `protocol`; frees it when that fails, in whatever way."""
        stream = await connection.new_stream()
        agreed = False
        try:
            client, talk = MultiselectClient(), MultiselectCommunicator(stream)
            await client.select_one_of([TProtocol(protocol)], talk)
            agreed = True
        finally:
            if not agreed:
                await retire(stream, 0.0)
        return stream

    async def _dial(self, where: Address) -> SwarmConn:
        """A new connection to the key that the address names.

        Our own socket and `upgrade_outbound_raw_conn` instead of `dial_peer`: that one refuses
        for 60 s after a failure, retries by itself, waits 250 ms and picks other addresses.
        """
        stream = await sockets.dial(where, self._limits.handshake_s)
        socket = Socket(stream, sockets.remote_of(stream), self._count)
        connection: SwarmConn | None = None
        try:
            with trio.fail_after(self._limits.handshake_s):
                connection = await self._swarm.upgrade_outbound_raw_conn(
                    RawConnection(socket, True), ID.from_base58(where.peer_id)
                )
        except Exception as error:
            raise _dial_error(where, error) from error
        finally:
            if connection is None:
                await socket.close()
        self._count["dialled"] += 1
        self._start(self._keep, socket, connection)
        return connection

    async def _keep(self, socket: Socket, connection: SwarmConn) -> None:
        try:
            await self._watch(socket, connection)
        finally:
            await socket.close()

    def _start(self, task: Callable[..., Awaitable[None]], *args: Any) -> None:
        if self._nursery is None:
            raise Unavailable("The network is not running.", hint="It starts again by itself.")
        try:
            self._nursery.start_soon(self._contain, task, *args)
        except RuntimeError:
            # trio's word for a nursery that has ended: the host is being shut down.
            raise Unavailable("The network is not running any more.") from None

    async def _contain(self, task: Callable[..., Awaitable[None]], *args: Any) -> None:
        with contained(self._count, "task_error"):
            await task(*args)

    def _wrap(self, stream: NetStream) -> Libp2pStream:
        return Libp2pStream(stream, self._limits, count=self._count, later=self._start)

    async def _on_stream(self, handler: Handler, stream: NetStream) -> None:
        self._count["streams_in"] += 1
        try:
            await handler(self._wrap(stream))
        except FedretailError as error:
            log.info("a session ended: %s", error.message)
            raise
        except Exception:
            log.exception("a session failed")
            raise

    async def disconnect(self, peer_id: str) -> None:
        """Drops all connections to that peer."""
        for connection in self._connections(peer_id):
            await self._drop(connection)

    def _connections(self, peer_id: str) -> list[SwarmConn]:
        everyone = self._swarm.get_connections()
        return [one for one in everyone if str(one.muxed_conn.peer_id) == peer_id]

    async def _drop(self, connection: SwarmConn) -> None:
        """Closes the socket first: a goodbye through a dead connection would wait for ever."""
        with trio.move_on_after(_CLOSE_S), contained(self._count, "close_error"):
            await _socket_of(connection).close()
            await connection.close()

    def live(self) -> dict[str, int]:
        """What is open at this moment."""
        connections = self._swarm.get_connections()
        return {
            "connections": len(connections),
            "streams": sum(len(one.get_streams()) for one in connections),
            "handshakes": self._door.shaking,
        }


def _socket_of(connection: SwarmConn) -> Socket:
    """The TCP connection under a libp2p connection, through all its wrappers."""
    layer: Any = connection.muxed_conn
    for name in ("secured_conn", "conn", "read_writer", "read_write_closer", "stream"):
        layer = getattr(layer, name)
    assert isinstance(layer, Socket)
    return layer


def _dial_error(where: Address, error: Exception) -> PeerError | Unavailable:
    """The libp2p failure of a handshake in our terms."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PeerIDMismatchesPubkey):
            return PeerError(
                f"Another machine answers at {where.place} than the address names.",
                hint="Ask the other shop for a new ticket or address.",
            )
        cause = cause.__cause__
    return Unavailable(
        f"{where.place} answers, but no secure connection came about.",
        hint="Is it fedretail that listens there? It may also be full: try again later.",
    )
