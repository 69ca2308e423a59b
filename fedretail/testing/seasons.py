"""Seasons: the devices of one shop and their neighbours over months, some of them asleep.

Each step is some days: devices write, delete, renew and vacate, nodes fetch single logs from each
other. Whoever has held a deletion must never again show something older of that record.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fedretail.crdt.registers import DELETED, fold
from fedretail.crdt.row import Groups, stored_groups
from fedretail.domain.kind import RecordId
from fedretail.store.commits import Edit
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.months import DAY_MS, FIELDS, NAP_DAYS, Months, Sleeper

KEYS = tuple("abcdef")


@dataclass(slots=True)
class Node(Sleeper):
    """A sleeper that may be cut off from single logs, and what was seen of it."""

    # Until which day each log is out of reach.
    blind_until: dict[bytes, int] = field(default_factory=dict)
    # The newest deletion of each key that this node has held.
    deleted: dict[str, int] = field(default_factory=dict)


class Seasons(Months[Node]):
    """One run; `revived`: on which day which record showed what it should never have again."""

    def __init__(self, folder: Path, seed: int, *, devices: int, peers: int) -> None:
        super().__init__(folder, seed, devices=devices, peers=peers, node=Node)
        self.logs = [self.shop.log(device=number) for number in range(devices)]
        self.revived: list[tuple[int, str]] = []
        # Every edit that was ever made, as rows.
        self._said: dict[str, list[tuple[bytes, Groups]]] = {key: [] for key in KEYS}
        for node in self.nodes:
            for number in range(devices):
                builders.add_log(node.store, self.shop.log_name(device=number))

    def live(self, days: int) -> None:
        """Let so many days pass, with everything that may happen."""
        end = self.day + days
        while self.day < end:
            self._pass(self.chance.choice([1, 2, 4]))
            for node in self.nodes:
                if self.is_awake(node) and self.chance.random() < 0.02:
                    node.asleep_until = self.day + self.chance.randrange(*NAP_DAYS)
                if self.chance.random() < 0.02:
                    log = self.chance.choice(self.logs)
                    node.blind_until[log] = self.day + self.chance.randrange(*NAP_DAYS)
            for device in self.devices:
                self._write(device)
            self._meet(2 * len(self.nodes))

    def calm(self, days: int) -> None:
        """Let so many days pass in which nobody writes or sleeps, and all meet."""
        for node in self.nodes:
            node.asleep_until = 0
            node.blind_until.clear()
        for _ in range(days // 4):
            self._pass(4)
            for target in self.nodes:
                for source in self.nodes:
                    self._fetch(target, source, self.logs)

    def _pass(self, days: int) -> None:
        """Time goes on; who is awake counts it where it has met somebody, and tidies up."""
        self.day += days
        self.clock.advance(days * DAY_MS)
        for device in filter(self.is_awake, self.devices):
            self.tidy_up(device, days)

    def _write(self, device: Node) -> None:
        """Some edits; also in one who sleeps, which is as good as being out of reach."""
        if device.author is None or self.chance.random() < 0.7:
            return
        key = self.chance.choice(KEYS)
        name = self.chance.choice(FIELDS)
        is_deletion = self.chance.random() < 0.4
        value = str(self.chance.randrange(1000))
        fields = {} if is_deletion else {name: value}
        edit = Edit("offer", key, fields, is_deletion=is_deletion)
        signed = device.store.commit(device.author, SITE, [edit])
        assert signed is not None
        said = {DELETED: True} if is_deletion else fields
        self._said[key].append((device.author.key.public, [(signed.head.stamp, said)]))
        self.look(device)

    def _meet(self, times: int) -> None:
        awake = [node for node in self.nodes if self.is_awake(node)]
        for _ in range(times if len(awake) > 1 else 0):
            target, source = self.chance.sample(awake, 2)
            self._fetch(target, source, self.chance.sample(self.logs, 1))

    def _fetch(self, target: Node, source: Node, logs: list[bytes]) -> None:
        if target is source:
            return
        target.met_day = self.day
        for log in logs:
            is_own = target.author is not None and target.author.key.public == self._device(log)
            if not is_own and self.day >= target.blind_until.get(log, 0):
                builders.fetch(target.store, source.store, log)
                self.look(target)

    def _device(self, log: bytes) -> bytes:
        return self.shop.devices[self.logs.index(log)].public

    def look(self, node: Node) -> None:
        """Compare what a node shows with the deletions that it has held."""
        for key in KEYS:
            for stamp in self._deletions(node, key):
                node.deleted[key] = max(stamp, node.deleted.get(key, 0))
            value = node.store.record(self._place(key))
            stamps = {} if value is None else value.stamps
            if any(stamp < node.deleted.get(key, 0) for stamp in stamps.values()):
                self.revived.append((self.day, key))

    def _deletions(self, node: Node, key: str) -> Iterator[int]:
        for log in self.logs:
            packed = builders.row(node.store, log, ("offer", key))
            for stamp, fields in stored_groups(packed) if packed else []:
                if fields.get(DELETED) is True:
                    yield stamp

    def _place(self, key: str) -> RecordId:
        return RecordId(self.shop.owner, SITE, "offer", key)

    def wrong(self) -> list[str]:
        """The records that some node does not show as all edits ever made together give them."""
        found = []
        for key, said in self._said.items():
            expected = fold(said, now_ms=self.clock.now_ms())
            values = [node.store.record(self._place(key)) for node in self.nodes]
            found += [key for value in values if value != expected]
        return found

    def rows_left(self) -> int:
        """Rows in all logs of the devices, vacant ones too."""
        logs = [log for device in self.devices for log in device.store.logs_of(*self._collection)]
        return sum(log.count for log in logs)

    @property
    def _collection(self) -> tuple[bytes, str]:
        return self.shop.owner, SITE
