"""The Transport over libp2p: TCP, Noise and Yamux by py-libp2p 0.8.1, kept alive by guards.

Importing this module is cheap; libp2p (0.7 s, 85 MB) is loaded when `serve` starts. `serve` may
be run again after it failed: each run builds a fresh host, so a supervisor can restart it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Never

import trio

from fedretail.crdt.keys import SigningKey
from fedretail.errors import FedretailError, MalformedInput, Unavailable, UsageError
from fedretail.p2p import sockets
from fedretail.p2p.address import Address, parse_listen, parse_peer, peer_id_of
from fedretail.p2p.transport import PROTOCOL, Handler, Limits, Stream

if TYPE_CHECKING:
    from fedretail.p2p.host.core import Core


class Libp2pTransport:
    """A device on real networks; see `transport.Transport`.

    `device_seed` is the 32-byte seed of the device key, which is the libp2p host key too.
    `listen` are multiaddrs without /p2p (port 0: any free port); none: it only dials.
    """

    def __init__(
        self, device_seed: bytes, listen: Sequence[str], *, limits: Limits | None = None
    ) -> None:
        self._seed = device_seed
        self._listen = [_listen_address(text) for text in listen]
        self._limits = limits or Limits()
        self._count: Counter[str] = Counter()
        self._further: dict[str, Handler] = {}
        self._core: Core | None = None
        self._listeners: list[trio.SocketListener] = []
        self.peer_key = SigningKey.from_seed(device_seed).public
        self.peer_id = peer_id_of(self.peer_key)

    def addresses(self) -> list[str]:
        """Where peers reach this device now, with /p2p/<id>; [] while not serving."""
        return [str(one) for one in sockets.listening_at(self._listeners, self.peer_id)]

    async def serve(
        self, handler: Handler, *, task_status: trio.TaskStatus[Any] = trio.TASK_STATUS_IGNORED
    ) -> Never:
        """Serves until cancelled; Unavailable when a port is taken or libp2p fails."""
        from fedretail.p2p.host.core import Core  # Loads libp2p.

        if self._core is not None:
            raise UsageError("This transport is serving already.")
        listeners = await sockets.listen(self._listen)
        try:
            self._core = core = Core(
                self._seed,
                {PROTOCOL: handler, **self._further},
                limits=self._limits,
                count=self._count,
                addresses=self.addresses,
            )
            async with core.running() as nursery:
                self._listeners = listeners
                task_status.started()
                if listeners:
                    await trio.serve_listeners(core.accept, listeners, handler_nursery=nursery)
                await trio.sleep_forever()
        except BaseExceptionGroup as group:
            error = _one_error(group)
            if error is None:
                raise
            raise error from group
        finally:
            self._core, self._listeners = None, []
            for listener in listeners:
                listener.socket.close()
        raise AssertionError("unreachable: it sleeps for ever")

    async def connect(self, address: str) -> Stream:
        """A new stream to that peer, over its connection or a newly dialled one."""
        where = parse_peer(address)
        if where.peer_id == self.peer_id:
            raise Unavailable("That is the address of this device itself.")
        return await self._serving().connect(where)

    def handle(self, protocol: str, handler: Handler) -> None:
        """Serve incoming streams of another protocol too, from the next start on."""
        self._further[protocol] = handler

    async def open(self, peer_id: str, protocol: str) -> Stream:
        """A new stream of that protocol over a connection that is there."""
        return await self._serving().open(peer_id, protocol)

    def _serving(self) -> "Core":
        if self._core is None:
            raise Unavailable("The network is not running.", hint="It starts again by itself.")
        return self._core

    async def disconnect(self, peer_id: str) -> None:
        """Drops all connections to that peer."""
        if self._core is not None:
            await self._core.disconnect(peer_id)

    def statistics(self) -> dict[str, int | float]:
        """Bytes are those on the sockets, Noise and Yamux included; the rest counts events."""
        live = self._core.live() if self._core is not None else {"connections": 0, "streams": 0}
        names = ("bytes_in", "bytes_out", "accepted", "dialled", "refused")
        return {**live, **{name: self._count[name] for name in names}, **self._count}


def _one_error(group: BaseExceptionGroup[BaseException]) -> FedretailError | None:
    """What a supervisor sees: our own error, else that the network part stopped.

    None when this is no failure: cancelled, or interrupted from the keyboard.
    """
    failures = group.split(trio.Cancelled)[1]
    if not isinstance(failures, ExceptionGroup):
        return None
    error: BaseException = failures.subgroup(FedretailError) or failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, FedretailError):
        return error
    return Unavailable(
        f"The network part stopped ({type(error).__name__}).", hint="It starts again by itself."
    )


def _listen_address(text: str) -> Address:
    try:
        return parse_listen(text)
    except MalformedInput as error:
        raise UsageError(error.message, hint=error.hint) from None
