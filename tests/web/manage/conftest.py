"""A shop whose daemon shows pages, and browsers on its own computer and elsewhere."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from fedretail.node.entrance import make_link
from fedretail.node.node import Node
from fedretail.testing.clock import ManualClock
from fedretail.web.app import make_app

HERE = "http://127.0.0.1:8765"
STATE: dict[str, Any] = {
    "pages": [HERE],
    "own": {},
    "peers": [],
    "clock_offset_ms": 0,
    "addresses": [],
    "restoring": False,
}


@dataclass
class Browser:
    """A browser that keeps cookies; signed in where it has opened a link."""

    client: TestClient
    node: Node

    def get(self, path: str = "", **said: Any) -> Any:
        return self.client.get(f"/manage{path}", **said)

    def sign_in(self, token: str | None = None) -> Any:
        token = token or make_link(self.node).partition("#")[2]
        return self.client.post("/manage/sign-in", data={"token": token})

    @property
    def form(self) -> str:
        found = re.search(r'data-form="([^"]+)"', self.get().text)
        assert found
        return found[1]

    def post(self, path: str, **fields: Any) -> Any:
        said = {name: value for name, value in fields.items() if value is not None}
        return self.client.post(f"/manage{path}", data={"form": self.form, **said})

    def send(self, name: str, body: bytes) -> str:
        """Send a file; the address of its preview."""
        headers = {"x-form": self.form, "x-name": name}
        answer = self.client.post("/manage/import/file", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["next"]).removeprefix("/manage")


@pytest.fixture
def farm(shops: Callable[..., Node], clock: ManualClock, note_daemon: Any) -> Node:
    """A shop on a clock to turn by hand, as if its daemon ran."""
    node = shops("farm", clock)
    note_daemon(node, STATE)
    return node


@pytest.fixture
def browsers(farm: Node, note_daemon: Any) -> Iterator[Callable[..., Browser]]:
    """Makes browsers of one daemon: browsers(), browsers(address="192.168.1.7").

    of: another shop, whose daemon runs too.
    """
    app = make_app(farm)
    with ExitStack() as stack:

        def make(address: str = "127.0.0.1", base: str = HERE, of: Node | None = None) -> Browser:
            shown = app
            if of is not None:
                note_daemon(of, STATE)
                shown = make_app(of)
            client = TestClient(shown, base_url=base, client=(address, 5000), backend="trio")
            return Browser(stack.enter_context(client), of or farm)

        yield make


@pytest.fixture
def office(browsers: Callable[..., Browser]) -> Browser:
    """A browser that is signed in."""
    browser = browsers()
    assert browser.sign_in().status_code == 200
    return browser
