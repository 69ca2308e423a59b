"""The one door: every row that a log holds came through `advance` or `commit`, in one transaction.

`commit` makes rows and a signed head from edits, `advance` takes both from a peer; from there the
way is the same: `prepare` rows and digest, `put` them with journal and feed, `move` the log.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from fedretail.crdt import digest
from fedretail.crdt.changes import Point
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.registers import fold
from fedretail.crdt.row import Row, RowKey, digested, stored_groups, stored_row
from fedretail.crdt.stamp import MATURITY_MS, is_in_force
from fedretail.store import journal, seen
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


class Step(NamedTuple):
    """What a log is after a change of rows: the rows, and the sums its head must name."""

    rows: list[Replaced]
    state: bytes
    count: int  # type: ignore[assignment] # a field, no longer tuple.count
    size: int


Change = Callable[[Row | None], Row]
# Keys looked up by one statement: well below SQLite's limit of 999 bound values in old builds.
_BATCH = 500
# More entries in a millisecond than a disk can take; cursors stay below 2^63 for ever.
_CURSORS_A_MS = 1000


def prepare(
    connection: Connection, log: LogState, changes: Iterable[tuple[RowKey, Change]]
) -> Step:
    """The step that `changes` make from `log`; nothing is written.

    Each key at most once. MalformedInput where a row would break a limit.
    """
    wanted = list(changes)
    present = _present(connection, log, [key for key, _ in wanted])
    rows = [_replaced(key, present.get(key), change) for key, change in wanted]
    return _step(log, rows, [_item(row) for row in rows])


def prepare_arrived(connection: Connection, log: LogState, part: Arrived) -> Step:
    """The step that a peer's part makes from `log`: as `prepare`, the whole rows made ready."""
    keys = [(kind, key) for kind, key, _, _ in part.whole]
    present = _present(connection, log, [*keys, *(key for key, _ in part.merges)])
    rows = [Replaced._make((*row, present.get(row[:2]))) for row in part.whole]
    merged = [_replaced(key, present.get(key), change.applied) for key, change in part.merges]
    ready = log._replace(state=digest.added(log.state, part.state), size=log.size + part.size)
    return _step(ready, rows + merged, [_item(row) for row in merged])


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


def _present(
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
    if is_own:
        kept = [((row.kind, row.key), row.old, row.packed) for row in step.rows if row.old]
        journal.keep(connection, log.number, kept, head=Point(head.seq, head.stamp), now_ms=now_ms)
    if not is_in_force(head.stamp, now_ms):
        written = ((row.kind, row.key, row.packed) for row in step.rows)
        await_rows(connection, log.collection, written, now_ms=now_ms)


def move(connection: Connection, log: LogState, head: SignedHead) -> None:
    """Put `log`, whose rows agree with `head`, under that head (in the same transaction)."""
    connection.execute(
        "UPDATE log SET seq = ?, stamp = ?, count = ?, size = ?, state = ?, head = ?,"
        " moved = (SELECT max(moved) + 1 FROM log) WHERE id = ?",
        (head.head.seq, head.head.stamp, log.count, log.size, log.state, head.raw, log.number),
    )
    connection.execute("DELETE FROM staging WHERE log = ?", (log.number,))
    seen.enter(connection, log.number, head)


def feed(connection: Connection, log: LogState, step: Step, *, now_ms: int) -> None:
    """Enter the records whose value has changed by a step (in its transaction)."""
    changed = step.rows
    if not is_alone(connection, log):
        changed = [item for item in step.rows if _shows(connection, log, item, now_ms)]
    records = [(log.collection, item.kind, item.key) for item in changed]
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
    """Let the next cursor be later than all of earlier milliseconds.

    A power cut may take back entries that a follower has read. What is entered after it must not
    look as if it had been read too.
    """
    least = now_ms * _CURSORS_A_MS
    query = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'feed'"
    if connection.execute(query, (least,)).rowcount == 0:
        connection.execute("INSERT INTO sqlite_sequence VALUES ('feed', ?)", (least,))


def _shows(connection: Connection, log: LogState, item: Replaced, now_ms: int) -> bool:
    """Whether the record's folded value differs for this row, given those of the other logs."""
    others = [
        (device, stored_row(row).groups)
        for device, row in connection.execute(
            "SELECT device, row FROM row JOIN log ON log.id = row.log"
            " WHERE log.collection = ? AND log.id != ? AND kind = ? AND key = ?",
            (log.collection, log.number, item.kind, item.key),
        )
    ]
    device = log.name.device
    before = [] if item.old is None else [(device, stored_row(item.old).groups)]
    after = [(device, stored_row(item.packed).groups)]
    return fold([*others, *before], now_ms=now_ms) != fold([*others, *after], now_ms=now_ms)


def await_rows(
    connection: Connection, collection: int, rows: Iterable[tuple[str, str, bytes]], *, now_ms: int
) -> None:
    """Note those of the rows (kind, key, packed) with a stamp that is not in force yet."""
    due = []
    for kind, key, packed in rows:
        early = [stamp for stamp, _ in stored_groups(packed) if not is_in_force(stamp, now_ms)]
        if early:
            due.append((collection, kind, key, min(early) - MATURITY_MS))
    await_due(connection, due)


def await_due(connection: Connection, records: Iterable[tuple[int, str, str, int]]) -> None:
    """Note when the stamps of records (collection, kind, key, ms) will be in force."""
    # Another log may hold an earlier stamp of the same record.
    query = "INSERT INTO local_due VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    connection.executemany(query + " due = min(due, excluded.due)", records)
