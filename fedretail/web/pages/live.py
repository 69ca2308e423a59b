"""/live: an event whenever something that pages show has changed, for as long as one is open.

It says that, not what: a page then asks what of its own has changed. Of what a bound view hides it
says nothing. However many listen, the index is looked at once in a while.
"""

from contextlib import AbstractContextManager

import trio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fedretail.node.shown import Shown
from fedretail.web.pages.house import House
from fedretail.web.problems import Problem, problem
from fedretail.web.shares import Shares
from fedretail.web.turns import until_gone

LOOK_S = 0.5
# A file of ten thousand prices is many changes, and one thing to look at.
PAUSE_S = 3.0
# So often a silent stream says that it lives, before a box on the way takes it for dead.
_BEAT_S = 15.0
_PAGE = 1_000
# Each holds a connection; who finds no room has a page that is right when it is loaded. A
# quarter may be one address's: all screens behind one box, while nobody takes those of others.
MOST = 100


class Live:
    """Tells pages that something has changed."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._shares = Shares(MOST)
        # How far the index was, and where it was when something last changed that is shown.
        self._followed: int | None = None
        self._changed = 0
        self._seen = (0, 0)
        self._looked_at = -LOOK_S

    async def listen(self, request: Request) -> Response:
        """The stream of events; 503 where too many listen."""
        return _Stream(self)

    def held(self, scope: Scope) -> AbstractContextManager[None]:
        """A place for a listener; Problem where there is none."""
        return self._shares.held(scope)

    async def tell(self, send: Send) -> None:
        """Send events until cancelled."""

        async def say(text: bytes) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": True})

        known, silent_s = await self._look(), 0.0
        await say(b"retry: 5000\n\n")
        while True:
            await trio.sleep(LOOK_S)
            found = await self._look()
            if found != known:
                known, silent_s = found, 0.0
                await say(b"data: changed\n\n")
                await trio.sleep(PAUSE_S)
            else:
                silent_s += LOOK_S
                if silent_s >= _BEAT_S:
                    silent_s = 0.0
                    await say(b": nothing new\n\n")

    async def _look(self) -> tuple[int, int]:
        """Up to which change pages show it, and how many pictures came, as seen a moment ago."""
        now = trio.current_time()
        if now - self._looked_at >= LOOK_S:
            self._looked_at = now
            self._seen = await trio.to_thread.run_sync(self._state)
        return self._seen

    def _state(self) -> tuple[int, int]:
        node = self._house.node
        followed = node.index.followed()
        if followed != self._followed:
            if self._followed is None or self._is_shown(self._followed, followed):
                self._changed = followed
            self._followed = followed
        return self._changed, node.pictures.arrived()

    def _is_shown(self, after: int, until: int) -> bool:
        """Whether any of these changes is of a shop that pages show, or have shown."""
        node = self._house.node
        if not node.config.web_view:
            return True
        shown = Shown(node, self._house.street().view)
        while after < until and (page := node.store.feed(after, _PAGE)):
            if any(shown.ever(place) for _, place in page):
                return True
            after = page[-1][0]
        return False


class _Stream(Response):
    media_type = "text/event-stream"

    def __init__(self, live: Live) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._live.held(scope):
                await self._serve(receive, send)
        except Problem as full:
            refused = problem(full.status, full.detail, headers=full.headers)
            await refused(scope, receive, send)

    async def _serve(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_gone, receive, nursery.cancel_scope)
            await self._live.tell(send)
