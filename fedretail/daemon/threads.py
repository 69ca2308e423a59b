"""Calls that wait for a disk, out of the way of everything else."""

from collections.abc import Callable
from typing import TypeVar

import trio

_T = TypeVar("_T")


async def in_thread(step: Callable[[], _T]) -> _T:
    """What `step` gives; it is waited for even when all is to end."""
    return await trio.to_thread.run_sync(step)
