"""Real libp2p devices on loopback for tests, and a line between them that can go dead."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio

from fedretail.p2p.address import Address, parse_peer
from fedretail.p2p.host import Libp2pTransport
from fedretail.p2p.transport import Handler, Limits

LOOPBACK = "/ip4/127.0.0.1/tcp/0"
# More than a loaded two-core machine needs; reached only when something hangs.
PATIENCE_S = 30.0
# How often a counter is looked at while a test waits for it.
_LOOK_S = 0.01


@asynccontextmanager
async def serving(
    *handlers: Handler, limits: Limits | None = None
) -> AsyncIterator[list[Libp2pTransport]]:
    """One serving device for each handler; ends all of them, and fails when it takes too long."""
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            devices = []
            for n, handler in enumerate(handlers):
                device = Libp2pTransport(bytes([n + 1]) * 32, [LOOPBACK], limits=limits)
                await nursery.start(device.serve, handler)
                devices.append(device)
            yield devices
            nursery.cancel_scope.cancel()


def where(device: Libp2pTransport) -> Address:
    """The first address of a serving device."""
    return parse_peer(device.addresses()[0])


async def rises(device: Libp2pTransport, name: str, value: int) -> None:
    """Waits until a number of the device's statistics has reached the value."""
    while device.statistics().get(name, 0) < value:
        await trio.sleep(_LOOK_S)


async def falls(device: Libp2pTransport, name: str, value: int) -> None:
    """Waits until a number of the device's statistics has fallen to the value."""
    while device.statistics()[name] > value:
        await trio.sleep(_LOOK_S)


async def works(device: Libp2pTransport, peer: Libp2pTransport) -> bool:
    """Whether a new stream to a peer that echoes carries bytes both ways."""
    stream = await device.connect(peer.addresses()[0])
    await stream.send(b"?")
    answer = await stream.receive()
    await stream.reset()
    return answer == b"?"


async def raw_stream(device: Libp2pTransport, peer: Libp2pTransport) -> Any:
    """A libp2p stream without our wrapper and before any negotiation, as an attacker's."""
    core: Any = device._serving()
    connections = core._swarm.get_connections()
    connection = connections[0] if connections else await core._dial(where(peer))
    return await connection.new_stream()


async def tcp(peer: Libp2pTransport) -> trio.SocketStream:
    """A bare TCP connection to the peer."""
    return await trio.open_tcp_stream("127.0.0.1", where(peer).port)


async def stranger_greets(stream: trio.SocketStream, protocol: bytes) -> bytes:
    """What a host answers when asked for that security protocol (multistream-select)."""
    for line in (b"/multistream/1.0.0\n", protocol + b"\n"):
        await stream.send_all(bytes([len(line)]) + line)
    answer = b""
    while answer.count(b"\n") < 2:
        data = await stream.receive_some()
        if not data:
            break
        answer += data
    return answer.partition(b"\n")[2]


class Line:
    """A TCP relay to a port of loopback that can fail without a goodbye.

    `dead` swallows what is sent, a pulled cable; `stuck` takes nothing more, a hung machine.
    """

    def __init__(self) -> None:
        self.dead = False
        self.stuck = False
        self.port = 0

    async def serve(
        self,
        port: int,
        *,
        source: str | None = None,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Relays to `port` until cancelled; `self.port` is where it listens.

        `source`: the address that calls seem to come from; Linux has all of 127.0.0.0/8.
        """

        async def join(near: trio.SocketStream) -> None:
            try:
                far = await trio.open_tcp_stream("127.0.0.1", port, local_address=source)
            except OSError:
                await near.aclose()
                return
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._pass_on, near, far)
                nursery.start_soon(self._pass_on, far, near)

        async with trio.open_nursery() as nursery:
            listeners: Any = await nursery.start(
                lambda **kw: trio.serve_tcp(join, 0, host="127.0.0.1", **kw)
            )
            self.port = int(listeners[0].socket.getsockname()[1])
            task_status.started()

    async def _pass_on(self, source: trio.SocketStream, target: trio.SocketStream) -> None:
        try:
            while data := await source.receive_some():
                if self.stuck:
                    await trio.sleep_forever()
                if not self.dead:
                    await target.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
