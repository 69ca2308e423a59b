"""Heads seen: what devices have signed before, so that a second state of one number is noticed.

Every head that a log moves to is kept, and so are a few that neighbours have shown beyond it. Of
each log stay the newest 64 and, of the 30 days before, one a day; older ones prove nothing that
anybody still relies on. Only heads that the log's device has signed get in.
"""

from collections.abc import Iterable

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName
from fedretail.crdt.proof import outranks
from fedretail.store.database import Connection
from fedretail.store.logs import LogState

NEWEST = 64
DAYS = 30
# Beyond the place held: a neighbour shows one or two before the rows are here.
MAX_BEYOND = 8
# Heads of all logs: 40 MB, 200 MB where each of them is as long as a head may be. A thousand busy
# logs keep all that is theirs; of more the oldest go.
MAX_HEADS = 200_000
# Old heads of a log are looked for when so many have come on top.
_SLACK = 32
_MOST = NEWEST + DAYS + _SLACK
# Logs of one device of whose unseen states it is told: a shop has a few; 4 kB.
_MOST_TOLD = 16
_DAY_MS = 24 * 3600 * 1000


def enter(connection: Connection, number: int, head: SignedHead) -> None:
    """Keep a verified head of the log (inside a transaction) that contradicts none seen before.

    Of twins, one seq and one digest, the present one is kept.
    """
    other = at(connection, number, head.head.seq)
    if other is None:
        values = (number, head.head.seq, head.head.stamp, head.raw)
        query = "INSERT INTO head_seen (log, seq, stamp, raw) VALUES (?, ?, ?, ?)"
        connection.execute(query, values)
        # Of a log this young there cannot be too many.
        if head.head.seq > _MOST:
            _thin(connection, number)
    elif outranks(head, other):
        query = "UPDATE head_seen SET stamp = ?, raw = ? WHERE log = ? AND seq = ?"
        connection.execute(query, (head.head.stamp, head.raw, number, head.head.seq))


def at(connection: Connection, number: int, seq: int) -> SignedHead | None:
    """The head seen of the log at this seq."""
    query = "SELECT raw FROM head_seen WHERE log = ? AND seq = ?"
    found = connection.execute(query, (number, seq)).fetchone()
    return None if found is None else SignedHead.parse(found[0])


def is_plausible(connection: Connection, log: LogState, seq: int) -> bool:
    """Whether a head that is new at this seq is worth verifying: a few beyond the place held.

    A neighbour that shows old heads again, which anybody can have kept, costs one look each.
    """
    query = "SELECT count(*) FROM head_seen WHERE log = ? AND seq > ?"
    (beyond,) = connection.execute(query, (log.number, log.point.seq)).fetchone()
    return seq > log.point.seq and bool(beyond < MAX_BEYOND)


def of_log(connection: Connection, log: bytes) -> list[bytes]:
    """The heads seen of a log, as sent, newest first."""
    query = (
        "SELECT raw FROM head_seen JOIN log ON log.id = head_seen.log WHERE log_id = ?"
        " ORDER BY head_seen.seq DESC"
    )
    return [raw for (raw,) in connection.execute(query, (log,))]


def beyond(connection: Connection, device: bytes) -> list[tuple[LogName, bytes]]:
    """(name, newest head seen, as sent) of a device's logs whose rows up to there never came.

    At most a few, those that were heard of last.
    """
    query = (
        "SELECT owner, name, device, incarnation, raw FROM log"
        " JOIN collection ON collection.id = log.collection"
        " JOIN head_seen ON head_seen.id = (SELECT id FROM head_seen AS newest"
        "  WHERE newest.log = log.id AND newest.seq > log.seq ORDER BY newest.seq DESC LIMIT 1)"
        " WHERE device = ? ORDER BY log.id DESC LIMIT ?"
    )
    rows = connection.execute(query, (device, _MOST_TOLD))
    return [(LogName(*name), raw) for *name, raw in rows]


def prune(connection: Connection, *, most: int = MAX_HEADS) -> None:
    """Forget the heads that came first, where all logs have too many."""
    (count,) = connection.execute("SELECT count(*) FROM head_seen").fetchone()
    if count > most:
        with connection.transaction(durable=False):
            query = (
                "DELETE FROM head_seen WHERE id IN (SELECT id FROM head_seen ORDER BY id LIMIT ?)"
            )
            connection.execute(query, (count - most,))


def _thin(connection: Connection, number: int) -> None:
    """Forget old heads of a log, once enough have gathered to be worth the look."""
    (count,) = connection.execute(
        "SELECT count(*) FROM head_seen WHERE log = ?", (number,)
    ).fetchone()
    if count <= _MOST:
        return
    query = "SELECT seq, stamp FROM head_seen WHERE log = ? ORDER BY seq DESC"
    places = connection.execute(query, (number,)).fetchall()
    stay = worth_keeping(places)
    gone = [(number, seq) for seq, _ in places if seq not in stay]
    connection.executemany("DELETE FROM head_seen WHERE log = ? AND seq = ?", gone)


def worth_keeping(places: Iterable[tuple[int, int]]) -> frozenset[int]:
    """The seqs to keep of (seq, stamp) from the newest down: see above.

    Days are counted by the stamps, back from the newest: no clock of ours takes part.
    """
    newest_first = list(places)
    stay = {seq for seq, _ in newest_first[:NEWEST]}
    days: set[int] = set()
    for seq, stamp in newest_first[NEWEST:]:
        day = (newest_first[0][1] - stamp) // _DAY_MS
        if day <= DAYS and day not in days and len(days) < DAYS:
            days.add(day)
            stay.add(seq)
    return frozenset(stay)
