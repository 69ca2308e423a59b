"""A transport that dies, a session that fails, a store that cannot be read: the rest goes on."""

from functools import partial
from pathlib import Path
from typing import Any, Never

import pytest
import trio
from trio.testing import MockClock

from fedretail.errors import Unavailable
from fedretail.p2p.transport import Handler
from fedretail.testing.memory_network import MemoryTransport
from fedretail.testing.streets import Machine, street, until


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
        a, _ = await town.pair()
        with monkeypatch.context() as patch:
            patch.setattr(a.node.mirror, "refresh", busy)
            patch.setattr(a.service, "_data_version", busy)
            a.sell(1)
            await trio.sleep(20)
        await until(town.agree)
