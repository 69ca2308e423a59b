"""Each guard of the libp2p host, shown to bite on real sockets.

Where it is practical the same attack is run with the guard's limit out of reach, so that an
upgrade of libp2p which makes a guard needless is noticed. test_host_upstream.py has the rest.
"""

import subprocess
import sys
from typing import Any

import pytest
import trio

from fedretail.errors import PeerError, Unavailable, UsageError
from fedretail.p2p.address import parse_address
from fedretail.p2p.host import Libp2pTransport
from fedretail.p2p.transport import Limits, Stream
from fedretail.testing.loopback import (
    LOOPBACK,
    PATIENCE_S,
    falls,
    raw_stream,
    rises,
    serving,
    stranger_greets,
    tcp,
    where,
    works,
)
from fedretail.testing.transport_acceptance import echo, lost

pytestmark = pytest.mark.process


# --- a bad peer does not stop the host ------------------------------------------------------


async def test_bytes_that_are_no_text_do_not_stop_the_host() -> None:
    async with serving(echo, echo) as (bad, good):
        for _ in range(3):
            stream = await raw_stream(bad, good)
            await stream.write(b"\x13/multistream/1.0.0\n" + b"\x04\xff\xfe\xfd\n")
        await rises(good, "handler_error", 3)
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
            await rises(b, "handler_error", n + 1)
        assert await works(b, a)


async def test_a_dead_swarm_ends_serve_so_that_a_supervisor_can_start_again() -> None:
    async def fail() -> None:
        raise ValueError("libp2p broke")

    device = Libp2pTransport(b"\x01" * 32, [LOOPBACK])
    with trio.fail_after(PATIENCE_S):
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
            await rises(b, "accepted", n + 1)
        assert b.statistics()["refused"] == 0


async def test_plaintext_is_refused() -> None:
    async with serving(echo) as (device,):
        assert await stranger_greets(await tcp(device), b"/plaintext/2.0.0") == b"\x03na\n"
        assert await stranger_greets(await tcp(device), b"/noise") == b"\x07/noise\n"


async def test_connections_of_one_address_are_capped() -> None:
    limits = Limits(connections_per_address=3)
    async with serving(echo, limits=limits) as (device,):
        idle = [await tcp(device) for _ in range(5)]
        await rises(device, "refused", 2)
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
        await rises(b, "refused", 46)
        assert await ended(idle[0])


async def test_a_handshake_has_a_time_limit() -> None:
    async with serving(echo, limits=Limits(handshake_s=0.2)) as (device,):
        stream = await tcp(device)
        assert await ended(stream)
        await rises(device, "handshake_timeout", 1)
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
            await rises(device, "handshake_failed", 1)
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


# --- what libp2p does besides ---------------------------------------------------------------


async def test_no_more_is_said_than_the_handshake_and_nobody_is_remembered() -> None:
    async with serving(echo, echo) as (a, b):
        assert await works(a, b)
        sent = a.statistics()["bytes_out"]
        # Identify alone would be 1-2 KB each way.
        assert sent < 1000
        for device in (a, b):
            core: Any = device._serving()
            known = [str(peer) for peer in core._host.get_peerstore().peer_ids()]
            assert known == [device.peer_id]
        await a.disconnect(b.peer_id)
        await falls(b, "connections", 0)
        for device in (a, b):
            core = device._serving()
            assert not vars(core._swarm.auto_connector)


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


_A_BAD_DAY = """
import pytest, trio
from fedretail.errors import PeerError
from fedretail.p2p.address import peer_id_of
from fedretail.testing.loopback import serving, where, works
from fedretail.testing.transport_acceptance import echo

async def main():
    async with serving(echo, echo) as (a, b):
        assert await works(a, b)
        await a.disconnect(b.peer_id)
        wrong = b.addresses()[0].replace(b.peer_id, peer_id_of(bytes(range(32))))
        with pytest.raises(PeerError):
            await a.connect(wrong)
        stream = await trio.open_tcp_stream("127.0.0.1", where(b).port)
        await stream.send_all(b"rubbish")
        await stream.aclose()
        import logging
        assert not logging.getLogger().handlers

trio.run(main)
"""


def test_nothing_is_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _A_BAD_DAY], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


# --- addresses ------------------------------------------------------------------------------


async def test_ipv6_and_several_addresses() -> None:
    device = Libp2pTransport(b"\x01" * 32, [LOOPBACK, "/ip6/::1/tcp/0"])
    other = Libp2pTransport(b"\x02" * 32, [])
    with trio.fail_after(PATIENCE_S):
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
