"""What each log must be: every commit, entered again into a log written from the definition."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.lineage import Absorbed, with_absorbed
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.registers import DELETED
from fedretail.crdt.row import RowKey, stored_row
from fedretail.store.commits import Author, Edit
from fedretail.testing.naive_log import NaiveLog
from fedretail.testing.sim.world import World


@dataclass(slots=True)
class Said:
    """One field that a device was told is saved (! for a deletion), and where it stands.

    number: counts all of a run; is_private: in a state of a log that nobody may ever be shown.
    """

    number: int
    place: tuple[bytes, int]
    key: RowKey
    field: str
    value: Any
    stamp: int
    is_private: bool


@dataclass(slots=True)
class Truth:
    """One log: its states by seq, the heads signed over them, and what may have been lost."""

    name: LogName
    log: NaiveLog = field(default_factory=NaiveLog)
    heads: dict[int, SignedHead] = field(default_factory=dict)
    # A commit that was begun and never answered: it holds, or it does not.
    open_edits: list[Edit] | None = None
    # The newest seq that its device has shown to anybody.
    shown_seq: int = 0
    # The newest seq that another honest node has said it holds: heads travel before their rows.
    held_seq: int = 0
    # Up to which seq it is what others know, where it is what one computer alone has written.
    private_from: int | None = None
    _packed: dict[int, Mapping[tuple[str, str], bytes]] = field(default_factory=dict)

    def rows(self, seq: int) -> Mapping[tuple[str, str], bytes]:
        """The canonical rows of the state at `seq`."""
        if seq not in self._packed:
            self._packed[seq] = self.log.history[seq].packed()
        return self._packed[seq]

    def until(self, seq: int) -> "Truth":
        """The same log as it was at `seq`."""
        past = self.log.history[seq].copy()
        past.history = self.log.history[: seq + 1]
        heads = {at: signed for at, signed in self.heads.items() if at <= seq}
        shown, held = min(seq, self.shown_seq), min(seq, self.held_seq)
        return Truth(self.name, past, heads, shown_seq=shown, held_seq=held)

    def knows(self, head: Head) -> bool:
        """Whether the device of this log has signed this head."""
        known = self.heads.get(head.seq)
        return known is not None and known.head == head


# Of the definition: its name, the row it is applied to, its values.
Operation = tuple[str, tuple[str, str], Mapping[str, Any]]


class Ledger:
    """All logs of a run."""

    def __init__(self, world: World) -> None:
        self.truths: dict[bytes, Truth] = {}
        # What the copy of a cheat has written into a log that is another's too.
        self.twins: dict[bytes, Truth] = {}
        # By device key: what it was told is saved, and must be found everywhere in the end.
        self.said: dict[bytes, list[Said]] = {}
        self.said_count = 0
        # Logs whose device has lost them for good.
        self.lost: set[bytes] = set()
        self._world = world
        self._places: dict[bytes, tuple[bytes, int, bytes]] = {}

    def place(self, raw: bytes) -> tuple[bytes, int, bytes]:
        """(log, seq, digest) of a head that somebody showed; most are shown many times."""
        found = self._places.get(raw)
        if found is None:
            head = SignedHead.parse(raw).head
            found = self._places[raw] = (head.log, head.seq, head.digest)
        return found

    def begin(self, truth: Truth, edits: list[Edit]) -> None:
        """A device begins to commit."""
        truth.open_edits = edits

    def acknowledge(self, truth: Truth, signed: SignedHead) -> None:
        """A commit was answered: it must hold for ever."""
        self._enter(truth, signed)

    def settle(self, truth: Truth | None, signed: SignedHead | None) -> None:
        """A device has looked where its own log stands: all that was answered must be there."""
        if truth is None:
            return
        log = log_id(truth.name)
        seq = 0 if signed is None else signed.head.seq
        if seq < truth.log.seq:
            what = f"log {log.hex()[:8]} stands at {seq}, {truth.log.seq} was acknowledged"
            self._world.violated("acknowledged", what)
        if signed is not None and seq == truth.log.seq + 1 and truth.open_edits is not None:
            self._enter(truth, signed)
        elif signed is not None and not truth.knows(signed.head):
            self._world.violated("acknowledged", f"log {log.hex()[:8]} has another head at {seq}")
        truth.open_edits = None

    def state_at(self, signed: SignedHead) -> Truth | None:
        """What a log must be that stands at this head; None: no device has signed that."""
        head = signed.head
        known = [book[head.log] for book in (self.truths, self.twins) if head.log in book]
        # One that was answered is nobody's open commit, though two may have begun the same.
        is_answered = any(truth.knows(head) for truth in known)
        for truth in () if is_answered else known:
            is_next = head.seq == truth.log.seq + 1 and truth.open_edits is not None
            # Of two that sign one log, only one can have made it.
            if is_next and (len(known) == 1 or _makes(truth, head)):
                # A commit whose command was killed before it could answer.
                self.settle(truth, signed)
        return next((truth for truth in known if truth.knows(head)), None)

    def given_up(self, name: LogName) -> Absorbed:
        """What a device names that has lost its disk, and all its logs with it."""
        found: Absorbed = ()
        for log, truth in sorted(self.truths.items(), key=lambda one: one[1].name.incarnation):
            if truth.name[:3] == name[:3] and truth.heads:
                newest = max(truth.heads)
                self.lost.add(log)
                # A commit that was cut off before its answer may have been shown.
                found = with_absorbed(found, (log, newest + 1, truth.heads[newest].id))
        self.said.pop(name.device, None)
        return found

    def newest_stamp(self, device: bytes) -> int:
        """The newest that this device has signed."""
        known = [one.log.stamp for one in self.truths.values() if one.name.device == device]
        return max(known, default=0)

    def newest_incarnation(self, name: LogName) -> int:
        """Of the logs of this device and collection."""
        known = [one.name for one in self.truths.values() if one.name[:3] == name[:3]]
        return max([name.incarnation, *(one.incarnation for one in known)])

    def adopt(
        self, truth: Truth | None, name: LogName, signed: SignedHead, rows: Iterable[Any]
    ) -> Truth:
        """A log that its device has begun anew, or gone on with from another of its own.

        `rows`: (key, seq, canonical bytes), as its store holds them.
        """
        head = signed.head
        if truth is None:
            truth = Truth(name)
        if head.seq <= truth.log.seq:
            what = f"{head.log.hex()[:8]} was signed at {head.seq} before, and otherwise"
            self._world.violated("two states", what)
        log = truth.log
        log.history += [log.history[-1]] * (head.seq - 1 - log.seq)
        log.rows = {tuple(key): _naive_row(packed) for key, _, packed in rows}
        log.seq, log.stamp, log.floor = head.seq, head.stamp, head.floor
        log.history.append(log.copy())
        truth.heads[head.seq] = signed
        self._check_sums(truth, head)
        return truth

    def move_said(self, device: bytes, signed: SignedHead) -> None:
        """What nobody had seen of a device's commits stands in this log from now on."""
        for one in self.said.get(device, []):
            truth = self.truths.get(one.place[0])
            if one.is_private or truth is None or one.place[1] > truth.shown_seq:
                one.place, one.is_private = (signed.head.log, signed.head.seq), False

    def hold(self, log: bytes, seq: int, *, by: Author | None) -> None:
        """A node has said that it holds a log at this seq; `by`: whose it is, None for a reader."""
        truth = self.truths.get(log)
        if truth is not None and (by is None or by.key.public != truth.name.device):
            truth.held_seq = max(truth.held_seq, seq)

    def put_back(self, device: bytes, count: int) -> None:
        """A copy of this number of `said_count` is a device's store now; what it lacks is lost.

        But for what others hold.
        """

        def is_kept(one: Said) -> bool:
            truth = self.truths.get(one.place[0])
            is_held = truth is not None and one.place[1] <= truth.held_seq
            return one.number < count or (is_held and not one.is_private)

        self.said[device] = [one for one in self.said.get(device, []) if is_kept(one)]

    def expected(self, device: bytes) -> list[Said]:
        """What a device's logs must show: of each field what it was told last, deletions too."""
        found: dict[tuple[RowKey, str], Said] = {}
        for one in self.said.get(device, []):
            if one.field == DELETED:
                found = {place: other for place, other in found.items() if place[0] != one.key}
            found[one.key, one.field] = one
        return list(found.values())

    def missed(self, held: Mapping[bytes, int]) -> dict[bytes, int]:
        """Bytes of the rows, by log and deflated, that are later than the seq it is held at."""
        found: dict[bytes, int] = {}
        for log, truth in self.truths.items():
            base = held.get(log, 0)
            if truth.log.seq > base:
                rows = truth.rows(truth.log.seq)
                later = [key for key, (seq, *_) in truth.log.rows.items() if seq > base]
                found[log] = len(zlib.compress(b"".join(rows[key] for key in later)))
        return found

    def _enter(self, truth: Truth, signed: SignedHead) -> None:
        edits, truth.open_edits = truth.open_edits or [], None
        head = signed.head
        operations = _operations(edits, head)
        truth.log.commit(head.stamp, operations, floor=head.floor)
        truth.heads[head.seq] = signed
        if head.seq != truth.log.seq:
            self._world.violated("definition", f"{head.log.hex()[:8]}: {head.seq} is not next")
        self._check_sums(truth, head)
        for name, key, fields in operations:
            # A deletion first: it takes the place of all that was said before.
            for one in sorted(fields, key=lambda one: one != DELETED):
                stamp, value = (head.stamp, fields[one]) if name == "merge" else fields[one]
                self._say(truth, head, (RowKey(*key), one, value, stamp))

    def _say(self, truth: Truth, head: Head, what: tuple[RowKey, str, Any, int]) -> None:
        is_private = truth.private_from is not None
        said = Said(self.said_count, (head.log, head.seq), *what, is_private)
        self.said.setdefault(truth.name.device, []).append(said)
        self.said_count += 1

    def _check_sums(self, truth: Truth, head: Head) -> None:
        if (head.count, head.size, head.digest) != truth.log.sums():
            self._world.violated("definition", f"head {head.seq} of {head.log.hex()[:8]} is wrong")


