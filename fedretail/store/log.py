"""The one door: every row that a log holds came through `advance` or `commit`, in one transaction.

`commit` makes rows and a signed head from edits, `advance` takes both from a peer; from there the
way is the same: `prepare` rows and digest, `put` them with journal and feed, `move` the log.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from fedretail.crdt import digest
from fedretail.crdt.changes import RowChange
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.registers import fold
from fedretail.crdt.row import Row, RowKey, check_row, digested, stored_row
from fedretail.crdt.stamp import MATURITY_MS, is_in_force
from fedretail.errors import MalformedInput
from fedretail.store.database import Connection
from fedretail.store.logs import LogState


class Replaced(NamedTuple):
    """One row of a step: what stood there (None: nothing), and what stands there now."""

    key: RowKey
    old: bytes | None
    row: Row
    packed: bytes


class Step(NamedTuple):
    """What a log is after a change of rows: the rows, and the sums its head must name."""

    rows: list[Replaced]
    state: bytes
    count: int  # type: ignore[assignment] # a field, no longer tuple.count
    size: int


Change = Callable[[Row | None], Row]
# Keys looked up by one statement: well below SQLite's limit of 999 bound values in old builds.
_BATCH = 500


def prepare(
    connection: Connection, log: LogState, changes: Iterable[tuple[RowKey, Change]]
) -> Step:
    """The step that `changes` make from `log`; nothing is written.

    Each key at most once. MalformedInput where a row would break a limit.
    """
    wanted = list(changes)
    present = _present(connection, log, [key for key, _ in wanted])
    rows = [_replaced(key, present.get(key), change) for key, change in wanted]
    added = [digested(item.key, item.packed) for item in rows]
    removed = [digested(item.key, item.old) for item in rows if item.old is not None]
    state = digest.updated(log.state, added, removed)
    size = log.size + sum(map(len, added)) - sum(map(len, removed))
    return Step(rows, state, log.count + len(added) - len(removed), size)


def _replaced(key: RowKey, old: bytes | None, change: Change) -> Replaced:
    row = change(None if old is None else stored_row(old))
    try:
        packed = row.pack()
    except (ValueError, OverflowError, TypeError) as error:
        raise MalformedInput(f"{key.key}: {error}") from None
    check_row(key, row, packed)
    return Replaced(key, old, row, packed)


def _present(
    connection: Connection, log: LogState, keys: list[RowKey]
) -> dict[tuple[str, str], bytes]:
    """The rows that stand under some of `keys`."""
    found: dict[tuple[str, str], bytes] = {}
    by_kind: dict[str, list[str]] = {}
    for kind, key in keys if log.count else ():
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


def received(changes: dict[RowKey, RowChange]) -> list[tuple[RowKey, Change]]:
    """A peer's changes in the form that `prepare` takes."""
    return [(key, change.applied) for key, change in changes.items()]


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
    """Write the rows of a step on the way to `head`, with journal and feed (in a transaction)."""
    rows = [(log.number, *item.key, item.row.seq, item.packed) for item in step.rows]
    connection.executemany("INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?)", rows)
    if is_own:
        _journal(connection, log, step, until=(head.seq, now_ms))
    _feed(connection, log, step, now_ms)
    if not is_in_force(head.stamp, now_ms):
        _await(connection, log, step, now_ms)


def move(connection: Connection, log: LogState, head: SignedHead) -> None:
    """Put `log`, whose rows agree with `head`, under that head (in the same transaction)."""
    connection.execute(
        "UPDATE log SET seq = ?, stamp = ?, count = ?, size = ?, state = ?, head = ?,"
        " moved = (SELECT max(moved) + 1 FROM log) WHERE id = ?",
        (head.head.seq, head.head.stamp, log.count, log.size, log.state, head.raw, log.number),
    )
    connection.execute("DELETE FROM staging WHERE log = ?", (log.number,))


def _journal(connection: Connection, log: LogState, step: Step, *, until: tuple[int, int]) -> None:
    """Keep the row versions that the commit `until` (seq, ms) replaces."""
    seq, now_ms = until
    rows = [(log.number, *item.key, seq, item.old, now_ms) for item in step.rows if item.old]
    connection.executemany("INSERT OR IGNORE INTO local_journal VALUES (?, ?, ?, ?, ?, ?)", rows)


def _feed(connection: Connection, log: LogState, step: Step, now_ms: int) -> None:
    """Enter the records whose value has changed."""
    query = "SELECT count(*) FROM log WHERE collection = ?"
    (logs,) = connection.execute(query, (log.collection,)).fetchone()
    changed = step.rows
    if logs > 1:
        changed = [item for item in step.rows if _shows(connection, log, item, now_ms)]
    rows = [(log.collection, *item.key) for item in changed]
    enter(connection, rows)


def enter(connection: Connection, records: Iterable[tuple[int, str, str]]) -> None:
    """Put records (collection, kind, key) at the end of the feed (inside a transaction)."""
    query = "INSERT OR REPLACE INTO feed (collection, kind, key) VALUES (?, ?, ?)"
    connection.executemany(query, records)


def _shows(connection: Connection, log: LogState, item: Replaced, now_ms: int) -> bool:
    """Whether the record's folded value differs for this row, given those of the other logs."""
    others = [
        (device, stored_row(row).groups)
        for device, row in connection.execute(
            "SELECT device, row FROM row JOIN log ON log.id = row.log"
            " WHERE log.collection = ? AND log.id != ? AND kind = ? AND key = ?",
            (log.collection, log.number, *item.key),
        )
    ]
    device = log.name.device
    before = [] if item.old is None else [(device, stored_row(item.old).groups)]
    after = [(device, item.row.groups)]
    return fold([*others, *before], now_ms=now_ms) != fold([*others, *after], now_ms=now_ms)


def _await(connection: Connection, log: LogState, step: Step, now_ms: int) -> None:
    """Note the records with a stamp that is not in force yet."""
    rows = [
        (log.collection, *item.key, min(early) - MATURITY_MS)
        for item in step.rows
        if (early := [stamp for stamp, _ in item.row.groups if not is_in_force(stamp, now_ms)])
    ]
    # Another log may hold an earlier stamp of the same record.
    query = "INSERT INTO local_due VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    connection.executemany(query + " due = min(due, excluded.due)", rows)
