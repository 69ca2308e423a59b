"""The commands: how far they are, what has come of it, what replays a failure."""

import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import psutil
import trio

from fedretail.testing.hostile import attacks, siege
from fedretail.testing.hostile.bombard import FRAMES_A_ROUND, Bombardment, Tally
from fedretail.testing.hostile.kills import kill_loop

# Told this often, and to be repeated from there.
_ROUNDS_A_STEP = 20
# What a process may grow by after its first step: a round's stores and sessions are gone by then.
MAX_GROWTH_BYTES = 64 * 1024 * 1024
# A frame that takes longer than this is a fault: the longest take 60 ms on a busy machine.
MAX_FRAME_S = 5.0
# The longest attack takes 30 s where nothing else runs.
_ATTACK_S = 120.0
# Silence of 32 s, then 10 s for an answer, then the next state note.
_HALF_OPEN_S = 75.0


def bombard(frames: int, seed: int, *, first: int = 0, jobs: int = 1) -> int:
    """Throw so many mutated frames, told as it goes on; 1 where something has given way."""
    last = first + -(-frames // FRAMES_A_ROUND)
    steps = range(first, last, _ROUNDS_A_STEP)
    say(f"{frames:,} mutated frames, seed {seed}, from round {first} on")
    total, began = Tally(), perf_counter()
    sizes: dict[int, list[int]] = {}
    tasks = [(seed, start, min(last, start + _ROUNDS_A_STEP)) for start in steps]
    for (_, start, _), (tally, process, rss) in zip(tasks, _done(tasks, jobs), strict=True):
        total.add(tally)
        sizes.setdefault(process, []).append(rss)
        for fault in tally.faults[:5]:
            say(f"FAULT from round {start} on: {fault}\n{_replay(seed, start)}")
        rate = total.frames / (perf_counter() - began)
        say(f"{total.frames:>10,} frames  {rate:,.0f}/s  round {start}  {rss >> 20} MB")
    growth = max(max(told) - told[0] for told in sizes.values())
    return _told(total, perf_counter() - began, growth)


def _told(total: Tally, took_s: float, growth: int) -> int:
    for outcome, count in sorted(total.counts.items()):
        say(f"{count:>10,}  {outcome}")
    for seconds, size, what in total.slowest:
        say(f"{seconds * 1000:>8.1f} ms  {size:>7,} bytes  {what}")
    mean_ms = 1000 * total.seconds / max(1, total.frames)
    say(f"{mean_ms:.3f} ms a frame in the session, of {total.bytes / total.frames:,.0f} bytes")
    say(f"{total.frames:,} frames in {took_s:,.0f} s, {len(total.faults)} faults;"
        f" processes grew by {growth >> 20} MB at most")  # fmt: skip
    is_slow = any(seconds > MAX_FRAME_S for seconds, *_ in total.slowest)
    return 1 if total.faults or is_slow or growth > MAX_GROWTH_BYTES else 0


def _replay(seed: int, start: int) -> str:
    frames = _ROUNDS_A_STEP * FRAMES_A_ROUND
    words = f"--frames {frames} --seed {seed} --round {start}"
    return f"replay: python -m fedretail.testing.hostile frames {words}"


_Task = tuple[int, int, int]


def _done(tasks: list[_Task], jobs: int) -> Iterator[tuple[Tally, int, int]]:
    if jobs < 2:
        yield from map(_step, tasks)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_step, tasks)


def _step(task: _Task) -> tuple[Tally, int, int]:
    """(what came of some rounds, the process, its bytes in memory)."""
    seed, start, end = task
    tally = Tally()
    for number in range(start, end):
        tally.add(_bombardment(seed).round(number))
    return tally, os.getpid(), psutil.Process().memory_info().rss


@cache
def _bombardment(seed: int) -> Bombardment:
    """One a process: its recordings take half a second. The folder goes with the process."""
    _folders.append(tempfile.TemporaryDirectory(prefix="fedretail-hostile-"))
    return Bombardment(Path(_folders[-1].name) / "stage", seed)


_folders: list["tempfile.TemporaryDirectory[str]"] = []


def say(line: str) -> None:
    """One line to whoever waits."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def besiege(*, is_short: bool = False) -> int:
    """Try each attack on one running daemon; 1 where it has given way."""
    failed = 0

    async def run() -> None:
        nonlocal failed
        with tempfile.TemporaryDirectory() as folder:
            async with siege.besieged(Path(folder)) as held:
                failed += _tell("before", await held.health(), 0.0)
                for name, attack in (attacks.SHORT if is_short else attacks.ATTACKS).items():
                    worked_s = held.served.cpu_s()
                    with trio.move_on_after(_ATTACK_S):
                        await attack(held)
                    health = await held.health()
                    failed += _tell(name, health, held.served.cpu_s() - worked_s)
                if not is_short:
                    failed += await _outlast(held)

    trio.run(run)
    return 1 if failed else 0


def _tell(name: str, health: siege.Health, worked_s: float) -> bool:
    """A line for each attack; whether the daemon has given way."""
    say(
        f"{name:26}  honest peer served in {health.answer_s:5.2f} s  {health.memory >> 20:>4} MB"
        f"  {worked_s:5.1f} s of work  {'; '.join(health.faults) or 'ok'}"
    )
    return bool(health.faults)


async def _outlast(held: siege.Siege) -> bool:
    """Whether half-open peers are still taken for live ones when that can no longer be so."""
    with trio.move_on_after(_HALF_OPEN_S):
        while held.counted("half_open") < attacks.HALF_OPEN:
            await trio.sleep(1)
    health = await held.health()
    if held.counted("half_open") < attacks.HALF_OPEN:
        health = health._replace(faults=(*health.faults, "half-open peers are kept"))
    return _tell("a minute later", health, 0.0)


def kill(rounds: int, seed: int) -> int:
    """Kill a daemon under load so many times; 1 where anything was lost."""
    say(f"{rounds} rounds, seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        done = kill_loop(Path(folder), rounds, seed=seed, say=say)
    for fault in done.faults:
        say(f"FAULT {fault}")
    return 1 if done.faults else 0
