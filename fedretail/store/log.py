"""The one door: how the rows of a log are written and the log moves, all in one transaction.

`commit` makes rows and a signed head from edits, `advance` takes both from a peer, `repair` single
rows; from there the way is the same: `prepare` rows and digest, `put` them with journal and feed,
`move` the log. Where the head has a later floor, `purge` makes one more step before the log moves.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from fedretail.crdt import digest
from fedretail.crdt.changes import Point
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.registers import fold
from fedretail.crdt.row import Row, RowKey, digested, parse_row, stored_groups, stored_row
from fedretail.crdt.stamp import MATURITY_MS, is_in_force
from fedretail.errors import MalformedInput
from fedretail.store import deletions, journal, seen
from fedretail.store.arrivals import Arrived, packed_row
from fedretail.store.database import Connection
from fedretail.store.logs import LogState


class Replaced(NamedTuple):
    """One row of a step: what stood there (None: nothing), and what stands there now."""

    kind: str
    key: str
    seq: int
    packed: bytes
    old: bytes | None


class Gone(NamedTuple):
    """One row that a step takes away; old: None where its bytes are damaged."""

    kind: str
    key: str
    old: bytes | None


class Step(NamedTuple):
    """What a log is after a change of rows: the rows, and the sums its head must name."""

    rows: list[Replaced]
    state: bytes
    count: int  # type: ignore[assignment] # a field, no longer tuple.count
    size: int
    gone: Sequence[Gone] = ()


Change = Callable[[Row | None], Row]
# Kind, key, and what stands there now and before: seq and bytes, bytes; None: nothing.
Difference = tuple[str, str, int | None, bytes | None, bytes | None]
# Keys looked up by one statement: well below SQLite's limit of 999 bound values in old builds.
_BATCH = 500
# More entries in a millisecond than a disk can take; cursors stay below 2^63 for ever.
CURSORS_A_MS = 1000


def prepare(
    connection: Connection, log: LogState, changes: Iterable[tuple[RowKey, Change]]
) -> Step:
    """The step that `changes` make from `log`; nothing is written.

    Each key at most once. MalformedInput where a row would break a limit.
    """
    wanted = list(changes)
    found = present(connection, log, [key for key, _ in wanted])
    rows = [_replaced(key, found.get(key), change) for key, change in wanted]
    return _step(log, rows, [_item(row) for row in rows])


def prepare_arrived(connection: Connection, log: LogState, part: Arrived) -> Step:
    """The step that a peer's part makes from `log`: as `prepare`, the whole rows made ready."""
    keys = [(kind, key) for kind, key, _, _ in part.whole]
    found = present(connection, log, [*keys, *(key for key, _ in part.merges)])
    rows = [Replaced._make((*row, found.get(row[:2]))) for row in part.whole]
    merged = [_replaced(key, found.get(key), change.applied) for key, change in part.merges]
    ready = log._replace(state=digest.added(log.state, part.state), size=log.size + part.size)
    return _step(ready, rows + merged, [_item(row) for row in merged])


def difference(log: LogState, found: Iterable[Difference]) -> Step:
    """What is written and taken away otherwise, as a step to the sums that `log` has.

    Of a row whose bytes are damaged nobody knows what it was: it counts as none.
    """
    rows, gone = [], []
    for kind, key, seq, new, old in found:
        known = old if old is not None and is_sound(RowKey(kind, key), old) else None
        if new is not None and seq is not None:
            rows.append(Replaced(kind, key, seq, new, known))
        elif old is not None:
            gone.append(Gone(kind, key, known))
    return Step(rows, log.state, log.count, log.size, gone)


def is_sound(key: RowKey, packed: bytes) -> bool:
    """Whether these bytes are a row."""
    try:
        parse_row(key, packed)
    except MalformedInput:
        return False
    return True


def purge(connection: Connection, log: LogState, floor: int) -> Step:
    """The step that takes away what a head with this floor has none of: vacant rows up to it."""
    query = (
        "SELECT kind, key, row FROM row INDEXED BY row_vacant"
        " WHERE log = ? AND seq <= ? AND length(row) <= 20"
    )
    small = connection.execute(query, (log.number, floor)).fetchall()
    gone = [(kind, key, packed) for kind, key, packed in small if is_vacant(packed)]
    removed = [digested((kind, key), packed) for kind, key, packed in gone]
    sums = (log.count - len(gone), log.size - sum(map(len, removed)))
    state = digest.updated(log.state, [], removed)
    return Step([], state, *sums, [Gone(*row) for row in gone])


