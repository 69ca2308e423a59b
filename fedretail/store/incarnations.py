"""Which incarnation of an own log is written, who has seen it, and what is done with older ones.

A row of `local_writing` says for one collection: the incarnation, a place in the log (seq, stamp),
and whether the log is a *draft*. Up to that place others have seen it; rows behind it are edits
that nobody has seen. They need no list of their own: a row changed behind the place holds, as
groups with later stamps, just the fields that were set since. A draft is written and read as any
log and never shown, since the state that it will begin from is still being fetched.
"""

from collections.abc import Iterable
from typing import NamedTuple

from fedretail.crdt import lineage
from fedretail.crdt.changes import START, Point
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName
from fedretail.crdt.row import stored_groups
from fedretail.crdt.stamp import is_in_force
from fedretail.errors import Refused
from fedretail.store import deletions, local, log, logs
from fedretail.store.database import Connection
from fedretail.store.deletions import Deletion
from fedretail.store.logs import LogState

# Names are signed by nobody: a stranger's could be so great that none is left behind it. A copy's
# clock was hardly ahead by more.
NAMED_AHEAD_MS = 366 * 24 * 3600 * 1000
# Under this key of `meta` stands why this store writes no more; see `check_may_write`.
STOPPED = "stopped"


class Writing(NamedTuple):
    """What this device writes of one collection; seen: the place up to which others have it."""

    incarnation: int
    seen: Point
    is_draft: bool


def writing(connection: Connection, owner: bytes, collection: str) -> Writing | None:
    """What was noted of a collection; None: nothing, the author's own incarnation counts."""
    row = connection.execute(
        "SELECT incarnation, seq, stamp, is_draft FROM local_writing"
        " JOIN collection ON collection.id = collection WHERE owner = ? AND name = ?",
        (owner, collection),
    ).fetchone()
    return None if row is None else Writing(row[0], Point(*row[1:3]), bool(row[3]))


def written(connection: Connection, name: LogName) -> LogName:
    """The log in which an author of `name` writes now, which may have been begun anew since."""
    noted = writing(connection, name.owner, name.collection)
    if noted is None or noted.incarnation <= name.incarnation:
        return name
    return name._replace(incarnation=noted.incarnation)


def drafts(connection: Connection) -> list[str]:
    """The collections of which this device writes a draft, in order."""
    query = (
        "SELECT name FROM local_writing JOIN collection ON collection.id = collection"
        " WHERE is_draft ORDER BY name"
    )
    return [name for (name,) in connection.execute(query)]


def note_writing(connection: Connection, name: LogName, seen: Point, *, is_draft: bool) -> None:
    """Note that this device writes this log (inside a transaction)."""
    collection = logs.collection_number(connection, name.owner, name.collection)
    connection.execute(
        "INSERT OR REPLACE INTO local_writing VALUES (?, ?, ?, ?, ?)",
        (collection, name.incarnation, *seen, is_draft),
    )


def note_seen(connection: Connection, name: LogName, seen: Point) -> bool:
    """Note that others see an own log up to this place (inside a transaction).

    False where the log is no longer the one that is written, or a draft.
    """
    noted = writing(connection, name.owner, name.collection)
    if noted is not None and (noted.incarnation > name.incarnation or noted.is_draft):
        return False
    if noted is None or noted.incarnation < name.incarnation or noted.seen.seq < seen.seq:
        note_writing(connection, name, seen, is_draft=False)
    return True


def check_may_write(connection: Connection) -> None:
    """Raise Refused where a copy of this store writes too, and nobody has said which counts."""
    reason = local.meta(connection, STOPPED)
    if reason is not None:
        raise Refused(
            "This folder was copied, and another computer writes with the same key. Nothing is "
            f"written here until you say which of them is the shop's own ({reason}).",
            hint="On that one restart with `fedretail serve --as original`, on the other with "
            "`fedretail serve --as copy`.",
        )


def done_with(connection: Connection, state: LogState) -> float:
    """Up to which seq newer incarnations of a log have taken it over; 0: not at all."""
    heads = [SignedHead.parse(raw).head for raw in _newer_heads(connection, state)]
    return lineage.done_with(state.name, heads) if heads else 0


def _newer_heads(connection: Connection, state: LogState) -> list[bytes]:
    rows = connection.execute(
        "SELECT head FROM log WHERE collection = ? AND device = ? AND incarnation > ?"
        " AND head IS NOT NULL",
        (state.collection, state.name.device, state.name.incarnation),
    )
    return [raw for (raw,) in rows]


def older(connection: Connection, state: LogState) -> list[LogState]:
    """The older incarnations of a log that are held, the oldest first."""
    held = logs.of_collection(connection, state.name.owner, state.name.collection)
    return [
        one
        for one in held
        if one.head is not None
        and one.name.device == state.name.device
        and one.name.incarnation < state.name.incarnation
    ]


def retire(connection: Connection, state: LogState, head: SignedHead, *, now_ms: int) -> None:
    """Forget the older incarnations that `state`, as it moves to `head`, is done with.

    Inside the transaction that has moved it. Their rows are in this log or overwritten there.
    """
    if not (head.head.parent or head.head.absorbed):
        return
    names_more = state.head is None or _origin(SignedHead.parse(state.head)) != _origin(head)
    for one in older(connection, state):
        if one.point.seq <= done_with(connection, one):
            _forget(connection, one, state, now_ms=now_ms)
        elif names_more:
            hide_done(connection, one, now_ms=now_ms)


