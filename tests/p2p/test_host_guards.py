"""Each guard of the libp2p host, shown to bite on real sockets.

Where it is practical the same attack is run with the guard's limit out of reach, so that an
upgrade of libp2p which makes a guard needless is noticed. test_host_upstream.py has the rest.
"""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from fedretail.errors import PeerError, Unavailable, UsageError
from fedretail.p2p.address import parse_address, parse_peer
from fedretail.p2p.host import Libp2pTransport
from fedretail.p2p.transport import PROTOCOL, Handler, Limits, Stream
from fedretail.testing.transport_acceptance import echo, lost

pytestmark = pytest.mark.process
_PATIENCE_S = 20.0
_LOOPBACK = "/ip4/127.0.0.1/tcp/0"


@asynccontextmanager
async def serving(
    *handlers: Handler, limits: Limits | None = None
) -> AsyncIterator[list[Libp2pTransport]]:
    """One device on loopback for each handler."""
    with trio.fail_after(_PATIENCE_S):
        async with trio.open_nursery() as nursery:
            devices = []
            for n, handler in enumerate(handlers):
                device = Libp2pTransport(bytes([n + 1]) * 32, [_LOOPBACK], limits=limits)
                await nursery.start(device.serve, handler)
                devices.append(device)
            yield devices
            nursery.cancel_scope.cancel()


async def raw_stream(device: Libp2pTransport, peer: Libp2pTransport) -> Any:
    """A libp2p stream without our wrapper and before any negotiation, as an attacker's."""
    core: Any = device._serving()
    connections = core._swarm.get_connections()
    connection = connections[0] if connections else await core._dial(where(peer))
    return await connection.new_stream()


def where(peer: Libp2pTransport) -> Any:
    return parse_peer(peer.addresses()[0])


async def says(device: Libp2pTransport, name: str, value: int) -> None:
    """Waits until a counter of the device has reached the value."""
    while device.statistics().get(name, 0) < value:
        await trio.sleep(0.01)


async def falls(device: Libp2pTransport, name: str, value: int) -> None:
    """Waits until a number of the device has fallen to the value."""
    while device.statistics()[name] > value:
        await trio.sleep(0.01)


async def works(device: Libp2pTransport, peer: Libp2pTransport) -> bool:
    """Whether a new stream to the peer carries bytes both ways."""
    stream = await device.connect(peer.addresses()[0])
    await stream.send(b"?")
    answer = await stream.receive()
    await stream.reset()
    return answer == b"?"


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


# --- a bad peer does not stop the host ------------------------------------------------------


async def test_bytes_that_are_no_text_do_not_stop_the_host() -> None:
    async with serving(echo, echo) as (bad, good):
        for _ in range(3):
            stream = await raw_stream(bad, good)
            await stream.write(b"\x13/multistream/1.0.0\n" + b"\x04\xff\xfe\xfd\n")
        await says(good, "handler_error", 3)
        assert await works(bad, good)


async def test_a_handler_that_fails_does_not_stop_the_host() -> None:
    class Panic(BaseException):
        """As pyo3's PanicException: no Exception."""

    async def panic(stream: Stream) -> None:
        await stream.receive()
        raise Panic

    async with serving(echo, panic) as (a, b):
        for n in range(3):
            stream = await a.connect(b.addresses()[0])
            await stream.send(b"!")
            assert await lost(stream)
            await says(b, "handler_error", n + 1)
        assert await works(b, a)


async def test_a_dead_swarm_ends_serve_so_that_a_supervisor_can_start_again() -> None:
    async def fail() -> None:
        raise ValueError("libp2p broke")

    device = Libp2pTransport(b"\x01" * 32, [_LOOPBACK])
    with trio.fail_after(_PATIENCE_S):
        for _ in range(2):
            with pytest.RaisesGroup(Unavailable):
                async with trio.open_nursery() as nursery:
                    await nursery.start(device.serve, echo)
                    core: Any = device._serving()
                    core._swarm.manager.run_task(fail)
            with pytest.raises(Unavailable, match="not running"):
                device._serving()


# --- who gets in ----------------------------------------------------------------------------


async def test_places_are_freed_when_connections_close() -> None:
    limits = Limits(connections=2, connections_per_address=2)
    async with serving(echo, echo, limits=limits) as (a, b):
        for n in range(8):
            assert await works(a, b)
            await a.disconnect(b.peer_id)
            await falls(b, "connections", 0)
            await says(b, "accepted", n + 1)
        assert b.statistics()["refused"] == 0


