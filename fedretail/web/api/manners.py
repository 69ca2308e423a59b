"""What holds for every address of the API: how often, from which pages, HEAD and OPTIONS."""

from collections.abc import Collection, Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match
from starlette.types import Message, Receive, Scope, Send

from fedretail.web import problems
from fedretail.web.counts import Counts
from fedretail.web.guard import allows
from fedretail.web.pace import Rate

_METHODS = ("GET", "PUT", "PATCH", "POST", "DELETE")
_ALLOWED_HEADERS = b"authorization, content-type, if-match, if-none-match, idempotency-key"
_EXPOSED_HEADERS = b"etag, link, retry-after"
_PREFLIGHT_S = b"600"


class Manners:
    """Stands before the API."""

    def __init__(
        self, app: Starlette, *, rate: Rate, origins: Collection[str], counts: Counts
    ) -> None:
        self._app = app
        self._rate = rate
        self._origins = origins
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = self._with_origin(scope, send)
        wait_s = self._rate.wait_s(scope)
        if wait_s:
            self._counts.limited += 1
            headers = {"retry-after": str(max(1, round(wait_s)))}
            late = problems.problem(429, "That was too much at once.", headers=headers)
            await late(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await self._options(scope, send)
        elif scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", "fedretail.head": True}
            await self._app(scope, receive, _without_body(send))
        else:
            await self._app(scope, receive, send)

    async def _options(self, scope: Scope, send: Send) -> None:
        """What can be done at an address; and whether another site's page may."""
        methods = methods_at(self._app.routes, scope)
        if not methods:
            await problems.of_status(404, "")(scope, _nothing, send)
            return
        allowed = ", ".join(methods).encode()
        headers = [(b"allow", allowed)]
        if _origin(scope):
            headers += [
                (b"access-control-allow-methods", allowed),
                (b"access-control-allow-headers", _ALLOWED_HEADERS),
                (b"access-control-max-age", _PREFLIGHT_S),
            ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _with_origin(self, scope: Scope, send: Send) -> Send:
        """With the headers that let a page of an allowed origin read the answer."""
        if not self._origins:
            return send
        origin = _origin(scope)
        more = [(b"vary", b"origin")]
        if origin and allows(self._origins, origin):
            more += [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-expose-headers", _EXPOSED_HEADERS),
                (b"cross-origin-resource-policy", b"cross-origin"),
            ]

        async def with_origin(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *more]}
            await send(message)

        return with_origin


def methods_at(routes: Sequence[BaseRoute], scope: Scope) -> list[str]:
    """The methods that an address of the API knows; none where there is nothing."""
    found: list[str] = []
    for route in routes:
        for method in _METHODS:
            wanted = {**scope, "method": method}
            if route.matches(wanted)[0] is Match.FULL:
                found.append(method)
    return [*found, "HEAD", "OPTIONS"] if found else []


def _origin(scope: Scope) -> str:
    return next((v.decode("latin-1") for n, v in scope["headers"] if n == b"origin"), "")


def _without_body(send: Send) -> Send:
    async def without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return without_body


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
