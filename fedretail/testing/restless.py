"""Restless months: folders put back from old copies, neighbours asleep, logs that turn up late.

Beside the stores a plain list of all edits that
were ever acknowledged says what a record is, and a follower of each feed what its reader believes.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.registers import DELETED, Folded, fold
from fedretail.crdt.row import Groups, stored_groups
from fedretail.crdt.transfer import Outcome
from fedretail.domain.kind import RecordId
from fedretail.domain.kinds import registry
from fedretail.errors import BugError, Refused
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE, QuickConnection
from fedretail.testing.months import DAY_MS, FIELDS, NAP_DAYS, Months, Sleeper

KEYS = tuple("abc")


@dataclass(slots=True)
class Memory:
    """What was seen of a store: the newest deletion of each key, and what its feed has told."""

    deleted: dict[str, int] = field(default_factory=dict)
    told: dict[str, Folded | None] = field(default_factory=dict)
    cursor: int = 0

    def copied(self) -> "Memory":
        """The same, to be kept."""
        return Memory(dict(self.deleted), dict(self.told), self.cursor)


@dataclass(slots=True)
class Computer(Sleeper):
    """A sleeper, what was seen of it, and an old copy of its store."""

    memory: Memory = field(default_factory=Memory)
    copy: tuple[Path, Memory] | None = None

    def written(self) -> LogName | None:
        """The log that it writes."""
        return None if self.author is None else self.store.own_logs.written(self.author.log(SITE))


@dataclass(frozen=True, slots=True)
class Said:
    """One edit, and where it was acknowledged."""

    device: bytes
    log: bytes
    seq: int
    stamp: int
    key: str
    fields: dict[str, str]
    is_deletion: bool

    def groups(self) -> Groups:
        """What it says, as groups of a row."""
        gone: Groups = [(self.stamp - bool(self.fields), {DELETED: True})]
        return [(self.stamp, self.fields)] * bool(self.fields) + gone * self.is_deletion


class Restless(Months[Computer]):
    """One run; `wrong` lists what should not have been."""

    def __init__(self, folder: Path, seed: int, *, devices: int, peers: int = 2) -> None:
        super().__init__(folder, seed, devices=devices, peers=peers, node=Computer)
        self.wrong: list[str] = []
        self.put_backs = self.taken_over = 0
        self._folder = folder
        self._said: list[Said] = []

    def live(self, days: int) -> None:
        """Let so many days pass, with everything that may happen."""
        end = self.day + days
        while self.day < end:
            self._pass(self.chance.choice([1, 2, 4]))
            for node in self.nodes:
                if self.is_awake(node) and self.chance.random() < 0.03:
                    node.asleep_until = self.day + self.chance.randrange(*NAP_DAYS)
            for device in self.devices:
                if self.chance.random() < 0.35:
                    self._write(device)
                if self.chance.random() < 0.1:
                    self._copy(device)
                if self.chance.random() < 0.25 and self.is_awake(device):
                    self._put_back(device)
            awake = [node for node in self.nodes if self.is_awake(node)]
            for _ in range(2 * len(self.nodes) if len(awake) > 1 else 0):
                target, source = self.chance.sample(awake, 2)
                heads = source.store.heads()
                self._meet(target, source, self.chance.sample(heads, min(1, len(heads))))

    def calm(self, days: int) -> None:
        """Let so many days pass in which nobody writes or sleeps, and all meet."""
        for _ in range(days // 6):
            self._pass(6)
            for node in self.nodes:
                node.asleep_until = 0
                for source in self.nodes:
                    if source is not node:
                        self._meet(node, source, source.store.heads())

    def judge(self) -> list[str]:
        """What is wrong now that all have met: values, sums, deletions remembered for nothing."""
        for node in self.nodes:
            self.wrong += builders.problems(node.store)
            if node.store._read.execute("SELECT 1 FROM local_deletion").fetchone():
                self.wrong.append("a deletion is remembered that beats nothing")
            for key in KEYS:
                said = [(one.device, one.groups()) for one in self._said if one.key == key]
                expected, found = fold(said, now_ms=self.clock.now_ms()), self._value(node, key)
                if (expected and expected.fields) != (found and found.fields):
                    self.wrong.append(f"{key} is {found}, not {expected}")
        return self.wrong

    def _value(self, node: Computer, key: str) -> Folded | None:
        return node.store.record(RecordId(self.shop.owner, SITE, "offer", key))

    def _pass(self, days: int) -> None:
        self.day += days
        self.clock.advance(days * DAY_MS + self.chance.randrange(1000))
        for device in filter(self.is_awake, self.devices):
            self.tidy_up(device, days)
            device.store.prune()
            self._look(device)

    def _write(self, device: Computer, key: str = "") -> Said:
        key, name = key or self.chance.choice(KEYS), self.chance.choice(FIELDS)
        is_deletion = self.chance.random() < 0.45
        has_fields = not is_deletion or self.chance.random() < 0.2
        fields = {name: str(self.chance.randrange(1000))} if has_fields else {}
        edits = [Edit("offer", key, {}, is_deletion=True)] * is_deletion
        edits += [Edit("offer", key, fields)] * has_fields
        assert device.author is not None
        signed = device.store.commit(device.author, SITE, edits)
        assert signed is not None
        head = signed.head
        place = (device.author.key.public, head.log, head.seq, head.stamp)
        self._said.append(Said(*place, key, fields, is_deletion))
        self._look(device)
        return self._said[-1]

    def _copy(self, device: Computer) -> None:
        path = device.store.path
        device.store.close()
        copy = self._folder / f"copy{self.chance.randrange(10**9)}.db"
        shutil.copyfile(path, copy)
        device.store, device.copy = self._opened(path), (copy, device.memory.copied())

    def _opened(self, path: Path) -> Store:
        return Store.open(path, clock=self.clock, kinds=registry(), connect=QuickConnection)

    def _put_back(self, device: Computer) -> None:
        """An old copy takes the store's place, and some neighbour knows more of its log."""
        if device.copy is None or device.author is None:
            return
        (path, memory), lost = device.copy, device.store
        store = self._opened(path)
        old = store.own_logs.written(device.author.log(SITE))
        held = _seqs(store)
        found = [
            (name, node)
            for node in self.nodes
            if node is not device and self.is_awake(node)
            for _, name, raw in node.store.heads()
            if name[:3] == old[:3]
            and (name.incarnation, SignedHead.parse(raw).head.seq)
            > (old.incarnation, held.get(log_id(old), 0))
        ]
        if not found:
            store.close()
            return
        name, neighbour = self.chance.choice(found)
        self._forget_lost(device, store)
        lost.close()
        device.store, device.memory, device.copy = store, memory, None
        self.put_backs += 1
        self._begin_anew(device, name, neighbour)

    def _forget_lost(self, device: Computer, store: Store) -> None:
        """What was nowhere but on the disk that has gone, in the log written there last."""
        others = [node.store for node in self.nodes if node is not device]
        name = device.written()
        assert name is not None
        log = log_id(name)
        held = max(_seqs(one).get(log, 0) for one in [store, *others])
        self._said = [one for one in self._said if one.log != log or one.seq <= held]

    def _begin_anew(self, device: Computer, name: LogName, neighbour: Computer) -> None:
        """What a daemon does that hears of it, while its shop goes on writing."""
        assert device.author is not None
        *before, during = self.chance.sample(KEYS, self.chance.randrange(1, len(KEYS) + 1))
        written = []
        for key in before:
            self.clock.advance(1000)
            written.append(self._write(device, key))
        device.store.own_logs.begin_draft(device.author, SITE, known=name.incarnation)
        self.clock.advance(1000)
        written.append(self._write(device, during))
        for _, other, _ in [*neighbour.store.heads()]:
            if other == name or other.device != device.author.key.public:
                self._take(device, neighbour, other)
        self.clock.advance(1000)
        signed = device.store.own_logs.open_next(device.author, SITE)
        assert signed is not None
        log, seq, stamp = signed.head[:3]
        self._said = [
            # Done again by that commit.
            replace(one, log=log, seq=seq, stamp=stamp) if one in written else one
            for one in self._said
        ]
        self._look(device)

    def _meet(
        self, target: Computer, source: Computer, heads: list[tuple[int, LogName, bytes]]
    ) -> None:
        target.met_day = self.day
        mine = target.written()
        for _, name, _ in heads:
            is_own = mine is not None and name.device == mine.device
            if not is_own or (mine is not None and name.incarnation < mine.incarnation):
                self._take(target, source, name)
        if target.author is not None:
            self.taken_over += bool(target.store.own_logs.take_over(target.author, SITE))
        self._look(target)

    def _take(self, target: Computer, source: Computer, name: LogName) -> None:
        """Let a log come as far as it does; the line may break between two parts."""
        builders.add_log(target.store, name)
        state = source.store.log(log_id(name))
        if name == source.written() and state is not None:
            source.store.own_logs.note_seen([(name, state.point)])
        for _ in range(builders.MAX_PARTS):
            if not self._take_part(target, source, name) or self.chance.random() < 0.1:
                self._look(target)
                return
        raise BugError("A transfer has not ended.")

    def _take_part(self, target: Computer, source: Computer, name: LogName) -> bool:
        state = source.store.log(log_id(name))
        if state is None or state.head is None:
            return False
        wanted = target.store.wanted(state.log, SignedHead.parse(state.head))
        part = wanted and source.store.changes_since(state.log, wanted.base, wanted.after)
        if part is None:
            return False
        head, changes = SignedHead.parse(part.head), pack(part.changes)
        try:
            outcome = target.store.advance(head, part.base.seq, changes, after=part.after)
        except Refused:
            # It is done with there.
            return False
        return outcome is not Outcome.OLD

    def _look(self, node: Computer) -> None:
        """Compare what a node shows with the deletions that it has held, and with its feed."""
        memory = node.memory
        for cursor, place in node.store.feed(memory.cursor, 1000):
            memory.cursor, memory.told[place.key] = cursor, node.store.record(place)
        for key, stamp in self._deletions(node):
            memory.deleted[key] = max(stamp, memory.deleted.get(key, 0))
        for key in KEYS:
            value = self._value(node, key)
            if memory.told.get(key) != value:
                self.wrong.append(f"day {self.day}: the feed did not tell of {key}")
            stamps = [] if value is None else value.stamps.values()
            if any(stamp < memory.deleted.get(key, 0) for stamp in stamps):
                self.wrong.append(f"day {self.day}: {key} was shown again")

    def _deletions(self, node: Computer) -> Iterator[tuple[str, int]]:
        query = "SELECT key, row FROM row JOIN log ON log.id = row.log"
        for key, packed in node.store._read.execute(query):
            for stamp, fields in stored_groups(packed):
                if fields.get(DELETED) is True:
                    yield key, stamp


def _seqs(store: Store) -> dict[bytes, int]:
    """The seq of each log held."""
    heads = [SignedHead.parse(raw).head for _, _, raw in store.heads()]
    return {head.log: head.seq for head in heads}
