"""How often something is made for one address of the network: pages as fast as people look."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fedretail.clock import Clock
from fedretail.p2p.rates import Buckets
from fedretail.web.askers import asker_of
from fedretail.web.counts import Counts
from fedretail.web.guard import API

# Who types fast has a page made eight times a second, for the length of a word.
PER_MINUTE = 600
# Addresses that are remembered: all of a large shop's, and some.
_MOST_ADDRESSES = 10_000
# A program may ask for ten seconds' worth at once.
_BURST_S = 10
# The API has a rate of its own; the rest costs nothing.
_OTHERS = (API, "/static/", "/healthz", "/metrics")


class Rate:
    """How often one address may ask; programs of this computer as often as they like.

    per_minute: 0 is no limit.
    """

    def __init__(self, *, per_minute: int, clock: Clock) -> None:
        self._clock = clock
        self._rate = per_minute / 60
        burst = max(1.0, self._rate * _BURST_S)
        self._buckets = Buckets(rate=self._rate, burst=burst, most=_MOST_ADDRESSES)

    def wait_s(self, scope: Scope) -> float:
        """Seconds after which whoever makes this request may ask again; 0: it may now."""
        asker = asker_of(scope)
        if not self._rate or not asker:
            return 0.0
        bucket, now_ms = self._buckets.of(asker), self._clock.now_ms()
        return 0.0 if bucket.take_if_there(1, now_ms) else 1 / self._rate


class Paced:
    """Lets through what comes at a person's pace; programs of this computer come as they like."""

    def __init__(self, app: ASGIApp, *, clock: Clock, counts: Counts) -> None:
        self._app = app
        self._rate = Rate(per_minute=PER_MINUTE, clock=clock)
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        is_page = scope["type"] == "http" and not scope["path"].startswith(_OTHERS)
        wait_s = self._rate.wait_s(scope) if is_page else 0.0
        if not wait_s:
            await self._app(scope, receive, send)
            return
        self._counts.limited += 1
        headers = {"retry-after": str(max(1, round(wait_s))), "cache-control": "no-store"}
        late = PlainTextResponse("That was too much at once.\n", status_code=429, headers=headers)
        await late(scope, receive, send)
