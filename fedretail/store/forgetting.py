"""The feed forgets records of which nothing is left, or it would grow for ever.

Whoever has followed it beyond what was forgotten has missed nothing, nor has who began with nothing
when these records had gone already. Anyone else begins anew.
"""

from fedretail.store import local
from fedretail.store.database import Connection
from fedretail.store.log import CURSORS_A_MS

# An index is behind for minutes; one that was put back from a backup is made anew in seconds.
KEPT_MS = 30 * 24 * 3600 * 1000
# Entries a look: 5 ms of a minute.
_BATCH = 500


def forget(connection: Connection, after: int, *, now_ms: int) -> int:
    """Look at some old entries behind a cursor; the cursor to go on from, 0 after the last."""
    query = (
        "SELECT cursor, EXISTS (SELECT 1 FROM log JOIN row ON row.log = log.id"
        " WHERE log.collection = feed.collection AND row.kind = feed.kind AND row.key = feed.key)"
        " FROM feed WHERE cursor > ? AND cursor < ? ORDER BY cursor LIMIT ?"
    )
    oldest = (now_ms - KEPT_MS) * CURSORS_A_MS
    found = connection.execute(query, (after, oldest, _BATCH)).fetchall()
    gone = [cursor for cursor, is_there in found if not is_there]
    if gone:
        with connection.transaction(durable=False):
            _remove(connection, gone)
    return found[-1][0] if len(found) == _BATCH else 0


def _remove(connection: Connection, cursors: list[int]) -> None:
    query = (
        "DELETE FROM feed WHERE cursor = ? AND NOT EXISTS (SELECT 1 FROM log JOIN row"
        " ON row.log = log.id WHERE log.collection = feed.collection AND row.kind = feed.kind"
        " AND row.key = feed.key)"
    )
    connection.executemany(query, [(cursor,) for cursor in cursors])
    local.set_meta(connection, "feed_start", max(start(connection), cursors[-1]))


def start(connection: Connection) -> int:
    """The newest cursor that was forgotten; 0: none."""
    return local.meta(connection, "feed_start") or 0