def _operations(edits: list[Edit], head: Head) -> list[Operation]:
    return [one for edit in merged_edits(edits) for one in operation(edit, head.stamp)]


def _makes(truth: Truth, head: Head) -> bool:
    """Whether the commit that was begun on this log makes the log of this head."""
    log = truth.log.copy()
    log.commit(head.stamp, _operations(truth.open_edits or [], head), floor=head.floor)
    return (head.count, head.size, head.digest) == log.sums()


def _naive_row(packed: bytes) -> tuple[int, int, dict[str, tuple[int, Any]]]:
    seq, born, groups = stored_row(packed)
    fields = {name: (stamp, value) for stamp, some in groups for name, value in some.items()}
    return seq, born, fields


def merged_edits(edits: list[Edit]) -> list[tuple[RowKey, bool, dict[str, Any]]]:
    """For each record (key, whether it was deleted first, the fields set after that)."""
    found: dict[RowKey, tuple[bool, dict[str, Any]]] = {}
    for edit in edits:
        key = RowKey(edit.kind, edit.key)
        is_deleted, fields = found.get(key, (False, {}))
        if edit.is_deletion:
            found[key] = (True, {})
        else:
            found[key] = (is_deleted, {**fields, **edit.fields})
    return [(key, *rest) for key, rest in found.items()]


def operation(edit: tuple[RowKey, bool, dict[str, Any]], stamp: int) -> list[Operation]:
    """The operation of the definition that an edit is, own fields left out; none where nothing."""
    key, is_deleted, fields = edit
    public = {name: value for name, value in fields.items() if name not in OWN}
    if not is_deleted:
        return [("merge", (key.kind, key.key), public)] if public else []
    replaced = {name: (stamp, value) for name, value in public.items()}
    deleted = stamp - 1 if public else stamp
    return [("replace", (key.kind, key.key), {**replaced, DELETED: (deleted, True)})]


# Own fields that the simulated shops write; none of them may ever be in a row.
OWN = frozenset({"cost", "supplier"})
