"""The web faces of a node on a real socket, or without one, and how to ask them."""

import http.client
import json
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import trio

from fedretail.domain.web_addresses import WebAddress
from fedretail.node.node import Node
from fedretail.web import server
from fedretail.web.app import make_app
from fedretail.web.guard import Guard
from fedretail.web.server import Limits

_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Face:
    """The faces of a node: where they are."""

    url: str
    app: Guard

    @property
    def port(self) -> int:
        """The port they listen on."""
        return urlsplit(self.url).port or 0

    def ask(self, path: str, method: str = "GET", *, body: Any = None, **headers: str) -> Answer:
        """What is answered; a body that is no bytes goes as JSON, if_match is If-Match."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            said.setdefault("content-type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        try:
            connection.request(method, path, body, said)
            got = connection.getresponse()
            named = {name.lower(): value for name, value in got.getheaders()}
            return Answer(got.status, named, got.read())
        finally:
            connection.close()


@contextmanager
def shown(node: Node, *, limits: Limits | None = None) -> Iterator[Face]:
    """The faces of this node on a port of their own; the network stays away."""
    told: queue.SimpleQueue[Any] = queue.SimpleQueue()
    app = make_app(node)

    async def show() -> None:
        run = partial(server.run, limits=limits, counts=app.counts)
        async with trio.open_nursery() as nursery:
            address = WebAddress("127.0.0.1", 0)
            bound = await nursery.start(partial(run, app, address))
            told.put((bound[0], trio.lowlevel.current_trio_token(), nursery.cancel_scope))
            await trio.sleep_forever()

    def work() -> None:
        try:
            trio.run(show)
        except BaseException as error:
            told.put(error)
            raise

    thread = threading.Thread(target=work, name="faces", daemon=True)
    thread.start()
    first = told.get(timeout=_PATIENCE_S)
    if isinstance(first, BaseException):
        raise first
    url, token, scope = first
    try:
        yield Face(url, app)
    finally:
        token.run_sync_soon(scope.cancel)
        thread.join(_PATIENCE_S)


async def asked_from(app: Guard, address: str, path: str) -> Answer:
    """What an address of the network is answered, which no socket on this computer has."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"192.168.1.2")],
        "client": (address, 1),
        "server": ("192.168.1.2", 80),
    }
    await app(scope, trio.sleep_forever, send)
    head, *rest = said
    headers = {name.decode(): value.decode() for name, value in head["headers"]}
    return Answer(head["status"], headers, b"".join(one.get("body", b"") for one in rest))
