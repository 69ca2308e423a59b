"""Neighbours that talk nonsense, drip, do not read, call again and again: let go, and paid for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from fedretail.errors import PeerError
from fedretail.p2p import costs, service, wire
from fedretail.p2p.effects import Ended
from fedretail.p2p.link import MAX_OUTBOX_BYTES
from fedretail.p2p.ranges import END, Listed, Range
from fedretail.p2p.transport import Stream
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import NETWORK
from fedretail.testing.streets import Machine, Street, street, until


@asynccontextmanager
async def stranger(
    town: Street, victim: Machine, talk: Callable[[Stream], Awaitable[None]], seed: int = 0
) -> AsyncIterator[Stream]:
    """A machine that runs a program of its own, and calls."""
    transport = town.net.transport(bytes([200 + seed]) * 32)
    await town.nursery.start(partial(transport.serve, talk))
    stream = await transport.connect(victim.transport.addresses()[0])
    yield stream
    await stream.reset()


async def silent(stream: Stream) -> None:
    await trio.sleep_forever()


async def until_refused(step: Callable[[], Awaitable[None]], *, every_s: float) -> None:
    """Go on until the other side has ended the connection."""
    with trio.fail_after(600):
        while True:
            try:
                await step()
            except PeerError:
                return
            await trio.sleep(every_s)


HELLO = wire.encode(wire.Hello(1, 1, NETWORK, b"s" * 16, b"n" * 16, 5, [], []))


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, HELLO, HELLO * 2])
async def test_who_talks_nonsense_or_nothing_is_let_go(
    autojump_clock: MockClock, tmp_path: Path, said: bytes
) -> None:
    async with street(tmp_path) as town:
        a, b = await town.pair()
        async with stranger(town, a, silent) as stream:
            if said:
                await stream.send(said)
            await trio.sleep(1)
            a.sell(1)
            await until(lambda: town.agree(a, b))
            await trio.sleep(45)
            assert set(a.service.links) == {b.transport.peer_id}


async def test_who_drips_bytes_is_let_go(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        (a,) = await town.open("a")
        async with stranger(town, a, silent) as stream:
            await stream.send(b"\xff\xff\x0f")
            for _ in range(12):
                await stream.send(b"x")
                await trio.sleep(5)
            assert not a.service.links


async def test_who_does_not_read_costs_a_bounded_amount_and_nobody_else(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        for number in range(60):
            shop = builders.shop(f"shop {number}")
            a.node.store.add_auth(shop.grants)
            a.node.store.commit(shop.author(), SITE, builders.offer_edits([1]))
        most = 0
        async with stranger(town, a, silent) as stream:
            await stream.send(HELLO)

            async def ask() -> None:
                nonlocal most
                await stream.send(
                    wire.encode(wire.Ranges(wire.HEADS_AND_AUTH, False, [Range(END, Listed(b""))]))
                )
                most = max([most, *(link._waiting_bytes for link in a.service.links.values())])

            await until_refused(ask, every_s=0.01)
        assert 100_000 < most <= MAX_OUTBOX_BYTES + 100_000
        b.knows(a)
        await until(lambda: town.agree(a, b))


async def test_no_more_sessions_than_there_is_room_for(
    autojump_clock: MockClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_SESSIONS", 2)
    async with street(tmp_path) as town:
        (a,) = await town.open("a")
        async with (
            stranger(town, a, silent, 0),
            stranger(town, a, silent, 1),
            stranger(town, a, silent, 2) as third,
        ):
            with pytest.raises(Exception, match="lost"):
                await third.receive()
            assert len(a.service.links) == 2
            await trio.sleep(60)
            assert not a.service.links


async def test_who_calls_again_and_again_has_not_paid_by_that(
    autojump_clock: MockClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "CALL", 1500)
    async with street(tmp_path) as town:
        (a,) = await town.open("a")
        async with stranger(town, a, silent, 0), stranger(town, a, silent, 0):
            await until(lambda: a.service.statistics()["sessions"] == 2)
            async with stranger(town, a, silent, 0) as third:
                with pytest.raises(Exception, match="lost"):
                    await third.receive()
            assert a.service.statistics()["sessions_refused"] == 1
            async with stranger(town, a, silent, 1):
                await until(lambda: a.service.statistics()["sessions"] == 3)
            # A thousand tokens are left, and four hundred come in each second.
            await trio.sleep(3)
            async with stranger(town, a, silent, 0):
                await until(lambda: a.service.statistics()["sessions"] == 4)


async def test_another_networks_machine_is_told_and_left_alone(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        b.stop()
        b.node.network = b"x" * 32
        await b.start()
        b.knows(a)
        await trio.sleep(100)
        ended = [effect for _, effect in b.effects if isinstance(effect, Ended)]
        assert [one.code for one in ended] == ["network"]
        assert a.service.statistics()["sessions"] == 1
        assert not b.service.dialer.due(3500 * 1000)
        assert b.service.dialer.due(3700 * 1000)
