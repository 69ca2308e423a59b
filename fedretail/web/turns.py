"""Who is served when: few at a time, in the order in which they came, and nobody who has left.

A page is work for the processor. Forty at once would take turns and all be late; a shopper who
types on leaves a question behind that nobody waits for any more.
"""

import os
from collections.abc import Callable
from typing import TypeVar

import trio
from starlette.requests import Request
from starlette.types import Receive

T = TypeVar("T")

# One that waits for the disk holds up nobody else; more would only share the same processors.
_LEAST, _MOST = 2, 4


class Turns:
    """Threads for the work of requests; the others wait in line."""

    def __init__(self, at_once: int | None = None) -> None:
        count = at_once or min(max(os.cpu_count() or _LEAST, _LEAST), _MOST)
        self._limiter = trio.CapacityLimiter(count)

    async def take(self, request: Request, work: Callable[[], T]) -> T | None:
        """What `work` gives, done in a thread; None where the asker has left before its turn.

        work: raises nothing, but gives an answer that tells what went wrong.
        """
        result: T | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_gone, request.receive, nursery.cancel_scope)
            result = await trio.to_thread.run_sync(work, limiter=self._limiter)
            nursery.cancel_scope.cancel()
        return result


async def until_gone(receive: Receive, scope: trio.CancelScope) -> None:
    """Cancel a scope when the asker hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
