"""Neighbours' pictures: who is asked for what, after whatever has gone wrong."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from fedretail.daemon import shown_pictures
from fedretail.daemon.shown_pictures import ShownPictureWork
from fedretail.domain.pictures import Picture
from fedretail.node.node import Node
from fedretail.p2p.blobs import BlobService
from fedretail.testing.daemons import until
from fedretail.testing.memory_network import MemoryNetwork, MemoryTransport
from fedretail.testing.pictures import webp
from fedretail.testing.transport_acceptance import echo

FILES = [webp(32, 24, body=bytes([n]) * 50) for n in range(6)]


def named(data: bytes) -> Picture:
    return Picture(hashlib.sha256(data).digest(), len(data), 32, 24)


class Room:
    """Space, until it is said that there is none."""

    has_any = True
    asked = 0

    def has_space(self) -> bool:
        self.asked += 1
        return self.has_any


class Neighbour:
    """A device that answers as it is told; asked: the hashes that it was asked for."""

    def __init__(self, carrier: MemoryTransport, files: list[bytes]) -> None:
        self.carrier = carrier
        self.files = {hashlib.sha256(data).digest(): data for data in files}
        self.asked: list[bytes] = []
        BlobService(carrier, is_neighbour=lambda peer: True, read=self.read)

    async def read(self, name: bytes) -> bytes | None:
        self.asked.append(name)
        return self.files.get(name)


class Street:
    """A node at work, and neighbours that it has met; `shown` is what a sync service says."""

    def __init__(self, node: Node, nursery: trio.Nursery, *, looks_ahead: bool) -> None:
        self.node, self.room = node, Room()
        self.network = MemoryNetwork()
        self.carrier = self.network.transport(b"n" * 32)
        self._nursery = nursery
        self._met: dict[str, Any] = {}
        self.work = ShownPictureWork(node, self.room, looks_ahead=looks_ahead)  # type: ignore[arg-type]
        blobs = BlobService(self.carrier, is_neighbour=self._met.__contains__, read=self.work.read)
        self.work.attach(self, blobs)  # type: ignore[arg-type]

    def shown(self) -> dict[str, Any]:
        return self._met

    async def meet(self, *files: bytes) -> Neighbour:
        one = Neighbour(self.network.transport(bytes([len(self._met) + 1]) * 32), list(files))
        await self._nursery.start(one.carrier.serve, echo)
        stream = await self.carrier.connect(one.carrier.addresses()[0])
        await stream.send(b"?")
        await stream.receive()
        self._met[one.carrier.peer_id] = stream
        return one

    def look_at(self, *pictures: Picture) -> None:
        for one in pictures:
            self.node.pictures.shown((one,))

    def has(self, *pictures: Picture) -> bool:
        return all(self.node.pictures.blobs.has(one.hash) for one in pictures)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_pictures, "_LOOK_S", 0.01)
    monkeypatch.setattr(shown_pictures, "_IDLE_S", 0.01)


@asynccontextmanager
async def street(node: Node, *, looks_ahead: bool = False) -> AsyncIterator[Street]:
    async with trio.open_nursery() as nursery:
        town = Street(node, nursery, looks_ahead=looks_ahead)
        await nursery.start(town.carrier.serve, echo)
        nursery.start_soon(town.work.run)
        yield town
        nursery.cancel_scope.cancel()


async def test_what_one_lacks_the_next_brings(shops: Any) -> None:
    async with street(shops("one")) as town:
        await town.meet(FILES[0])
        await town.meet(FILES[1])
        await town.meet(FILES[2])
        pictures = [named(data) for data in FILES[:3]]
        town.look_at(*pictures)
        await until(lambda: town.has(*pictures))


async def test_what_nobody_has_is_not_asked_for_again_until_somebody_new_comes(shops: Any) -> None:
    async with street(shops("one")) as town:
        first = await town.meet(FILES[1])
        town.look_at(named(FILES[0]))
        await until(lambda: first.asked)
        for _ in range(5):
            town.look_at(named(FILES[0]))
            town.look_at(named(FILES[1]))
            await until(lambda: town.has(named(FILES[1])))
        assert first.asked.count(named(FILES[0]).hash) == 1
        await town.meet(FILES[0])
        town.look_at(named(FILES[0]))
        await until(lambda: town.has(named(FILES[0])))


async def test_a_liar_rests_and_the_next_brings_it(shops: Any) -> None:
    async with street(shops("one")) as town:
        liar = await town.meet()
        liar.files = {named(data).hash: FILES[5] for data in FILES[:5]}
        await town.meet(*FILES[:5])
        town.look_at(*map(named, FILES[:5]))
        await until(lambda: town.has(*map(named, FILES[:5])))
        assert not town.has(named(FILES[5]))
        # Which of them is asked first is left to chance; once found out, it is asked no more.
        assert len(liar.asked) <= 5


async def test_a_shop_that_has_signed_for_a_script_shows_its_drawing(shops: Any) -> None:
    script = b"<script>alert(1)</script>" + bytes(40)
    async with street(shops("one")) as town:
        one = await town.meet(script, FILES[0])
        town.look_at(named(script))
        await until(lambda: one.asked)
        # Who passed it on is no liar, and is asked for others still.
        town.look_at(named(script), named(FILES[0]))
        await until(lambda: town.has(named(FILES[0])))
        assert not town.has(named(script))
        assert one.asked.count(named(script).hash) == 1


async def test_nothing_is_taken_where_there_is_no_room(shops: Any) -> None:
    async with street(shops("one")) as town:
        one = await town.meet(FILES[0])
        town.room.has_any = False
        town.look_at(named(FILES[0]))
        await until(lambda: town.room.asked)
        assert one.asked == []
        town.room.has_any = True
        town.look_at(named(FILES[0]))
        await until(lambda: town.has(named(FILES[0])))


async def test_looking_ahead_lets_nothing_go(shops: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    node = shops("one")
    monkeypatch.setattr(shown_pictures, "_FIRST_LOOK_AHEAD_S", 0.0)
    monkeypatch.setattr(
        shown_pictures, "nearest_cards", lambda *args: [named(data) for data in FILES[:3]]
    )
    async with street(node, looks_ahead=True) as town:
        one = await town.meet(*FILES)
        await until(lambda: town.has(*map(named, FILES[:3])))
        # The nearest was asked for first.
        assert one.asked[0] == named(FILES[0]).hash
        node.pictures.blobs._budget = node.pictures.blobs._ledger.total_bytes
        town.work._ahead = [named(FILES[4])]
        await until(lambda: not town.work._ahead)
        assert not town.has(named(FILES[4]))
        # Somebody who looks gets it; what was not looked at for longest makes room.
        town.look_at(named(FILES[4]))
        await until(lambda: town.has(named(FILES[4])))
        assert not town.has(named(FILES[0]))
