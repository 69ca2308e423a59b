"""How often pages are made for one address of the network: as fast as people look, no faster."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fedretail.clock import Clock
from fedretail.web.api.manners import Rate
from fedretail.web.counts import Counts
from fedretail.web.guard import API, is_loopback

# Who types fast has a page made eight times a second, for the length of a word.
PER_MINUTE = 600
# The API has a rate of its own; the rest costs nothing.
_OTHERS = (API, "/static/", "/healthz", "/metrics")


class Paced:
    """Lets through what comes at a person's pace; programs of this computer come as they like."""

    def __init__(self, app: ASGIApp, *, clock: Clock, counts: Counts) -> None:
        self._app = app
        self._rate = Rate(per_minute=PER_MINUTE, clock=clock)
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        is_page = scope["type"] == "http" and not scope["path"].startswith(_OTHERS)
        wait_s = 0.0
        if is_page and not is_loopback(scope):
            wait_s = self._rate.wait_s((scope["client"] or [""])[0])
        if not wait_s:
            await self._app(scope, receive, send)
            return
        self._counts.limited += 1
        headers = {"retry-after": str(max(1, round(wait_s))), "cache-control": "no-store"}
        late = PlainTextResponse("That was too much at once.\n", status_code=429, headers=headers)
        await late(scope, receive, send)
