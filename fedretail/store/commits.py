"""Commits: edits of this device become rows, own fields and one signed head, in one transaction."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fedretail.crdt.codec import check_fields, pack, sorted_value
from fedretail.crdt.digest import root
from fedretail.crdt.head import NO_AREA, Head, SignedHead
from fedretail.crdt.keys import SigningKey
from fedretail.crdt.names import LogName
from fedretail.crdt.registers import DELETED
from fedretail.crdt.row import Groups, RowKey, check_key, check_names, merged, replaced
from fedretail.crdt.stamp import is_timely, next_stamp
from fedretail.domain.kind import Kind, RecordId
from fedretail.errors import MalformedInput, UsageError
from fedretail.store import deeds, floors, local, log, logs, writing
from fedretail.store.database import Connection
from fedretail.store.deeds import Deed, Touched
from fedretail.store.logs import LogState
from fedretail.store.records import newest_stamp

# A week without a sign of life is the first that search mentions; a daemon renews every day.
LEASE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Author:
    """Who commits: the owner, the device key that signs, the incarnation of its logs.

    area: the cell that the next head names, [n, bits]; None: as the head before.
    """

    owner: bytes
    key: SigningKey
    incarnation: int
    area: tuple[int, int] | None = None

    def log(self, collection: str) -> LogName:
        """The name of this device's log of a collection."""
        return LogName(self.owner, collection, self.key.public, self.incarnation)


@dataclass(frozen=True, slots=True)
class Edit:
    """What changes in one record: fields that are set (own ones too), or its deletion."""

    kind: str
    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    is_deletion: bool = False
    keep_unknown: bool = False


@dataclass(slots=True)
class Draft:
    """All edits of one record in a commit: deleted first or not, then the fields set."""

    is_deleted: bool = False
    public: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)


class Commit(NamedTuple):
    """Everything one commit needs besides the store.

    before: the head whose area, floor and origin the next one keeps; None: the log's own. deed:
    what it is a part of, and can be undone with. check: called before anything is written, when
    nobody else can write any more; what it raises ends the commit.
    """

    author: Author
    collection: str
    edits: list[Edit]
    now_ms: int
    stamp: int = 0
    before: Head | None = None
    deed: Deed | None = None
    check: Callable[[], None] | None = None


def commit(connection: Connection, wanted: Commit, kinds: Mapping[str, Kind]) -> SignedHead | None:
    """Make edits durable; the new head, or None where no public field was edited."""
    drafts = _drafts(wanted.edits, kinds)
    with connection.transaction(durable=True):
        if wanted.check is not None:
            wanted.check()
        writing.check_may_write(connection)
        name = writing.written(connection, wanted.author.log(wanted.collection))
        state = logs.open_log(connection, name)
        wanted = stamped(connection, wanted, drafts)
        _keep_before(connection, wanted, state, drafts)
        _keep_own(connection, state, drafts, wanted.stamp)
        seq = state.point.seq + 1
        changes = [
            (key, change(draft, wanted.stamp, seq))
            for key, draft in drafts.items()
            if draft.is_deleted or draft.public
        ]
        if not changes:
            return None
        writing.check_whole(connection, state.number)
        step = log.prepare(connection, state, changes)
        return sign_and_write(connection, wanted, state, step)


def renew(
    connection: Connection, author: Author, collection: str, *, now_ms: int
) -> SignedHead | None:
    """An empty commit: the same rows under a later head, but for vacant ones below a new floor."""
    wanted = Commit(author, collection, [], now_ms)
    with connection.transaction(durable=True):
        writing.check_may_write(connection)
        name = writing.written(connection, author.log(collection))
        state = logs.find_name(connection, name)
        if state is None or state.head is None or writing.is_damaged(connection, state.number):
            return None
        floor = floors.due(connection, state, now_ms=now_ms)
        step = log.purge(connection, state, floor or 0)
        wanted = stamped(connection, wanted, {})
        return sign_and_write(connection, wanted, state, step, floor=floor)


def vacate(
    connection: Connection, wanted: Commit, state: LogState, rows: Mapping[RowKey, Groups]
) -> SignedHead:
    """Rows put in the place of fuller ones, with the stamps they have (inside a transaction)."""
    seq = state.point.seq + 1
    changes = [(key, _put(groups, seq)) for key, groups in sorted(rows.items())]
    step = log.prepare(connection, state, changes)
    return sign_and_write(connection, stamped(connection, wanted, {}), state, step)


def _put(groups: Groups, seq: int) -> log.Change:
    return lambda old: replaced(groups, seq=seq)


