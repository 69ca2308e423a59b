"""The acceptance suite in memory, and the faults that the network can be given."""

import pytest
import trio
import trio.testing

from fedretail.errors import PeerError, Unavailable
from fedretail.p2p.transport import Limits, Stream, Transport
from fedretail.testing.memory_network import MemoryNetwork, MemoryTransport
from fedretail.testing.transport_acceptance import TransportAcceptance, echo, lost


class TestMemory(TransportAcceptance):
    @pytest.fixture(autouse=True)
    def network(self, autojump_clock: trio.testing.MockClock) -> None:
        self.net = MemoryNetwork(latency_s=0.01, limits=self.limits)

    def build(self, seed: bytes) -> Transport:
        return self.net.transport(seed)


async def pair(net: MemoryNetwork, nursery: trio.Nursery) -> tuple[MemoryTransport, Stream]:
    """A served echo device, and a stream to it from another one."""
    a, b = net.transport(b"a" * 32), net.transport(b"b" * 32)
    await nursery.start(a.serve, echo)
    await nursery.start(b.serve, echo)
    return b, await a.connect(b.addresses()[0])


async def test_latency_is_exact(autojump_clock: trio.testing.MockClock) -> None:
    net = MemoryNetwork(latency_s=0.25)
    async with trio.open_nursery() as nursery:
        start_s = trio.current_time()
        _, stream = await pair(net, nursery)
        assert trio.current_time() - start_s == pytest.approx(0.5)
        await stream.send(b"?")
        assert await stream.receive() == b"?"
        assert trio.current_time() - start_s == pytest.approx(1.0)
        nursery.cancel_scope.cancel()


async def test_a_short_partition_only_delays(autojump_clock: trio.testing.MockClock) -> None:
    net = MemoryNetwork()
    async with trio.open_nursery() as nursery:
        b, stream = await pair(net, nursery)
        a_id = next(iter(net.peers))
        net.partition(a_id, b.peer_id)
        await stream.send(b"?")
        with trio.move_on_after(20) as scope:
            await stream.receive()
        assert scope.cancelled_caught
        net.heal()
        assert await stream.receive() == b"?"
        nursery.cancel_scope.cancel()


async def test_a_one_way_cut_lets_the_other_way_through(
    autojump_clock: trio.testing.MockClock,
) -> None:
    net = MemoryNetwork()
    heard: list[bytes] = []

    async def talk(stream: Stream) -> None:
        await stream.send(b"from b")
        heard.append(await stream.receive())

    async with trio.open_nursery() as nursery:
        a, b = net.transport(b"a" * 32), net.transport(b"b" * 32)
        await nursery.start(a.serve, echo)
        await nursery.start(b.serve, talk)
        stream = await a.connect(b.addresses()[0])
        net.cut(a.peer_id, b.peer_id)
        await stream.send(b"from a")
        assert await stream.receive() == b"from b"
        await trio.sleep(1)
        assert heard == []
        net.heal()
        await trio.testing.wait_all_tasks_blocked()
        assert heard == [b"from a"]
        nursery.cancel_scope.cancel()


async def test_a_long_partition_ends_the_connection(
    autojump_clock: trio.testing.MockClock,
) -> None:
    net = MemoryNetwork(limits=Limits(ping_after_s=30, ping_wait_s=10))
    async with trio.open_nursery() as nursery:
        b, stream = await pair(net, nursery)
        a_id = next(iter(net.peers))
        net.partition(a_id, b.peer_id)
        start_s = trio.current_time()
        assert await lost(stream)
        assert trio.current_time() - start_s == pytest.approx(40)
        with pytest.raises(Unavailable):
            await net.peers[a_id].connect(b.addresses()[0])
        net.heal()
        again = await net.peers[a_id].connect(b.addresses()[0])
        await again.send(b"?")
        assert await again.receive() == b"?"
        nursery.cancel_scope.cancel()


async def test_lost_connections_break_at_once(autojump_clock: trio.testing.MockClock) -> None:
    net = MemoryNetwork()
    async with trio.open_nursery() as nursery:
        b, stream = await pair(net, nursery)
        net.lose(next(iter(net.peers)), b.peer_id)
        with pytest.raises(PeerError):
            await stream.send(b"?")
        assert await lost(stream)
        nursery.cancel_scope.cancel()


async def test_links_count_bytes(autojump_clock: trio.testing.MockClock) -> None:
    net = MemoryNetwork()
    async with trio.open_nursery() as nursery:
        b, stream = await pair(net, nursery)
        await stream.send(bytes(100_000))
        got = 0
        while got < 100_000:
            got += len(await stream.receive())
        a_id = next(iter(net.peers))
        assert net.link(a_id, b.peer_id).bytes == net.link(b.peer_id, a_id).bytes == 100_000
        assert net.bytes() == 200_000
        nursery.cancel_scope.cancel()


def test_the_same_calls_give_the_same_times() -> None:
    async def run() -> list[tuple[float, int]]:
        net = MemoryNetwork(latency_s=0.013)
        seen: list[tuple[float, int]] = []

        async def note(stream: Stream) -> None:
            while data := await stream.receive(5000):
                seen.append((trio.current_time(), len(data)))

        async with trio.open_nursery() as nursery:
            a, b = net.transport(b"a" * 32), net.transport(b"b" * 32)
            await nursery.start(a.serve, echo)
            await nursery.start(b.serve, note)
            net.link(a.peer_id, b.peer_id).latency_s = 0.2
            stream = await a.connect(b.addresses()[0])
            for n in range(20):
                await stream.send(bytes(n * 997))
                await trio.sleep(0.07)
            net.partition(a.peer_id, b.peer_id)
            await stream.send(bytes(30_000))
            await trio.sleep(3)
            net.heal()
            await stream.close()
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
        return seen

    runs = [trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0)) for _ in range(3)]
    start = [run[0][0] for run in runs]
    relative = [
        [(round(at - zero, 9), size) for at, size in run]
        for run, zero in zip(runs, start, strict=True)
    ]
    assert relative[0] == relative[1] == relative[2]
    assert sum(size for _, size in relative[0]) == sum(n * 997 for n in range(20)) + 30_000
