"""Whole nodes on a network in memory, under a clock that jumps: hours pass in milliseconds."""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from fedretail.crdt.head import SignedHead
from fedretail.domain.kinds import registry
from fedretail.p2p import service
from fedretail.p2p.effects import Effect, Ended
from fedretail.p2p.link import Link
from fedretail.p2p.session import Session
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.streets import street, until

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
        a, b = await town.pair(0)
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
        a, _ = await town.pair(0)
        await trio.sleep(60)
        before = town.net.bytes()
        await trio.sleep(600)
        assert 0 < town.net.bytes() - before < 600 * 2
        assert a.service.statistics()["sessions"] == 1


async def test_another_process_commits(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        a, _ = await town.pair()
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
        a, _ = await town.pair(0)
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
        a, b = await town.pair()
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
        a, b = await town.pair(1)
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
        a, b = await town.pair()
        before = b.service.statistics()["sessions"]
        b.clock.jump_ms = 8 * 3600 * 1000
        await until(lambda: b.service.statistics()["sessions"] > before and b.is_live(a), 60)
        b.clock.jump_ms = 0
        b.sell(1)
        assert await until(town.agree) < 6
        await trio.sleep(60)
        assert b.service.statistics()["sessions"] == before + 1


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
