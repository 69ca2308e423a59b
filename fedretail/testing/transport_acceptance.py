# ruff: noqa: D102 - the name of a test says what it holds
"""What every Transport must do, as a suite that each implementation's tests inherit.

    class TestMine(TransportAcceptance):
        def build(self, seed: bytes) -> Transport:
            return MyTransport(seed, limits=self.limits)

pytest-trio runs the methods. Nothing here sleeps: time limits are events of the transport.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import trio

from fedretail.errors import MalformedInput, PeerError, Unavailable
from fedretail.p2p.address import parse_address
from fedretail.p2p.transport import Handler, Limits, Stream, Transport

# More than a loaded two-core machine needs; reached only when something hangs.
_PATIENCE_S = 30.0


async def echo(stream: Stream) -> None:
    """Sends back what comes, until the peer ends."""
    while data := await stream.receive():
        await stream.send(data)


async def read_all(stream: Stream, max_bytes: int = 65536) -> bytes:
    """All bytes up to the end of the stream."""
    parts = []
    while data := await stream.receive(max_bytes):
        assert len(data) <= max_bytes
        parts.append(data)
    return b"".join(parts)


async def lost(stream: Stream) -> bool:
    """Whether reading on ends in PeerError, not in an orderly end."""
    try:
        await read_all(stream)
    except PeerError:
        return True
    return False


class TransportAcceptance(ABC):
    """Inherit it and give `build`."""

    # A peer that takes nothing is given up within the patience of a test.
    limits = Limits(stall_s=0.5, handshake_s=5.0, linger_s=1.0)

    # Streams opened one after the other; more than an implementation has places for.
    many = 30

    @abstractmethod
    def build(self, seed: bytes) -> Transport:
        """A transport with that device seed that can be reached by the others of this test."""

    @asynccontextmanager
    async def served(self, *handlers: Handler) -> AsyncIterator[list[Transport]]:
        """One serving device for each handler, all on one network."""
        with trio.fail_after(_PATIENCE_S):
            async with trio.open_nursery() as nursery:
                devices = [self.build(bytes([n + 1]) * 32) for n in range(len(handlers))]
                for device, handler in zip(devices, handlers, strict=True):
                    await nursery.start(device.serve, handler)
                yield devices
                nursery.cancel_scope.cancel()

    async def test_bytes_arrive_complete_and_in_order_both_ways(self) -> None:
        sent = b"".join(n.to_bytes(4, "big") for n in range(100_000))
        async with self.served(echo, echo) as (a, b):
            stream = await a.connect(b.addresses()[0])

            async def send() -> None:
                await stream.send(sent)
                await stream.close()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(send)
                assert await read_all(stream, 10_000) == sent

    async def test_both_sides_know_the_key_of_the_other(self) -> None:
        seen: list[tuple[str, bytes]] = []

        async def note(stream: Stream) -> None:
            seen.append((stream.peer_id, stream.peer_key))

        async with self.served(echo, note) as (a, b):
            stream = await a.connect(b.addresses()[0])
            assert (stream.peer_id, stream.peer_key) == (b.peer_id, b.peer_key)
            await read_all(stream)
            assert seen == [(a.peer_id, a.peer_key)]
            assert parse_address(b.addresses()[0]).peer_id == b.peer_id

    async def test_a_stream_that_has_ended_can_still_be_read(self) -> None:
        async def answer_at_the_end(stream: Stream) -> None:
            asked = await read_all(stream)
            await stream.send(b"you said " + asked)

        async with self.served(echo, answer_at_the_end) as (a, b):
            stream = await a.connect(b.addresses()[0])
            await stream.send(b"hello")
            await stream.close()
            await stream.close()
            assert await read_all(stream) == b"you said hello"

    async def test_the_end_of_a_handler_ends_the_stream(self) -> None:
        async def greet(stream: Stream) -> None:
            await stream.send(b"welcome")

        async with self.served(echo, greet) as (a, b):
            assert await read_all(await a.connect(b.addresses()[0])) == b"welcome"

    async def test_a_reset_is_not_an_end(self) -> None:
        async def reset(stream: Stream) -> None:
            await stream.receive()
            await stream.reset()
            await stream.reset()

        async with self.served(echo, reset) as (a, b):
            stream = await a.connect(b.addresses()[0])
            await stream.send(b"?")
            assert await lost(stream)

    async def test_a_failing_handler_breaks_only_its_stream(self) -> None:
        async def fail(stream: Stream) -> NoReturn:
            what = await stream.receive()
            if what == b"group":
                raise BaseExceptionGroup("several", [ValueError(), KeyError()])
            raise ZeroDivisionError

        async with self.served(echo, fail) as (a, b):
            for what in (b"one", b"group", b"one"):
                stream = await a.connect(b.addresses()[0])
                await stream.send(what)
                assert await lost(stream)

    async def test_a_dropped_connection_is_an_error_at_both_ends(self) -> None:
        outcome: list[bool] = []
        done = trio.Event()

        async def wait(stream: Stream) -> None:
            await stream.send(b"ready")
            outcome.append(await lost(stream))
            done.set()

        async with self.served(echo, wait) as (a, b):
            stream = await a.connect(b.addresses()[0])
            assert await stream.receive() == b"ready"
            await a.disconnect(b.peer_id)
            assert await lost(stream)
            await done.wait()
            assert outcome == [True]
            await a.disconnect(b.peer_id)

    async def test_the_death_of_the_peer_is_an_error(self) -> None:
        async with self.served(echo) as (a,), trio.open_nursery() as nursery:
            b = self.build(b"\x09" * 32)
            await nursery.start(b.serve, echo)
            address = b.addresses()[0]
            stream = await a.connect(address)
            await stream.send(b"?")
            assert await stream.receive() == b"?"
            nursery.cancel_scope.cancel()
            with trio.CancelScope(shield=True):
                assert await lost(stream)

    async def test_who_does_not_read_stops_the_sender_within_bounds(self) -> None:
        async def sleep(stream: Stream) -> None:
            await trio.sleep_forever()

        async with self.served(echo, sleep) as (a, b):
            stream = await a.connect(b.addresses()[0])
            sent = 0
            try:
                while sent < 64 * 1024 * 1024:
                    await stream.send(bytes(65536))
                    sent += 65536
            except PeerError:
                pass
            assert sent < 8 * 1024 * 1024
            assert await lost(stream)

    async def test_a_cancelled_receive_loses_nothing(self) -> None:
        async with self.served(echo, echo) as (a, b):
            stream = await a.connect(b.addresses()[0])
            with trio.move_on_after(0.01):
                await stream.receive()
            await stream.send(b"still here")
            assert await stream.receive() == b"still here"

    async def test_a_cancelled_send_breaks_its_stream_and_no_other(self) -> None:
        async def read_when_told(stream: Stream) -> None:
            if await stream.receive(5) == b"sleep":
                await trio.sleep_forever()
            await echo(stream)

        async with self.served(echo, read_when_told) as (a, b):
            stuck = await a.connect(b.addresses()[0])
            await stuck.send(b"sleep")
            with trio.move_on_after(0.2) as scope:
                while True:
                    await stuck.send(bytes(65536))
            assert scope.cancelled_caught
            assert await lost(stuck)
            other = await a.connect(b.addresses()[0])
            await other.send(b"reply" + b"x" * 100_000)
            await other.close()
            assert len(await read_all(other)) == 100_000

    async def test_streams_do_not_hold_each_other_up(self) -> None:
        async with self.served(echo, echo) as (a, b):

            async def talk(n: int) -> None:
                stream = await a.connect(b.addresses()[0])
                text = bytes([n]) * 50_000
                await stream.send(text)
                await stream.close()
                assert await read_all(stream) == text

            async with trio.open_nursery() as nursery:
                for n in range(8):
                    nursery.start_soon(talk, n)

    async def test_many_streams_one_after_the_other(self) -> None:
        async with self.served(echo, echo) as (a, b):
            for _ in range(self.many):
                stream = await a.connect(b.addresses()[0])
                await stream.send(b"?")
                await stream.close()
                assert await read_all(stream) == b"?"
            assert a.statistics()["streams"] == 0

    async def test_nobody_there(self) -> None:
        async with self.served(echo) as (a,):
            absent = self.build(b"\x09" * 32)
            assert absent.addresses() == []
            place = parse_address(a.addresses()[0])
            for port in (1, 2):
                address = f"/{place.kind}/{place.host}/tcp/{port}/p2p/{absent.peer_id}"
                for _ in range(2):
                    assert await _error_of(a, address) in {Unavailable, PeerError}

    async def test_another_key_than_the_address_names(self) -> None:
        async with self.served(echo, echo) as (a, b):
            stranger = self.build(b"\x09" * 32)
            wrong = b.addresses()[0].replace(b.peer_id, stranger.peer_id)
            assert await _error_of(a, wrong) is PeerError
            stream = await a.connect(b.addresses()[0])
            assert stream.peer_id == b.peer_id

    async def test_what_cannot_be_dialled(self) -> None:
        async with self.served(echo, echo) as (a, b):
            named = b.addresses()[0]
            for text in ("", "rubbish", named.partition("/p2p/")[0], named + "x"):
                assert await _error_of(a, text) is MalformedInput
            assert await _error_of(a, a.addresses()[0]) is Unavailable

    async def test_serving_again_after_the_end(self) -> None:
        a, b = self.build(b"\x01" * 32), self.build(b"\x02" * 32)
        with trio.fail_after(_PATIENCE_S):
            for _ in range(2):
                async with trio.open_nursery() as nursery:
                    await nursery.start(a.serve, echo)
                    await nursery.start(b.serve, echo)
                    stream = await a.connect(b.addresses()[0])
                    await stream.send(b"?")
                    assert await stream.receive() == b"?"
                    nursery.cancel_scope.cancel()
                assert await lost(stream)
                assert a.addresses() == []

    async def test_statistics_count(self) -> None:
        async with self.served(echo, echo) as (a, b):
            stream = await a.connect(b.addresses()[0])
            await stream.send(bytes(1000))
            assert len(await stream.receive(1000)) > 0
            mine, theirs = a.statistics(), b.statistics()
            assert mine["connections"] == theirs["connections"] == 1
            assert mine["bytes_out"] >= 1000
            assert theirs["bytes_in"] >= 1000


async def _error_of(device: Transport, address: str) -> type[Exception] | None:
    try:
        await device.connect(address)
    except (MalformedInput, PeerError, Unavailable) as error:
        assert error.message
        return type(error)
    return None
