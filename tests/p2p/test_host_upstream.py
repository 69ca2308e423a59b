"""What py-libp2p 0.8.1 does without our guards, reproduced on real sockets.

These tests hold the reasons of the guards in `fedretail.p2p.host`, not wishes: when one fails
after an upgrade of libp2p, its guard may have become needless, or may no longer bite. See
docs/explanation/libp2p.md.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

libp2p: Any = pytest.importorskip("libp2p")

from libp2p.crypto.ed25519 import create_new_key_pair  # noqa: E402 - after the skip
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair  # noqa: E402
from libp2p.io.exceptions import IncompleteReadError  # noqa: E402
from libp2p.io.trio import TrioTCPStream  # noqa: E402
from libp2p.io.utils import read_exactly  # noqa: E402
from libp2p.network import swarm as swarm_module  # noqa: E402
from libp2p.network.config import ConnectionConfig  # noqa: E402
from libp2p.network.exceptions import SwarmException  # noqa: E402
from libp2p.network.stream.exceptions import StreamEOF, StreamError  # noqa: E402
from libp2p.peer.peerinfo import info_from_p2p_addr  # noqa: E402
from libp2p.security.noise.transport import PROTOCOL_ID, Transport  # noqa: E402
from libp2p.stream_muxer.yamux.yamux import Yamux  # noqa: E402
from libp2p.transport.tcp.tcp import TCPListener  # noqa: E402
from multiaddr import Multiaddr  # noqa: E402

from fedretail.p2p.host.guards import Socket  # noqa: E402

pytestmark = pytest.mark.process
_PATIENCE_S = 20.0
_LOOPBACK = Multiaddr("/ip4/127.0.0.1/tcp/0")
_TALK = "/test/1"


def few(most: int) -> ConnectionConfig:
    """At most that many connections, none kept on libp2p's own account."""
    return ConnectionConfig(
        max_connections=most, high_watermark=most, low_watermark=0, min_connections=0
    )


@asynccontextmanager
async def plain_host(seed: int, config: ConnectionConfig | None = None) -> AsyncIterator[Any]:
    """A libp2p host as its documentation builds it, with Noise and Yamux."""
    keys = create_new_key_pair(bytes([seed]) * 32)
    noise = Transport(keys, noise_privkey=create_noise_key_pair().private_key)
    host = libp2p.new_host(
        key_pair=keys,
        sec_opt={PROTOCOL_ID: noise},
        muxer_opt={"/yamux/1.0.0": Yamux},
        listen_addrs=[_LOOPBACK],
        connection_config=config,
    )
    with trio.fail_after(_PATIENCE_S):
        async with host.run(listen_addrs=[_LOOPBACK]):
            yield host


@asynccontextmanager
async def two_hosts(config: ConnectionConfig | None = None) -> AsyncIterator[Any]:
    """A client, and a server (with that configuration) that it knows but has not dialled."""
    async with plain_host(1) as client, plain_host(2, config) as server:
        info = info_from_p2p_addr(server.get_addrs()[0])
        client.get_peerstore().add_addrs(info.peer_id, info.addrs, 3600)
        yield client, server, info


def port_of(host: Any) -> int:
    return int(host.get_addrs()[0].value_for_protocol("tcp"))


async def test_undecodable_bytes_on_a_stream_kill_the_host() -> None:
    with pytest.raises(BaseExceptionGroup) as caught:  # noqa: PT012 - the host is the context
        async with two_hosts() as (client, server, info):
            await client.connect(info)
            stream = await client.get_network().new_stream(info.peer_id)
            await stream.write(b"\x13/multistream/1.0.0\n" + b"\x04\xff\xfe\xfd\n")
            await server.get_network().manager.wait_finished()
    assert caught.group_contains(UnicodeDecodeError)


