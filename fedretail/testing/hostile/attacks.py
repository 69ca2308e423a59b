"""What has killed libp2p nodes, and more: each attack by name, against a daemon under siege.

An attack returns when it is under way; what it holds (sockets, streams, drips) stays until the
nursery of the siege ends. Any answer of the daemon is fine, so is none: only its health counts.
"""

import random  # noqa: TID251 - seeded once an attack
import struct
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import trio

from fedretail.errors import FedretailError
from fedretail.p2p import wire
from fedretail.p2p.ranges import END, Range
from fedretail.testing.hostile import mutations
from fedretail.testing.hostile.decoders import DECODERS
from fedretail.testing.hostile.siege import Attack, Siege
from fedretail.testing.loopback import stranger_greets

_SELECT = b"\x13/multistream/1.0.0\n"
_NOISE = b"\x07/noise\n"
# A slow loris says one byte in so long: far more often than any silence is noticed.
_DRIP_S = 2.0
# Less than a node takes from one address.
HALF_OPEN = 14
_GARBAGE = (
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    b"\xff" * 5000,
    b"\x00" * 5000,
    _SELECT + b"\x05\xff\xff\xff\xff",
    _SELECT + b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    _SELECT * 500,
    _SELECT + b"\x03ls\n" * 500,
    _SELECT + _NOISE + b"\xff\xff" + bytes(65535),
    _SELECT + _NOISE + b"\x00\x00" * 1000,
    _SELECT + _NOISE + b"\x00\x20" + bytes(32),
)


async def garbage_on_sockets(siege: Siege, *, times: int = 5) -> None:
    """Garbage where TCP, multistream-select or Noise is meant."""
    origin, chance = siege.origin(), random.Random(1)
    for data in (*_GARBAGE, *(chance.randbytes(800) for _ in range(8))) * times:
        async with await siege.tcp(origin) as stream:
            await _say(stream.send_all, data)


async def plaintext(siege: Siege) -> None:
    """Plaintext offered as security, by which anyone would pass for anybody."""
    async with await siege.tcp(siege.origin()) as stream:
        assert await stranger_greets(stream, b"/plaintext/2.0.0") == b"\x03na\n"


async def garbage_in_yamux(siege: Siege, *, times: int = 3) -> None:
    """Garbage where frames of Yamux are meant: after the handshake, under real encryption."""
    chance = random.Random(2)
    line = await siege.line(siege.origin())

    async def one(data: bytes) -> None:
        device = await siege.device()
        connection = await siege.connection(device, line)
        await _say(connection.muxed_conn.secured_conn.write, data)
        await device.disconnect(siege.peer_id)

    await _each(one, [*_yamux(), *(chance.randbytes(300) for _ in range(5))] * times)


async def _each(one: Callable[[Any], Awaitable[None]], items: Iterable[Any]) -> None:
    """Some at a time, five seconds each; who is refused for the moment goes without."""
    places = trio.CapacityLimiter(8)

    async def in_turn(item: Any) -> None:
        async with places:
            with trio.move_on_after(5):
                try:
                    await one(item)
                except FedretailError:
                    return

    async with trio.open_nursery() as nursery:
        for item in items:
            nursery.start_soon(in_turn, item)


def _yamux() -> list[bytes]:
    def frame(*header: int) -> bytes:
        """A header: type, flags, stream, length."""
        return struct.pack("!BBHII", 0, *header)

    most = (1 << 32) - 1
    return [
        struct.pack("!BBHII", 9, 0, 0, 1, 5) + b"hello",
        frame(7, 0, 1, 0),
        frame(0, 0, 99, 5) + b"hello",
        frame(0, 1, 1, most) + bytes(60_000),
        frame(0, 0xFFFF, most, most),
        frame(1, 1, 1, most) + frame(1, 0, 1, most) * 1000,
        frame(1, 1, 0, 0) + frame(1, 1, 2, 0) + frame(1, 1, 1, 0) * 3,
        b"".join(frame(2, 1, 0, number) for number in range(5000)),
        b"".join(frame(1, 1, 2 * number + 1, 0) for number in range(3000)),
        b"".join(frame(1, 1 | 8, 2 * number + 1, 0) for number in range(3000)),
        b"".join(frame(0, 4, 2 * number + 1, 0) for number in range(3000)),
        frame(3, 0, 0, most),
        # Far more than the window that a stream has.
        frame(1, 1, 1, 0) + (frame(0, 0, 1, 60_000) + bytes(60_000)) * 150,
    ]


