"""Streams and connections of the libp2p host: what bad peers and dead lines do to them."""

from typing import Any

import pytest
import trio

from fedretail.errors import PeerError, Unavailable
from fedretail.p2p.address import parse_peer
from fedretail.p2p.host import Libp2pTransport
from fedretail.p2p.transport import PROTOCOL, Limits, Stream
from fedretail.testing.loopback import Line, falls, raw_stream, rises, serving, where, works
from fedretail.testing.transport_acceptance import echo, lost

pytestmark = pytest.mark.process


# --- streams --------------------------------------------------------------------------------


async def test_streams_of_one_connection_are_capped() -> None:
    async with serving(echo, echo, limits=Limits(streams_per_connection=4)) as (bad, good):
        for _ in range(20):
            await raw_stream(bad, good)
        await rises(good, "streams_refused", 16)
        await falls(good, "streams", 4)


async def test_a_connection_full_of_streams_is_replaced() -> None:
    limits = Limits(open_s=0.3, streams_per_connection=1000, connections_per_address=1000)
    async with serving(echo, echo, limits=limits) as (a, b):
        for _ in range(256):
            await raw_stream(a, b)
        assert await works(a, b)


async def test_a_peer_that_answers_no_negotiation_is_an_error() -> None:
    async with serving(echo, echo, limits=Limits(open_s=0.3)) as (a, b):
        core: Any = b._serving()

        async def say_nothing(stream: Any) -> None:
            await trio.sleep_forever()

        core._swarm.set_stream_handler(say_nothing)
        with pytest.raises(PeerError, match="does not answer"):
            await a.connect(b.addresses()[0])
        core._host.remove_stream_handler(PROTOCOL)


async def test_a_peer_without_our_protocol_is_an_error() -> None:
    async with serving(echo, echo) as (a, b):
        core: Any = b._serving()
        core._host.remove_stream_handler(PROTOCOL)
        with pytest.raises(PeerError, match="does not speak"):
            await a.connect(b.addresses()[0])
        await falls(a, "streams", 0)


async def test_a_stream_that_the_peer_never_ends_is_freed() -> None:
    async def sleep(stream: Stream) -> None:
        await trio.sleep_forever()

    async with serving(echo, sleep, limits=Limits(linger_s=0.2)) as (a, b):
        stream = await a.connect(b.addresses()[0])
        await stream.close()
        assert a.statistics()["streams"] == 1
        await falls(a, "streams", 0)
        assert await lost(stream)


async def test_a_pause_of_the_reader_does_not_cost_the_stream() -> None:
    go = trio.Event()
    got = bytearray()
    done = trio.Event()

    async def read_later(stream: Stream) -> None:
        await go.wait()
        while data := await stream.receive():
            got.extend(data)
        done.set()

    async with serving(echo, read_later) as (a, b):
        stream: Any = await a.connect(b.addresses()[0])
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.send, bytes(4_000_000))
            while stream._muxed.send_window > 0:
                await trio.sleep(0.01)
            with trio.move_on_after(0.2):
                await done.wait()
            # libp2p's own wait, which resets after 5 s, was never entered.
            assert stream._muxed._zero_window_waits == 0
            go.set()
        await stream.close()
        await done.wait()
        assert len(got) == 4_000_000


async def test_the_window_of_a_fast_sender_stays_small() -> None:
    got = 0

    async def read_much_then_nothing(stream: Stream) -> None:
        nonlocal got
        while got < 20_000_000:
            got += len(await stream.receive())
        await trio.sleep_forever()

    async with serving(echo, read_much_then_nothing, limits=Limits(stall_s=0.5)) as (a, b):
        stream = await a.connect(b.addresses()[0])
        with pytest.raises(PeerError):
            await stream.send(bytes(60_000_000))
        sent = a.statistics()["bytes_out"]
        # libp2p's own limit is 16 MiB a stream.
        assert sent - got < 3_000_000


