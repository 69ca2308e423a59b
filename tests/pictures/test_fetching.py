"""Fetching over real TLS: what is given, what is refused, and that nothing inside is asked."""

import ipaddress

import pytest
import trio
from trio.socket import SOCK_STREAM

from fedretail.domain.reasons import Reason
from fedretail.pictures.fetching import MAX_BYTES, MAX_REDIRECTS, Answer, fetch

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("trusted")]


def anywhere(place: str) -> bool:
    return True


async def test_a_file_is_fetched_with_one_polite_request(server) -> None:
    async with server.running():
        url = server.serve("/jar.jpg?v=2", b"jpeg" * 50_000)
        assert await fetch(url, may_reach=anywhere) == Answer("here", b"jpeg" * 50_000)
    (head,) = server.requests
    assert head.startswith(b"GET /jar.jpg?v=2 HTTP/1.1\r\n")
    assert f"Host: localhost:{server.port}".encode() in head
    assert b"fedretail/" in head
    assert b"ookie" not in head
    assert b"eferer" not in head


async def test_nothing_in_a_private_network_is_asked(server) -> None:
    async with server.running():
        for host in ("localhost", "127.0.0.1"):
            answer = await fetch(server.url("/jar.jpg", host))
            assert (answer.state, answer.data) == ("never", b"")
            assert "private network" in answer.why.english
    assert server.requests == []


async def test_a_redirect_into_a_private_network_is_not_followed(server) -> None:
    async with server.running():
        inner = server.serve("/inner", b"secret")
        url = server.redirect("/outer", inner.replace("localhost", "127.0.0.1"))
        seen: list[str] = []

        def first_alone(place: str) -> bool:
            seen.append(place)
            return len(seen) == 1

        answer = await fetch(url, may_reach=first_alone)
    assert answer.state == "never"
    assert len(server.requests) == 1


class Rebinding:
    """A resolver whose name leads outside when it is looked at first, and inside from then on."""

    def __init__(self) -> None:
        self.asked = 0

    async def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002
        self.asked += 1
        place = "203.0.113.9" if self.asked == 1 else "127.0.0.1"
        return [(trio.socket.AF_INET, SOCK_STREAM, 6, "", (place, port))]

    async def getnameinfo(self, sockaddr, flags):
        host, port, *_ = sockaddr
        return host, str(port)


async def test_the_address_that_was_looked_at_is_connected_to(server, monkeypatch) -> None:
    """DNS rebinding: the name is looked up once, so a later answer changes nothing."""
    resolver, connected = Rebinding(), []
    trio.socket.set_custom_hostname_resolver(resolver)
    real = trio.open_tcp_stream

    async def noted(host: str, port: int) -> trio.SocketStream:
        connected.append(host)
        return await real("127.0.0.1", port)  # what stands at 203.0.113.9 in this test

    monkeypatch.setattr(trio, "open_tcp_stream", noted)
    async with server.running():
        server.serve("/jar.jpg", b"jar")
        url = server.url("/jar.jpg", "shop.example")
        answer = await fetch(url, may_reach=lambda place: place == "203.0.113.9")
        assert answer == Answer("here", b"jar")
        again = await fetch(url, may_reach=lambda place: place == "203.0.113.9")
    assert again.state == "never"
    assert connected == ["203.0.113.9"]
    assert resolver.asked == 2
    assert all(ipaddress.ip_address(one) for one in connected)


async def test_a_certificate_that_nobody_trusts_is_not_enough(server, monkeypatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    async with server.running():
        answer = await fetch(server.serve("/a", b"x"), may_reach=anywhere)
    assert (answer.state, answer.data) == ("later", b"")
    assert "certificate" in answer.why.english


async def test_a_redirect_is_followed_but_never_to_http_or_without_end(server) -> None:
    async with server.running():
        server.serve("/b", b"jar")
        assert await fetch(server.redirect("/a", "/b"), may_reach=anywhere) == Answer(
            "here", b"jar"
        )
        plain = server.redirect("/c", f"http://localhost:{server.port}/b")
        assert (await fetch(plain, may_reach=anywhere)).state == "never"
        before = len(server.requests)
        loop = server.redirect("/d", "/d")
        assert (await fetch(loop, may_reach=anywhere)).state == "never"
        assert len(server.requests) - before == MAX_REDIRECTS + 1


async def test_a_file_too_large_is_given_up(server) -> None:
    async with server.running():
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BYTES + 1)
        server.answers["/said"] = head
        chunk = b"%x\r\n%b\r\n" % (1 << 20, bytes(1 << 20))
        server.answers["/unsaid"] = (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 9 + b"0\r\n\r\n"
        )
        for path in ("/said", "/unsaid"):
            answer = await fetch(server.url(path), may_reach=anywhere)
            assert (answer.state, answer.why) == ("never", Reason("picture_large", {"number": "8"}))


@pytest.mark.parametrize(
    ("sent", "state"),
    [
        (b"HTTP/1.1 404 Gone\r\n\r\n", "never"),
        (b"HTTP/1.1 403 No\r\n\r\n", "never"),
        (b"HTTP/1.1 503 Busy\r\n\r\n", "later"),
        (b"HTTP/1.1 429 Slow\r\n\r\n", "later"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "later"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhalf", "later"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nhalf", "later"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"9" * 5000, "later"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000, "later"),
        (b"SSH-2.0-OpenSSH\r\n", "later"),
        (b"", "later"),
        (b"HTTP/1.1 302 Found\r\nLocation: //\x00\xff\r\n\r\n", "later"),
        (b"HTTP/1.1 302 Found\r\nLocation: https://[bad\r\n\r\n", "never"),
        (b"HTTP/1.1 302 Found\r\n\r\n", "never"),
    ],
)
async def test_any_other_answer_is_said_and_never_raised(server, sent: bytes, state: str) -> None:
    async with server.running():
        server.answers["/a"] = sent
        answer = await fetch(server.url("/a"), may_reach=anywhere)
        assert (answer.state, answer.data) == (state, b"")
        assert answer.why


async def test_nobody_there_is_as_when_the_internet_is_off(server) -> None:
    async with server.running():
        port = server.port
    answer = await fetch(f"https://localhost:{port}/a", may_reach=anywhere)
    assert answer.state == "unreachable"


async def test_who_sends_a_byte_now_and_then_is_given_up(server, autojump_clock) -> None:
    async def drip(stream: trio.abc.Stream) -> None:
        while True:
            await stream.send_all(b"H")
            await trio.sleep(9)

    server._answer = drip
    async with server.running():
        answer = await fetch(server.url("/a"), may_reach=anywhere)
    assert (answer.state, answer.why) == ("later", Reason("picture_slow"))


@pytest.mark.parametrize("url", ["http://localhost/a", "file:///etc/passwd", "", "https://"])
async def test_other_addresses_are_never_asked(url: str) -> None:
    assert (await fetch(url, may_reach=anywhere)).state == "never"
