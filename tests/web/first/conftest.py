"""A computer without a shop whose first run is shown, and browsers on it and elsewhere."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fedretail.config import Config
from fedretail.locks import FileLock
from fedretail.node.base import DAEMON_LOCK_NAME
from fedretail.node.first_run import FirstRun
from fedretail.node.node import Node
from fedretail.testing.clock import ManualClock
from fedretail.web.first.answers import Machine
from fedretail.web.first.app import FirstPages

HERE = "http://127.0.0.1:8765"


@dataclass
class Beginner:
    """A browser that goes through the first run; it keeps cookies."""

    client: TestClient
    first: FirstRun

    def get(self, path: str = "", **said: Any) -> Any:
        return self.client.get(f"/manage{path}", **said)

    def sign_in(self, token: str | None = None) -> Any:
        token = token or self.first.make_link().partition("#")[2]
        return self.client.post("/manage/sign-in", data={"token": token})

    @property
    def form(self) -> str:
        found = re.search(r'data-form="([^"]+)"', self.get("/first/shop").text)
        assert found
        return found[1]

    def post(self, step: str, deed: str = "next", **fields: str) -> Any:
        said = {"form": self.form, "deed": deed, **fields}
        return self.client.post(f"/manage/first/{step}", data=said)

    def send(self, name: str, text: str) -> Any:
        headers = {"x-form": self.form, "x-name": name}
        return self.client.post("/manage/first/list", content=text.encode(), headers=headers)

    def all_steps(self, **answers: str) -> Any:
        """Every step with these answers; what the last one says."""
        self.post("shop", name=answers.pop("name", "Brook Farm"), colour=answers.pop("colour", "2"))
        self.post(
            "place", **{name: answers.pop(name) for name in ("Mo", "position") if name in answers}
        )
        self.post("prices")
        return self.post("neighbours", **answers)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The data directory in which a shop is to be."""
    return tmp_path / "shop"


@pytest.fixture
def made() -> list[Node]:
    """The shops that were made."""
    return []


Begin = Callable[..., FirstPages]


@pytest.fixture
def begin(home: Path, clock: ManualClock, made: list[Node]) -> Iterator[Begin]:
    """Show the first run, as a daemon that has just been started does."""
    lock = FileLock(home / DAEMON_LOCK_NAME)

    def begin() -> FirstPages:
        first = FirstRun(home, clock)
        first.begin()
        assert lock.acquire_nowait()
        first.note_pages([HERE])
        return FirstPages(first, Machine("EUR", "Europe/Berlin"), Config(), made.append)

    yield begin
    lock.release()
    for node in made:
        node.close()


Browsers = Callable[..., Beginner]


@pytest.fixture
def browsers(home: Path, clock: ManualClock, begin: Begin) -> Iterator[Browsers]:
    """Browsers, each with cookies of its own; `pages`: of another start of the daemon."""
    with ExitStack() as stack:
        shared = begin()

        def browser(
            address: str = "127.0.0.1", pages: FirstPages | None = None, base: str = HERE
        ) -> Beginner:
            client = TestClient(
                pages or shared,
                base_url=base,
                client=(address, 40000),
                headers={"origin": base},
                backend="trio",
            )
            return Beginner(stack.enter_context(client), FirstRun(home, clock))

        yield browser


@pytest.fixture
def owner(browsers: Browsers) -> Beginner:
    """A browser that is signed in."""
    browser = browsers()
    browser.sign_in()
    return browser