async def test_places_for_incoming_connections_are_never_given_back() -> None:
    async with plain_host(2, few(2)) as server:
        outcome = []
        for seed in (3, 4, 5):
            async with plain_host(seed) as client:
                try:
                    await client.connect(info_from_p2p_addr(server.get_addrs()[0]))
                    outcome.append("in")
                except SwarmException:
                    outcome.append("refused")
                await client.get_network().close()
            while server.get_network().get_connections():
                await trio.sleep(0.01)
        assert outcome == ["in", "in", "refused"]


async def test_idle_sockets_take_all_places() -> None:
    async with two_hosts(few(2)) as (client, server, info):
        idle = [await trio.open_tcp_stream("127.0.0.1", port_of(server)) for _ in range(2)]
        for stream in idle:
            assert await stream.receive_some()
        with pytest.raises(SwarmException):
            await client.connect(info)


async def test_plaintext_is_accepted_by_default() -> None:
    host = libp2p.new_host(listen_addrs=[_LOOPBACK])
    with trio.fail_after(_PATIENCE_S):
        async with host.run(listen_addrs=[_LOOPBACK]):
            stream = await trio.open_tcp_stream("127.0.0.1", port_of(host))
            for line in (b"/multistream/1.0.0\n", b"/plaintext/2.0.0\n"):
                await stream.send_all(bytes([len(line)]) + line)
            answer = b""
            while answer.count(b"\n") < 2:
                answer += await stream.receive_some()
            assert answer.endswith(b"/plaintext/2.0.0\n")


async def test_a_failed_dial_blocks_explicit_dials() -> None:
    async with two_hosts() as (client, _, info):
        network = client.get_network()
        network.retry_config.max_retries = 0
        good = info.addrs
        client.get_peerstore().clear_addrs(info.peer_id)
        client.get_peerstore().add_addrs(info.peer_id, [Multiaddr("/ip4/127.0.0.1/tcp/1")], 60)
        with pytest.raises(SwarmException):
            await network.dial_peer(info.peer_id)
        client.get_peerstore().clear_addrs(info.peer_id)
        client.get_peerstore().add_addrs(info.peer_id, good, 60)
        with pytest.raises(SwarmException, match="recently failed"):
            await network.dial_peer(info.peer_id)


async def test_every_dial_waits_a_quarter_of_a_second() -> None:
    assert swarm_module._HAPPY_EYEBALLS_DELAY == 0.25
    async with two_hosts() as (client, _, info):
        start_s = trio.current_time()
        await client.get_network().dial_peer(info.peer_id)
        assert trio.current_time() - start_s >= 0.25


async def test_the_257th_stream_waits_for_ever() -> None:
    async with two_hosts() as (client, server, info):

        async def hold(stream: Any) -> None:
            await trio.sleep_forever()

        server.get_network().set_stream_handler(hold)
        await client.connect(info)
        (connection,) = client.get_network().get_connections()
        free = connection.muxed_conn.stream_backlog_semaphore.value
        for _ in range(free):
            await connection.new_stream()
        with trio.move_on_after(0.5) as scope:
            await connection.new_stream()
        assert scope.cancelled_caught


def test_a_writer_gives_up_after_5_s_and_leaves_the_stream_open() -> None:
    clock = trio.testing.MockClock(rate=1.0)

    async def run() -> None:
        async with two_hosts() as (client, server, info):

            async def hold(stream: Any) -> None:
                await trio.sleep_forever()

            server.set_stream_handler(_TALK, hold)
            await client.connect(info)
            stream = await client.new_stream(info.peer_id, [_TALK])
            with trio.move_on_after(1):
                await stream.write(bytes(2_000_000))
            assert stream.muxed_stream.send_window == 0
            clock.rate = 20.0
            start_s = trio.current_time()
            with pytest.raises(StreamError):
                await stream.write(b"more")
            clock.rate = 1.0
            assert 4.9 < trio.current_time() - start_s < 15
            assert not stream.muxed_stream.closed

    trio.run(run, clock=clock)