@pytest.mark.parametrize("limit_bytes", [512 * 1024, 1 << 30])
async def test_a_peer_that_overruns_its_window_is_dropped(limit_bytes: int) -> None:
    async def sleep(stream: Stream) -> None:
        await trio.sleep_forever()

    async with serving(echo, sleep, limits=Limits(buffer_bytes=limit_bytes)) as (bad, good):
        stream: Any = await bad.connect(good.addresses()[0])
        stream._muxed.send_window = 1 << 30
        if limit_bytes < 1 << 30:
            with pytest.raises(PeerError):
                await stream.send(bytes(4_000_000))
            await falls(good, "connections", 0)
            assert good.statistics()["overrun"] == 1
        else:  # Without the guard libp2p buffers it all.
            await stream.send(bytes(4_000_000))
            await rises(good, "bytes_in", 4_000_000)
            core: Any = good._serving()
            (connection,) = core._swarm.get_connections()
            unread = connection.muxed_conn.stream_buffers.values()
            assert sum(len(buffer) for buffer in unread) > 3_000_000


# --- connections ----------------------------------------------------------------------------


@pytest.mark.parametrize("ping_after_s", [0.2, 3600.0])
async def test_half_open_peers_are_dropped(ping_after_s: float) -> None:
    limits = Limits(ping_after_s=ping_after_s, ping_wait_s=0.2)
    async with serving(echo, echo, limits=limits) as (a, b), trio.open_nursery() as nursery:
        line = Line()
        await nursery.start(line.serve, where(b).port)
        stream = await a.connect(f"/ip4/127.0.0.1/tcp/{line.port}/p2p/{b.peer_id}")
        await stream.send(b"?")
        assert await stream.receive() == b"?"
        line.dead = True
        if ping_after_s < 1:
            assert await lost(stream)
            await falls(b, "connections", 0)
            assert a.statistics()["half_open"] == b.statistics()["half_open"] == 1
        else:  # Without the watchdog nobody notices.
            with trio.move_on_after(1.0) as scope:
                await stream.receive()
            assert scope.cancelled_caught
            assert a.statistics()["connections"] == 1
        nursery.cancel_scope.cancel()


async def test_silent_peers_that_answer_pings_stay() -> None:
    async with serving(echo, echo, limits=Limits(ping_after_s=0.1)) as (a, b):
        stream = await a.connect(b.addresses()[0])
        await rises(a, "pings", 3)
        await stream.send(b"?")
        assert await stream.receive() == b"?"
        assert a.statistics()["connections"] == 1
        assert a.statistics().get("half_open", 0) == 0


async def test_a_failed_dial_does_not_stand_in_the_way_of_the_next() -> None:
    async with serving(echo, echo) as (a, b):
        address = parse_peer(b.addresses()[0])
        nobody = f"/ip4/127.0.0.1/tcp/1/p2p/{b.peer_id}"
        for _ in range(3):
            with pytest.raises(Unavailable, match="Nobody answers"):
                await a.connect(nobody)
        assert str(address) == b.addresses()[0]
        assert await works(a, b)


async def test_a_dead_connection_is_replaced_by_connect() -> None:
    limits = Limits(open_s=0.3, ping_after_s=3600)
    async with serving(echo, echo, limits=limits) as (a, b), trio.open_nursery() as nursery:
        line = Line()
        await nursery.start(line.serve, where(b).port)
        await a.connect(f"/ip4/127.0.0.1/tcp/{line.port}/p2p/{b.peer_id}")
        line.dead = True
        assert await works(a, b)
        assert a.statistics()["dialled"] == 2
        nursery.cancel_scope.cancel()


async def test_a_hung_peer_does_not_hold_up_the_end_of_the_host() -> None:
    async with serving(echo) as (b,), trio.open_nursery() as nursery:
        line = Line()
        await nursery.start(line.serve, where(b).port)
        a = Libp2pTransport(b"\x09" * 32, [])
        with trio.fail_after(10):  # Less than a socket's write may take.
            async with trio.open_nursery() as running:
                await running.start(a.serve, echo)
                stream: Any = await a.connect(f"/ip4/127.0.0.1/tcp/{line.port}/p2p/{b.peer_id}")
                line.stuck = True
                stream._muxed.send_window = 1 << 30
                running.start_soon(stream.send, bytes(50_000_000))
                sent = -1
                while sent < a.statistics()["bytes_out"]:
                    sent = int(a.statistics()["bytes_out"])
                    await trio.sleep(0.3)
                running.cancel_scope.cancel()
        nursery.cancel_scope.cancel()
