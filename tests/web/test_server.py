"""fedretail/web/server.py against bare sockets: the slow, the many, the crooked."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from fedretail.clock import SystemClock
from fedretail.node.node import Node
from fedretail.testing.faces import Face, shown
from fedretail.web import bodies
from fedretail.web.askers import asker_at
from fedretail.web.server import Limits

HOST = b"Host: 127.0.0.1\r\n"
# As short as a test can wait; the true ones are ten times as long.
SHORT = Limits(idle_s=1.5, send_s=1.0, each=40, most=40)
PATIENCE_S = 30.0


@pytest.fixture
def shop(shops: Any) -> Node:
    node: Node = shops("Brook", SystemClock())
    return node


@pytest.fixture
def face(shop: Node) -> Iterator[Face]:
    with shown(shop, limits=SHORT) as face:
        yield face


@contextmanager
def called(face: Face) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", face.port), timeout=PATIENCE_S) as line:
        yield line


def all_from(line: socket.socket) -> bytes:
    """What comes until the other side ends it."""
    parts = []
    try:
        while part := line.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def said(face: Face, data: bytes) -> bytes:
    """What is answered to these bytes until the other side ends it."""
    with called(face) as line:
        try:
            line.sendall(data)
        except OSError:
            pass
        return all_from(line)


def test_a_thousand_idle_sockets_keep_nobody_out(shop: Node) -> None:
    """As many as a process may have open; newcomers take the place of who waits longest."""
    with shown(shop) as face, ExitStack() as held:
        for _ in range(1000):
            line = held.enter_context(called(face))
            line.setblocking(False)
        assert face.ask("/healthz").status == 200
        assert face.app.counts.connections <= Limits().most


def test_a_header_a_byte_at_a_time_ends_soon(face: Face) -> None:
    with called(face) as line:
        began = time.monotonic()
        line.settimeout(0.2)
        data, is_open = iter(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 1000), True
        while is_open:
            assert time.monotonic() - began < PATIENCE_S
            try:
                line.sendall(bytes([next(data)]))
                is_open = line.recv(1) != b""
            except TimeoutError:
                continue
            except OSError:
                is_open = False


def test_a_body_a_byte_at_a_time_ends_soon(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WITHIN_S", 1.0)
    with called(face) as line:
        line.settimeout(0.2)
        head = b"PATCH /api/v1/offers/a/b HTTP/1.1\r\n" + HOST
        line.sendall(head + b"Content-Length: 1000\r\n\r\n")
        got = b""
        for _ in range(100):
            try:
                line.sendall(b" ")
                got += line.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                break
            if b"408" in got:
                break
        assert got.startswith(b"HTTP/1.1 408")
        assert b"application/problem+json" in got


def test_a_body_that_stops_ends_soon(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WITHIN_S", 0.5)
    with called(face) as line:
        head = b"PATCH /api/v1/offers/a/b HTTP/1.1\r\n" + HOST
        line.sendall(head + b"Content-Length: 1000\r\n\r\nabc")
        all_from(line)


def test_who_takes_nothing_is_let_go(face: Face, shop: Node) -> None:
    """An answer that nobody reads holds no place for ever."""
    for n in range(400):
        shop.write("offer", f"big{n}", {"name": f"Big {n}", "description": "word " * 390})
    with called(face) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.sendall(b"GET /api/v1/export HTTP/1.1\r\n" + HOST + b"\r\n" * 2)
        assert line.recv(1000)
        began = time.monotonic()
        while face.app.counts.connections and time.monotonic() - began < PATIENCE_S:
            time.sleep(0.05)
        assert face.app.counts.connections == 0


def test_who_has_hung_up_holds_no_place(shop: Node) -> None:
    with shown(shop, limits=Limits(idle_s=1000)) as face:
        for _ in range(5):
            assert face.ask("/healthz").status == 200
        with called(face) as line:
            line.sendall(b"GET /api/v1/changes/stream HTTP/1.1\r\n" + HOST + b"\r\n")
            assert line.recv(100)
        began = time.monotonic()
        while face.app.counts.connections and time.monotonic() - began < PATIENCE_S:
            time.sleep(0.02)
        assert face.app.counts.connections == 0
        assert face.app.counts.streams == 0


def test_where_all_are_busy_newcomers_are_told(shop: Node) -> None:
    few = Limits(idle_s=30, each=2, most=3, here=0)
    with shown(shop, limits=few) as face, ExitStack() as held:
        for _ in range(2):
            line = held.enter_context(called(face))
            line.sendall(b"GET /api/v1/changes/stream HTTP/1.1\r\n" + HOST + b"\r\n")
            assert line.recv(100)
        got = said(face, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        assert got.startswith(b"HTTP/1.1 503")
        assert b"application/problem+json" in got
        assert face.app.counts.refused == 1


CROOKED = {
    "two lengths": b"Content-Length: 3\r\nContent-Length: 30\r\n\r\nabc",
    "length and chunks": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "odd coding": b"Transfer-Encoding: xchunked\r\n\r\nabc",
    "negative length": b"Content-Length: -1\r\n\r\n",
    "length of words": b"Content-Length: +3\r\n\r\nabc",
    "two hosts": b"Host: evil.example\r\n\r\n",
    "folded header": b"X-A: b\r\n c: d\r\n\r\n",
    "space before the colon": b"Content-Length : 3\r\n\r\nabc",
    "bare line end": b"X-A: b\rEvil: 1\r\n\r\n",
    "nul in a header": b"X-A: \0\r\n\r\n",
}


@pytest.mark.parametrize("name", CROOKED)
def test_no_request_hides_in_another(face: Face, name: str) -> None:
    """What proxies and servers read differently is refused, and the connection ends."""
    inner = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    got = said(face, b"POST /api/v1/search HTTP/1.1\r\n" + HOST + CROOKED[name] + inner)
    statuses = [line for line in got.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    if name == "folded header":
        # Legal once, and read as one header; nothing stands behind it.
        assert statuses[0].startswith(b"HTTP/1.1 405")
        return
    # One answer, or none where the connection ended first; never one to the request inside.
    assert len(statuses) <= 1, got
    assert not statuses or statuses[0][9:12] in (b"400", b"501", b"421", b"405")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0" * 5000,
        b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 200_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_is_a_problem(face: Face, data: bytes) -> None:
    got = said(face, data)
    assert got.startswith(b"HTTP/1.1 4")
    assert b"Traceback" not in got


def test_there_is_no_way_to_http_2(face: Face) -> None:
    """A hundred streams on one connection would pass every door."""
    got = said(face, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    # Refused, or ended; no frame of HTTP/2 comes back.
    assert got.startswith(b"HTTP/1.1 4") or not got
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    got = said(face, b"GET /healthz HTTP/1.1\r\n" + HOST + upgrade + b"\r\n")
    assert got.startswith(b"HTTP/1.1 200")
    sockets = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    close = b"Connection: close\r\n\r\n"
    got = said(face, b"GET /healthz HTTP/1.1\r\n" + HOST + sockets + key + close)
    assert got.startswith(b"HTTP/1.1 200")


def test_a_wish_for_a_websocket_is_not_heard_and_is_no_line_in_the_log(
    face: Face, caplog: pytest.LogCaptureFixture
) -> None:
    """With a body, without a key, again and again: it was a fault with its trace, each time."""
    wish = b"Connection: upgrade\r\nUpgrade: WebSocket\r\n"
    for more in (b"Content-Length: 3\r\n\r\nabc", b"Sec-WebSocket-Version: 99\r\n\r\n"):
        got = said(face, b"GET /healthz HTTP/1.1\r\n" + HOST + wish + more)
        assert got.startswith(b"HTTP/1.1 200")
    assert not caplog.records


@pytest.mark.parametrize(
    ("address", "name"),
    [
        *(("127.0.0.1", ""), ("::1", ""), ("192.168.1.7", "192.168.1.7")),
        *(("2001:db8::1", "2001:db8::/64"), ("2001:db8::ffff:1", "2001:db8::/64")),
    ],
)
def test_a_network_of_ipv6_is_one_caller(address: str, name: str) -> None:
    assert asker_at(address) == name


def test_an_address_of_another_site_is_not_fetched(face: Face) -> None:
    """This is no proxy."""
    got = said(face, b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n")
    assert got.startswith(b"HTTP/1.1 400")
    got = said(face, b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n")
    assert got.startswith(b"HTTP/1.1 4")