def _origin(signed: SignedHead) -> tuple[object, object]:
    return signed.head.parent, signed.head.absorbed


def hide_done(connection: Connection, one: LogState, *, now_ms: int) -> None:
    """Let nothing be shown of an older log that a newer one has taken over and deleted since.

    Inside the transaction that has brought either. The deletion may have left that one long ago;
    the older log stands beside it as a whole for what it holds beyond.
    """
    heirs = [
        (newer, lineage.done_with(one.name, [SignedHead.parse(newer.head).head]))
        for newer in logs.of_collection(connection, one.name.owner, one.name.collection)
        if newer.head is not None
        and newer.name.device == one.name.device
        and newer.name.incarnation > one.name.incarnation
    ]
    naming = [(newer, done) for newer, done in heirs if done]
    if not naming:
        return
    heir, done = naming[-1]
    rows = connection.execute(
        "SELECT old.kind, old.key, old.row, new.row FROM row AS old"
        " LEFT JOIN row AS new ON new.log = ?1 AND new.kind = old.kind AND new.key = old.key"
        " WHERE old.log = ?2 AND old.seq <= ?3 AND new.row IS NOT old.row",
        (heir.number, one.number, done),
    )
    for kind, key, packed, other in rows.fetchall():
        held = [] if other is None else stored_groups(other)
        there = {name for _, fields in held for name in fields}
        lost = [stamp for stamp, fields in stored_groups(packed) if not fields.keys() <= there]
        if lost and is_in_force(max(lost), now_ms):
            place = (one.collection, kind, key)
            deletion = Deletion(max(lost), one.name.device, one.name.incarnation)
            deletions.remember(connection, place, deletion)
            log.enter(connection, [place], now_ms=now_ms)


def _forget(connection: Connection, one: LogState, state: LogState, *, now_ms: int) -> None:
    # Rows that stand there to the byte change nothing by going.
    differing = connection.execute(
        "SELECT collection, kind, key FROM log JOIN row ON row.log = log.id WHERE log.id = ?1"
        " AND NOT EXISTS (SELECT 1 FROM row AS new WHERE new.log = ?2 AND new.kind = row.kind"
        " AND new.key = row.key AND new.row = row.row)",
        (one.number, state.number),
    ).fetchall()
    log.enter(connection, differing, now_ms=now_ms)
    # What was replaced on the way to the parent is how the new log came about too.
    query = "UPDATE local_journal SET log = ? WHERE log = ?"
    connection.execute(query, (state.number, one.number))
    drop(connection, one, now_ms=now_ms)


def drop(connection: Connection, one: LogState, *, now_ms: int) -> None:
    """Forget a log with all its rows, but not what it has deleted (inside a transaction)."""
    deletions.keep_all(connection, one, now_ms=now_ms)
    tables = ("row", "staging", "local_journal", "head_seen", "local_repair", "local_spent")
    for table in (*tables, "local_day"):
        connection.execute(f"DELETE FROM {table} WHERE log = ?", (one.number,))
    connection.execute("DELETE FROM log WHERE id = ?", (one.number,))
    deletions.forget(connection, one.collection)


def parent_of(connection: Connection, state: LogState, head: SignedHead) -> LogState | None:
    """The log from whose rows this one, of which nothing is held, can go on to `head`.

    Only the very parent that the head names, at that very head; None: fetch from the start.
    """
    parent = head.head.parent
    if state.point != START or parent is None or parent[1] < head.head.floor:
        return None
    incarnation, seq, head_id = parent
    found = logs.find_name(connection, state.name._replace(incarnation=incarnation))
    if found is None or found.head is None or found.point.seq != seq:
        return None
    return found if SignedHead.parse(found.head).id == head_id else None


def begin_from(connection: Connection, state: LogState, parent: LogState) -> LogState:
    """`state`, an empty log, with the rows of its parent (inside a transaction)."""
    connection.execute(
        "INSERT INTO row SELECT ?, kind, key, seq, row FROM row WHERE log = ?",
        (state.number, parent.number),
    )
    return state._replace(
        point=parent.point, count=parent.count, size=parent.size, state=parent.state
    )


def own_older(connection: Connection, name: LogName) -> list[LogState]:
    """The logs of this device and collection that are held with a head, but for `name`."""
    held = logs.of_collection(connection, name.owner, name.collection)
    return [
        one
        for one in held
        if one.head is not None and one.name.device == name.device and one.name != name
    ]


def known(connection: Connection, name: LogName, *, now_ms: int) -> Iterable[int]:
    """Every incarnation of this device and collection that was heard of.

    By name alone too, but those far ahead of the time count only where a head of it was met.
    """
    rows = connection.execute(
        "SELECT incarnation FROM log JOIN collection ON collection.id = log.collection"
        " WHERE owner = ? AND name = ? AND device = ? AND (incarnation <= ? OR head IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM staging WHERE staging.log = log.id)"
        " OR EXISTS (SELECT 1 FROM head_seen WHERE head_seen.log = log.id))",
        (*name[:3], now_ms + NAMED_AHEAD_MS),
    )
    return [incarnation for (incarnation,) in rows]
