"""/changes, once and as a stream of events, and /export: for programs that keep a copy."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self

import trio
from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import State
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from fedretail.index.views import View
from fedretail.node import changes as feed
from fedretail.node.exports import lines
from fedretail.node.node import Node
from fedretail.web.api import examples, models
from fedretail.web.api.answers import answer, dumped, node_of, view_of
from fedretail.web.asking import said
from fedretail.web.counts import Counts
from fedretail.web.shares import Shares
from fedretail.web.turns import until_gone

router = APIRouter(tags=["changes"])
MAX_CHANGES = 1000
# How often a stream looks whether something has changed: a few microseconds each time.
LOOK_S = 0.25
# So often a silent stream says that it lives, before a box on the way takes it for dead.
_BEAT_S = 15.0
# Each holds a connection; a shop has a handful of programs.
MAX_STREAMS = 32
# Each holds a connection and some megabytes.
MAX_EXPORTS = 8
# Entries of a stream that are read at once.
_AT_ONCE = 100
_CHUNK_CHARS = 64 * 1024
_EVENTS = "text/event-stream"
_LINES = "application/x-ndjson"

Kinds = Annotated[list[str], said("Only records of this kind; repeatable."), Field(max_length=20)]
ViewName = Annotated[
    str | None,
    said("Only what this view shows; what it may have shown before is told as withdrawn."),
]


class ChangesAsked(BaseModel):
    """From where on, and of what."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[
        str | None,
        said("`cursor` of the answer before; `now`: only what comes; else from the beginning."),
        Field(max_length=100),
    ] = None
    kind: Kinds = []
    view: ViewName = None
    limit: Annotated[int, said("Most entries."), Field(ge=1, le=MAX_CHANGES)] = 100


class StreamAsked(BaseModel):
    """From where on, and of what."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[str | None, said("As for /changes."), Field(max_length=100)] = None
    kind: Kinds = []
    view: ViewName = None


@router.get("/changes", response_model=models.Changes, responses=examples.shown(examples.CHANGES))
def changes(request: Request, asked: Annotated[ChangesAsked, Query()]) -> Response:
    """Records that changed since a cursor, each as it is now.

    A cursor outlives restarts. 410: it is of another computer, or too old; begin anew without.
    """
    wanted = _Wanted.of(request, asked.kind, asked.view)
    found = wanted.read(asked.after or None, asked.limit)
    entries = [one.to_json() for one in found.entries]
    body = {"changes": entries, "cursor": found.cursor, "more": found.more}
    return answer(request, body)


@router.get(
    "/changes/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {_EVENTS: {"example": examples.EVENT}}}},
)
async def stream(
    request: Request,
    asked: Annotated[StreamAsked, Query()],
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """The same as server-sent events, for as long as somebody listens.

    Each event `change` has the cursor as its id, so that a browser goes on where it was.
    """
    after = last_event_id or asked.after or None
    # What is wrong with the cursor or the view is told before the stream begins.
    wanted = await trio.to_thread.run_sync(_Wanted.of, request, asked.kind, asked.view)
    first = await wanted.next(after)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    if "fedretail.head" in request.scope:
        return Response(headers=headers, media_type=_EVENTS)
    return _EventStream(wanted, first, request.app.state, headers)


class _EventStream(Response):
    """Tells changes until nobody listens any more."""

    media_type = _EVENTS

    def __init__(
        self, wanted: "_Wanted", found: feed.Changes, state: State, headers: dict[str, str]
    ) -> None:
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._wanted, self._found, self._state = wanted, found, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        counts: Counts = self._state.counts
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        with self._state.streams.held(scope):
            counts.streams += 1
            try:
                await send(start)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(until_gone, receive, nursery.cancel_scope)
                    await self._tell(send)
            finally:
                counts.streams -= 1

    async def _tell(self, send: Send) -> None:
        async def tell(text: bytes) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": True})

        found, silent_s = self._found, 0.0
        await tell(b"retry: 3000\n\n")
        while True:
            if found.entries:
                await tell(b"".join(map(_event, found.entries)))
            silent_s = 0.0 if found.entries else silent_s + LOOK_S
            if silent_s >= _BEAT_S:
                silent_s = 0.0
                await tell(b": nothing new\n\n")
            if not found.more:
                await trio.sleep(LOOK_S)
            found = await self._wanted.next(found.cursor)


def _event(one: feed.Change) -> bytes:
    return b"id: %b\nevent: change\ndata: %b\n\n" % (one.cursor.encode(), dumped(one.to_json()))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a program wants to be told of, and of which node."""

    node: Node
    kinds: frozenset[str]
    view: View | None

    @classmethod
    def of(cls, request: Request, kinds: Collection[str], view: str | None) -> Self:
        """As it is asked for; Problem or UsageError where the view cannot be."""
        return cls(node_of(request), frozenset(kinds), view_of(request, view))

    def read(self, after: str | None, limit: int) -> feed.Changes:
        """As feed.changes."""
        return feed.changes(self.node, after, limit=limit, kinds=self.kinds, view=self.view)

    async def next(self, after: str | None) -> feed.Changes:
        """The next entries of a stream."""
        return await trio.to_thread.run_sync(self.read, after, _AT_ONCE)


@router.get(
    "/export",
    tags=["export"],
    response_class=StreamingResponse,
    responses={200: {"content": {_LINES: {"example": examples.EXPORT}}}},
)
def export(
    request: Request,
    view: Annotated[str | None, Query(), said("Only what this view of the node shows.")] = None,
) -> Response:
    """All records as JSON Lines, as `fedretail export` writes them."""
    node, shown = node_of(request), view_of(request, view)
    headers = {"content-disposition": 'attachment; filename="fedretail.jsonl"'}
    if "fedretail.head" in request.scope:
        return Response(headers=headers, media_type=_LINES)
    chunks = _chunks(lines(node, view=shown))
    return _Export(chunks, headers=headers, media_type=_LINES, exports=request.app.state.exports)


class _Export(StreamingResponse):
    """An export, where it is not one too many."""

    def __init__(self, *args: Any, exports: Shares, **said: Any) -> None:
        super().__init__(*args, **said)
        self._exports = exports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._exports.held(scope):
            await super().__call__(scope, receive, send)


def _chunks(found: Iterator[str]) -> Iterator[bytes]:
    """Lines in pieces that are worth a turn of a thread."""
    held: list[str] = []
    size = 0
    for line in found:
        held.append(line)
        size += len(line)
        if size >= _CHUNK_CHARS:
            yield "".join(held).encode("utf-8", "replace")
            held, size = [], 0
    if held:
        yield "".join(held).encode("utf-8", "replace")
