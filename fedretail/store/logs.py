"""What the store holds of each log, and what a peer is told of it: heads and changed rows."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fedretail.crdt import digest
from fedretail.crdt.changes import START, Point, encode
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.row import Row, RowKey, digested, stored_row
from fedretail.crdt.transfer import Part
from fedretail.errors import Refused
from fedretail.store.database import Connection

# A device opens one log a collection; a ninth is a mistake or an attack.
MAX_LOGS_PER_COLLECTION = 8
# Logs by name alone in the whole store; one takes 2.3 kB on the disk.
MAX_BARE_LOGS = 16_000
# A part with its head and keys must fit into a frame of 256 KiB.
PART_BYTES = 240 * 1024
# What a group of fields takes as a line of changes beyond key and kind, at most: a list of its
# own, three differences of 9 bytes.
_LINE_BYTES = 48
# Rows whose elements are summed at once.
_SLICE = 2000
# Sorting as many rows takes some ms; more are cheaper to find by walking the table.
_FEW = 2000


class LogState(NamedTuple):
    """A log as held: its place, its newest verified head (None: none yet) and digest state."""

    number: int
    log: bytes
    collection: int
    name: LogName
    point: Point
    count: int  # type: ignore[assignment] # a field, no longer tuple.count
    size: int
    state: bytes
    head: bytes | None


class Surroundings(NamedTuple):
    """What stands beside a log in its collection, and whether parts of it are on their way in.

    is_alone: whether no other log has a say in its records; newest_incarnation: of the same
    device, its own included; parent: the log from whose rows a transfer goes on.
    """

    is_alone: bool
    newest_incarnation: int
    is_staged: bool
    parent: LogState | None = None


_COLUMNS = """SELECT log.id, log_id, collection, owner, name, device, incarnation, seq, stamp,
 count, size, state, head FROM log JOIN collection ON collection.id = log.collection """


def collection_number(connection: Connection, owner: bytes, name: str) -> int:
    """The local number of a collection, given on first sight (inside a transaction)."""
    place = (owner, name)
    query = "SELECT id FROM collection WHERE owner = ? AND name = ?"
    found = connection.execute(query, place).fetchone()
    if found is not None:
        return int(found[0])
    number = connection.execute(
        "INSERT INTO collection (owner, name) VALUES (?, ?)", place
    ).lastrowid
    assert number is not None
    return number


def find(connection: Connection, log: bytes) -> LogState | None:
    """The log of this id, or None where its name was never heard."""
    row = connection.execute(_COLUMNS + "WHERE log_id = ?", (log,)).fetchone()
    return None if row is None else _state(row)


def find_name(connection: Connection, name: LogName) -> LogState | None:
    """The log of this name, or None."""
    return find(connection, log_id(name))


def surroundings(connection: Connection, log: LogState) -> Surroundings:
    """What stands beside a log."""
    query = (
        "SELECT count(*) = 1, max(incarnation) FILTER"
        " (WHERE device = ?1 AND (head IS NOT NULL OR id = ?2)),"
        " EXISTS (SELECT 1 FROM staging WHERE staging.log = ?2) FROM log WHERE collection = ?3"
    )
    values = (log.name.device, log.number, log.collection)
    is_alone, newest, is_staged = connection.execute(query, values).fetchone()
    return Surroundings(bool(is_alone), newest, bool(is_staged))


def of_collection(connection: Connection, owner: bytes, collection: str) -> list[LogState]:
    """All logs of one collection, oldest incarnation first."""
    rule = "WHERE owner = ? AND name = ? ORDER BY device, incarnation"
    return [_state(row) for row in connection.execute(_COLUMNS + rule, (owner, collection))]


def open_log(connection: Connection, name: LogName) -> LogState:
    """The log of this name, entered as `enter` says."""
    enter(connection, name)
    state = find_name(connection, name)
    assert state is not None
    return state


def enter(connection: Connection, name: LogName) -> None:
    """Enter the log of this name, without a head, where it is new (inside a transaction).

    Refused where its collection has too many logs already.
    """
    log = log_id(name)
    if connection.execute("SELECT 1 FROM log WHERE log_id = ?", (log,)).fetchone() is not None:
        return
    collection = collection_number(connection, name.owner, name.collection)
    _make_room(connection, collection, name)
    connection.execute(
        "INSERT INTO log (log_id, collection, device, incarnation, seq, stamp, count, size, state,"
        " moved) VALUES (?, ?, ?, ?, 0, 0, 0, 0, zeroblob(2048), 0)",
        (log, collection, name.device, name.incarnation),
    )


def _make_room(connection: Connection, collection: int, name: LogName) -> None:
    """Raise Refused where a collection has all the logs it may have.

    Names need no signature: only logs that a verified head speaks for count, and of the others
    the oldest gives way, so that invented names never keep out an honest one.
    """
    rows = connection.execute(
        "SELECT id, head IS NOT NULL OR EXISTS (SELECT 1 FROM staging WHERE staging.log = log.id)"
        " FROM log WHERE collection = ? ORDER BY id",
        (collection,),
    ).fetchall()
    bare = [number for number, is_known in rows if not is_known]
    if len(rows) - len(bare) >= MAX_LOGS_PER_COLLECTION:
        raise Refused(f"More than {MAX_LOGS_PER_COLLECTION} devices write {name.collection}.")
    if len(bare) >= MAX_LOGS_PER_COLLECTION:
        forget(connection, bare[0])
    elif (oldest := _one_too_many(connection)) is not None:
        forget(connection, oldest)


def _one_too_many(connection: Connection) -> int | None:
    """The log that was known by name alone for the longest time, where there are too many."""
    (count,) = connection.execute("SELECT count(*) FROM log WHERE moved = 0").fetchone()
    if count < MAX_BARE_LOGS:
        return None
    query = (
        "SELECT id FROM log WHERE moved = 0"
        " AND NOT EXISTS (SELECT 1 FROM staging WHERE staging.log = log.id) ORDER BY id LIMIT 1"
    )
    found = connection.execute(query).fetchone()
    return None if found is None else int(found[0])


def forget(connection: Connection, number: int) -> None:
    """Remove a log that is a name and nothing else, and its collection where that is one too.

    Heads seen of it go too: nothing else would lead to them (inside a transaction).
    """
    (collection,) = connection.execute(
        "SELECT collection FROM log WHERE id = ?", (number,)
    ).fetchone()
    connection.execute("DELETE FROM head_seen WHERE log = ?", (number,))
    connection.execute("DELETE FROM log WHERE id = ?", (number,))
    tables = ("log", "feed", "local_own", "local_profile", "local_writing", "local_evicted")
    unused = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} WHERE collection = ?1)" for table in tables
    )
    query = f"DELETE FROM collection WHERE id = ?1 AND {unused}"
    if connection.execute(query, (collection,)).rowcount:
        # Its number may be given again.
        connection.execute("DELETE FROM local_deletion WHERE collection = ?", (collection,))


def heads(connection: Connection, *, moved_after: int = 0) -> list[tuple[int, LogName, bytes]]:
    """(moved, name, head as sent) of every log whose head moved after that place, in order."""
    rows = connection.execute(
        "SELECT moved, owner, name, device, incarnation, head FROM log"
        " JOIN collection ON collection.id = log.collection WHERE moved > ? ORDER BY moved",
        (moved_after,),
    )
    return [(row[0], LogName(*row[1:5]), row[5]) for row in rows]


def rows_of(connection: Connection, number: int) -> Iterator[tuple[RowKey, int, bytes]]:
    """Every row of a log as (key, seq, canonical bytes), in key order."""
    query = "SELECT kind, key, seq, row FROM row WHERE log = ? ORDER BY kind, key"
    for kind, key, seq, packed in connection.execute(query, (number,)):
        yield RowKey(kind, key), seq, packed


def counted(connection: Connection, log: LogState) -> LogState:
    """The log with the sums that its rows have, all of them counted anew."""
    total, count, size = digest.EMPTY_STATE, 0, 0
    batch: list[bytes] = []
    for key, _, packed in rows_of(connection, log.number):
        batch.append(digested(key, packed))
        count, size = count + 1, size + len(batch[-1])
        if len(batch) >= _SLICE:
            total, batch = digest.updated(total, batch, []), []
    total = digest.updated(total, batch, [])
    return log._replace(state=total, count=count, size=size)


def changes_since(
    connection: Connection, log: bytes, base: Point, after: RowKey | None
) -> Part | None:
    """The next part of what changed in a log since `base`, behind the key `after`.

    Below the floor, where vacant rows are gone that `base` may know as full ones, it is the first
    part of the whole log. None where the log is not held, or not beyond `base`.
    """
    with connection.snapshot():
        state = find(connection, log)
        if state is None or state.head is None or state.point.seq <= base.seq:
            return None
        if 0 < base.seq < SignedHead.parse(state.head).head.floor:
            base, after = START, None
        rows, last = _next_rows(connection, state.number, base, after)
        return Part(state.head, encode(rows, base=base, head=state.point), last, base)


def _next_rows(
    connection: Connection, number: int, base: Point, after: RowKey | None
) -> tuple[list[tuple[tuple[str, str], Row]], RowKey | None]:
    """As many rows in key order as fit into a part, and the last key if more may follow."""
    rows: list[tuple[tuple[str, str], Row]] = []
    size = 0
    for kind, key, packed in _changed(connection, number, base, after or RowKey("", "")):
        row = stored_row(packed)
        size += line_bytes((kind, key), packed, row)
        if rows and size > PART_BYTES:
            return rows, RowKey(*rows[-1][0])
        rows.append(((kind, key), row))
    return rows, None


def line_bytes(key: tuple[str, str], packed: bytes, row: Row) -> int:
    """What a row takes as lines of changes, at most."""
    kind, name = key
    return len(packed) + len(row[2]) * (len(kind) + len(name) + _LINE_BYTES)


def _changed(
    connection: Connection, number: int, base: Point, after: RowKey
) -> Iterator[tuple[str, str, bytes]]:
    """(kind, key, row) changed since `base` behind `after`, in key order."""
    # The index by seq finds few changes without reading the rest, but sorts them; of many, the
    # table itself, which is in key order, is read from `after` on.
    table = "row INDEXED BY row_seq" if _are_few(connection, number, base) else "row NOT INDEXED"
    query = (
        f"SELECT kind, key, row FROM {table} WHERE log = ? AND seq > ?"
        " AND (kind, key) > (?, ?) ORDER BY kind, key"
    )
    yield from connection.execute(query, (number, base.seq, *after))


def _are_few(connection: Connection, number: int, base: Point) -> bool:
    if base == START:
        return False
    query = (
        "SELECT count(*) FROM (SELECT 1 FROM row INDEXED BY row_seq"
        f" WHERE log = ? AND seq > ? LIMIT {_FEW + 1})"
    )
    (count,) = connection.execute(query, (number, base.seq)).fetchone()
    return int(count) <= _FEW


def _state(row: tuple[Any, ...]) -> LogState:
    number, log, collection, owner, name, device, incarnation, seq, stamp, *rest = row
    count, size, state, head = rest
    names = LogName(owner, name, device, incarnation)
    return LogState(
        number, log, collection, names, Point(seq, stamp), count, size, state, head
    )  # fmt: skip
