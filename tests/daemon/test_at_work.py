"""What time brings about while the daemon runs, and others who use its store at once."""

import sys
from typing import Any

import pytest
import trio

from fedretail.daemon import daemon as daemon_module
from fedretail.daemon.daemon import Daemon
from fedretail.errors import Unavailable
from fedretail.node.node import Node
from fedretail.node.renewals import RENEW_MS
from fedretail.testing.clock import ManualClock
from fedretail.testing.daemons import serving, until
from fedretail.testing.memory_network import MemoryNetwork
from fedretail.testing.nodes import finds, sell

# --- time ---


async def test_upkeep_runs_while_the_daemon_does(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stamps that mature reach the index; a day later there is a sign of life."""
    monkeypatch.setattr(daemon_module, "UPKEEP_S", 0.02)
    monkeypatch.setattr(daemon_module, "NOTE_S", 0.1)
    here, ahead = ManualClock(), ManualClock()
    ahead.advance(30 * 60 * 1000)
    one, two = shops("one", here), shops("two", ahead)
    async with serving(Daemon(one)) as (told, _):
        two.join(told[0].ticket)
        async with serving(Daemon(two)):
            sell(two, "bread")
            await until(lambda: len(one.store.heads()) == 4)
            await until(lambda: [peer["has_mine"] for peer in two.peers()] == [True])
            assert finds(one, "bread") == []
            here.advance(30 * 60 * 1000)
            await until(lambda: finds(one, "bread"))
            seen = one.store.seen_at(one.owner, "member")
            here.advance(RENEW_MS)
            ahead.advance(RENEW_MS)
            await until(lambda: one.store.seen_at(one.owner, "member") > seen)


async def test_upkeep_that_fails_is_tried_again(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "UPKEEP_S", 0.01)
    shop, tries = shops("one"), []

    def failing() -> None:
        tries.append(1)
        raise Unavailable("The disk does not answer.")

    monkeypatch.setattr(shop.store, "prune", failing)
    async with serving(Daemon(shop)):
        await until(lambda: len(tries) > 2)
        sell(shop, "bread")
        await until(lambda: finds(shop, "bread"))


async def test_a_clock_that_is_off_is_corrected_and_told(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two neighbours agree that it is an hour later: an offer of the last hour has ended."""
    monkeypatch.setattr(daemon_module, "LOOK_S", 0.02)
    late, right = ManualClock(), ManualClock()
    right.advance(3600 * 1000)
    shop, others = shops("late", late), [shops("two", right), shops("three", right)]
    until_ms = late.now_ms() + 30 * 60 * 1000
    fields = {"name": "Fresh bread", "currency": "EUR", "prices": [[99, None, until_ms], [250]]}
    shop.write("offer", "bread", fields, site=shop.site())
    assert finds(shop, "bread") == [("Fresh bread", 99)]
    async with serving(Daemon(shop)) as (told, _):
        for other in others:
            other.join(told[0].ticket)
        async with serving(*map(Daemon, others)):
            await until(lambda: shop.status()["clock_offset_ms"] == 3600 * 1000)
            assert finds(shop, "bread") == [("Fresh bread", 250)]
            assert shop.time.now_ms() == right.now_ms()
    assert finds(shop, "bread") == [("Fresh bread", 99)]


async def test_a_record_that_the_index_stumbles_over_does_not_end_the_daemon(
    memory: MemoryNetwork, shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "NOTE_S", 0.01)
    shop = shops("one")
    follow, failures = shop.index.follow, [ValueError("never thought of")] * 3

    def stumbling(**limits: Any) -> int:
        if failures:
            raise failures.pop()
        return int(follow(**limits))

    monkeypatch.setattr(shop.index, "follow", stumbling)
    async with serving(Daemon(shop)):
        shop.write("offer", "bread", {"name": "Bread"}, site=shop.site())
        await until(lambda: not failures and not shop.index.lag())


# --- many nodes on one store ---


async def test_threads_and_the_daemon_share_a_store(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with Node.open(shop.path) as node:
                for n in range(15):
                    sell(node, f"t{number}n{n}")
                    finds(node, "fresh")
                    node.status()
        except BaseException as error:  # noqa: BLE001 - told by the test
            errors.append(error)

    async with serving(Daemon(shop)):
        async with trio.open_nursery() as nursery:
            for number in range(4):
                nursery.start_soon(trio.to_thread.run_sync, work, number)
        assert errors == []
        await until(lambda: shop.status()["offers"] == 60)
    assert not [found for _, found in shop.check() if found]


@pytest.mark.process
async def test_processes_and_the_daemon_share_a_store(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    script = """
import sys
from fedretail import Node
from fedretail.index.query import Query
with Node.open(sys.argv[1]) as node:
    for n in range(20):
        fields = {"name": f"Fresh {sys.argv[2]} {n}", "currency": "EUR", "prices": [[100 + n]]}
        node.write("offer", f"{sys.argv[2]}{n}", fields, site=node.site())
        node.search(Query(words="fresh"))
assert not [one for one in sys.modules if one.split(".")[0] in ("libp2p", "trio")]
"""
    async with serving(Daemon(shop)):
        async with trio.open_nursery() as nursery:
            for name in ("a", "b", "c"):
                command = [sys.executable, "-c", script, str(shop.path), name]
                nursery.start_soon(trio.run_process, command)
        await until(lambda: shop.status()["offers"] == 60)
    assert not [found for _, found in shop.check() if found]
