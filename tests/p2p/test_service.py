"""Whole nodes on a network in memory, under a clock that jumps: hours pass in milliseconds."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Never

import pytest
import trio
from trio.testing import MockClock

from fedretail.crdt.head import SignedHead
from fedretail.domain.kinds import registry
from fedretail.errors import PeerError, Unavailable
from fedretail.p2p import service, wire
from fedretail.p2p.effects import Effect, Ended
from fedretail.p2p.link import MAX_OUTBOX_BYTES, Link
from fedretail.p2p.memory import MemoryTransport
from fedretail.p2p.ranges import END, Listed, Range
from fedretail.p2p.session import Session
from fedretail.p2p.transport import Handler, Stream
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import NETWORK
from fedretail.testing.streets import Machine, Street, street, until

# --- everyone ends with everything ---


async def test_three_in_a_row_and_the_first_is_gone(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with street(tmp_path) as town:
        a, b, c = await town.open("a", "b", "c")
        for number, one in enumerate((a, b, c)):
            one.sell(number)
        b.knows(a)
        await until(lambda: town.agree(a, b))
        a.stop()
        c.knows(b)
        await until(lambda: town.agree(b, c))
        assert len(c.node.folds()) == 3
        await a.start()
        b.sell(7, 250)
        await until(town.agree)


async def test_a_shop_that_comes_late_reaches_all(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Neighbours that are past their first round hear of it with its owner's word."""
    async with street(tmp_path) as town:
        b, c = await town.open("b", "c")
        c.knows(b)
        await until(lambda: c.is_live(b) and b.is_live(c))
        (a,) = await town.open("a")
        a.sell(1)
        a.knows(b)
        assert await until(lambda: town.agree(a, b, c)) < 10
        assert not [one for _, one in c.effects if isinstance(one, Ended)]


