"""What every request must pass, and what every answer bears: hosts, origins, sizes, headers.

A page of the internet can make a shopper's browser ask this computer (DNS rebinding, forged
forms). So a request must name this computer itself as its host, and one that changes something must
come from a page of that very host, or from a program: programs say no origin.
"""

import ipaddress
import logging
import re
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fedretail.web import bodies, problems
from fedretail.web.counts import Counts

log = logging.getLogger(__name__)

# Nothing is fetched from outside, no script stands in a page, no page is framed.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(self)"),
)
# Control characters: no name of ours has one, and what takes paths apart stumbles over line ends.
_ACTING = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\x85]")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FOREIGN = frozenset({"cross-site", "same-site"})
_LOCAL = frozenset({"localhost", "localhost.localdomain"})
# Who asks there is a program, and reads problem details.
_FOR_PROGRAMS = ("/api/", "/healthz", "/metrics")
API = "/api/"


@dataclass(frozen=True, slots=True)
class Rules:
    """names: further names of this computer; origins: pages of these may use the API ("*": all).

    large: paths whose endpoint reads the body itself, as it comes, and bounds it.
    """

    names: Collection[str] = ()
    origins: Collection[str] = ()
    large: Collection[str] = ()


class Guard:
    """Lets through what names this computer; everything else gets a short answer and goes."""

    def __init__(
        self, app: ASGIApp, rules: Rules | None = None, counts: Counts | None = None
    ) -> None:
        own = socket.gethostname().lower()
        self.counts = counts or Counts()
        self._app = app
        self._rules = rules or Rules()
        said = (name.lower() for name in self._rules.names)
        self._names = _LOCAL | {own, f"{own}.local", *said}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Whatever goes wrong within is told as a problem, without a word of the inside."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        dressed = _Dressed(send, self.counts)
        fault = self._fault(scope)
        try:
            if fault is None:
                most = self._most_bytes(scope["path"])
                body = await bodies.taken(scope, receive, most)
                await self._app(scope, body, dressed)
                return
        except ClientDisconnect:
            # Whoever has hung up is told nothing, and is no fault that a log should fill with.
            return
        except bodies.Unwanted as error:
            fault = error.status, error.detail
        except Exception:
            log.exception("A request has failed.")
            fault = 500, "Something is wrong with the program here. Its log says what."
        if not dressed.has_begun:
            await _refuse(scope, dressed, *fault)

    def _most_bytes(self, path: str) -> int | None:
        """How long a body may be that is read here; None where the endpoint reads it."""
        return None if path in self._rules.large else bodies.MOST_BYTES

    def _fault(self, scope: Scope) -> tuple[int, str] | None:
        names = [name for name, _ in scope["headers"]]
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if names.count(b"host") != 1 or not self._is_own(host):
            return 421, "This computer is not known by that name."
        if not scope["path"].startswith("/") or _ACTING.search(scope["path"]):
            return 400, "This is no address of a page."
        # Two lengths of one body: what one program takes for its end, the next takes for a request.
        if b"transfer-encoding" in headers and b"content-length" in headers:
            return 400, "The length of the body is said twice."
        if scope["method"] not in _SAFE:
            return self._foreign(scope, headers, host)
        if self._is_embedded(scope["path"], headers):
            return 403, "Another site's page asked for that."
        return None

    def _is_embedded(self, path: str, headers: Mapping[bytes, str]) -> bool:
        """Whether a page of another site asks that could not read the answer anyway.

        It would make this computer work, and hold streams and exports, for nothing, in the name of
        whoever looks at it; a link that somebody follows is none of that.
        """
        if headers.get(b"sec-fetch-site") not in _FOREIGN:
            return False
        is_link = headers.get(b"sec-fetch-mode") == "navigate" and (
            headers.get(b"sec-fetch-dest", "document") == "document"
        )
        may_read = path.startswith(API) and (
            allows(self._rules.origins, headers.get(b"origin", "null"))
        )
        return not (is_link or may_read)

    def _foreign(
        self, scope: Scope, headers: Mapping[bytes, str], host: str
    ) -> tuple[int, str] | None:
        """What to say where a page of another site asks for a change."""
        origin = headers.get(b"origin")
        is_ours = origin == f"{scope['scheme']}://{host}"
        if origin is None:
            is_ours = headers.get(b"sec-fetch-site", "same-origin") == "same-origin"
        elif scope["path"].startswith(API):
            is_ours = is_ours or allows(self._rules.origins, origin)
        return None if is_ours else (403, "Another site's page asked for that.")

    def _is_own(self, host: str) -> bool:
        """Whether a Host header names this computer: by an IP address, or a name it has."""
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        name = name.removeprefix("[").removesuffix("]").lower().removesuffix(".")
        return name in self._names or is_address(name)


def allows(origins: Collection[str], origin: str) -> bool:
    """Whether pages of this origin may use the API; a page without one ("null") never may."""
    return origin != "null" and ("*" in origins or origin in origins)


def is_address(text: str) -> bool:
    """Whether a text is an IP address; with a zone behind it, which may be any text, it is none."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


class _Dressed:
    """Sends on, with the headers that every answer bears; has_begun: whether anything was sent."""

    def __init__(self, send: Send, counts: Counts) -> None:
        self._send = send
        self._counts = counts
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            self._counts.answered(message["status"])
            held = {name.lower() for name, _ in message.get("headers", [])}
            more = [pair for pair in _HEADERS if pair[0] not in held]
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await self._send(message)


async def _refuse(scope: Scope, send: Send, status: int, text: str) -> None:
    """A short answer: to programs as a problem, to people as a line of text."""
    is_program = scope["path"].startswith(_FOR_PROGRAMS)
    kind = problems.MEDIA_TYPE if is_program else "text/plain; charset=utf-8"
    said = problems.body(status, text) if is_program else f"{text}\n".encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(said)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": said})
