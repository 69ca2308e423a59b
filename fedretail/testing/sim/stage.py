"""The stage of a run: all that would differ from one run of a seed to the next is fixed."""

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import trio
from trio.abc import Instrument

from fedretail.crdt import access, head, keys
from fedretail.p2p import service, serving, session
from fedretail.p2p.gossip import Gossip, PushOrder, Shown
from fedretail.store import logs, store
from fedretail.testing.sim.world import Violation, World

# Whether a signature is right follows from its bytes alone, and five nodes ask for each.
_is_signed = lru_cache(maxsize=4096)(keys.is_signed)
_due = Gossip.due
# Of the scheduler at one moment; the busiest moment of twelve runs took 37.
_MOST_TURNS = 2000


class Pulse(Instrument):
    """Ends a run whose time stands still: somebody turns in a circle and never waits."""

    def __init__(self, world: World, end: Callable[[], None]) -> None:
        self._world = world
        self._end = end
        self._at_s = 0.0
        self._turns = 0

    def before_io_wait(self, timeout: float) -> None:
        """One turn of the scheduler."""
        now_s = trio.current_time()
        self._turns = self._turns + 1 if now_s == self._at_s else 0
        self._at_s = now_s
        if self._turns == _MOST_TURNS:
            what = f"{_MOST_TURNS} turns at one moment"
            self._world.violations.append(Violation("livelock", int(now_s * 1000), what))
            self._end()


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Let trio run tasks in an order that follows from the seed alone."""
    from trio._core import _run as trio_run

    trio_run._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
    state = trio_run._r.getstate()
    trio_run._r.seed(seed)
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        trio_run._r.setstate(state)
        trio_run._ALLOW_DETERMINISTIC_SCHEDULING = False  # type: ignore[misc]


def _forgetful(world: World) -> Callable[..., list[PushOrder]]:
    """`Gossip.due` of a node that loses some of what it meant to push."""

    def due(gossip: Gossip, now_ms: int, shown: Shown) -> list[PushOrder]:
        orders = _due(gossip, now_ms, shown)
        kept = [one for one in orders if not world.happens(world.knobs.hints_lost)]
        world.counts["hints lost"] += len(orders) - len(kept)
        return kept

    return due


@contextmanager
def tuned(world: World) -> Iterator[None]:
    """Limits so small that small catalogs meet them."""
    choose = world.choose
    credit = choose.choice((600, 4096, 256 * 1024))
    values: list[tuple[Any, str, Any]] = [
        (access, "is_signed", _is_signed),
        (head, "is_signed", _is_signed),
        # The disks of the computer on which the run runs are no part of it.
        (store, "refuse_network_drive", lambda folder: None),
        (serving, "CREDIT_BYTES", credit),
        (session, "_CREDIT_STEP", credit // 4),
        # A store that is looked at four times a second is most of the work of a run.
        (service, "WATCH_S", 1.0),
        (Gossip, "due", _forgetful(world)),
        (logs, "PART_BYTES", choose.choice((500, 1500, 240 * 1024))),
        (serving, "MAX_PUSH_BYTES", choose.choice((200, 8 * 1024))),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in values]
    try:
        for module, name, value in values:
            setattr(module, name, value)
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


class _Listener(logging.Handler):
    """An error that a service only logs breaks a promise all the same."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        """End the run."""
        error = record.exc_info[1] if record.exc_info else None
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        self._world.violated("error", f"{record.msg} {type(error).__name__}: {error}")


@contextmanager
def listening(world: World) -> Iterator[None]:
    """What services log below errors is not shown; errors are judged."""
    logger, listener = logging.getLogger("fedretail"), _Listener(world)
    before, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        logger.removeHandler(listener)
        logger.propagate = before


def fast_folder() -> Path | None:
    """Where files lie in memory, if there is such a place."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None
