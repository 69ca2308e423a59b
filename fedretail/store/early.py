"""Records with stamps that are not in force yet: the feed tells of them when they are.

`log.await_rows` notes when that will be, as rows are written; time alone changes these records.
"""

from collections.abc import Iterable

from fedretail.crdt.row import stored_groups
from fedretail.crdt.stamp import MATURITY_MS, is_in_force
from fedretail.store import local
from fedretail.store.database import Connection
from fedretail.store.log import await_rows, enter

# Records whose stamps come into force in one transaction: 0.1 s.
_BATCH = 1000
# Under this key of `meta` stands when, by this clock, that was last done.
_LOOKED_MS = "refolded"


def heads(connection: Connection, *, now_ms: int) -> set[tuple[int, int, int]]:
    """(number, collection, stamp) of the logs whose head is not in force yet."""
    query = "SELECT id, collection, stamp FROM log WHERE stamp > ?"
    return set(connection.execute(query, (now_ms + MATURITY_MS,)).fetchall())


def looked_ms(connection: Connection) -> int:
    """By this clock, when any process last entered what had fallen due; 0: never."""
    found: int | None = local.meta(connection, _LOOKED_MS)
    return found or 0


def enter_again(
    connection: Connection, heads: Iterable[tuple[int, int, int]], *, now_ms: int
) -> None:
    """Enter the records of these logs that hold an early stamp into the feed, and note until when.

    For stamps that were in force when their rows were written, by a clock that was set back since.
    """
    query = "SELECT kind, key, row FROM row WHERE log = ?"
    with connection.transaction(durable=False):
        if looked_ms(connection) > now_ms:
            local.set_meta(connection, _LOOKED_MS, now_ms)
        for number, collection, _ in heads:
            rows = [
                row
                for row in connection.execute(query, (number,))
                if any(not is_in_force(stamp, now_ms) for stamp, _ in stored_groups(row[2]))
            ]
            await_rows(connection, collection, rows, now_ms=now_ms)
            records = [(collection, kind, key) for kind, key, _ in rows]
            enter(connection, records, now_ms=now_ms)


def enter_due(connection: Connection, *, now_ms: int) -> int:
    """Enter the records whose early stamps are in force by now into the feed; how many.

    Some at a time: a stranger's whole catalog may fall due at one moment, and own edits do not
    wait for it.
    """
    query = "SELECT collection, kind, key FROM local_due WHERE due <= ?"
    if connection.execute(query + " LIMIT 1", (now_ms,)).fetchone() is None:
        return 0
    entered = 0
    while True:
        with connection.transaction(durable=False):
            due = connection.execute(query + f" LIMIT {_BATCH}", (now_ms,)).fetchall()
            enter(connection, due, now_ms=now_ms)
            local.set_meta(connection, _LOOKED_MS, now_ms)
            for place in due:
                _await_next(connection, place, now_ms)
        entered += len(due)
        if len(due) < _BATCH:
            return entered


def _await_next(connection: Connection, place: tuple[int, str, str], now_ms: int) -> None:
    rows = connection.execute(
        "SELECT row FROM row JOIN log ON log.id = row.log"
        " WHERE log.collection = ? AND kind = ? AND key = ?",
        place,
    )
    groups = [group for (row,) in rows for group in stored_groups(row)]
    early = [stamp for stamp, _ in groups if not is_in_force(stamp, now_ms)]
    connection.execute("DELETE FROM local_due WHERE collection = ? AND kind = ? AND key = ?", place)
    if early:
        values = (*place, min(early) - MATURITY_MS)
        connection.execute("INSERT INTO local_due VALUES (?, ?, ?, ?)", values)
