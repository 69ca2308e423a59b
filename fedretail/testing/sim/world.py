"""World: the one source of chance of a run, its trace, and what was found wrong in it."""

import hashlib
import random  # noqa: TID251 - seeded once a run; nothing else in a run draws from anywhere else
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import trio

from fedretail.testing.clock import ManualClock

# Entries of the trace that are kept in words, to show what led to a failure.
_KEPT = 4000


class Violation(NamedTuple):
    """A promise that was broken: which oracle saw it, when (ms of the run), and what it saw."""

    oracle: str
    at_ms: int
    what: str


class Failed(BaseException):
    """A promise was broken: the run ends here; not an Exception, so that no service survives it."""


@dataclass(slots=True)
class Knobs:
    """What this run does to its nodes; probabilities are for each occasion."""

    # Of one piece of up to 16 KiB being lost, so that it comes a retransmission later.
    loss: float = 0.0
    # Of a commit of another process between two statements of the daemon.
    interleaving: float = 0.0
    # Of a push that is due being forgotten: it is a hint, and comparisons must do without it.
    hints_lost: float = 0.0
    # Of a liar's message being a lie.
    lying: float = 0.5


@dataclass(slots=True)
class World:
    """Chance, time, trace and verdict of one run."""

    seed: int
    is_faulty: bool = True
    # When the last fault was over, in ms of the run; None: it goes on.
    calm_since_ms: int | None = None
    # Until when somebody who could take nothing more in is not called again.
    busy_until_ms: int = 0
    knobs: Knobs = field(default_factory=Knobs)
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    # Nodes that hold damaged rows just now, and may stumble over them.
    damaged: set[str] = field(default_factory=set)
    # How often one node has told another that it broke the rules, by (source, target).
    accusations: Counter[tuple[str, str]] = field(default_factory=Counter)
    choose: random.Random = field(init=False)
    # Bytes and messages that honest nodes have sent to honest ones, by (source, target).
    _bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    _messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    _trace: "hashlib.blake2b" = field(init=False)

    def __post_init__(self) -> None:
        self.choose = random.Random(self.seed)
        self._trace = hashlib.blake2b(digest_size=16)

    def now_ms(self) -> int:
        """Milliseconds since the run began, of a clock that never jumps."""
        return int(trio.current_time() * 1000)

    def true_ms(self) -> int:
        """The right time of day, in milliseconds since 1970."""
        return ManualClock.START_MS + self.now_ms()

    def happens(self, probability: float) -> bool:
        """Whether something of this probability happens now."""
        return probability > 0 and self.choose.random() < probability

    def note(self, *parts: object) -> None:
        """Enter something into the trace, by which two runs are compared."""
        line = f"{self.now_ms()} {' '.join(map(str, parts))}"
        self._trace.update(line.encode("utf-8"))
        if len(self.story) < _KEPT:
            self.story.append(line)

    def carried(self, source: str, target: str, data: bytes) -> None:
        """Enter bytes sent into the trace."""
        self._trace.update(f"{self.now_ms()} {source} {target}".encode() + data)

    def said(self, place: tuple[str, str], *, size: int, messages: int) -> None:
        """Count what one honest node has said to another."""
        self._bytes[place] += size
        self._messages[place] += messages

    def spoken(self) -> int:
        """Bytes that honest nodes have sent to honest ones."""
        return self._bytes.total()

    def spoken_with(self, name: str) -> tuple[int, int]:
        """(bytes, messages) between one node and all others, both ways."""
        places = [place for place in self._bytes if name in place]
        sizes, messages = self._bytes, self._messages
        return sum(sizes[place] for place in places), sum(messages[place] for place in places)

    def forget_spoken(self) -> None:
        """Count what is said from here on."""
        self._bytes.clear()
        self._messages.clear()

    def violated(self, oracle: str, what: str) -> None:
        """A promise is broken; ends the run."""
        self.violations.append(Violation(oracle, self.now_ms(), what))
        self.note("VIOLATED", oracle, what)
        raise Failed(f"{oracle}: {what}")

    def fingerprint(self) -> str:
        """The hash of everything that happened so far."""
        return self._trace.hexdigest()
