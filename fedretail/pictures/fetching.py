"""One file of the open internet, for a shop that has named it itself: https, and within bounds.

Nobody else's names are ever fetched. A list of goods may still name anything, by mistake or by
malice of whoever made it, so every address is looked at before it is connected to, after each
redirect anew, and the connection goes to that very address: a name that leads elsewhere a moment
later changes nothing.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import h11
import trio

from fedretail import __version__
from fedretail.domain.reasons import NotRead, Reason, reason_of
from fedretail.errors import MalformedInput
from fedretail.pictures.outside import Target, is_outside, parse_url, redirected

# A photo straight from a camera; what shops put on the web has a tenth of it.
MAX_BYTES = 8 * 1024 * 1024
# All of it, names and redirects included; 8 MiB on a line of 2 Mbit/s take 34 s.
FETCH_S = 60.0
# From an old address to the present one, to a store of files, to the file.
MAX_REDIRECTS = 5
# One address that does not answer must not use up the time of the next.
_CONNECT_S = 10.0
_HEAD_BYTES = 16 * 1024
_PIECE_BYTES = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Asked too much, at a bad moment, or too slow: the same question may be answered later.
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_HEADERS = (
    ("User-Agent", f"fedretail/{__version__} (a shop fetches the pictures of its own list)"),
    ("Accept", "image/webp,image/jpeg,image/png,image/gif;q=0.8"),
    ("Accept-Encoding", "identity"),
    ("Connection", "close"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: the file ("here"), or why not, as shown to the shopkeeper.

    "never": asking again is of no use. "later": a server was in trouble. "unreachable": no
    answer at all, as when the internet is off.
    """

    state: Literal["here", "never", "later", "unreachable"]
    data: bytes = b""
    why: Reason | None = None


async def fetch(url: str, *, may_reach: Callable[[str], bool] = is_outside) -> Answer:
    """The file at an https URL, of at most MAX_BYTES, within FETCH_S. Never raises for a stranger.

    `may_reach`: whether an IP address may be connected to; for tests.
    """
    try:
        with trio.fail_after(FETCH_S):
            for _ in range(MAX_REDIRECTS + 1):
                found = await _ask(parse_url(url), may_reach)
                if isinstance(found, Answer):
                    return found
                url = redirected(url, found)
        return Answer("never", why=Reason("picture_endless"))
    except trio.TooSlowError:
        return Answer("later", why=Reason("picture_slow"))
    except MalformedInput as error:
        return Answer("never", why=reason_of(error))
    except h11.RemoteProtocolError:
        return Answer("later", why=Reason("picture_torn"))
    except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
        return Answer("later", why=_broken(error))
    except OSError:
        return Answer("unreachable", why=Reason("picture_silent"))


def _broken(error: Exception) -> Reason:
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return Reason("picture_certificate", {"fault": error.__cause__.verify_message})
    return Reason("picture_broke_off")


async def _ask(target: Target, may_reach: Callable[[str], bool]) -> Answer | str:
    """One answer; the address where it leads elsewhere."""
    async with _connected(target, may_reach) as stream:
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
        headers = [("Host", target.authority), *_HEADERS]
        asked = connection.send(h11.Request(method="GET", target=target.path, headers=headers))
        ended = connection.send(h11.EndOfMessage())
        await stream.send_all((asked or b"") + (ended or b""))
        return await _answer(connection, stream)


@asynccontextmanager
async def _connected(
    target: Target, may_reach: Callable[[str], bool]
) -> AsyncIterator[trio.SSLStream[trio.SocketStream]]:
    """A verified connection to an address that was looked at."""
    raw = await _open(await _places(target, may_reach), target.port)
    context = ssl.create_default_context()
    stream = trio.SSLStream(raw, context, server_hostname=target.host, https_compatible=True)
    try:
        yield stream
    finally:
        # No good-bye: a server that waits for one waits in vain.
        await trio.aclose_forcefully(stream)


async def _places(target: Target, may_reach: Callable[[str], bool]) -> list[str]:
    """The IP addresses of a name that may be connected to."""
    try:
        found = await trio.socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise NotRead(Reason("picture_address")) from None
    places = list(dict.fromkeys(str(where[0]) for *_, where in found))
    allowed = [place for place in places if may_reach(place)]
    if places and not allowed:
        raise NotRead(Reason("picture_private"))
    return allowed


async def _open(places: list[str], port: int) -> trio.SocketStream:
    """A connection to the first that answers."""
    for place in places:
        with trio.move_on_after(_CONNECT_S):
            try:
                # An address, so nothing is looked up again.
                return await trio.open_tcp_stream(place, port)
            except OSError:
                continue
    raise OSError("nobody answers")


async def _answer(connection: h11.Connection, stream: trio.abc.Stream) -> Answer | str:
    data = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(bytes(await stream.receive_some(_PIECE_BYTES)))
        elif isinstance(event, h11.Response):
            other = _of_head(event)
            if other is not None:
                return other
        elif isinstance(event, h11.Data):
            data += event.data
            if len(data) > MAX_BYTES:
                return _TOO_LARGE
        elif isinstance(event, h11.EndOfMessage):
            return Answer("here", bytes(data))
        elif not isinstance(event, h11.InformationalResponse):
            return Answer("later", why=Reason("picture_broke_off"))


_TOO_LARGE = Answer("never", why=Reason("picture_large", {"number": f"{MAX_BYTES >> 20}"}))


def _of_head(head: h11.Response) -> Answer | str | None:
    """What the beginning of an answer says already; None where the file follows."""
    headers = {bytes(name): bytes(value) for name, value in head.headers}
    status = head.status_code
    if status in _REDIRECTS and b"location" in headers:
        return headers[b"location"].decode("latin-1")
    if status in _LATER:
        return Answer("later", why=Reason("picture_status", {"status": str(status)}))
    if status != 200:
        return Answer("never", why=Reason("picture_status", {"status": str(status)}))
    # h11 has seen to it that this is a number.
    length = headers.get(b"content-length", b"0")
    return _TOO_LARGE if int(length) > MAX_BYTES else None
