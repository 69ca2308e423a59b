"""Whole shops whose folder is put back from an older copy, or works twice (daemon and node.copies).

Real daemons: on a network in memory, and once as processes that are killed.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from fedretail.clock import SystemClock
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.crdt.proof import proof
from fedretail.crdt.row import stored_row
from fedretail.daemon.daemon import Daemon, ServeOptions
from fedretail.errors import Refused
from fedretail.index.query import Query
from fedretail.node.copies import go_on_as
from fedretail.node.node import Node
from fedretail.node.setup import create_reader
from fedretail.testing import builders
from fedretail.testing.daemons import until
from fedretail.testing.loopback import LOOPBACK
from fedretail.testing.memory_network import MemoryNetwork
from fedretail.testing.nodes import new_shop, sell


def price(node: Node, words: str) -> int | None:
    found = node.search(Query(words=words)).results
    return found[0].amount_minor if found else None


def prices(node: Node) -> dict[str, int | None]:
    return {word: price(node, word) for word in ("bread", "rolls", "cake", "tea", "milk")}


def shows(node: Node, wanted: dict[str, int | None]) -> bool:
    return prices(node) == wanted


class Village:
    """Shops in folders, and which of them serve."""

    def __init__(self, folder: Path, stack: ExitStack, nursery: trio.Nursery) -> None:
        self.folder = folder
        self.stack = stack
        self.nursery = nursery
        self.scopes: dict[Path, trio.CancelScope] = {}
        self.ended: dict[Path, trio.Event] = {}
        self.addresses: list[str] = []

    def open(self, name: str) -> Node:
        return self.stack.enter_context(Node.open(self.folder / name))

    def new(self, name: str) -> Node:
        return self.stack.enter_context(new_shop(self.folder / name, name, clock=SystemClock()))

    async def serve(self, node: Node, **options: Any) -> None:
        """Start its daemon, which knows the neighbour that was started first."""
        scope, ended = trio.CancelScope(), trio.Event()
        self.scopes[node.path], self.ended[node.path] = scope, ended
        daemon = Daemon(node, ServeOptions(peers=self.addresses, **options))

        async def run(task_status: trio.TaskStatus[Any]) -> None:
            with scope:
                await daemon.run(task_status=task_status)
            ended.set()

        ready = await self.nursery.start(run)
        self.addresses = self.addresses or ready.addresses

    async def stop(self, node: Node) -> None:
        self.scopes[node.path].cancel()
        await self.ended[node.path].wait()

    async def copied(self, name: str, *words: str) -> tuple[Node, Node]:
        """A neighbour at work, and a shop at rest whose folder was copied; both have its offers."""
        two, one = self.new("two"), self.new("one")
        await self.serve(two)
        one.join(two.ticket())
        for word in words:
            sell(one, word, 100)
        await self.serve(one)
        await until(lambda: all(price(two, word) for word in words))
        await self.stop(one)
        one.close()
        shutil.copytree(one.path, self.folder / name)
        return two, self.open("one")


@asynccontextmanager
async def village(folder: Path) -> AsyncIterator[Village]:
    with ExitStack() as stack:
        async with trio.open_nursery() as nursery:
            yield Village(folder, stack, nursery)
            nursery.cancel_scope.cancel()


async def test_an_older_copy_that_is_put_back(memory: MemoryNetwork, tmp_path: Path) -> None:
    async with village(tmp_path) as town:
        two, one = await town.copied("backup", "bread", "rolls")
        await town.serve(one)
        sell(one, "bread", 120)
        sell(one, "cake", 300)
        await until(lambda: price(two, "cake"))
        await town.stop(one)
        one.close()

        shutil.rmtree(one.path)
        shutil.copytree(tmp_path / "backup", one.path)
        one = town.open("one")
        assert price(one, "bread") == 100
        # The shopkeeper goes on at once, as if nothing had happened.
        sell(one, "rolls", 90)
        sell(one, "tea", 500)
        await town.serve(one)
        sell(one, "milk", 70)
        wanted = {"bread": 120, "rolls": 90, "cake": 300, "tea": 500, "milk": 70}
        await until(lambda: prices(two) == wanted)
        await until(lambda: prices(one) == wanted)
        await until(lambda: [peer["has_mine"] for peer in one.peers()] == [True])
        sell(one, "bread", 130)
        await until(lambda: price(two, "bread") == 130)
        for node in (one, two):
            assert [found for _, problems in node.check() for found in problems] == []
            assert len(node.store.heads()) == 4


async def test_a_copy_that_works_beside_the_original(memory: MemoryNetwork, tmp_path: Path) -> None:
    async with village(tmp_path) as town:
        two, one = await town.copied("twin", "bread")
        twin = town.open("twin")
        await town.serve(one)
        sell(one, "bread", 120)
        await until(lambda: price(two, "bread") == 120)
        await town.serve(twin)
        await until(lambda: one.store.own_logs.stopped and twin.store.own_logs.stopped)
        for node in (one, twin):
            assert "--as original" in node.sentence()
            with pytest.raises(Refused, match="copied"):
                sell(node, "rolls", 1)
            await town.stop(node)
        # The shopkeeper decides.
        await town.serve(one, role="original")
        sell(one, "rolls", 50)
        await until(lambda: price(two, "rolls") == 50)
        device = twin.identity.device.public
        await town.serve(twin, role="copy")
        assert twin.identity.device.public != device
        sell(twin, "cake", 300)
        sell(twin, "bread", 140)
        wanted = {"bread": 140, "rolls": 50, "cake": 300, "tea": None, "milk": None}
        for node in (one, two, twin):
            await until(partial(shows, node, wanted))
        assert one.store.own_logs.stopped is twin.store.own_logs.stopped is None
        # One shop with two devices from now on, also after a start.
        await town.stop(twin)
        twin.close()
        twin = town.open("twin")
        assert twin.owner == one.owner
        assert twin.site().id == one.site().id
        sell(one, "bread", 150)
        await until(lambda: price(two, "bread") == 150)
        for node in (one, two, twin):
            assert [found for _, problems in node.check() for found in problems] == []


async def test_damage_and_a_copy_put_back_accuse_nobody(
    memory: MemoryNetwork, tmp_path: Path
) -> None:
    async with village(tmp_path) as town:
        two, one = await town.copied("backup", "bread", "rolls")
        # While the shop is closed a bit of its own list rots.
        damaged = {"name": "bread", "prices": [[777]]}
        (packed,) = one.store._write.execute(
            "SELECT row FROM row WHERE kind = 'offer' LIMIT 1"
        ).fetchone()
        rotten = stored_row(packed)._replace(groups=[(1, damaged)]).pack()
        one.store._write.execute("UPDATE row SET row = ? WHERE row = ?", (rotten, packed))
        # Nobody who could mend it is there.
        await town.stop(two)
        await town.serve(one)
        await until(one.store.repairs.damaged)
        for word in ("bread", "rolls"):
            with pytest.raises(Refused, match="damaged on this disk"):
                sell(one, word, 110)
        assert "damaged" in one.sentence()
        await town.stop(one)
        one.close()
        shutil.rmtree(one.path)
        shutil.copytree(tmp_path / "backup", one.path)
        one = town.open("one")
        await town.serve(one)
        sell(one, "bread", 120)
        await town.serve(two)
        await until(lambda: price(two, "bread") == 120)
        assert not one.frozen()
        assert not two.frozen()


async def test_after_two_states_all_show_what_the_shop_goes_on_with(
    memory: MemoryNetwork, tmp_path: Path
) -> None:
    async with village(tmp_path) as town:
        two, one = await town.copied("backup", "bread", "rolls")
        await town.serve(one)
        sell(one, "bread", 177)
        await until(lambda: price(two, "bread") == 177)
        await town.stop(one)
        state = one.store.heads()[-1]
        first = SignedHead.parse(state[2])
        other = SignedHead.sign(first.head._replace(digest=b"o" * 32), one.identity.device)
        found = proof(state[1], first, other)
        assert found is not None
        one.close()
        # Of the copy the neighbour takes nothing: its key has signed two states.
        shutil.rmtree(one.path)
        shutil.copytree(tmp_path / "backup", one.path)
        one = town.open("one")
        for node in (one, two):
            node.store.trust.prove([found])
            assert node.frozen()
        await town.serve(one, role="original")
        for node in (one, two):
            await until(partial(shows, node, {**prices(one), "bread": 100, "rolls": 100}))
            assert node.frozen() == []
            assert not node.store.signed_twice(*found.name[:2])


# --- as processes ---


class Process:
    """`fedretail serve` for a folder, to be killed as a power cut does."""

    def __init__(self, path: Path, *peers: str) -> None:
        command = [sys.executable, "-m", "fedretail", "--data-dir", str(path), "serve", "--json"]
        command += ["--listen", LOOPBACK, *(f"--peer={peer}" for peer in peers)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
        )
        assert self._process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            line = self._process.stdout.readline()
            assert line, "no daemon"
            text += line
        self.addresses: list[str] = json.loads(text)["addresses"]

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@pytest.mark.process
async def test_a_shop_that_was_killed_and_put_back_from_a_copy(tmp_path: Path) -> None:
    with ExitStack() as stack:
        two = stack.enter_context(new_shop(tmp_path / "two", "two", clock=SystemClock()))
        one = new_shop(tmp_path / "one", "one", clock=SystemClock())
        neighbour = Process(two.path)
        stack.callback(neighbour.kill)
        one.join(two.ticket())
        sell(one, "bread", 100)
        first = Process(one.path, *neighbour.addresses)
        stack.callback(first.kill)
        await until(lambda: price(two, "bread") == 100)
        copied = sqlite3.connect(tmp_path / "copy.db")
        stack.callback(copied.close)
        with closing(sqlite3.connect(one.store.path)) as source:
            source.backup(copied)
        sell(one, "bread", 120)
        await until(lambda: price(two, "bread") == 120)
        first.kill()
        one.close()
        for name in ("store.db", "store.db-wal", "store.db-shm", "index.db"):
            (one.path / name).unlink(missing_ok=True)
        shutil.copyfile(tmp_path / "copy.db", one.path / "store.db")
        with Node.open(one.path) as one:
            sell(one, "rolls", 90)
            again = Process(one.path, *neighbour.addresses)
            stack.callback(again.kill)
            await until(lambda: price(two, "rolls") == 90)
            await until(lambda: price(one, "bread") == 120)
            assert price(two, "bread") == 120
            assert [found for _, problems in one.check() for found in problems] == []


def test_a_key_that_nobody_believes_any_more_is_replaced(tmp_path: Path) -> None:
    with new_shop(tmp_path / "one", "one", clock=SystemClock()) as one:
        sell(one, "bread", 100)
        _, name, raw = one.store.heads()[-1]
        first = SignedHead.parse(raw)
        other = SignedHead.sign(first.head._replace(digest=b"o" * 32), one.identity.device)
        found = proof(name, first, other)
        assert found is not None
        one.store.trust.prove([found])
        device, site = one.identity.device.public, one.site()
        go_on_as(one, "original")
        assert one.identity.device.public != device
        assert "signed at once" not in one.sentence()
        sell(one, "rolls", 90)
        for node in (one, Node.open(one.path)):
            assert (price(node, "bread"), price(node, "rolls")) == (100, 90)
            assert node.site().id == site.id
            assert {log.device for _, log, _ in node.store.heads()} == {node.identity.device.public}
            assert [found for _, problems in node.check() for found in problems] == []
        node.close()


def convicted(node: Node, *others: Node, later_ms: int = 0) -> None:
    """Its device has signed two states of its offers at once, as all these know."""
    device = node.identity.device
    mine = [found for found in node.store.heads() if found[1].device == device.public]
    _, name, raw = mine[-1]
    first = SignedHead.parse(raw)
    body = first.head._replace(digest=b"o" * 32, stamp=first.head.stamp + later_ms)
    found = proof(name, first, SignedHead.sign(body, device))
    assert found is not None
    for one in (node, *others):
        one.store.trust.prove([found])
    # Whatever another device has begun since, this one is told.
    assert node.frozen()


def tell(node: Node, source: Node) -> None:
    """Let a node hold all that another holds."""
    node.store.add_auth([signed for _, signed in source.store.auth_records()])
    for _, name, _ in source.store.heads():
        builders.add_log(node.store, name)
        builders.fetch(node.store, source.store, log_id(name))


def test_what_is_restated_undoes_nothing_that_another_till_has_said(tmp_path: Path) -> None:
    with ExitStack() as stack:
        one = new_shop(tmp_path / "one", "one", clock=SystemClock())
        for word in ("bread", "milk"):
            sell(one, word, 100)
        one.close()
        shutil.copytree(one.path, tmp_path / "till")
        one, till = (stack.enter_context(Node.open(tmp_path / name)) for name in ("one", "till"))
        go_on_as(till, "copy")
        sell(till, "bread", 150)
        till.remove("offer", "milk", site=till.site())
        tell(one, till)
        convicted(one, till)
        go_on_as(one, "original")
        tell(till, one)
        for node in (one, till):
            assert (price(node, "bread"), price(node, "milk")) == (150, None)


def test_the_warning_ends_though_the_other_clock_was_ahead(tmp_path: Path) -> None:
    with new_shop(tmp_path / "one", "one", clock=SystemClock()) as one:
        sell(one, "bread", 100)
        convicted(one, later_ms=180_000)
        go_on_as(one, "original")
        assert one.frozen() == []


async def test_a_reader_is_neither(memory: MemoryNetwork, tmp_path: Path) -> None:
    with create_reader(tmp_path / "reader", None) as reader, pytest.raises(Refused):
        await Daemon(reader, ServeOptions(role="original")).run()