def stamped(connection: Connection, wanted: Commit, drafts: Mapping[RowKey, Draft]) -> Commit:
    """The commit with its stamp, which is written down as the last one (inside the transaction)."""
    last, now_ms, owner = local.meta(connection, "last_stamp"), wanted.now_ms, wanted.author.owner
    places = [RecordId(owner, wanted.collection, *key) for key in drafts]
    seen = newest_stamp(connection, owner, places, now_ms=now_ms)
    # A record that is deleted and begun anew takes two stamps: the deletion is the earlier one.
    gap = any(draft.is_deleted and draft.public for draft in drafts.values())
    stamp = next_stamp(now_ms, last + gap, seen + gap)
    local.set_meta(connection, "last_stamp", stamp)
    return wanted._replace(stamp=stamp)


def sign_and_write(
    connection: Connection,
    wanted: Commit,
    state: LogState,
    step: log.Step,
    *,
    floor: int | None = None,
) -> SignedHead:
    """Put `state` with the rows of `step` under a head signed by the author (in a transaction)."""
    before = wanted.before
    if before is None and state.head is not None:
        before = SignedHead.parse(state.head).head
    area = wanted.author.area or (before.area if before else NO_AREA)
    after = log.after(state, step)
    sums = (after.count, after.size, root(after.state))
    # Who does not know the time promises nothing.
    lease = LEASE_DAYS if is_timely(wanted.stamp, wanted.now_ms) else 0
    head = Head(state.log, state.point.seq + 1, wanted.stamp, lease, *sums, area=area)
    if before is not None:
        head = head._replace(
            floor=floor or before.floor, parent=before.parent, absorbed=before.absorbed
        )
    signed = SignedHead.sign(head, wanted.author.key)
    log.put(connection, state, step, head, now_ms=wanted.now_ms, is_own=True)
    log.feed(connection, state, step, now_ms=wanted.now_ms)
    log.move(connection, after, signed)
    floors.note(connection, state.number, head.seq, now_ms=wanted.now_ms)
    return signed


def _drafts(edits: Iterable[Edit], kinds: Mapping[str, Kind]) -> dict[RowKey, Draft]:
    """What becomes of each record, in key order."""
    drafts: dict[RowKey, Draft] = {}
    for edit in edits:
        key = check_key(edit.kind, edit.key)
        if edit.is_deletion:
            drafts[key] = Draft(is_deleted=True)
            continue
        if edit.kind not in kinds:
            raise UsageError(f"There is no kind of record named {edit.kind!r}.")
        public, own = kinds[edit.kind].split(edit.fields, keep_unknown=edit.keep_unknown)
        draft = drafts.setdefault(key, Draft())
        if public:
            draft.public |= _checked(public)
        if own:
            draft.own |= _checked(own)
    return dict(sorted(drafts.items()))


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` in canonical form; MalformedInput where a value has no place in a record."""
    try:
        result: dict[str, Any] = sorted_value(fields)
        check_names(result)
        check_fields(list(result.values()))
        pack(result)
    # Half a character, a number of more than 64 bits, a map whose keys are not all text.
    except (ValueError, OverflowError, TypeError) as error:
        raise MalformedInput(f"a value that has no place in a record: {error}") from None
    if DELETED in result:
        raise UsageError("The name ! is kept for deletions.")
    return result


def change(draft: Draft, stamp: int, seq: int) -> log.Change:
    """What the edits of one record in the commit `seq` make of its row."""
    if not draft.is_deleted:
        return lambda old: merged(old, [(stamp, draft.public)], seq=seq, born=seq)
    if not draft.public:
        return lambda old: replaced([(stamp, {DELETED: True})], seq=seq)
    groups = [(stamp, draft.public), (stamp - 1, {DELETED: True})]
    return lambda old: replaced(groups, seq=seq)


def _keep_before(
    connection: Connection, wanted: Commit, state: LogState, drafts: Mapping[RowKey, Draft]
) -> None:
    if wanted.deed is None:
        return
    touched = {
        key: Touched({**draft.public, **draft.own}, draft.is_deleted)
        for key, draft in drafts.items()
    }
    collection = (state.collection, wanted.author.owner, wanted.collection)
    stamps = {"stamp": wanted.stamp, "now_ms": wanted.now_ms}
    deeds.keep(connection, wanted.deed, collection, touched, **stamps)


def _keep_own(
    connection: Connection, state: LogState, drafts: Mapping[RowKey, Draft], stamp: int
) -> None:
    for key, draft in drafts.items():
        if draft.is_deleted:
            query = "DELETE FROM local_own WHERE collection = ? AND kind = ? AND key = ?"
            connection.execute(query, (state.collection, *key))
        if draft.own:
            place = (state.collection, *key)
            rows = [(*place, name, pack(value), stamp) for name, value in draft.own.items()]
            query = "INSERT OR REPLACE INTO local_own VALUES (?, ?, ?, ?, ?, ?)"
            connection.executemany(query, rows)