async def garbage_on_streams(siege: Siege, *, times: int = 5) -> None:
    """Garbage where a stream says which protocol it wants: undecodable text killed libp2p nodes."""
    line = await siege.line(siege.origin())

    async def one(data: bytes) -> None:
        device = await siege.device()
        stream = await (await siege.connection(device, line)).new_stream()
        await _say(stream.write, _SELECT + data)
        await device.disconnect(siege.peer_id)

    odd = [b"\x04\xff\xfe\xfd\n", b"\x03ls\n" * 300, b"\xff" * 2000, b"\x00\n" * 500]
    await _each(one, [*odd, b"\x0a/nothing\n\n"] * times)


async def garbage_in_sessions(siege: Siege, *, sessions: int = 60) -> None:
    """Broken frames after a greeting that fits, until the daemon has had enough."""
    chance, line = random.Random(3), await siege.line(siege.origin())
    frames = next(one.samples for one in DECODERS if one.name == "frames")

    async def one(said: list[bytes]) -> None:
        device = await siege.device()
        stream = await device.connect(siege.address(line))
        try:
            for data in (wire.encode(siege.hello()), *said):
                await stream.send(data)
        finally:
            await device.disconnect(siege.peer_id)

    await _each(one, [[_broken(chance, frames) for _ in range(20)] for _ in range(sessions)])


def _broken(chance: random.Random, frames: list[bytes]) -> bytes:
    frame = chance.choice(frames)
    if chance.random() < 0.5:
        return mutations.framed(mutations.Msgpack(chance).broken(mutations.payload_of(frame)))
    return mutations.spoiled(frame, chance, frames)


async def many_lives(siege: Siege, *, connections: int = 300) -> None:
    """More connections, one after the other, than libp2p ever gives back places for."""
    device = await siege.device()
    for number in range(connections):
        if number % 50 == 0:
            line = await siege.line(siege.origin())
        try:
            await device.connect(siege.address(line))
        except FedretailError:
            continue
        await device.disconnect(siege.peer_id)


async def unclosed_streams(siege: Siege, *, streams: int = 300) -> None:
    """Streams that are opened and never closed: 256 of them once blocked a node for ever."""
    connection = await siege.connection(await siege.device(), await siege.line(siege.origin()))
    with trio.move_on_after(10):
        try:
            for _ in range(streams):
                await (await connection.new_stream()).write(_SELECT)
        except Exception:  # noqa: BLE001 - the daemon has had enough of it
            return


async def who_does_not_read(siege: Siege, *, peers: int = 6) -> None:
    """Peers that ask and ask, and read nothing: their window is closed, answers pile up."""
    # One fingerprint over everything, which is never the same.
    asked = wire.encode(wire.Ranges(b"", False, [Range(END, bytes(16))]))
    for _ in range(peers):
        stream = await siege.stream()
        siege.nursery.start_soon(_keep_asking, stream, wire.encode(siege.hello()) + asked * 2000)


async def _keep_asking(stream: Any, data: bytes) -> None:
    try:
        await stream.send(data)
        await trio.sleep_forever()
    except FedretailError:
        return


async def idle_sockets(siege: Siege, *, sockets: int = 1000) -> None:
    """Sockets that say nothing, sixteen from each address."""
    for number in range(sockets):
        if number % 16 == 0:
            origin = siege.origin()
        siege.nursery.start_soon(_idle, await siege.tcp(origin))