async def test_plaintext_is_refused() -> None:
    async with serving(echo) as (device,):
        assert await stranger_greets(await tcp(device), b"/plaintext/2.0.0") == b"\x03na\n"
        assert await stranger_greets(await tcp(device), b"/noise") == b"\x07/noise\n"


async def test_connections_of_one_address_are_capped() -> None:
    limits = Limits(connections_per_address=3)
    async with serving(echo, limits=limits) as (device,):
        idle = [await tcp(device) for _ in range(5)]
        await says(device, "refused", 2)
        for stream in idle[3:]:
            assert await ended(stream)
        await idle[0].aclose()
        await falls(device, "handshakes", 2)
        assert (await stranger_greets(await tcp(device), b"/noise")).endswith(b"/noise\n")
        assert device.statistics()["refused"] == 2


async def ended(stream: trio.SocketStream) -> bool:
    """Whether the other side has closed the connection (after its greeting, if any)."""
    try:
        while await stream.receive_some():
            pass
    except trio.BrokenResourceError:
        pass
    return True


async def test_idle_sockets_do_not_lock_honest_peers_out() -> None:
    limits = Limits(handshakes=4, connections_per_address=1000)
    async with serving(echo, echo, limits=limits) as (a, b):
        idle = [await tcp(b) for _ in range(50)]
        assert await works(a, b)
        await says(b, "refused", 46)
        assert await ended(idle[0])


async def test_a_handshake_has_a_time_limit() -> None:
    async with serving(echo, limits=Limits(handshake_s=0.2)) as (device,):
        stream = await tcp(device)
        assert await ended(stream)
        await says(device, "handshake_timeout", 1)
        assert device.statistics()["handshakes"] == 0


async def test_garbage_instead_of_a_handshake_ends_only_that_connection() -> None:
    async with serving(echo, echo) as (a, b):
        for garbage in (
            b"GET / HTTP/1.1\r\n\r\n",
            b"\xff" * 500,
            b"\x13/multistream/1.0.0\n\x05\xff",
        ):
            stream = await tcp(b)
            await stream.send_all(garbage)
            await stream.send_eof()
            assert await ended(stream)
        assert await works(a, b)


async def test_a_peer_with_another_kind_of_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from libp2p.crypto.secp256k1 import create_new_key_pair

    from fedretail.p2p.host import guards

    async with serving(echo) as (device,):
        monkeypatch.setattr(guards, "create_new_key_pair", lambda seed: create_new_key_pair())
        odd = Libp2pTransport(b"\x09" * 32, [])
        async with trio.open_nursery() as nursery:
            await nursery.start(odd.serve, echo)
            with pytest.raises(Unavailable, match="no secure connection"):
                await odd.connect(device.addresses()[0])
            await says(device, "handshake_failed", 1)
            assert device.statistics()["connections"] == 0
            nursery.cancel_scope.cancel()


async def test_nothing_remains_of_a_connection_to_the_wrong_key() -> None:
    async with serving(echo, echo) as (a, b):
        wrong = b.addresses()[0].replace(b.peer_id, Libp2pTransport(b"\x09" * 32, []).peer_id)
        for _ in range(3):
            with pytest.raises(PeerError, match="Another machine"):
                await a.connect(wrong)
        assert a.statistics()["connections"] == 0
        await falls(b, "connections", 0)


# --- streams --------------------------------------------------------------------------------


async def test_streams_of_one_connection_are_capped() -> None:
    async with serving(echo, echo, limits=Limits(streams_per_connection=4)) as (bad, good):
        for _ in range(20):
            await raw_stream(bad, good)
        await says(good, "streams_refused", 16)
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
            await says(good, "bytes_in", 4_000_000)
            core: Any = good._serving()
            (connection,) = core._swarm.get_connections()
            unread = connection.muxed_conn.stream_buffers.values()
            assert sum(len(buffer) for buffer in unread) > 3_000_000


# --- connections ----------------------------------------------------------------------------


class Line:
    """A TCP relay that can go dead without a goodbye, like a pulled cable."""

    def __init__(self) -> None:
        self.dead = False

    async def serve(self, port: int, *, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        async def join(near: trio.SocketStream) -> None:
            far = await trio.open_tcp_stream("127.0.0.1", port)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._pass_on, near, far)
                nursery.start_soon(self._pass_on, far, near)

        await trio.serve_tcp(join, 0, host="127.0.0.1", task_status=task_status)

    async def _pass_on(self, source: trio.SocketStream, target: trio.SocketStream) -> None:
        try:
            while data := await source.receive_some():
                if not self.dead:
                    await target.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return


