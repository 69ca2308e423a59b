"""A daemon under load, killed at random moments: what was acknowledged stays, `check` is clean.

A round: the daemon of a shop runs and syncs with a neighbour, which has a shop too; a writer in a
process of its own commits, and says each time what is saved; then the daemon (and each second time
the writer too) is killed without a word. Every acknowledged price must be there, `check` must find
nothing, and the next round begins on the same store. At the end the neighbour must hold all of it.
"""

import random  # noqa: TID251 - seeded once; when to kill is drawn from it
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from fedretail.clock import SystemClock
from fedretail.node.node import Node
from fedretail.testing.hostile.served import Served
from fedretail.testing.nodes import new_shop

# Offers that the writers go round in: all rows are overwritten again and again.
_OFFERS = 50
# After the writers' first words: a daemon is in the middle of its start then, or long in session.
_SHORTEST_S, _LONGEST_S = 0.0, 4.0
_PATIENCE_S = 60.0
_WRITER = """
import sys
from fedretail.node.node import Node
with Node.open(sys.argv[1]) as node:
    site, number = node.site(), int(sys.argv[2])
    while True:
        key = f"A{number % int(sys.argv[3])}"
        fields = {"name": f"Offer {key}", "currency": "EUR", "prices": [[number]]}
        node.write("offer", key, fields, site=site)
        print(number, flush=True)
        number += 1
"""


class Writer:
    """A process that commits one price after the other, and what it has been told is saved."""

    def __init__(self, path: Path, first: int) -> None:
        command = [sys.executable, "-c", _WRITER, str(path), str(first), str(_OFFERS)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        out: IO[bytes] | None = self._process.stdout
        assert out is not None
        self._out = out
        self._first = b""

    def wait(self) -> None:
        """Until it has been told for the first time."""
        self._first = self._out.readline()

    def kill(self) -> list[int]:
        """End it without a word; the numbers that it was told are saved."""
        self._process.kill()
        lines = (self._first + self._out.read()).split(b"\n")
        self._process.wait()
        self._out.close()
        # The last piece has no line end: it was cut off, or is empty.
        return [int(line) for line in lines[:-1]]


@dataclass
class Killed:
    """What rounds of kills have come to."""

    rounds: int = 0
    acknowledged: int = 0
    faults: list[str] = field(default_factory=list)


class KillLoop:
    """The two shops in `folder`, and the rounds."""

    def __init__(self, folder: Path, seed: int, undo: ExitStack) -> None:
        self._chance = random.Random(seed)
        self.node = undo.enter_context(new_shop(folder / "killed", "Killed", clock=SystemClock()))
        self.other = undo.enter_context(new_shop(folder / "other", "Other", clock=SystemClock()))
        self._neighbour = undo.enter_context(Served(self.other.path))
        self._neighbour.wait(self.other)
        self.node.join(self.other.ticket())
        self._next = {node.path: 1 for node in (self.node, self.other)}
        # Of each key the last price that somebody was told is saved.
        self.saved: dict[Path, dict[str, int]] = {path: {} for path in self._next}
        self.done = Killed()

    def round(self) -> None:
        """Run, load, kill, look."""
        served = Served(self.node.path)
        served.start()
        nodes = (self.node, self.other)
        writers = {node.path: Writer(node.path, self._next[node.path]) for node in nodes}
        try:
            for writer in writers.values():
                writer.wait()
            time.sleep(self._chance.uniform(_SHORTEST_S, _LONGEST_S))
            is_writer_first = self._chance.random() < 0.5
            for path, writer in writers.items() if is_writer_first else ():
                self._note(path, writer.kill())
            served.kill()
        finally:
            served.kill()
            for path, writer in () if is_writer_first else writers.items():
                self._note(path, writer.kill())
        self.done.rounds += 1
        for node in nodes:
            self.look(node)

    def _note(self, path: Path, told: list[int]) -> None:
        self.done.acknowledged += len(told)
        self.saved[path].update((f"A{number % _OFFERS}", number) for number in told)
        # One more may be there whose answer was cut off.
        self._next[path] = max(self._next[path], *told, 0) + 2 if told else self._next[path] + 2

    def look(self, node: Node) -> None:
        """Note what was lost, and what `check` finds."""
        site, where = node.site(), f"round {self.done.rounds}, {node.path.name}"
        for key, number in self.saved[node.path].items():
            found = node.record(node.place("offer", key, site))
            present = None if found is None else found.fields.get("prices")
            if present is None or present[0][0] < number:
                self.done.faults.append(f"{where}: {key} was saved as {number}, is {present}")
        problems = [one for _, found in node.check() for one in found]
        self.done.faults += [f"{where}: {one.place}: {one.what}" for one in problems]

    def finish(self) -> None:
        """Start once more, and let both hold the same; note it where they do not come to that."""
        with Served(self.node.path) as served:
            served.wait(self.node)
            until_s = time.monotonic() + _PATIENCE_S
            while _heads(self.node) != _heads(self.other) and time.monotonic() < until_s:
                time.sleep(0.1)
        if _heads(self.node) != _heads(self.other):
            self.done.faults.append("the two shops do not come to the same")
        for node in (self.node, self.other):
            self.look(node)


def _heads(node: Node) -> dict[object, bytes]:
    return {name: raw for _, name, raw in node.store.heads()}


def kill_loop(
    folder: Path, rounds: int, *, seed: int, say: Callable[[str], None] = lambda line: None
) -> Killed:
    """So many rounds in `folder`; `say` hears of each tenth."""
    with ExitStack() as undo:
        loop = KillLoop(folder, seed, undo)
        for number in range(1, rounds + 1):
            loop.round()
            if number % 10 == 0 or number == rounds:
                done = loop.done
                told = f"{done.acknowledged:,} acknowledged, {len(done.faults)} faults"
                say(f"{number:>6} rounds: {told}")
        loop.finish()
        return loop.done