async def _idle(stream: trio.SocketStream) -> None:
    try:
        await stream.receive_some()
        await trio.sleep_forever()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return


async def slow_loris(siege: Siege, *, peers: int = 8) -> None:
    """One byte every few seconds at each layer: TCP, Noise, Yamux, the stream, HELLO."""
    origin = siege.origin()
    device, line = await siege.device(), await siege.line(siege.origin())
    for number in range(peers):
        for data, drips in ((b"", _SELECT), (_SELECT + _NOISE, b"\x00\x20" + bytes(32))):
            socket = await siege.tcp(origin)
            await _say(socket.send_all, data)
            siege.nursery.start_soon(_drip, socket.send_all, drips * 50)
        if number < 2:
            connection = await siege.connection(device, line)
            siege.nursery.start_soon(
                _drip, connection.muxed_conn.secured_conn.write, _yamux()[0] * 20
            )
            stream = await (await siege.connection(await siege.device(), line)).new_stream()
            siege.nursery.start_soon(_drip, stream.write, _SELECT * 20)
        greeting = await siege.stream()
        siege.nursery.start_soon(_drip, greeting.send, wire.encode(siege.hello()))


async def _drip(send: Callable[[bytes], Awaitable[Any]], data: bytes) -> None:
    for place in range(len(data)):
        if not await _say(send, data[place : place + 1]):
            return
        await trio.sleep(_DRIP_S)


async def half_open(siege: Siege, *, peers: int = HALF_OPEN) -> None:
    """Peers that lose their power in the middle of a session: nobody says good-bye."""
    line = await siege.line(siege.origin())
    for _ in range(peers):
        stream = await (await siege.device()).connect(siege.address(line))
        await stream.send(wire.encode(siege.hello()))
    line.dead = True


async def greetings(siege: Siege, *, sessions: int = 150) -> None:
    """HELLO again and again: in one session, and in one session after the other."""
    device, line = await siege.device(), await siege.line(siege.origin())
    for number in range(sessions):
        with trio.move_on_after(5):
            try:
                stream = await device.connect(siege.address(line))
                await stream.send(wire.encode(siege.hello()) * (1000 if number % 10 == 0 else 1))
                await stream.reset()
            except FedretailError:
                await device.disconnect(siege.peer_id)


async def _say(send: Callable[[bytes], Awaitable[Any]], data: bytes) -> bool:
    """Whether the daemon has taken these bytes."""
    try:
        await send(data)
    except Exception:  # noqa: BLE001 - it has hung up, in whatever words libp2p has for it
        return False
    return True


ATTACKS: dict[str, Attack] = {
    "garbage on sockets": garbage_on_sockets,
    "plaintext offered": plaintext,
    "garbage in Yamux": garbage_in_yamux,
    "garbage on streams": garbage_on_streams,
    "garbage in sessions": garbage_in_sessions,
    "300 connections in a life": many_lives,
    "300 streams never closed": unclosed_streams,
    "floods of HELLO": greetings,
    "peers that do not read": who_does_not_read,
    "slow loris at each layer": slow_loris,
    "half-open peers": half_open,
    "1,000 idle sockets": idle_sockets,
}
# The same, in seconds.
SHORT: dict[str, Attack] = {
    **ATTACKS,
    "garbage on sockets": partial(garbage_on_sockets, times=1),
    "garbage in Yamux": partial(garbage_in_yamux, times=1),
    "garbage on streams": partial(garbage_on_streams, times=1),
    "garbage in sessions": partial(garbage_in_sessions, sessions=10),
    "300 connections in a life": partial(many_lives, connections=30),
    "floods of HELLO": partial(greetings, sessions=20),
    "peers that do not read": partial(who_does_not_read, peers=2),
    "slow loris at each layer": partial(slow_loris, peers=2),
    "half-open peers": partial(half_open, peers=3),
    "1,000 idle sockets": partial(idle_sockets, sockets=200),
}
