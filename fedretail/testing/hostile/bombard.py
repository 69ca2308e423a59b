"""Mutated frames against a live session over a real store, as the link to a neighbour feeds it.

A *round* is 500 mutated frames and follows from (seed, number of the round) alone. Some
conversations break a recorded one in the middle; what a session survives goes on from there. After
every few conversations the store must hold what valid signatures allow, and nothing else.
"""

import hashlib
import io
import pickle
import random  # noqa: TID251 - seeded once a round; nothing else here draws from anywhere else
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from fedretail.crdt.access import SignedRecord
from fedretail.crdt.changes import START
from fedretail.crdt.head import SignedHead
from fedretail.errors import MalformedInput, PeerError
from fedretail.p2p import wire
from fedretail.p2p.effects import Ended, GoOn, Send
from fedretail.p2p.mirror import Mirror
from fedretail.p2p.session import Session, State, grouped
from fedretail.testing import builders
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import Neighbour
from fedretail.testing.hostile import mutations
from fedretail.testing.hostile.stage import (
    CHARTER,
    HONEST,
    LIAR,
    OWN,
    VICTIM,
    Stage,
    signed_by_liar,
)

FRAMES_A_ROUND = 500
# Before each frame that is broken the session is copied, and goes on from there so many times.
_WAYS = 8
# Then the store is looked through, and another copy begins: what is known is not taken twice.
_CONVERSATIONS_A_STORE = 4
# Of the slowest frames so many are told.
SLOWEST = 5
# What a session says in return to one frame, at most: 256 KiB of rows go beyond credit by one
# part, and the names of all that a comparison shows come before.
_MOST_ANSWERED = 4 * 1024 * 1024
_SHARED = (Mirror, type(hashlib.blake2b()))
_End = tuple[Session, wire.Decoder]


