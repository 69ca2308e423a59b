"""The floor of own logs: vacant rows up to it are gone, from the head on that raises it.

Every node that holds the log takes them away with that head. Who stands below the floor cannot
tell a row that has gone from one that never changed, and takes the whole log anew. That is dear,
so the floor stays 30 days behind, and rises only where it takes something away.
"""

from fedretail.crdt.head import SignedHead
from fedretail.store import log
from fedretail.store.database import Connection
from fedretail.store.logs import LogState

DAY_MS = 24 * 3600 * 1000
# As long as a neighbour may be away and still be told no more than what has changed.
BEHIND_MS = 30 * DAY_MS


def note(connection: Connection, number: int, seq: int, *, now_ms: int) -> None:
    """Write down when a commit of an own log was made (in its transaction); one a day is enough.

    Of those older than 30 days only the last is of use.
    """
    query = "SELECT 1 FROM local_day WHERE log = ? AND at > ? AND at <= ?"
    if connection.execute(query, (number, now_ms - DAY_MS, now_ms)).fetchone():
        return
    connection.execute("INSERT INTO local_day VALUES (?, ?, ?)", (number, seq, now_ms))
    old = _seq_of_old(connection, number, now_ms)
    connection.execute("DELETE FROM local_day WHERE log = ? AND seq < ?", (number, old))


def due(connection: Connection, state: LogState, *, now_ms: int) -> int | None:
    """The floor that the next head of an own log may raise; None where nothing would go."""
    if state.head is None:
        return None
    floor = _seq_of_old(connection, state.number, now_ms)
    if floor <= SignedHead.parse(state.head).head.floor:
        return None
    return floor if log.purge(connection, state, floor).gone else None


def _seq_of_old(connection: Connection, number: int, now_ms: int) -> int:
    """The last seq noted of those 30 days old; 0: none."""
    query = "SELECT ifnull(max(seq), 0) FROM local_day WHERE log = ? AND at <= ?"
    (seq,) = connection.execute(query, (number, now_ms - BEHIND_MS)).fetchone()
    return int(seq)
