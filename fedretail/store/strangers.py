"""Strangers: owners of whom only records and names are held, which cost their inventor nothing.

Where there is no room for another owner, those known as strangers for the longest time give way.
"""

from fedretail.store import local, logs
from fedretail.store.database import Connection

# No log with a head, or on its way; no proof against a device. This node's own owner is none.
_QUERY = """
SELECT owner, count(*) FROM auth
WHERE owner IS NOT ?1 AND owner NOT IN (SELECT owner FROM proof) AND NOT EXISTS (
    SELECT 1 FROM collection JOIN log ON log.collection = collection.id
    WHERE collection.owner = auth.owner AND (log.head IS NOT NULL
        OR EXISTS (SELECT 1 FROM staging WHERE staging.log = log.id)))
GROUP BY owner ORDER BY max(moved)
"""


def forget(connection: Connection, count: int) -> list[bytes]:
    """Forget the oldest strangers with at least `count` records, or all; their names."""
    gone: list[bytes] = []
    with connection.transaction(durable=False):
        # Read here: what has just begun to come makes its owner no stranger.
        for owner, records in connection.execute(
            _QUERY, (local.meta(connection, "owner"),)
        ).fetchall():
            if count <= 0:
                break
            count -= records
            gone.append(owner)
            _forget(connection, owner)
    return gone


def _forget(connection: Connection, owner: bytes) -> None:
    query = (
        "SELECT log.id FROM log JOIN collection ON collection.id = log.collection WHERE owner = ?"
    )
    # Without its owner's records a name would make each later head look like one never allowed.
    for (number,) in connection.execute(query, (owner,)).fetchall():
        logs.forget(connection, number)
    connection.execute("DELETE FROM auth WHERE owner = ?", (owner,))