@dataclass
class Tally:
    """What has come of mutated frames; slowest: (seconds, bytes, what it was)."""

    frames: int = 0
    bytes: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    slowest: list[tuple[float, int, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take in what another has counted."""
        self.frames += other.frames
        self.bytes += other.bytes
        self.seconds += other.seconds
        self.counts += other.counts
        self.faults += other.faults
        self.slowest = sorted([*self.slowest, *other.slowest], reverse=True)[:SLOWEST]

    def note(self, seconds: float, size: int, what: str) -> None:
        """Count one mutated frame."""
        self.frames += 1
        self.bytes += size
        self.seconds += seconds
        if len(self.slowest) < SLOWEST or seconds > self.slowest[-1][0]:
            self.slowest = sorted([*self.slowest, (seconds, size, what)], reverse=True)[:SLOWEST]


class Bombardment:
    """Rounds of mutated frames; the stage is built once, in `folder`."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.stage = Stage(folder)
        self._seed = seed

    def round(self, number: int, frames: int = FRAMES_A_ROUND) -> Tally:
        """What comes of the round of this number."""
        chance = random.Random(f"{self._seed}/{number}")
        tally = Tally()
        while tally.frames < frames:
            with self.stage.copy() as victim:
                before = untouchable(victim)
                for _ in range(_CONVERSATIONS_A_STORE):
                    _Conversation(self.stage, victim, chance, tally).hold()
                    if tally.frames >= frames:
                        break
                tally.faults += [
                    f"round {number}: {what}" for what in violations(self.stage, victim, before)
                ]
        return tally


class _Frozen:
    """A session and its decoder as they are now; the store under them is no part of it."""

    def __init__(self, end: _End) -> None:
        # The mirror of the store, and keyed hashes, which are only ever copied from.
        self._shared: list[object] = []
        file = io.BytesIO()
        pickler = pickle.Pickler(file)
        pickler.persistent_id = self._place  # type: ignore[method-assign]
        pickler.dump(end)
        self._bytes = file.getvalue()

    def _place(self, value: object) -> int | None:
        if not isinstance(value, _SHARED):
            return None
        self._shared.append(value)
        return len(self._shared) - 1

    def copy(self) -> _End:
        """Both as they were."""
        unpickler = pickle.Unpickler(io.BytesIO(self._bytes))  # noqa: S301 - made above
        unpickler.persistent_load = self._shared.__getitem__  # type: ignore[method-assign]
        end: _End = unpickler.load()
        return end


class _Conversation:
    """One conversation that a stranger breaks in several places, each in several ways."""

    def __init__(
        self, stage: Stage, victim: Neighbour, chance: random.Random, tally: Tally
    ) -> None:
        self._stage = stage
        self._chance = chance
        self._tally = tally
        self._victim = victim
        # The more there is to break, the oftener: greetings are short, and soon looked through.
        sizes = [sum(map(len, one.frames)) for one in stage.recordings]
        (self._recording,) = chance.choices(stage.recordings, sizes)
        # The salt of comparisons follows from both nonces: with others no range would fit.
        me = victim.me(self._recording.nonce)
        self._end = (Session(me, victim.mirror, victim.fetches), wire.Decoder())
        self._now_ms = 0
        self._msgpack = mutations.Msgpack(chance, signer=signed_by_liar)

    def hold(self) -> None:
        """From the first word to the end, counted."""
        chance, frames = self._chance, self._recording.frames
        self._end[0].start(ManualClock.START_MS)
        (first,) = chance.choices(range(len(frames)), [len(frame) for frame in frames])
        for index, frame in enumerate(frames):
            is_broken = index == first or (index > first and chance.random() < 0.4)
            if is_broken and self._try_all(frame):
                continue
            if not self._take(frame, ""):
                return
        self._end[0].close()

    def _try_all(self, frame: bytes) -> bool:
        """Break a frame in several ways, each in a session of its own that has come so far.

        Whether the conversation goes on after one of them, in the frame's place.
        """
        before, survivor = self._end, None
        frozen = _Frozen(before)
        for _ in range(_WAYS):
            self._end = frozen.copy()
            what = self._stage.types[frame]
            if all(self._take(data, f"{how} of {what}") for data, how in self._instead(frame)):
                survivor = self._end
        is_gone_on = survivor is not None and self._chance.random() < 0.5
        self._end = survivor if survivor is not None and is_gone_on else before
        return is_gone_on

    def _instead(self, frame: bytes) -> Iterator[tuple[bytes, str]]:
        """What is sent in a frame's place, and what it is called; nothing where it is lost."""
        chance = self._chance
        kind = chance.randrange(16)
        if kind == 0:
            yield mutations.spoiled(frame, chance, self._stage.frames), "bytes, length too"
        elif kind <= 3:
            payload = frame[_length_bytes(frame) :]
            broken = mutations.spoiled(payload, chance, self._stage.frames)
            yield mutations.framed(broken), "bytes"
        elif kind == 4:
            yield chance.choice(self._stage.frames), "a frame of another conversation"
        elif kind == 5:
            yield frame, "twice"
            yield frame, "twice"
        elif kind == 6:
            yield mutations.framed(mutations.folded(mutations.payload_of(frame), chance)), "folded"
        else:
            payload = self._msgpack.broken(mutations.payload_of(frame))
            if kind == 7:
                payload = mutations.folded(payload, chance)
            yield mutations.framed(payload), "values"

    def _take(self, data: bytes, what: str) -> bool:
        """Whether the session goes on after these bytes; `what`: "" where they were not broken."""
        started = perf_counter()
        outcome = self._fed(data)
        took = perf_counter() - started
        if what:
            self._tally.note(took, len(data), what)
            self._tally.counts[outcome] += 1
        if outcome == "taken" and self._chance.random() < 0.1:
            outcome = self._guarded(self._other_steps)
        return outcome == "taken"

    def _fed(self, data: bytes) -> str:
        return self._guarded(lambda: self._feed(data))

    def _guarded(self, step: Callable[[], None]) -> str:
        """What a step comes to, as the link to a neighbour and the service take it."""
        try:
            step()
        except PeerError as error:
            self._end[0].end("protocol", error.message, 60)
            return "refused"
        except Exception:  # noqa: BLE001 - what this looks for
            self._fault(traceback.format_exc())
            return "fault"
        return "ended" if self._end[0].state is State.ENDED else "taken"

    def _fault(self, text: str) -> None:
        self._end[0].close()
        self._tally.faults.append(text)

    def _feed(self, data: bytes) -> None:
        self._now_ms += 50
        said = 0
        for group in grouped(self._end[1].feed(data)):
            effects: list[object] = []
            self._end[0].handle_all(group, self._now_ms, effects)  # type: ignore[arg-type]
            said += sum(len(one.frame) for one in effects if isinstance(one, Send))
            if any(isinstance(one, GoOn) for one in effects):
                more = self._end[0].go_on(self._now_ms)
                said += sum(len(one.frame) for one in more if isinstance(one, Send))
            if any(isinstance(one, Ended) for one in effects):
                break
        if said > _MOST_ANSWERED:
            self._fault(f"{said} bytes in answer to {len(data)}")

    def _other_steps(self) -> None:
        """What the service does with a session between two messages."""
        session = self._end[0]
        for log, seq in self._victim.mirror.refresh():
            base = session.view.shown.get(log)
            if base is None or base.seq < seq:
                session.push(log, base or START)
        session.is_overdue(self._now_ms)
        session.resync()
        session.retry()
        session.go_on(self._now_ms)


def untouchable(victim: Neighbour) -> object:
    """What no stranger changes: the shop's own logs, their rows, its own fields, its settings."""
    store = victim.store
    own = [(name, raw) for _, name, raw in store.heads() if name.owner == VICTIM.owner]
    rows = [builders.rows(store, SignedHead.parse(raw).head.log) for _, raw in own]
    grants = [
        signed.raw for _, signed in store.auth_records() if signed.record.owner == VICTIM.owner
    ]
    return own, rows, grants, store.own(OWN), [store.meta(name) for name in ("owner", "device")]


def violations(stage: Stage, victim: Neighbour, before: object) -> list[str]:
    """What the store holds that no valid signature allows, and what `check` finds."""
    store = victim.store
    found = [f"check: {what}" for what in builders.problems(store)]
    if untouchable(victim) != before:
        found.append("something of the shop's own has changed")
    if store.meta("charter") not in {None, CHARTER.pack()}:
        found.append("another charter was kept")
    for _, signed in store.auth_records():
        if not _is_signed(signed):
            found.append(f"an auth record that nobody signed: {signed.record}")
    for _, name, raw in store.heads():
        head = SignedHead.parse(raw)
        if not head.is_by(name.device):
            found.append(f"a head that its device has not signed: {name}")
        elif name.owner == HONEST.owner and raw not in stage.heads:
            found.append(f"a head that its device has not made: {name}")
        elif name.owner == HONEST.owner:
            place = (head.head.log, head.head.seq)
            if dict(builders.rows(store, head.head.log)) != stage.rows[place]:
                found.append(f"rows that their device has not written: {name}")
        if name.owner != LIAR.owner and store.signed_twice(name.owner, name.collection):
            found.append(f"an honest device is taken for one that signs twice: {name}")
        if name.owner not in {HONEST.owner, LIAR.owner, VICTIM.owner}:
            found.append(f"a log of nobody: {name}")
    return found


def _is_signed(signed: SignedRecord) -> bool:
    try:
        SignedRecord.parse(signed.raw)
    except MalformedInput:
        return False
    return True


def _length_bytes(frame: bytes) -> int:
    return next(index for index, byte in enumerate(frame) if byte < 0x80) + 1
