"""The transport's keeper: what a library raises ends neither search nor the next try."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Never

import trio

log = logging.getLogger(__name__)

_RESTART_S, _LAST_RESTART_S = 1.0, 60.0


async def keep_serving(
    serve: Callable[..., Awaitable[Any]],
    on_up: Callable[[], None],
    counts: dict[str, int],
    task_status: trio.TaskStatus[None],
) -> Never:
    """Run `serve`, again and again where it dies; started when it has started for the first time.

    Raises what it raises before that. `counts`: how often is counted under "restarts".
    """
    pause_s = _RESTART_S
    is_first = True
    while True:
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(serve)
                on_up()
                if is_first:
                    task_status.started()
                is_first, pause_s = False, _RESTART_S
        except* Exception as group:
            if is_first:
                raise
            log.warning("The network part has stopped: %r", group.exceptions[0])
        counts["restarts"] += 1
        await trio.sleep(pause_s)
        pause_s = min(_LAST_RESTART_S, pause_s * 2)
