"""Store: the verified copy of everyone's records on this disk, and the one door into it."""

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from fedretail.clock import Clock
from fedretail.crdt.access import Grants, SignedRecord
from fedretail.crdt.changes import Point
from fedretail.crdt.codec import unpack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName
from fedretail.crdt.registers import Folded
from fedretail.crdt.row import MAX_ROW_BYTES, Groups, RowKey
from fedretail.crdt.transfer import Incoming, Outcome, Part, Place
from fedretail.domain.kind import Kind, RecordId
from fedretail.errors import FedretailError, Refused, Unavailable
from fedretail.store import auth, commits, forgetting, intake, journal, local, logs, records, schema
from fedretail.store.arrivals import Arrivals
from fedretail.store.check import Problem, check_file, check_logs
from fedretail.store.commits import Author, Edit
from fedretail.store.database import (
    Connect,
    Connection,
    FrozenConnection,
    SqliteConnection,
    is_unwritable,
)
from fedretail.store.deeds import Deed, Deeds
from fedretail.store.feed import Feed
from fedretail.store.last_seen import Seen, all_seen
from fedretail.store.local import Note
from fedretail.store.own_logs import OwnLogs
from fedretail.store.repairs import Repairs
from fedretail.store.trust import Trust, is_in_doubt
from fedretail.store.upkeep import Upkeep
from fedretail.store.vacating import Vacating
from fedretail.store.volume import refuse_network_drive

FILE_NAME = "store.db"
_HEADER_BYTES = 512


