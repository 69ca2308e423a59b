"""Who is served when: few at a time, in the order in which they came, and nobody who has left.

A page is work for the processor. Forty at once would take turns and all be late; a shopper who
types on leaves a question behind that nobody waits for any more. Of each address of the network one
request stands in line: who sends a hundred waits for them, and nobody else does.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import trio
from starlette.requests import Request
from starlette.types import Receive, Scope

from fedretail.web.askers import asker_of

T = TypeVar("T")

# What servers write down of askers who have left; nobody receives it.
LEFT = 499
# One that waits for the disk holds up nobody else; more would only share the same processors.
_LEAST, _MOST = 2, 4


class Turns:
    """Threads for the work of requests; the others wait in line."""

    def __init__(self, at_once: int | None = None) -> None:
        count = at_once or min(max(os.cpu_count() or _LEAST, _LEAST), _MOST)
        self._limiter = trio.CapacityLimiter(count)
        # Of those addresses alone that wait just now.
        self._lines: dict[str, trio.Lock] = {}

    async def take(self, request: Request, work: Callable[[], T]) -> T | None:
        """What `work` gives, done in a thread; None where the asker has left before its turn.

        What `work` raises is raised here.
        """
        result: T | None = None
        fault: Exception | None = None

        def done() -> tuple[T | None, Exception | None]:
            # Raised within the nursery it would come out of it in a group.
            try:
                return work(), None
            except Exception as error:  # noqa: BLE001 - raised again below
                return None, error

        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_gone, request.receive, nursery.cancel_scope)
            async with self._line(request.scope):
                result, fault = await trio.to_thread.run_sync(done, limiter=self._limiter)
            nursery.cancel_scope.cancel()
        if fault is not None:
            raise fault
        return result

    @asynccontextmanager
    async def _line(self, scope: Scope) -> AsyncIterator[None]:
        """The turn among the requests of one address; this computer's own have no such line."""
        name = asker_of(scope)
        if not name:
            yield
            return
        line = self._lines.setdefault(name, trio.Lock())
        try:
            async with line:
                yield
        finally:
            if not line.locked():
                self._lines.pop(name, None)


async def until_gone(receive: Receive, scope: trio.CancelScope) -> None:
    """Cancel a scope when the asker hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