def is_vacant(packed: bytes) -> bool:
    """Whether these are the bytes of a row without groups."""
    return packed.endswith(b"\x90") and not stored_row(packed).groups


def _step(log: LogState, rows: list[Replaced], added: list[bytes]) -> Step:
    """The step of `rows`; `added`: the items of those whose sums are not in `log` yet."""
    removed = [digested((row.kind, row.key), row.old) for row in rows if row.old is not None]
    state = digest.updated(log.state, added, removed)
    size = log.size + sum(map(len, added)) - sum(map(len, removed))
    return Step(rows, state, log.count + len(rows) - len(removed), size)


def _item(row: Replaced) -> bytes:
    return digested((row.kind, row.key), row.packed)


def _replaced(key: RowKey, old: bytes | None, change: Change) -> Replaced:
    row = change(None if old is None else stored_row(old))
    return Replaced(*key, row.seq, packed_row(key, row), old)


def present(
    connection: Connection, log: LogState, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], bytes]:
    """The rows that stand under some of `keys`."""
    found: dict[tuple[str, str], bytes] = {}
    by_kind: dict[str, list[str]] = {}
    last = _last_key(connection, log) if keys and log.count else None
    # Of a log that is fetched in key order nothing can stand there yet.
    if last is None or min(keys) > last:
        return found
    for kind, key in keys:
        if (kind, key) <= last:
            by_kind.setdefault(kind, []).append(key)
    for kind, some in by_kind.items():
        for start in range(0, len(some), _BATCH):
            batch = some[start : start + _BATCH]
            query = (
                "SELECT kind, key, row FROM row WHERE log = ? AND kind = ? AND key IN"
                f" ({','.join('?' * len(batch))})"
            )
            rows = connection.execute(query, (log.number, kind, *batch))
            found.update(((kind, key), row) for kind, key, row in rows)
    return found


def _last_key(connection: Connection, log: LogState) -> tuple[str, str] | None:
    """The last key of a log in the order of UTF-8 bytes, which is that of Python's texts too."""
    query = "SELECT kind, key FROM row WHERE log = ? ORDER BY kind DESC, key DESC LIMIT 1"
    found: tuple[str, str] | None = connection.execute(query, (log.number,)).fetchone()
    return found


def after(log: LogState, step: Step) -> LogState:
    """`log` with the rows of `step`, under its old head still."""
    return log._replace(state=step.state, count=step.count, size=step.size)


def agrees(log: LogState, head: Head) -> bool:
    """Whether the rows of `log` are the ones that `head` was signed over."""
    sums = (head.digest, head.count, head.size)
    return (digest.root(log.state), log.count, log.size) == sums


def put(
    connection: Connection, log: LogState, step: Step, head: Head, *, now_ms: int, is_own: bool
) -> None:
    """Write the rows of a step on the way to `head`, with the journal (inside a transaction)."""
    rows = [(log.number, *item[:4]) for item in step.rows]
    connection.executemany("INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?)", rows)
    gone = [(log.number, item.kind, item.key) for item in step.gone]
    connection.executemany("DELETE FROM row WHERE log = ? AND kind = ? AND key = ?", gone)
    if is_own:
        keep(connection, log, step, head, now_ms=now_ms)
    if not is_in_force(head.stamp, now_ms):
        written = ((row.kind, row.key, row.packed) for row in step.rows)
        await_rows(connection, log.collection, written, now_ms=now_ms)


def keep(connection: Connection, log: LogState, step: Step, head: Head, *, now_ms: int) -> None:
    """Journal what a step on the way to `head` replaces and takes away (in its transaction)."""
    kept: list[tuple[journal.Key, bytes, bytes | None]] = [
        ((row.kind, row.key), row.old, row.packed) for row in step.rows if row.old
    ]
    kept += [((row.kind, row.key), row.old, None) for row in step.gone if row.old]
    journal.keep(connection, log.number, kept, head=Point(head.seq, head.stamp), now_ms=now_ms)