async def test_two_listeners_share_a_port_without_an_error() -> None:
    if not hasattr(trio.socket, "SO_REUSEPORT"):
        pytest.skip("this system has no SO_REUSEPORT")

    async def handler(stream: Any) -> None:
        return

    first, second = TCPListener(handler), TCPListener(handler)
    await first.listen(_LOOPBACK)
    await second.listen(first.get_addrs()[0])
    assert first.get_addrs() == second.get_addrs()
    await first.close()
    await second.close()


class Trickle:
    """Bytes that arrive one at a time, as over a bad line."""

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint()
        return b"x"


async def test_a_message_in_more_than_100_pieces_breaks_the_connection() -> None:
    source: Any = Trickle()
    with pytest.raises(IncompleteReadError):
        await read_exactly(TrioTCPStream(source), 200)
    rest = Socket(source, ("", 0), Counter())
    assert len(await read_exactly(rest, 200)) == 200


@pytest.mark.parametrize("guarded", [False, True])
async def test_a_cancelled_write_leaves_a_hole_in_the_connection(guarded: bool) -> None:
    ours, theirs = trio.testing.lockstep_stream_pair()
    wire = Socket(ours, ("", 0), Counter()) if guarded else TrioTCPStream(ours)
    got = bytearray()

    async def read() -> None:
        await trio.sleep(0.05)
        while data := await theirs.receive_some(10):
            got.extend(data)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        with trio.move_on_after(0):
            await wire.write(b"first.....")
        await wire.write(b"second....")
        await ours.aclose()
    assert got == (b"first.....second...." if guarded else b"second....")


async def test_a_socket_that_takes_no_bytes_is_closed(autojump_clock: Any) -> None:
    ours, _theirs = trio.testing.lockstep_stream_pair()
    count: Counter[str] = Counter()
    socket = Socket(ours, ("", 0), count)
    with pytest.raises(Exception, match="takes no bytes"):
        await socket.write(b"?")
    assert socket.closed.is_set()
    assert count["write_stalled"] == 1


async def test_the_end_of_a_host_forgets_its_readers() -> None:
    async def hold(stream: Any) -> None:
        await trio.sleep_forever()

    async with plain_host(2) as server:
        server.set_stream_handler(_TALK, hold)
        async with plain_host(1) as client:
            info = info_from_p2p_addr(server.get_addrs()[0])
            await client.connect(info)
            stream = await client.new_stream(info.peer_id, [_TALK])
        with trio.move_on_after(0.5) as scope:
            await stream.read(1)
        assert scope.cancelled_caught


async def test_a_broken_connection_reads_like_an_orderly_end() -> None:
    async with two_hosts() as (client, server, info):

        async def hold(stream: Any) -> None:
            await trio.sleep_forever()

        server.set_stream_handler(_TALK, hold)
        await client.connect(info)
        stream = await client.new_stream(info.peer_id, [_TALK])
        async with trio.open_nursery() as nursery:

            async def read() -> None:
                with pytest.raises(StreamEOF):
                    await stream.read(1)

            nursery.start_soon(read)
            await trio.testing.wait_all_tasks_blocked(0.05)
            (connection,) = server.get_network().get_connections()
            await connection.muxed_conn.secured_conn.close()


async def test_the_public_key_of_a_session_is_not_the_peers_own() -> None:
    async with two_hosts() as (client, server, info):
        await client.connect(info)
        (connection,) = client.get_network().get_connections()
        session = connection.muxed_conn.secured_conn
        assert session.get_remote_public_key().to_bytes() != server.get_public_key().to_bytes()


async def test_every_peer_that_left_is_remembered_for_ever() -> None:
    async with two_hosts() as (client, _, info):
        await client.connect(info)
        await client.get_network().close_peer(info.peer_id)
        assert info.peer_id in client.get_network().auto_connector._recent_disconnects


def test_the_page_on_libp2p_names_tests_that_exist() -> None:
    root = Path(__file__).parents[2]
    sources = [
        *root.glob("tests/p2p/test_*.py"),
        root / "fedretail/testing/transport_acceptance.py",
    ]
    tests = "".join(path.read_text(encoding="utf-8") for path in sources)
    page = (root / "docs/explanation/libp2p.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 20
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []
