"""A whole log in the place of the rows that are held: of what did not come nothing is left.

`set_aside` and `compare` stand around the writing of the rows, inside the transaction that moves
the log to its new head, or is undone.
"""

from collections.abc import Iterator

from fedretail.crdt import digest
from fedretail.crdt.head import Head
from fedretail.store import log
from fedretail.store.database import Connection
from fedretail.store.logs import LogState

# Rows compared, journalled and entered into the feed at a time.
_BATCH = 500


def set_aside(connection: Connection, state: LogState) -> LogState:
    """The log without rows; those it had wait for `compare`."""
    query = "UPDATE row SET log = ? WHERE log = ?"
    connection.execute(query, (-state.number, state.number))
    return state._replace(state=digest.EMPTY_STATE, count=0, size=0)


def compare(
    connection: Connection, state: LogState, head: Head, *, now_ms: int, is_own: bool
) -> None:
    """Enter into feed and journal what differs from the rows set aside, and forget these."""
    for found in _differences(connection, state.number):
        step = log.difference(state, found)
        log.feed(connection, state, step, now_ms=now_ms, is_exact=True)
        if is_own:
            log.keep(connection, state, step, head, now_ms=now_ms)
    connection.execute("DELETE FROM row WHERE log = ?", (-state.number,))


def _differences(connection: Connection, number: int) -> Iterator[list[log.Difference]]:
    """What stands otherwise than in the rows set aside, some keys at a time."""
    some = (
        "SELECT * FROM (SELECT kind, key FROM row WHERE log = {} AND (kind, key) > (?2, ?3)"
        " ORDER BY kind, key LIMIT ?4)"
    )
    keys = f"{some.format('?1')} UNION {some.format('-?1')} ORDER BY kind, key LIMIT ?4"
    query = (
        f"SELECT at.kind, at.key, new.seq, new.row, old.row FROM ({keys}) AS at"
        " LEFT JOIN row AS new ON new.log = ?1 AND new.kind = at.kind AND new.key = at.key"
        " LEFT JOIN row AS old ON old.log = -?1 AND old.kind = at.kind AND old.key = at.key"
    )
    after = ("", "")
    while found := connection.execute(query, (number, *after, _BATCH)).fetchall():
        after = found[-1][:2]
        yield [one for one in found if one[3] != one[4]]
