"""Who is served when, with work that ends when the test says so."""

import functools
import socket
import threading
from typing import Any

import pytest
import trio
import trio.testing
from starlette.requests import Request

from fedretail.errors import MalformedInput
from fedretail.node import found
from fedretail.testing.faces import shown
from fedretail.web.api import search
from fedretail.web.pages import about, app
from fedretail.web.turns import Turns


def asker(is_gone: trio.Event, address: str = "192.168.1.20") -> Request:
    async def receive() -> dict[str, Any]:
        await is_gone.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "headers": [], "client": (address, 5000)}, receive)


async def test_the_others_wait_in_line_and_who_has_left_costs_nothing() -> None:
    turns, stays, leaves = Turns(1), trio.Event(), trio.Event()
    is_free, done, answers = threading.Event(), list[str](), list[str | None]()

    def work(name: str) -> str:
        if name == "first":
            is_free.wait(10)
        done.append(name)
        return name

    async def ask(name: str, is_gone: trio.Event) -> None:
        answers.append(await turns.take(asker(is_gone), lambda: work(name)))

    async with trio.open_nursery() as nursery:
        for name, is_gone in (("first", stays), ("gone", leaves), ("last", stays)):
            nursery.start_soon(ask, name, is_gone)
            await trio.testing.wait_all_tasks_blocked()
        assert done == []
        leaves.set()
        await trio.testing.wait_all_tasks_blocked()
        assert answers == [None]
        is_free.set()
    assert done == ["first", "last"]
    assert answers == [None, "first", "last"]


async def test_who_sends_many_waits_for_them_and_nobody_else_does() -> None:
    turns, stays, leaves = Turns(1), trio.Event(), trio.Event()
    has_begun, is_free, done = threading.Event(), threading.Event(), list[str]()

    def work(name: str) -> None:
        has_begun.set()
        is_free.wait(10)
        done.append(name)

    flood, neighbour = "2001:db8::", "192.168.1.21"
    askers = [(f"{flood}{n:x}", f"flood {n}", stays) for n in range(8)]
    askers += [(f"{flood}f{n:x}", "gone", leaves) for n in range(8)]
    askers += [(neighbour, "neighbour", stays), ("127.0.0.1", "kiosk", stays)]
    async with trio.open_nursery() as nursery:
        for address, name, is_gone in askers:
            nursery.start_soon(turns.take, asker(is_gone, address), functools.partial(work, name))
            await trio.testing.wait_all_tasks_blocked()
        assert await trio.to_thread.run_sync(has_begun.wait, 10)
        leaves.set()
        await trio.testing.wait_all_tasks_blocked()
        is_free.set()
    assert done[:3] == ["flood 0", "neighbour", "kiosk"]
    assert done[3:] == [f"flood {n}" for n in range(1, 8)]
    # Nothing is remembered of who has been served.
    assert turns._lines == {}


async def test_work_that_has_begun_is_brought_to_its_end() -> None:
    turns, is_gone, has_begun = Turns(1), trio.Event(), threading.Event()
    is_free = threading.Event()

    def work() -> str:
        has_begun.set()
        is_free.wait(10)
        return "done"

    answers = list[str | None]()

    async def ask() -> None:
        answers.append(await turns.take(asker(is_gone), work))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.to_thread.run_sync(has_begun.wait, 10)
        is_gone.set()
        await trio.testing.wait_all_tasks_blocked()
        is_free.set()
    assert answers == ["done"]


async def test_what_goes_wrong_in_ones_turn_is_raised_as_it_is() -> None:
    def work() -> str:
        raise MalformedInput("no")

    with pytest.raises(MalformedInput):
        await Turns(1).take(asker(trio.Event()), work)


def test_programs_wait_for_each_other_and_no_page_for_them(street, monkeypatch) -> None:
    is_free, lock, at_once, most = threading.Event(), threading.Lock(), 0, list[int]()

    def searched(*said):
        nonlocal at_once
        with lock:
            at_once += 1
            most.append(at_once)
        is_free.wait(30)
        with lock:
            at_once -= 1
        return searched_was(*said)

    searched_was = found.searched
    monkeypatch.setattr(search, "searched", searched)
    answers = list[bytes]()
    with shown(street) as face:
        callers = [socket.create_connection(("127.0.0.1", face.port)) for _ in range(50)]
        for caller in callers:
            caller.sendall(
                b"GET /api/v1/search?q=milk HTTP/1.1\r\nhost: localhost\r\n"
                b"connection: close\r\n\r\n"
            )
        # A kiosk is answered while all of them wait.
        for path in ("/?q=milk", "/about", "/"):
            assert face.ask(path).status == 200
        for caller in callers[40:]:
            caller.close()
        is_free.set()
        for caller in callers[:40]:
            with caller, caller.makefile("rb") as file:
                answers.append(file.read())
    assert max(most) == 1
    assert all(one.startswith(b"HTTP/1.1 200") for one in answers)


def test_a_browser_that_hangs_up_leaves_the_line(street, monkeypatch) -> None:
    is_free, begun, asked = threading.Event(), threading.Semaphore(0), list[str]()

    def page(visit):
        asked.append(visit.asked.get("n", ""))
        begun.release()
        is_free.wait(30)
        return page_was(visit)

    page_was = about.page
    monkeypatch.setattr(about, "page", page)
    monkeypatch.setattr(app, "Turns", lambda: Turns(1))
    with shown(street) as face:
        first, second = (socket.create_connection(("127.0.0.1", face.port)) for _ in range(2))
        first.sendall(b"GET /about?n=first HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert begun.acquire(timeout=30)
        second.sendall(b"GET /about?n=second HTTP/1.1\r\nhost: localhost\r\n\r\n")
        # The server has seen the request when it has another one's answer behind it.
        assert face.ask("/static/icon.svg").status == 200
        second.close()
        assert face.ask("/static/icon.svg").status == 200
        is_free.set()
        assert face.ask("/about?n=third").status == 200
        first.close()
    assert asked == ["first", "third"]