class Store:
    """The store of one data directory; any number of threads and processes may have it open.

    One connection writes, one reads, one watches for the writes of other processes.
    """

    def __init__(
        self, path: Path, *, clock: Clock, kinds: Mapping[str, Kind], connect: Connect
    ) -> None:
        self.path = path
        # Read as it stands, since nothing can be written beside it.
        self.is_frozen = connect is FrozenConnection
        self._clock = clock
        self.kinds = kinds
        self._write: Connection = connect(path)
        self._read: Connection = connect(path)
        self._watch: Connection = connect(path)
        self._arrivals = Arrivals()
        self.own_logs = OwnLogs(self._write, self._read, clock)
        self.trust = Trust(self._write, self._read)
        self.repairs = Repairs(self._write, self._read, clock)
        self.upkeep = Upkeep(
            self._write,
            self._read,
            connect=partial(connect, path),
            clock=clock,
            repairs=self.repairs,
        )
        self.vacating = Vacating(self._write, clock)
        self.deeds = Deeds(self._write, self._read, clock)
        self.id: str = local.meta(self._read, "store_id")
        self._feed = Feed(self._write, self._read, clock)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        kinds: Mapping[str, Kind],
        connect: Connect = SqliteConnection,
        or_frozen: bool = False,
    ) -> Self:
        """The store in the file `path`.

        Unavailable where there is none; Refused where another version wrote it. `or_frozen`: where
        nothing can be written beside it, it is read as it stands, for a short look.
        """
        if not path.is_file():
            raise Unavailable(f"There is no store at {path}.", hint="Start with `fedretail init`.")
        refuse_network_drive(path.parent)
        try:
            _check_schema(connect, path)
        except Unavailable as error:
            if not or_frozen or not is_unwritable(error.__cause__):
                raise
            connect = FrozenConnection
            _check_schema(connect, path)
        return cls(path, clock=clock, kinds=kinds, connect=connect)

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        clock: Clock,
        kinds: Mapping[str, Kind],
        connect: Connect = SqliteConnection,
    ) -> Self:
        """A new, empty store in the file `path`, or the one that is there."""
        refuse_network_drive(path.parent)
        # SQLite takes a file that is too short for its header for an empty one.
        if path.is_file() and 0 < path.stat().st_size < _HEADER_BYTES:
            raise schema.not_ours(path)
        # For its owner alone, as SQLite's files beside it are then: own fields lie in it. Where it
        # cannot be made, SQLite says why.
        with contextlib.suppress(OSError):
            path.touch(mode=0o600)
        connection = connect(path)
        try:
            schema.create(connection, store_id=secrets.token_hex(16), now_ms=clock.now_ms())
        finally:
            connection.close()
        return cls.open(path, clock=clock, kinds=kinds, connect=connect)

    def close(self) -> None:
        """Close the file; what was committed is on the disk."""
        for connection in (self._write, self._read, self._watch):
            connection.close()

    # --- writing: the one door ---

    def commit(
        self,
        author: Author,
        collection: str,
        edits: Iterable[Edit],
        *,
        deed: Deed | None = None,
        check: Callable[[], None] | None = None,
    ) -> SignedHead | None:
        """Make the author's edits of one collection durable; the new head.

        None where no public field was edited. Public fields become rows, own ones stay here.
        `deed`: what it is a part of, and can be undone with. `check`: see `Commit`.
        """
        now_ms = self._clock.now_ms()
        commit = commits.Commit(author, collection, list(edits), now_ms, deed=deed, check=check)
        return commits.commit(self._write, commit, self.kinds)

    def renew(self, author: Author, collection: str) -> SignedHead | None:
        """Sign the present rows anew, as a sign of life; None where nothing was ever committed."""
        return commits.renew(self._write, author, collection, now_ms=self._clock.now_ms())

    def advance(
        self,
        head: SignedHead,
        base_seq: int,
        changes: bytes,
        *,
        after: RowKey | None = None,
        is_push: bool = False,
    ) -> Outcome:
        """Take in a part of a peer's log; what became of it.

        `changes`: packed Changes since `base_seq` up to the key `after` (None: to the end).
        MalformedInput, PeerError where the sender broke the rules: nothing is kept then.
        """
        (outcome,) = self.advance_all([Incoming(head, base_seq, changes, after, is_push)])
        if isinstance(outcome, FedretailError):
            raise outcome
        return outcome

    def advance_all(self, parts: Sequence[Incoming]) -> list[Outcome | FedretailError]:
        """Take in parts in order, in one transaction; what became of each, as `advance` says.

        A part that is not kept costs no other anything.
        """
        now_ms = self._clock.now_ms()
        return intake.advance(self._write, parts, now_ms=now_ms, arrivals=self._arrivals)

    def add_auth(self, signed: Iterable[SignedRecord]) -> int:
        """Keep auth records that are new; how many there were."""
        with self._write.transaction(durable=False):
            return auth.add(self._write, signed)

    def learn(self, signed: Iterable[SignedRecord], names: Iterable[LogName]) -> list[LogName]:
        """Keep auth records, then the names of logs, in one transaction; the names kept.

        Those are left out whose owner has not named the device, or has too many logs.
        """
        with self._write.transaction(durable=False):
            auth.add(self._write, signed)
            return [name for name in names if self._take_name(name)]

    def _take_name(self, name: LogName) -> bool:
        if auth.grants_of(self._write, name.owner).may_write(name.owner, name.device):
            with contextlib.suppress(Refused):
                logs.enter(self._write, name)
                return True
        return False

    def refold_due(self) -> int:
        """Enter the records whose early stamps are in force by now into the feed; how many."""
        return self._feed.refold_due()

    def prune(self) -> None:
        """Forget what is kept for 30 days when it is older, and feed entries of what has gone."""
        journal.prune(self._write, now_ms=self._clock.now_ms())
        self.deeds.prune()
        self._feed.forget()

    # --- records and feed ---

    def record(self, place: RecordId) -> Folded | None:
        """The present public value of a record, or None where it does not exist."""
        return records.record(self._read, place, now_ms=self._clock.now_ms())

    def records_of(self, places: Iterable[RecordId]) -> dict[RecordId, Folded]:
        """The present public values of many records; those that do not exist are left out."""
        return records.records_of(self._read, places, now_ms=self._clock.now_ms())

    def records(
        self, kind: str, *, owner: bytes | None = None, collection: str | None = None
    ) -> Iterator[tuple[RecordId, Folded]]:
        """All records of a kind, in the order of owner, collection and key."""
        for holder, name in records.collections(self._read, owner):
            if collection in (None, name):
                after: str | None = ""
                while after is not None:
                    place = RecordId(holder, name, kind, after)
                    now_ms = self._clock.now_ms()
                    found, after = records.page(self._read, place, now_ms=now_ms)
                    yield from found

    def own(self, place: RecordId) -> dict[str, Any]:
        """The own fields of a record, which nobody else receives."""
        return _unpacked(records.own(self._read, place))

    def own_of(
        self, owner: bytes, collection: str, keys: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """The own fields of many records (kind, key) of one collection."""
        found = records.own_of(self._read, owner, collection, keys)
        return {key: _unpacked(values) for key, values in found.items()}

    def own_all(self, kind: str, field: str) -> list[tuple[RecordId, Any]]:
        """An own field of all records of a kind that have it."""
        found = records.own_all(self._read, kind, field)
        return [(at, unpack(raw, max_bytes=MAX_ROW_BYTES)) for at, raw in found]

    def versions(self, place: RecordId) -> list[Groups]:
        """The groups of a record's present and journalled row versions, newest first."""
        return self.versions_of([place]).get(place, [])

    def versions_of(self, places: Iterable[RecordId]) -> dict[RecordId, list[Groups]]:
        """The same of many records of one owner at once, which takes hardly longer than of one."""
        return journal.versions(self._read, places)

    def feed(self, after: int, limit: int) -> list[tuple[int, RecordId]]:
        """Up to `limit` (cursor, record) whose value changed after the cursor `after`."""
        return self._feed.after(after, limit)

    def feed_end(self) -> int:
        """The newest cursor of the feed."""
        return self._feed.end()

    def feed_start(self) -> int:
        """The newest cursor that the feed has forgotten, see `forgetting`; 0: none."""
        return forgetting.start(self._read)

    def feed_behind(self, after: int) -> int:
        """How many records a follower at `after` has still to read."""
        return self._feed.behind(after)

    def seen_at(self, owner: bytes, collection: str) -> int | None:
        """When the owner last signed this collection (ms), or None."""
        return records.seen_at(self._read, owner, collection)

    def all_seen(self, known: Seen | None, /) -> Seen:
        """`seen_at` of all collections; `known` itself where nothing changed since."""
        return all_seen(self._read, known)

    def signed_twice(self, owner: bytes, collection: str) -> bool:
        """Whether a device of the owner has signed two states of this collection at once.

        Not where the owner has gone on under another key since.
        """
        return is_in_doubt(self._read, owner, collection)

    # --- logs, for peers ---

    def heads(self, *, moved_after: int = 0) -> list[tuple[int, LogName, bytes]]:
        """(moved, name, head as sent) of every log that moved after that place, in order."""
        return logs.heads(self._read, moved_after=moved_after)

    def log(self, log_id: bytes) -> logs.LogState | None:
        """What is held of a log, or None where its name is unknown."""
        return logs.find(self._read, log_id)

    def logs_of(self, owner: bytes, collection: str) -> list[logs.LogState]:
        """All logs of one collection."""
        return logs.of_collection(self._read, owner, collection)

    def changes_since(self, log_id: bytes, base: Point, after: RowKey | None) -> Part | None:
        """The next part of what changed in a log since `base`, or None."""
        return logs.changes_since(self._read, log_id, base, after)

    def wanted(self, log_id: bytes, head: SignedHead | None = None) -> Place | None:
        """What to ask for to reach this head of a log: a base and a key; None: it is unknown."""
        return intake.wanted(self._read, log_id, head)

    def auth_records(self, *, moved_after: int = 0) -> list[tuple[int, SignedRecord]]:
        """(moved, record) of every auth record that arrived after that place."""
        return auth.records(self._read, moved_after=moved_after)

    def grants(self, owner: bytes) -> Grants:
        """The devices that an owner has named."""
        return auth.grants_of(self._read, owner)

    def owners(self) -> list[bytes]:
        """All members heard of."""
        return auth.owners(self._read)

    def meta(self, key: str) -> Any:
        """A value that belongs to the store as such (charter, identity, ...), or None."""
        return local.meta(self._read, key)

    def set_meta(self, values: Mapping[str, Any], *, unless: str | None = None) -> bool:
        """Write such values, unless the key `unless` has one already; whether they were written."""
        with self._write.transaction(durable=True):
            if unless is not None and local.meta(self._write, unless) is not None:
                return False
            for key, value in values.items():
                local.set_meta(self._write, key, value)
        return True

    def note(self, key: str, value: Any) -> None:
        """Write down something for other processes on this store; None removes it."""
        local.note(self._write, key, value, now_ms=self._clock.now_ms())

    def noted(self, key: str) -> Note | None:
        """What was written down under this key, with its time."""
        return local.noted(self._read, key)

    def notes(self, prefix: str) -> list[tuple[str, Note]]:
        """All that was written down under keys that begin so, by key."""
        return local.notes(self._read, prefix)

    def addresses(self) -> list[tuple[str, str, int]]:
        """(address, source, heard ms) of neighbours: typed ones first, then those last heard."""
        return local.addresses(self._read)

    def add_address(self, address: str, source: str) -> None:
        """Remember a neighbour's address."""
        local.add_address(self._write, address, source)

    def heard(self, address: str) -> None:
        """Note that a neighbour answered at this address."""
        local.heard(self._write, address, now_ms=self._clock.now_ms())

    def profile(self, owner: bytes, collection: str, source: str) -> dict[str, Any] | None:
        """How files of this source were read the last time, or None."""
        return local.profile(self._read, (owner, collection), source)

    def set_profile(
        self, owner: bytes, collection: str, source: str, value: dict[str, Any]
    ) -> None:
        """Keep how files of this source are read."""
        with self._write.transaction(durable=False):
            number = logs.collection_number(self._write, owner, collection)
            local.set_profile(self._write, number, source, value)

    def data_version(self) -> int:
        """A number that changes when any other connection has written."""
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def check(self) -> Iterator[tuple[str, list[Problem]]]:
        """(what was looked at, problems) for the file and each log."""
        yield FILE_NAME, list(check_file(self._read))
        yield from check_logs(self._read)

    def statistics(self) -> dict[str, int]:
        """Counts for `fedretail status`."""
        return records.statistics(self._read, self.path)


def _check_schema(connect: Connect, path: Path) -> None:
    with contextlib.closing(connect(path)) as connection:
        schema.check(connection, path)


def _unpacked(values: Mapping[str, bytes]) -> dict[str, Any]:
    return {name: unpack(value, max_bytes=MAX_ROW_BYTES) for name, value in values.items()}
