"""What each log must be: every commit, entered again into a log written from the definition."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.lineage import Absorbed, with_absorbed
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.registers import DELETED
from fedretail.crdt.row import RowKey
from fedretail.store.commits import Edit
from fedretail.testing.naive_log import NaiveLog
from fedretail.testing.sim.world import World


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
    _packed: dict[int, Mapping[tuple[str, str], bytes]] = field(default_factory=dict)

    def rows(self, seq: int) -> Mapping[tuple[str, str], bytes]:
        """The canonical rows of the state at `seq`."""
        if seq not in self._packed:
            self._packed[seq] = self.log.history[seq].packed()
        return self._packed[seq]


class Ledger:
    """All logs of a run."""

    def __init__(self, world: World) -> None:
        self.truths: dict[bytes, Truth] = {}
        # Logs whose device has lost them for good.
        self.lost: set[bytes] = set()
        self._world = world
        self._places: dict[bytes, tuple[bytes, int]] = {}

    def place(self, raw: bytes) -> tuple[bytes, int]:
        """(log, seq) of a head that somebody showed; most are shown many times."""
        found = self._places.get(raw)
        if found is None:
            head = SignedHead.parse(raw).head
            found = self._places[raw] = (head.log, head.seq)
        return found

    def begin(self, name: LogName, edits: list[Edit]) -> None:
        """A device begins to commit."""
        truth = self.truths.setdefault(log_id(name), Truth(name))
        truth.open_edits = edits

    def acknowledge(self, signed: SignedHead) -> None:
        """A commit was answered: it must hold for ever."""
        self._enter(self.truths[signed.head.log], signed)

    def settle(self, log: bytes, signed: SignedHead | None) -> None:
        """A device has looked where its own log stands: all that was answered must be there."""
        truth = self.truths.get(log)
        if truth is None:
            return
        seq = 0 if signed is None else signed.head.seq
        if seq < truth.log.seq:
            what = f"log {log.hex()[:8]} stands at {seq}, {truth.log.seq} was acknowledged"
            self._world.violated("acknowledged", what)
        if signed is not None and seq == truth.log.seq + 1 and truth.open_edits is not None:
            self._enter(truth, signed)
        elif signed is not None and not self.knows(signed.head):
            self._world.violated("acknowledged", f"log {log.hex()[:8]} has another head at {seq}")
        truth.open_edits = None

    def knows(self, head: Head) -> bool:
        """Whether the device of a log has signed this head."""
        truth = self.truths.get(head.log)
        if truth is None:
            return False
        known = truth.heads.get(head.seq)
        return known is not None and known.head == head

    def given_up(self, name: LogName | None, before: Absorbed) -> Absorbed:
        """What a device names that has lost its log, and `before` that those it had lost before."""
        truth = None if name is None else self.truths.get(log_id(name))
        if truth is None or not truth.heads:
            return before
        newest = max(truth.heads)
        self.lost.add(log_id(truth.name))
        # A commit that was cut off before its answer may have been shown.
        entry = (log_id(truth.name), newest + 1, truth.heads[newest].id)
        return with_absorbed(before, entry)

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
        operations = [one for edit in merged_edits(edits) for one in operation(edit, head.stamp)]
        truth.log.commit(head.stamp, operations, floor=head.floor)
        truth.heads[head.seq] = signed
        sums = (head.seq, head.count, head.size, head.digest)
        if sums != (truth.log.seq, *truth.log.sums()):
            self._world.violated("definition", f"head {head.seq} of {head.log.hex()[:8]} is wrong")


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


def operation(
    edit: tuple[RowKey, bool, dict[str, Any]], stamp: int
) -> list[tuple[str, tuple[str, str], Mapping[str, Any]]]:
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
