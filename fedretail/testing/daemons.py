"""Real daemons inside a test: run for as long as a block, and waited for."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import trio

# More than a loaded two-core machine needs; reached only when something hangs.
PATIENCE_S = 60.0
# How often something is looked at while a test waits for it.
_LOOK_S = 0.02


async def until(holds: Callable[[], Any], *, within_s: float = PATIENCE_S) -> None:
    """Look again until it holds; in a thread, since it may ask the store."""
    with trio.fail_after(within_s):
        while not await trio.to_thread.run_sync(holds):
            await trio.sleep(_LOOK_S)


@asynccontextmanager
async def serving(*daemons: Any) -> AsyncIterator[tuple[list[Any], list[trio.CancelScope]]]:
    """Run these daemons until the block ends; (what they said when ready, how to end each)."""
    async with trio.open_nursery() as nursery:
        scopes: list[trio.CancelScope] = []

        async def one(daemon: Any, *, task_status: trio.TaskStatus[Any]) -> None:
            with trio.CancelScope() as scope:
                scopes.append(scope)
                await daemon.run(task_status=task_status)

        told = [await nursery.start(partial(one, each)) for each in daemons]
        yield told, scopes
        nursery.cancel_scope.cancel()
