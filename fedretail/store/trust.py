"""Trust: who has signed two states of one log, and what is kept to notice it.

From the proof on a device's logs of that collection are frozen, whichever incarnation: they admit
no head, and what stands there stays as it is. A newer incarnation changes nothing, since the
same device opens it. One proof for a device and collection is enough; the first one stays.
"""

from collections.abc import Iterable

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName
from fedretail.crdt.proof import Proof, contradicts, proof
from fedretail.errors import PeerError
from fedretail.store import auth, logs, seen
from fedretail.store.database import Connection
from fedretail.store.logs import LogState

# A device cheats in one collection or in a few; keys, and so proofs, cost their inventor nothing.
MAX_PROOFS_PER_OWNER = 64
MAX_PROOFS = 4096


class Trust:
    """The proofs and heads seen of one store."""

    def __init__(self, write: Connection, read: Connection) -> None:
        self._write = write
        self._read = read

    def saw(self, heads: Iterable[SignedHead]) -> int:
        """Take note of heads that a neighbour has shown; how many logs are frozen by it.

        Known ones, and old ones with nothing to compare them with, cost a look. PeerError where
        the log's device has not signed one that was worth verifying.
        """
        found = ((head, _log_of_news(self._read, head)) for head in heads)
        news = [(head, log) for head, log in found if log is not None]
        if not news:
            return 0
        met: set[bytes] = set()
        frozen = 0
        with self._write.transaction(durable=False):
            for head, log in news:
                # Those before it in this transaction count too.
                present = _log_of_news(self._write, head) if log.log in met else log
                met.add(log.log)
                frozen += present is not None and _take_note(self._write, present, head)
        return frozen

    def prove(self, proofs: Iterable[Proof]) -> int:
        """Keep verified proofs of devices that their owners have named; how many were new."""
        with self._write.transaction(durable=False):
            return sum(freeze(self._write, found) for found in proofs)

    def proofs(self, *, moved_after: int = 0) -> list[tuple[int, Proof]]:
        """(moved, proof) of all that came after that place, in order."""
        query = (
            "SELECT moved, owner, collection, device, incarnation, first, second FROM proof"
            " WHERE moved > ? ORDER BY moved"
        )
        rows = self._read.execute(query, (moved_after,)).fetchall()
        return [
            (row[0], Proof(LogName(*row[1:5]), *map(SignedHead.parse, row[5:]))) for row in rows
        ]

    def doubted(self) -> list[Proof]:
        """The proofs since which the owner has not gone on under another key."""
        found = [one for _, one in self.proofs()]
        return [one for one in found if not _has_gone_on(self._read, one)]

    def heads_seen(self, log: bytes) -> list[bytes]:
        """The heads seen of a log, as sent, newest first."""
        return seen.of_log(self._read, log)

    def seen_beyond(self, device: bytes) -> list[tuple[LogName, bytes]]:
        """(name, newest head seen) of logs of this device that are not held as far as that."""
        return seen.beyond(self._read, device)

    def prune(self) -> None:
        """Forget the oldest heads seen, where there are too many."""
        seen.prune(self._write)


def freeze(connection: Connection, found: Proof) -> bool:
    """Keep a verified proof, from which on its log is frozen (inside a transaction).

    False where it was frozen before, where its owner has not named the device, or where there
    are too many.
    """
    name = found.name
    if is_frozen(connection, name) or not _has_room(connection, name.owner):
        return False
    if not auth.grants_of(connection, name.owner).may_write(name.owner, name.device):
        return False
    query = (
        "INSERT INTO proof (owner, collection, device, incarnation, first, second)"
        " VALUES (?, ?, ?, ?, ?, ?)"
    )
    connection.execute(query, (*name, found.first.raw, found.second.raw))
    # What was on its way to a log of this device will never be taken in.
    connection.execute(
        "DELETE FROM staging WHERE log IN (SELECT log.id FROM log JOIN collection"
        " ON collection.id = log.collection WHERE owner = ? AND name = ? AND device = ?)",
        name[:3],
    )
    return True


def has_proofs(connection: Connection) -> bool:
    """Whether any log is frozen."""
    (newest,) = connection.execute("SELECT max(moved) FROM proof").fetchone()
    return newest is not None


def is_frozen(connection: Connection, name: LogName) -> bool:
    """Whether this device has signed two states of a log of this collection."""
    query = "SELECT 1 FROM proof WHERE owner = ? AND collection = ? AND device = ?"
    return connection.execute(query, name[:3]).fetchone() is not None


def is_in_doubt(connection: Connection, owner: bytes, collection: str) -> bool:
    """Whether any device has done so in this collection, and its owner has not gone on since."""
    query = (
        "SELECT device, incarnation, first, second FROM proof WHERE owner = ? AND collection = ?"
    )
    rows = connection.execute(query, (owner, collection)).fetchall()
    proofs = [
        Proof(LogName(owner, collection, *row[:2]), *map(SignedHead.parse, row[2:])) for row in rows
    ]
    return any(not _has_gone_on(connection, one) for one in proofs)


def _has_gone_on(connection: Connection, found: Proof) -> bool:
    """Whether the owner has begun a log of this collection under another key since.

    That key is not known to have signed two states, and the log was begun after both heads.
    """
    since = max(found.first.head.stamp, found.second.head.stamp)
    return any(
        state.name.incarnation > since and not is_frozen(connection, state.name)
        for state in logs.of_collection(connection, *found.name[:2])
        if state.head is not None and state.name.device != found.name.device
    )


def contradicted(connection: Connection, log: LogState, head: SignedHead) -> Proof | None:
    """The proof that a verified head makes with one seen before, None where there is none."""
    other = _seen_at(connection, log, head.head.seq)
    return None if other is None else proof(log.name, other, head)


def _seen_at(connection: Connection, log: LogState, seq: int) -> SignedHead | None:
    """The head seen at this seq; the one held counts, wherever it was seen."""
    if seq == log.point.seq and log.head is not None:
        return SignedHead.parse(log.head)
    return seen.at(connection, log.number, seq)


def _log_of_news(connection: Connection, head: SignedHead) -> LogState | None:
    """The log of a head that is worth verifying, None where it is not."""
    log = logs.find(connection, head.head.log)
    if log is None or is_frozen(connection, log.name):
        return None
    other = _seen_at(connection, log, head.head.seq)
    if other is None:
        return log if seen.is_plausible(connection, log, head.head.seq) else None
    return log if contradicts(other, head) else None


def _take_note(connection: Connection, log: LogState, head: SignedHead) -> bool:
    """Keep a head, or the proof that it makes; whether a log is frozen by it."""
    if not head.is_by(log.name.device):
        raise PeerError("A neighbour sent a catalog whose signature is wrong.")
    found = contradicted(connection, log, head)
    if found is not None:
        return freeze(connection, found)
    seen.enter(connection, log.number, head)
    return False


def _has_room(connection: Connection, owner: bytes) -> bool:
    query = "SELECT count(*), count(*) FILTER (WHERE owner = ?) FROM proof"
    total, own = connection.execute(query, (owner,)).fetchone()
    return bool(total < MAX_PROOFS and own < MAX_PROOFS_PER_OWNER)
