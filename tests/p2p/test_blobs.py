"""Pictures between two devices: over real libp2p and in memory; nobody but neighbours is served."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from fedretail.errors import PeerError, Unavailable
from fedretail.p2p import blobs
from fedretail.p2p.blob_frames import MAX_ASKED, Answered, Wanted, answering, asking
from fedretail.p2p.blobs import BlobService
from fedretail.p2p.host import Libp2pTransport
from fedretail.p2p.transport import BLOB_PROTOCOL, Carrier, Stream
from fedretail.testing.loopback import LOOPBACK, PATIENCE_S
from fedretail.testing.memory_network import MemoryNetwork
from fedretail.testing.transport_acceptance import echo

# Under a clock that jumps.
AGES_S = 1e6
FILES = [bytes([n]) * (100 + n) for n in range(10)]


def wanted(data: bytes) -> Wanted:
    return Wanted(hashlib.sha256(data).digest(), len(data))


class Shop:
    """A device with some pictures, that has a session with whoever is named in `neighbours`."""

    def __init__(self, carrier: Carrier, files: list[bytes]) -> None:
        self.carrier = carrier
        self.files = {hashlib.sha256(data).digest(): data for data in files}
        self.neighbours: set[str] = set()
        self.reads = 0
        self.got: list[Answered] = []
        self.service = BlobService(
            carrier, is_neighbour=self.neighbours.__contains__, read=self.read
        )

    async def read(self, name: bytes) -> bytes | None:
        self.reads += 1
        return self.files.get(name)

    async def take(self, one: Answered) -> None:
        self.got.append(one)

    async def fetch(self, peer: "Shop", *names: Wanted) -> list[bytes | None]:
        self.got.clear()
        await self.service.fetch(peer.carrier.peer_id, names, self.take)
        return [one.data for one in self.got]


def memory() -> list[Carrier]:
    network = MemoryNetwork(latency_s=0.01)
    return [network.transport(bytes([n]) * 32) for n in (1, 2)]


def libp2p() -> list[Carrier]:
    return [Libp2pTransport(bytes([n]) * 32, [LOOPBACK]) for n in (1, 2)]


@asynccontextmanager
async def met(
    carriers: list[Carrier], *, patience_s: float = PATIENCE_S
) -> AsyncIterator[tuple[Shop, Shop]]:
    """(one that holds FILES, one without any), in touch by a stream that echoes."""
    a, b = Shop(carriers[0], FILES), Shop(carriers[1], [])
    with trio.fail_after(patience_s):
        async with trio.open_nursery() as nursery:
            for one in (a, b):
                await nursery.start(one.carrier.serve, echo)
            stream = await b.carrier.connect(a.carrier.addresses()[0])
            await stream.send(b"?")
            assert await stream.receive() == b"?"
            a.neighbours.add(b.carrier.peer_id)
            b.neighbours.add(a.carrier.peer_id)
            yield a, b
            # The session beside it lives on, whatever became of the pictures.
            await stream.send(b"!")
            assert await stream.receive() == b"!"
            nursery.cancel_scope.cancel()


@pytest.fixture(params=["memory", pytest.param("libp2p", marks=pytest.mark.process)])
def carriers(request: pytest.FixtureRequest) -> list[Carrier]:
    return memory() if request.param == "memory" else libp2p()


async def test_what_a_neighbour_holds_is_fetched_and_what_not_is_said(carriers) -> None:
    async with met(carriers) as (a, b):
        asked = [wanted(FILES[3]), wanted(b"nowhere"), wanted(FILES[5])]
        assert await b.fetch(a, *asked) == [FILES[3], None, FILES[5]]
        # The other way round too, over the connection that b has dialled.
        assert await a.fetch(b, wanted(FILES[0])) == [None]
        assert a.service.statistics()["pictures_sent_total"] == 2
        assert b.service.statistics()["pictures_fetched_total"] == 2


async def test_many_large_ones_one_stream_after_the_other(carriers) -> None:
    async with met(carriers) as (a, b):
        large = [bytes([n]) * 25_000 for n in range(MAX_ASKED)]
        a.files = {hashlib.sha256(data).digest(): data for data in large}
        assert await b.fetch(a, *map(wanted, large)) == large
        for _ in range(30):
            assert await b.fetch(a, wanted(b"nowhere")) == [None]


async def test_a_stranger_is_not_served(carriers) -> None:
    async with met(carriers) as (a, b):
        a.neighbours.clear()
        with pytest.raises(PeerError):
            await b.fetch(a, wanted(FILES[0]))
        assert a.reads == 0
        assert a.service.statistics()["pictures_refused_total"] == 1


async def test_who_knows_nothing_of_pictures_stays_a_neighbour() -> None:
    for old in (memory, libp2p):
        new, plain = old()
        a = Shop(new, FILES)
        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                for one in (new, plain):
                    await nursery.start(one.serve, echo)
                stream = await new.connect(plain.addresses()[0])
                await stream.send(b"?")
                assert await stream.receive() == b"?"
                with pytest.raises(PeerError):
                    await a.service.fetch(plain.peer_id, [wanted(FILES[0])], a.take)
                await stream.send(b"!")
                assert await stream.receive() == b"!"
                nursery.cancel_scope.cancel()


async def test_nobody_is_dialled_for_a_picture(carriers) -> None:
    a, b = Shop(carriers[0], FILES), Shop(carriers[1], [])
    async with trio.open_nursery() as nursery:
        for one in (a, b):
            await nursery.start(one.carrier.serve, echo)
        with pytest.raises(Unavailable):
            await b.fetch(a, wanted(FILES[0]))
        nursery.cancel_scope.cancel()


async def test_a_liar_is_found_out_and_nothing_of_it_is_taken(carriers) -> None:
    async with met(carriers) as (a, b):
        for told in (b"?" * len(FILES[0]), FILES[0] + b"!", b""):

            async def lie(name: bytes, told: bytes = told) -> bytes | None:
                return told or b"x" * 200_000

            a.service._read = lie
            with pytest.raises(PeerError):
                await b.fetch(a, wanted(FILES[0]))
            assert not b.got


async def _asks(shop: Shop, peer: Shop) -> Stream:
    return await shop.carrier.open(peer.carrier.peer_id, BLOB_PROTOCOL)


async def test_one_stream_a_neighbour(autojump_clock) -> None:
    async with met(memory(), patience_s=AGES_S) as (a, b):
        first = await _asks(b, a)
        await first.send(asking([wanted(FILES[0])]))
        assert await first.receive() == answering(FILES[0])
        with pytest.raises(PeerError):
            await b.fetch(a, wanted(FILES[1]))
        await first.close()
        assert await first.receive() == b""
        assert await b.fetch(a, wanted(FILES[1])) == [FILES[1]]


async def test_who_asks_without_end_waits_for_it(autojump_clock, monkeypatch) -> None:
    monkeypatch.setattr(blobs, "STREAM_S", 1e9)
    async with met(memory(), patience_s=AGES_S) as (a, b):
        began_s = trio.current_time()
        for _ in range(64):
            assert await b.fetch(a, *[wanted(b"nowhere")] * MAX_ASKED) == [None] * MAX_ASKED
        took_s = trio.current_time() - began_s
    # 4,096 looks at the disk cost 4 MiB: 2 at once, 2 at 128 KiB a second.
    assert 15 < took_s < 20


async def test_who_says_nothing_gives_its_place_back(autojump_clock) -> None:
    async with met(memory(), patience_s=AGES_S) as (a, b):
        silent = await _asks(b, a)
        await silent.send(b"half a hash")
        assert await silent.receive() == b""
        assert a.service.statistics()["pictures_serving"] == 0


async def test_who_does_not_take_its_answers_holds_nobody_up(autojump_clock) -> None:
    async with met(memory(), patience_s=AGES_S) as (a, b):
        a.files = {b"h" * 32: b"x" * 50_000}
        idle = await _asks(b, a)
        await idle.send(b"h" * 32 * 128)
        while not a.reads or a.service.statistics()["pictures_serving"]:
            await trio.sleep(1)
        assert a.reads < 20


async def test_who_does_not_answer_is_left(autojump_clock) -> None:
    async with met(memory(), patience_s=AGES_S) as (a, b):

        async def never(name: bytes) -> bytes | None:
            await trio.sleep_forever()

        a.service._read = never
        with pytest.raises(PeerError, match="too long"):
            await b.fetch(a, wanted(FILES[0]))


async def test_one_who_stops_in_the_middle_is_left(autojump_clock) -> None:
    async with met(memory(), patience_s=AGES_S) as (a, b):

        async def gone(name: bytes) -> bytes | None:
            raise Unavailable("The disk is gone.")

        a.service._read = gone
        with pytest.raises(PeerError):
            await b.fetch(a, wanted(FILES[0]))
