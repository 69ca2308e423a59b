"""Who is served when, with work that ends when the test says so."""

import socket
import threading
from typing import Any

import trio
import trio.testing
from starlette.requests import Request

from fedretail.testing.faces import shown
from fedretail.web.pages import about, app
from fedretail.web.turns import Turns


def asker(is_gone: trio.Event) -> Request:
    async def receive() -> dict[str, Any]:
        await is_gone.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "headers": []}, receive)


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