def move(connection: Connection, log: LogState, head: SignedHead) -> None:
    """Put `log`, whose rows agree with `head`, under that head (in the same transaction)."""
    connection.execute(
        "UPDATE log SET seq = ?, stamp = ?, count = ?, size = ?, state = ?, head = ?,"
        " moved = (SELECT max(moved) + 1 FROM log) WHERE id = ?",
        (head.head.seq, head.head.stamp, log.count, log.size, log.state, head.raw, log.number),
    )
    connection.execute("DELETE FROM staging WHERE log = ?", (log.number,))
    seen.enter(connection, log.number, head)


def feed(
    connection: Connection, log: LogState, step: Step, *, now_ms: int, is_exact: bool = False
) -> None:
    """Enter the records whose value has changed by a step (in its transaction).

    Of a log that stands alone every row written counts as changed, unless it is vacant, or
    `is_exact` asks to look: then what nobody knew before counts.
    """
    is_sole = is_alone(connection, log)
    rows: list[tuple[str, str, bytes | None, bytes | None]] = [
        (item.kind, item.key, item.old, item.packed) for item in step.rows
    ]
    rows += [(*item, None) for item in step.gone]
    records = [
        (log.collection, kind, key)
        for kind, key, old, new in rows
        if (is_sole and not is_exact and new is not None and not is_vacant(new))
        or _shows(connection, log, (kind, key), (old, new), now_ms=now_ms)
        or (is_exact and old is None)
    ]
    enter(connection, records, now_ms=now_ms)


def feed_all(connection: Connection, log: LogState, *, now_ms: int) -> None:
    """Enter all records of a log, in key order: of a log that was empty and stands alone."""
    _begin_cursors(connection, now_ms)
    connection.execute(
        "INSERT OR REPLACE INTO feed (collection, kind, key)"
        " SELECT ?, kind, key FROM row WHERE log = ? ORDER BY kind, key",
        (log.collection, log.number),
    )


def is_alone(connection: Connection, log: LogState) -> bool:
    """Whether no other log has a say in the records of this one."""
    query = "SELECT count(*) FROM log WHERE collection = ?"
    (logs,) = connection.execute(query, (log.collection,)).fetchone()
    return bool(logs == 1)


def enter(connection: Connection, records: Iterable[tuple[int, str, str]], *, now_ms: int) -> None:
    """Put records (collection, kind, key) at the end of the feed (inside a transaction)."""
    _begin_cursors(connection, now_ms)
    query = "INSERT OR REPLACE INTO feed (collection, kind, key) VALUES (?, ?, ?)"
    connection.executemany(query, records)


def _begin_cursors(connection: Connection, now_ms: int) -> None:
    """Let the next cursor be later than all of earlier milliseconds: it tells an entry's age."""
    least = now_ms * CURSORS_A_MS
    query = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'feed'"
    if connection.execute(query, (least,)).rowcount == 0:
        connection.execute("INSERT INTO sqlite_sequence VALUES ('feed', ?)", (least,))


def _shows(
    connection: Connection,
    log: LogState,
    key: tuple[str, str],
    rows: tuple[bytes | None, bytes | None],
    *,
    now_ms: int,
) -> bool:
    """Whether a record's folded value differs for the row before and after, given the others."""
    others = deletions.said_beside(connection, log, key)
    before, after = (
        [] if row is None else [deletions.said_by(log, stored_row(row).groups)] for row in rows
    )
    place = (log.collection, *key)
    known, kept = deletions.settle(
        connection, place, others, before=before, after=after, now_ms=now_ms
    )
    old = [deletions.hidden(said, known) for said in [*others, *before]]
    new = [deletions.hidden(said, kept) for said in [*others, *after]]
    return fold(old, now_ms=now_ms) != fold(new, now_ms=now_ms)


def await_rows(
    connection: Connection, collection: int, rows: Iterable[tuple[str, str, bytes]], *, now_ms: int
) -> None:
    """Note when the rows (kind, key, packed) with an early stamp will be in force; see `early`."""
    due = []
    for kind, key, packed in rows:
        early = [stamp for stamp, _ in stored_groups(packed) if not is_in_force(stamp, now_ms)]
        if early:
            due.append((collection, kind, key, min(early) - MATURITY_MS))
    # Another log may hold an earlier stamp of the same record.
    query = "INSERT INTO local_due VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    connection.executemany(query + " due = min(due, excluded.due)", due)
