"""Pages of a daemon: shown, kept from a port, gone and back (fedretail.daemon.pages)."""

import socket
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from fedretail.daemon import pages
from fedretail.daemon.pages import PageOptions, show_pages
from fedretail.domain.web_addresses import WebAddress
from fedretail.errors import Unavailable
from fedretail.node.node import Node
from fedretail.node.setup import create_reader

PATIENCE_S = 30.0


class Told:
    """What a daemon hears of its pages."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.shown: list[list[str]] = []

    def on_shown(self, addresses: Sequence[str]) -> None:
        self.shown.append(list(addresses))


@pytest.fixture
def taken() -> Any:
    """A port that another program has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other


def ask(address: str) -> int:
    with urllib.request.urlopen(f"{address}/healthz", timeout=PATIENCE_S) as answer:
        status: int = answer.status
        return status


async def until(holds: Callable[[], bool]) -> None:
    with trio.fail_after(PATIENCE_S):
        while not holds():
            await trio.sleep(0.01)


async def test_a_port_in_use_is_told_and_taken_when_it_is_free(
    shops: Any,
    taken: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(pages, "_AGAIN_S", 0.01)
    node: Node = shops("farm")
    told, address = Told(), WebAddress(*taken.getsockname())
    async with trio.open_nursery() as nursery:
        options = PageOptions(address)
        await nursery.start(show_pages, node, options, told.events.append, told.on_shown)
        assert told.shown[-1] == []
        assert "already in use" in told.events[0]
        assert "Give another one: `--web 127.0.0.1:8766`." in told.events[0]
        await until(lambda: len(told.shown) > 3)
        taken.close()
        await until(lambda: told.shown[-1] != [])
        assert told.events[1:] == [f"Pages are shown now: {told.shown[-1][0]}/"]
        assert await trio.to_thread.run_sync(ask, told.shown[-1][0]) == 200
        nursery.cancel_scope.cancel()
    # Told once, however often it is tried again.
    assert [one.message for one in caplog.records if "not shown" in one.message] == []


async def test_an_address_of_another_computer_is_told_as_such(shops: Any) -> None:
    told = Told()
    # Set aside for documentation (RFC 5737): no computer has it.
    options = PageOptions(WebAddress("203.0.113.1", 8765))
    async with trio.open_nursery() as nursery:
        await nursery.start(show_pages, shops("farm"), options, told.events.append, told.on_shown)
        nursery.cancel_scope.cancel()
    (event,) = told.events
    assert "no address of this computer" in event


async def test_a_port_that_was_asked_for_must_be_free(shops: Any, taken: socket.socket) -> None:
    told, address = Told(), WebAddress(*taken.getsockname())
    options = PageOptions(address, must=True)
    with pytest.RaisesGroup(Unavailable, flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            await nursery.start(
                show_pages, shops("farm"), options, told.events.append, told.on_shown
            )
    assert told.events == []


async def test_a_fault_of_the_pages_ends_nothing_else(
    shops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours behind the pages: they are shown again, and the daemon goes on."""
    from fedretail.web import server

    monkeypatch.setattr(pages, "_AGAIN_S", 0.01)
    whole, faults = server.run, [ZeroDivisionError()]

    async def faulty(*arguments: Any, task_status: Any, **more: Any) -> None:
        if faults:
            task_status.started(["http://127.0.0.1:1"])
            raise faults.pop()
        await whole(*arguments, task_status=task_status, **more)

    monkeypatch.setattr(server, "run", faulty)
    told = Told()
    async with trio.open_nursery() as nursery:
        options = PageOptions(WebAddress("127.0.0.1", 0))
        await nursery.start(show_pages, shops("farm"), options, told.events.append, told.on_shown)
        await until(lambda: len(told.shown) == 3)
        assert told.shown[1] == []
        assert await trio.to_thread.run_sync(ask, told.shown[2][0]) == 200
        nursery.cancel_scope.cancel()


async def test_a_view_that_cannot_be_shown_is_told_once(shops: Any) -> None:
    node: Node = shops("farm")
    # Such as one with a radius, of a reader that has no place.
    config = replace(node.config, web_view="gone", api_view="gone")
    node.__dict__["config"] = config
    told = Told()
    async with trio.open_nursery() as nursery:
        options = PageOptions(WebAddress("127.0.0.1", 0))
        await nursery.start(show_pages, node, options, told.events.append, told.on_shown)
        nursery.cancel_scope.cancel()
    (event,) = told.events
    assert event.startswith('There is no view "gone". ')


@pytest.mark.parametrize("key", ["web_view", "api_view"])
async def test_a_view_that_lacks_its_place_is_told_with_what_to_set(
    tmp_path: Path, key: str
) -> None:
    told = Told()
    with create_reader(tmp_path, None) as node:
        views = {"near": {"within": "5km"}, "other": {}}
        node.__dict__["config"] = replace(node.config, views=views, **{key: "near"})
        async with trio.open_nursery() as nursery:
            options = PageOptions(WebAddress("127.0.0.1", 0))
            await nursery.start(show_pages, node, options, told.events.append, told.on_shown)
            nursery.cancel_scope.cancel()
    assert told.events == [
        'The view "near" has a radius and no place. '
        'Add near = "LATITUDE, LONGITUDE" to [views.near] in config.toml.'
    ]
