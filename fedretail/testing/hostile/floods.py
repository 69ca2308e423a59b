"""One peer that floods a node with all that it may say, as fast as it is read, until it is ended.

Each flood keeps to the rules of the protocol as long as that makes more work; where a session is
ended for it, the next begins at once.
"""

import secrets
import zlib
from collections.abc import Callable, Iterator
from itertools import count, cycle
from typing import Any

import trio

from fedretail.clock import SystemClock
from fedretail.crdt.codec import pack
from fedretail.crdt.head import Head, SignedHead
from fedretail.errors import FedretailError
from fedretail.p2p import wire
from fedretail.p2p.address import parse_peer
from fedretail.p2p.host import Libp2pTransport
from fedretail.p2p.ranges import END, Range
from fedretail.p2p.transport import Stream
from fedretail.testing import builders
from fedretail.testing.hostile import mutations

_KIB = 1024
# So many frames are sent as one piece.
_PIECE_FRAMES = 20


def _ranges() -> Iterator[bytes]:
    """Comparisons of everything, each of which differs."""
    yield from cycle([wire.encode(wire.Ranges(b"", False, [Range(END, bytes(16))]))])


def _since() -> Iterator[bytes]:
    """Requests for everything, again and again, with credit for the answers."""
    wishes = [wire.Wish(secrets.token_bytes(16), 0, 0, None) for _ in range(100)]
    yield from cycle([wire.encode(wire.Since(wishes)), wire.encode(wire.Credit(256 * _KIB))])


def _names() -> Iterator[bytes]:
    """Members that nobody has heard of, their devices and logs."""
    for number in count():
        shop = builders.shop(f"{number}-{secrets.token_hex(8)}")
        lines = [[0, shop.grants[0].raw], [1, *shop.log_name()]]
        yield wire.encode(wire.Auth(lines))


def _pushes() -> Iterator[bytes]:
    """Heads of logs that nobody has named, well signed, with changes."""
    changes = pack([secrets.token_bytes(6 * _KIB)])
    for number in count(1):
        shop = builders.shop(str(number % 50))
        head = Head(shop.log(), number, number, 7, 1, 1, bytes(32))
        raw = SignedHead.sign(head, shop.devices[0]).raw
        yield wire.encode(wire.Push(raw, 0, changes))
        yield wire.encode(wire.Heads([raw] * 100))


def _bombs() -> Iterator[bytes]:
    """Messages of an unknown type that unfold to a megabyte of empty lists."""
    inner = b"\x92\xcc\xc8\xdd" + (1_000_000).to_bytes(4, "big") + b"\x90" * 1_000_000
    yield from cycle([mutations.framed(pack([0, len(inner), zlib.compress(inner, 9)]))])


FRAMES: dict[str, Callable[[], Iterator[bytes]]] = {
    "comparisons": _ranges,
    "requests": _since,
    "new members": _names,
    "heads and pushes": _pushes,
    "bombs": _bombs,
}
# These two say nothing that counts: they only call.
GREETINGS, CALLS = "greetings", "calls"
KINDS = (*FRAMES, GREETINGS, CALLS)


async def flood(address: str, network: bytes, kind: str) -> None:
    """Flood the node at that address until cancelled."""
    device = Libp2pTransport(secrets.token_bytes(32), [])
    async with trio.open_nursery() as nursery:
        await nursery.start(device.serve, _no_calls)
        while True:
            try:
                await _once(device, address, _hello(network), kind)
            except* FedretailError:
                await device.disconnect(parse_peer(address).peer_id)
                # As fast as it goes; but who is refused at the door spins for nothing.
                await trio.sleep(0.001)


async def _once(device: Libp2pTransport, address: str, hello: bytes, kind: str) -> None:
    stream = await device.connect(address)
    if kind == CALLS:
        await device.disconnect(parse_peer(address).peer_id)
        return
    await stream.send(hello)
    if kind == GREETINGS:
        await stream.receive()
        await stream.reset()
        return
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_swallow, stream, nursery.cancel_scope)
        frames = FRAMES[kind]()
        while True:
            await stream.send(b"".join(next(frames) for _ in range(_PIECE_FRAMES)))


async def _swallow(stream: Stream, scope: trio.CancelScope) -> None:
    """Read what is answered, so that nothing stops for it; the end ends the session."""
    try:
        while await stream.receive():
            pass
    except FedretailError:
        pass
    scope.cancel()


def _hello(network: bytes) -> bytes:
    store, nonce = secrets.token_bytes(16), secrets.token_bytes(16)
    return wire.encode(wire.Hello(1, 1, network, store, nonce, SystemClock().now_ms(), [], []))


async def _no_calls(stream: Any) -> None:
    await stream.reset()
