"""What is done with the older incarnations of a log: hidden, forgotten, gone on from.

A newer incarnation begins with the rows of its parent and names what it has taken over since; of
an older one it is done with, nothing is kept but what it has deleted.
"""

from collections.abc import Iterable

from fedretail.crdt import lineage
from fedretail.crdt.changes import START
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName
from fedretail.crdt.row import stored_groups
from fedretail.crdt.stamp import is_in_force
from fedretail.store import deletions, log, logs
from fedretail.store.database import Connection
from fedretail.store.deletions import Deletion
from fedretail.store.logs import LogState

# Names are signed by nobody: a stranger's could be so great that none is left behind it. A copy's
# clock was hardly ahead by more.
NAMED_AHEAD_MS = 366 * 24 * 3600 * 1000


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