@pytest.mark.parametrize("ping_after_s", [0.2, 3600.0])
async def test_half_open_peers_are_dropped(ping_after_s: float) -> None:
    limits = Limits(ping_after_s=ping_after_s, ping_wait_s=0.2)
    async with serving(echo, echo, limits=limits) as (a, b), trio.open_nursery() as nursery:
        line = Line()
        (listener,) = await nursery.start(line.serve, where(b).port)
        port = listener.socket.getsockname()[1]
        stream = await a.connect(f"/ip4/127.0.0.1/tcp/{port}/p2p/{b.peer_id}")
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
        await says(a, "pings", 3)
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
        (listener,) = await nursery.start(line.serve, where(b).port)
        port = listener.socket.getsockname()[1]
        await a.connect(f"/ip4/127.0.0.1/tcp/{port}/p2p/{b.peer_id}")
        line.dead = True
        assert await works(a, b)
        assert a.statistics()["dialled"] == 2
        nursery.cancel_scope.cancel()


# --- what libp2p does besides ---------------------------------------------------------------


async def test_no_more_is_said_on_connecting_than_the_handshake() -> None:
    async with serving(echo, echo) as (a, b):
        assert await works(a, b)
        sent = a.statistics()["bytes_out"]
        # Identify alone would be 1-2 KB each way.
        assert sent < 1000
        for device in (a, b):
            core: Any = device._serving()
            known = [str(peer) for peer in core._host.get_peerstore().peer_ids()]
            assert known == [device.peer_id]


async def test_identify_is_answered_and_push_is_not() -> None:
    from libp2p.identity.identify.identify import ID as IDENTIFY
    from libp2p.identity.identify_push.identify_push import ID_PUSH

    async with serving(echo, echo) as (a, b):
        core: Any = a._serving()
        connection = await core._dial(where(b))
        stream = await core._negotiate(connection, str(IDENTIFY))
        assert b"/fedretail/sync/1" in await stream.read(4096)
        from libp2p.protocol_muxer.exceptions import MultiselectClientError

        with pytest.raises(MultiselectClientError):
            await core._negotiate(connection, str(ID_PUSH))


def test_libp2p_is_loaded_only_when_a_host_starts() -> None:
    program = (
        "import sys, fedretail.p2p.host as host\n"
        "host.Libp2pTransport(bytes(32), ['/ip4/127.0.0.1/tcp/0'])\n"
        "assert not [name for name in sys.modules if name.startswith('libp2p')]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


async def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    async with serving(echo, echo) as (a, b):
        assert await works(a, b)
        await a.disconnect(b.peer_id)
        wrong = b.addresses()[0].replace(b.peer_id, Libp2pTransport(b"\x09" * 32, []).peer_id)
        with pytest.raises(PeerError):
            await a.connect(wrong)
        stream = await tcp(b)
        await stream.send_all(b"rubbish")
        await stream.aclose()
    out = capfd.readouterr()
    assert out.out + out.err == ""


# --- addresses ------------------------------------------------------------------------------


async def test_ipv6_and_several_addresses() -> None:
    device = Libp2pTransport(b"\x01" * 32, [_LOOPBACK, "/ip6/::1/tcp/0"])
    other = Libp2pTransport(b"\x02" * 32, [])
    with trio.fail_after(_PATIENCE_S):
        async with trio.open_nursery() as nursery:
            try:
                await nursery.start(device.serve, echo)
            except BaseExceptionGroup:
                pytest.skip("this machine has no IPv6")
            await nursery.start(other.serve, echo)
            kinds = [parse_address(text).kind for text in device.addresses()]
            assert kinds == ["ip4", "ip6"]
            assert other.addresses() == []
            for address in device.addresses():
                stream = await other.connect(address)
                await stream.send(b"?")
                assert await stream.receive() == b"?"
                await other.disconnect(device.peer_id)
            nursery.cancel_scope.cancel()


async def test_a_port_in_use_ends_serve_with_one_clear_error() -> None:
    async with serving(echo) as (device,):
        second = Libp2pTransport(b"\x02" * 32, [f"/ip4/127.0.0.1/tcp/{where(device).port}"])
        with pytest.raises(Unavailable, match="already in use"):
            await second.serve(echo)


def test_a_name_is_no_address_to_listen_on() -> None:
    with pytest.raises(UsageError):
        Libp2pTransport(bytes(32), ["/dns4/localhost/tcp/4001"])
