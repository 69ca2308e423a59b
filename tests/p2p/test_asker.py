"""Asking neighbours about own logs at a node's start, among machines on a network in memory."""

from pathlib import Path

import trio
from trio.testing import MockClock

from fedretail.crdt.head import SignedHead
from fedretail.p2p.asker import settle_own
from fedretail.p2p.asking import WAIT_MS
from fedretail.p2p.own import Own
from fedretail.testing.streets import street, until


async def test_who_knows_neighbours_shows_nothing_before_one_is_met(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """The neighbour's line may be up later than this computer: nobody is asked till then."""
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        b.stop()
        a.knows(b)
        own = Own(a.node.store, a.shop.author(), is_asking=True)
        town.nursery.start_soon(settle_own, a.service, own)
        await trio.sleep(20 * WAIT_MS / 1000)
        assert own.is_asking
        await b.start()
        await until(lambda: not own.is_asking)
        assert a.is_live(b)


async def test_who_knows_nobody_asks_nobody(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with street(tmp_path) as town:
        (a,) = await town.open("a")
        own = Own(a.node.store, a.shop.author(), is_asking=True)
        town.nursery.start_soon(settle_own, a.service, own)
        await until(lambda: not own.is_asking, within_s=1)


async def test_who_has_gone_again_or_says_nothing_is_nobody_that_was_met(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Else what was put back from a copy is shown before anybody could tell of it."""
    async with street(tmp_path) as town:
        a, b, silent = await town.open("a", "b", "silent")
        b.stop()
        silent.stop()
        a.knows(b)
        own = Own(a.node.store, a.shop.author(), is_asking=True)
        town.nursery.start_soon(settle_own, a.service, own)
        stream = await silent.transport.connect(a.transport.addresses()[0])
        await until(lambda: a.service.links)
        await trio.sleep(WAIT_MS / 1000 + 2)
        assert own.is_asking
        await stream.close()
        await b.start()
        await until(lambda: not own.is_asking)
        assert a.is_live(b)


async def test_a_device_is_told_at_its_greeting_of_heads_whose_rows_never_came(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with street(tmp_path) as town:
        # Its place on the network has the key that signs its logs, as a daemon's has.
        seed = b"a device 0".ljust(32, b".")
        (a,) = await town.open("a", transport=town.net.transport(seed))
        (b,) = await town.open("b")
        a.sell(1)
        b.knows(a)
        await until(lambda: town.agree(a, b) and b.is_live(a))
        state = a.node.store.log(a.shop.log())
        assert state is not None
        assert state.head is not None
        head = SignedHead.parse(state.head).head
        later = head._replace(seq=head.seq + 1, stamp=head.stamp + 1)
        lost = SignedHead.sign(later, a.shop.devices[0])
        b.stop()
        b.node.store.trust.saw([lost])
        await b.start()
        await until(lambda: lost.raw in a.node.store.trust.heads_seen(a.shop.log()))