async def test_neighbours_of_neighbours_meet(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        a, b, c = await town.open("a", "b", "c")
        b.knows(a)
        c.knows(a)
        await until(lambda: b.is_live(a, c) and c.is_live(a, b))


async def test_a_change_is_told_at_once_and_steady_ones_twelve_times_a_minute(
    autojump_clock: MockClock,
    tmp_path: Path,
) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        a.sell(0)
        b.knows(a)
        await until(town.agree)
        await trio.sleep(30)
        a.sell(0, 99)
        assert await until(town.agree) < 1.0
        await trio.sleep(30)
        before = len(b.moves())
        for price in range(300):
            a.sell(0, 100 + price)
            await trio.sleep(0.2)
        assert 11 <= len(b.moves()) - before <= 13
        assert await until(town.agree) < 6.0


async def test_an_idle_pair_says_little(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        a.sell(0)
        b.knows(a)
        await until(town.agree)
        await trio.sleep(60)
        before = town.net.bytes()
        await trio.sleep(600)
        assert 0 < town.net.bytes() - before < 600 * 2
        assert a.service.statistics()["sessions"] == 1


async def test_another_process_commits(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        b.knows(a)
        await until(lambda: b.is_live(a))
        other = Store.open(a.node.store.path, clock=ManualClock(), kinds=registry())
        other.commit(a.shop.author(), SITE, builders.offer_edits([1]))
        other.close()
        assert await until(town.agree) < 1.5


async def test_a_proof_reaches_all_at_once(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        a, b, c = await town.open("a", "b", "c")
        a.sell(0)
        b.knows(a)
        c.knows(b)
        await until(town.agree)
        await until(lambda: c.is_live(a, b) and b.is_live(a, c))
        (name,) = (one for one in b.node.state() if one.owner == a.shop.owner)
        held = SignedHead.parse(b.node.state()[name])
        other = SignedHead.sign(held.head._replace(digest=b"o" * 32), a.shop.devices[0])
        assert b.node.store.trust.saw([other]) == 1
        assert await until(lambda: all(one.node.store.trust.proofs() for one in (a, b, c))) < 1


async def test_heads_seen_are_shown_once_a_day(
    autojump_clock: MockClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []
    show_seen = Session.show_seen

    def noted(session: Session, log: bytes) -> list[Effect]:
        effects = show_seen(session, log)
        shown.append(len(effects))
        return effects

    monkeypatch.setattr(Session, "show_seen", noted)
    # A day has 1,440 comparisons a neighbour; here it is as long as twenty.
    monkeypatch.setattr(service, "_FIRST_SHOW_SEEN_MS", 5 * 60 * 1000)
    monkeypatch.setattr(service, "_SHOW_SEEN_MS", 20 * 60 * 1000)
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        a.sell(0)
        b.knows(a)
        await until(town.agree)
        await trio.sleep(3 * 60)
        assert shown == []
        await trio.sleep(7 * 60)
        assert len(shown) == 2
        assert all(shown)
        await trio.sleep(13 * 60)
        assert len(shown) == 2
        await trio.sleep(10 * 60)
        assert len(shown) == 4
        assert a.service.statistics()["sessions"] == 1


# --- the network fails ---


@pytest.mark.parametrize("for_s", [5, 20, 300])
async def test_a_partition_heals(autojump_clock: MockClock, tmp_path: Path, for_s: float) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        b.knows(a)
        await until(lambda: b.is_live(a))
        town.net.partition(a.transport.peer_id, b.transport.peer_id)
        a.sell(1)
        b.sell(2)
        await trio.sleep(for_s)
        assert not town.agree()
        town.net.heal()
        assert await until(town.agree) < 95
        await until(lambda: a.is_live(b) and b.is_live(a))


async def test_a_one_way_cut_ends_too(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        b.sell(1)
        b.knows(a)
        await until(town.agree)
        await trio.sleep(1)
        town.net.cut(a.transport.peer_id, b.transport.peer_id)
        a.sell(1)
        b.sell(2)
        await until(lambda: len(a.node.folds()) == 3)
        await trio.sleep(200)
        town.net.heal()
        await until(town.agree)


async def test_lost_connections_come_back(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        b.knows(a)
        for round_ in range(5):
            await until(lambda: b.is_live(a) and a.is_live(b))
            town.net.lose(a.transport.peer_id, b.transport.peer_id)
            a.sell(round_)
            b.sell(10 + round_)
            await until(town.agree)
        assert a.service.statistics()["sessions"] == 5 + bool(a.service.links)


async def test_lines_that_break_in_the_middle_of_a_catalog(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        for start in range(0, 2000, 500):
            edits = builders.offer_edits(range(start, start + 500))
            a.node.store.commit(a.shop.author(), SITE, edits)
        town.net.buffer_bytes = 2000
        b.knows(a)
        for _ in range(8):
            await until(lambda: b.service.links)
            await trio.sleep(0.11)
            town.net.lose(a.transport.peer_id, b.transport.peer_id)
            await until(lambda: not b.service.links)
        await until(town.agree)


async def test_a_restart_on_the_same_store(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        a.sell(1)
        b.knows(a)
        await until(town.agree)
        b.stop()
        await until(lambda: not a.service.links)
        a.sell(2)
        await trio.sleep(100)
        await b.start()
        await until(town.agree)


async def test_both_call_at_once_and_one_session_stays(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        for _ in range(4):
            a.knows(b)
            b.knows(a)
            await until(lambda: a.is_live(b) and b.is_live(a))
            await trio.sleep(10)
            for one in (a, b):
                assert len(one.service.links) == 1
                assert one.transport.statistics()["streams"] == 1
            a.sell(1, 100 + int(trio.current_time()))
            assert await until(town.agree) < 6
            town.net.lose(a.transport.peer_id, b.transport.peer_id)
        assert a.service.statistics()["sessions"] < 20


async def test_a_computer_that_slept_begins_anew(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        b.knows(a)
        await until(lambda: b.is_live(a))
        before = b.service.statistics()["sessions"]
        b.clock.jump_ms = 8 * 3600 * 1000
        await until(lambda: b.service.statistics()["sessions"] > before and b.is_live(a), 60)
        b.clock.jump_ms = 0
        b.sell(1)
        assert await until(town.agree) < 6
        await trio.sleep(60)
        assert b.service.statistics()["sessions"] == before + 1


# --- something inside fails ---


class Mortal:
    """A transport that dies when told to, as a library with a fault does."""

    def __init__(self, transport: MemoryTransport) -> None:
        self._transport = transport
        self.death = trio.Event()
        self.starts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    async def serve(self, handler: Handler, *, task_status: trio.TaskStatus[Any]) -> Never:
        self.starts += 1
        self.death = trio.Event()
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(self._transport.serve, handler))
            task_status.started()
            await self.death.wait()
            raise KeyError("a fault of the library")
        raise AssertionError


async def test_a_transport_that_dies_is_started_again(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with street(tmp_path) as town:
        (a,) = await town.open("a")
        mortal = Mortal(town.net.transport(b"m" * 32))
        (b,) = await town.open("b", transport=mortal)
        b.knows(a)
        for _ in range(3):
            await until(lambda: b.is_live(a))
            mortal.death.set()
            await until(lambda: not b.service.links)
        b.sell(1)
        await until(lambda: len(a.node.folds()) == 1)
        assert mortal.starts == 4
        assert b.service.statistics()["restarts"] == 3


async def test_a_transport_that_cannot_begin_is_an_error(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    class Unable(Mortal):
        async def serve(self, handler: Handler, *, task_status: trio.TaskStatus[Any]) -> Never:
            raise Unavailable("The port is in use.")

    async with street(tmp_path) as town:
        town.machines = [Machine(town, "a", Unable(town.net.transport(b"m" * 32)))]
        with pytest.RaisesGroup(Unavailable, flatten_subgroups=True, allow_unwrapped=True):
            async with trio.open_nursery() as nursery:
                await nursery.start(town.machines[0].service.run)


async def test_a_fault_of_ours_in_one_session_costs_that_session(
    autojump_clock: MockClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with street(tmp_path) as town:
        a, b, c = await town.open("a", "b", "c")
        b.knows(a)
        await until(lambda: b.is_live(a))
        with monkeypatch.context() as patch:
            patch.setattr(a.node.mirror, "items", lambda: 1 / 0)
            c.knows(a)
            await trio.sleep(5)
            assert not a.is_live(c)
        assert "has failed" in caplog.text
        await until(lambda: a.is_live(b, c))


async def test_a_store_that_cannot_be_read_for_a_while(
    autojump_clock: MockClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> Never:
        raise Unavailable("Another program has held the store for too long.")

    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        b.knows(a)
        await until(lambda: b.is_live(a))
        with monkeypatch.context() as patch:
            patch.setattr(a.node.mirror, "refresh", busy)
            patch.setattr(a.service, "_data_version", busy)
            a.sell(1)
            await trio.sleep(20)
        await until(town.agree)


# --- neighbours that behave badly ---


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
        a, b = await town.open("a", "b")
        b.knows(a)
        await until(lambda: b.is_live(a))
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
    monkeypatch.setattr(service, "_CALL_TOKENS", 3000)
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
            # Two thousand tokens are left, and four hundred come in each second.
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


async def test_a_call_to_nobody_is_tried_again_without_harm(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        a.knows(b)
        b.stop()
        a.service.dialer.add(f"/ip4/10.9.9.9/tcp/1/p2p/{b.transport.peer_id}", "ticket")
        await trio.sleep(300)
        await b.start()
        await until(lambda: a.is_live(b), 100)


async def test_links_tell_what_the_status_shows(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        a.sell(1)
        b.stop()
        b.clock.jump_ms = 90_000
        await b.start()
        b.knows(a)
        await until(lambda: b.is_live(a))
        link: Link = b.service.links[a.transport.peer_id]
        assert link.address == a.transport.addresses()[0]
        assert link.last_sync_ms is not None
        assert link.offset_ms is not None
        assert -91_000 < link.offset_ms < -89_000
        assert a.service.links[b.transport.peer_id].address == ""
        assert b.service.clock_offset_ms() == 0
        numbers = b.service.statistics()
        assert (numbers["sessions"], numbers["moved"], numbers["fetching"]) == (1, 1, 0)
