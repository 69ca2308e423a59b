"""One run: a street of nodes, faults for a while, then none, and a verdict."""

import tempfile
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import trio
from trio.testing import MockClock

from fedretail.testing.planting import planted
from fedretail.testing.sim.bugs import BUGS
from fedretail.testing.sim.calm import Calm
from fedretail.testing.sim.cheats import live_as_copy
from fedretail.testing.sim.faults import Nemesis
from fedretail.testing.sim.ledger import Ledger
from fedretail.testing.sim.network import SimNetwork
from fedretail.testing.sim.node import SimNode
from fedretail.testing.sim.plans import Street, plans
from fedretail.testing.sim.stage import Pulse, deterministic, fast_folder, listening, tuned
from fedretail.testing.sim.trials import Trials
from fedretail.testing.sim.wiretap import CHEATS
from fedretail.testing.sim.world import Failed, Violation, World

FAULTS_S = 120.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run has shown; fingerprint: of everything that happened in it.

    cpu_s: seconds of one core that it took; story: what happened, where something failed.
    """

    seed: int
    fingerprint: str
    violations: list[Violation]
    counts: dict[str, int]
    simulated_s: float
    cpu_s: float
    story: list[str]


def run(seed: int, *, bugs: Sequence[str] = (), nodes: int = 5) -> Verdict:
    """Run one seed, with planted bugs or none."""
    world = World(seed)
    began_s = process_time()
    with ExitStack() as stack:
        stack.enter_context(listening(world))
        stack.enter_context(tuned(world))
        for name in bugs:
            stack.enter_context(planted(BUGS[name]))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=fast_folder())))
        stack.enter_context(deterministic(seed))
        clock = MockClock(autojump_threshold=0)
        try:
            trio.run(_run, world, folder, nodes, clock=clock)
        except* KeyboardInterrupt:
            raise
        except* BaseException as group:  # noqa: BLE001 - whatever ends a run is its verdict
            _judge_error(world, group, int(clock.current_time() * 1000))
    simulated_s = clock.current_time()
    cpu_s = process_time() - began_s
    return Verdict(
        seed, world.fingerprint(), world.violations, dict(world.counts), simulated_s, cpu_s,
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
    try:
        await _play(street, nodes)
    finally:
        for node in nodes:
            node.clear_up()


async def _play(street: Street, nodes: list[SimNode]) -> None:
    """The faults, and then the calm."""
    world = street.world
    nemesis = Nemesis(world, street.network, nodes)
    async with trio.open_nursery() as nursery:
        trio.lowlevel.add_instrument(Pulse(world, nursery.cancel_scope.cancel))
        by_name = {node.name: node for node in nodes}
        for node in nodes:
            if node.name == CHEATS[1]:
                nursery.start_soon(live_as_copy, node, by_name[CHEATS[0]])
            else:
                nursery.start_soon(node.live)
        with trio.move_on_after(FAULTS_S):
            await nemesis.run()
        nemesis.end()
        world.note("faults end")
        calm = Calm(street, nodes)
        await calm.converge()
        await calm.judge()
        await calm.trade()
        await calm.tempt()
        await calm.whisper()
        trials = Trials(street, nodes, calm)
        await trials.put_back()
        await trials.mend()
        await trials.unmask()
        calm.end()
        nursery.cancel_scope.cancel()


def _introduce(world: World, nodes: list[SimNode]) -> None:
    """Every node has tickets of two others, and of the first: the rest is hearsay."""
    places = {node.name: str(node.device.place) for node in nodes}
    for node in nodes:
        others = [other.name for other in nodes if other is not node]
        known = {nodes[0].name, *world.choose.sample(others, min(2, len(others)))} - {node.name}
        node.addresses = [places[name] for name in sorted(known)]
