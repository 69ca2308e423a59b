"""One run: a street of nodes, faults for a while, then none, and a verdict."""

import gc
import logging
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import trio
from trio.testing import MockClock

from fedretail.crdt.names import log_id
from fedretail.p2p import service, serving, session
from fedretail.store import logs
from fedretail.testing.builders import Shop, shop
from fedretail.testing.sim import liars, oracles
from fedretail.testing.sim.bugs import planted
from fedretail.testing.sim.faults import Nemesis
from fedretail.testing.sim.ledger import Ledger
from fedretail.testing.sim.network import SimNetwork
from fedretail.testing.sim.node import Plan, SimNode, Street
from fedretail.testing.sim.wiretap import LIAR
from fedretail.testing.sim.world import Failed, Violation, World

FAULTS_S = 120.0
# After the last fault all must have converged: a neighbour that was dropped is left alone for
# 60 s, dialled again 90 s later at worst, and a liar may hold a transfer for as long before.
CONVERGE_S = 600.0
# Nothing happens any more, so nothing much may be said.
QUIET_S = 30.0
_LOOK_S = 2.0
FAR_AHEAD_MS = 30 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run has shown; fingerprint: of everything that happened in it."""

    seed: int
    fingerprint: str
    violations: list[Violation]
    counts: dict[str, int]
    simulated_s: float
    took_s: float
    story: list[str]


def run(seed: int, *, bugs: Sequence[str] = (), nodes: int = 5) -> Verdict:
    """Run one seed, with planted bugs or none."""
    world = World(seed)
    began = perf_counter()
    with ExitStack() as stack:
        stack.enter_context(_listening(world))
        stack.enter_context(_tuned(world))
        for name in bugs:
            stack.enter_context(planted(name))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=_fast_folder())))
        stack.enter_context(_deterministic(seed))
        clock = MockClock(autojump_threshold=0)
        try:
            trio.run(_run, world, folder, nodes, clock=clock)
        except* KeyboardInterrupt:
            raise
        except* BaseException as group:  # noqa: BLE001 - whatever ends a run is its verdict
            _judge_error(world, group, int(clock.current_time() * 1000))
    simulated_s = clock.current_time()
    took_s = perf_counter() - began
    return Verdict(
        seed, world.fingerprint(), world.violations, dict(world.counts), simulated_s, took_s,
        world.story,
    )  # fmt: skip


def _judge_error(world: World, error: BaseException, at_ms: int) -> None:
    """An error that nobody handles breaks a promise too."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, Failed):
        last = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{error!r} at {Path(last.filename).name}:{last.lineno}"
        world.violations.append(Violation("error", at_ms, what))


async def _run(world: World, folder: Path, count: int) -> None:
    street = Street(world, SimNetwork(world), Ledger(world))
    nodes = [SimNode(street, plan, folder / plan.name) for plan in plans(world, count)]
    _introduce(world, nodes)
    nemesis = Nemesis(world, street.network, nodes)
    async with trio.open_nursery() as nursery:
        for node in nodes:
            nursery.start_soon(node.live)
        with trio.move_on_after(FAULTS_S):
            await nemesis.run()
        nemesis.end()
        world.note("faults end")
        honest = [node for node in nodes if node.plan.is_honest]
        await _converge(world, honest)
        await _judge(world, honest)
        nursery.cancel_scope.cancel()


def plans(world: World, count: int) -> list[Plan]:
    """Who lives in the street: shops, one of them with two devices at times, a reader, a liar."""
    shops = [shop(f"shop {n}") for n in range(count - 2)]
    found = [_plan(one, 0) for one in shops]
    if world.happens(0.3):
        twin = shop("shop 0", devices=2)
        found[:1] = [_plan(twin, 0), _plan(twin, 1)]
        found.pop()
    found.append(Plan("reader", b"reader".ljust(32, b".")))
    last = shop("last")
    lies = tuple(liars.any_lie(world)) if world.happens(0.7) else ()
    found.append(Plan(LIAR if lies else "last", _seed(last, 0), last, 0, lies=lies))
    if world.happens(0.3):
        found[0] = replace(found[0], is_newer=True)
    return found


def _plan(owner: Shop, device: int) -> Plan:
    return Plan(f"{owner.owner.hex()[:4]}-{device}", _seed(owner, device), owner, device)


def _seed(owner: Shop, device: int) -> bytes:
    """A 32-byte seed of the network's device, which need not be the one that signs."""
    return owner.devices[device].public


def _introduce(world: World, nodes: list[SimNode]) -> None:
    """Every node has tickets of two others, and of the first: the rest is hearsay."""
    places = {node.name: str(node.device.place) for node in nodes}
    for node in nodes:
        others = [other.name for other in nodes if other is not node]
        known = {nodes[0].name, *world.choose.sample(others, min(2, len(others)))} - {node.name}
        node.addresses = [places[name] for name in sorted(known)]


async def _converge(world: World, honest: list[SimNode]) -> None:
    began_s = trio.current_time()
    shops = [node.log_name for node in honest if node.log_name is not None]
    ledger = honest[0].street.ledger
    wanted = [log_id(name) for name in shops if log_id(name) in ledger.truths]
    while told := oracles.differences(honest, wanted):
        if trio.current_time() - began_s > CONVERGE_S:
            world.violated("convergence", "; ".join(told))
        await trio.sleep(_LOOK_S)
    world.counts["converged after s"] = round(trio.current_time() - began_s)


async def _judge(world: World, honest: list[SimNode]) -> None:
    """All is quiet: files, folds and followers must be right, and nobody may chatter."""
    spoken = world.counts["bytes"]
    await trio.sleep(QUIET_S)
    oracles.check_quiet(world, honest, spoken=world.counts["bytes"] - spoken)
    oracles.check_folds(honest)
    for node in honest:
        assert node.store is not None
        oracles.check_file(node, node.store)
        # Stamps of clocks that ran ahead are in force by then, wherever they were seen.
        node.clock.jump(FAR_AHEAD_MS)
        oracles.check_follower(node, node.store)


@contextmanager
def _deterministic(seed: int) -> Iterator[None]:
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


@contextmanager
def _tuned(world: World) -> Iterator[None]:
    """Limits so small that small catalogs meet them."""
    choose = world.choose
    credit = choose.choice((4096, 256 * 1024))
    values: list[tuple[Any, str, float]] = [
        (serving, "CREDIT_BYTES", credit),
        (session, "_CREDIT_STEP", credit // 4),
        # A store that is looked at four times a second is most of the work of a run.
        (service, "WATCH_S", 1.0),
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
def _listening(world: World) -> Iterator[None]:
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


def _fast_folder() -> Path | None:
    """Where files lie in memory, if there is such a place."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None
