"""Repair: a log put right by a neighbour's copy, row by row; all or nothing.

For rows that are not those of their head (bit rot, a copy that was put back, two states signed at
once) and for logs whose changes since a place do not lead to the head. The sums that were kept
beside the rows may be as wrong as these: all rows are counted anew.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from fedretail.clock import Clock
from fedretail.crdt.changes import START, encode
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.row import Row, RowKey, stored_row
from fedretail.crdt.transfer import Part, Repair
from fedretail.errors import Refused
from fedretail.store import incarnations, intake, local, log, logs
from fedretail.store.arrivals import arrived
from fedretail.store.database import Connection
from fedretail.store.logs import PART_BYTES, LogState

_T = TypeVar("_T")


class Repairs:
    """What a store needs to repair logs, and to help neighbours repair theirs."""

    def __init__(self, write: Connection, read: Connection, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    def damaged(self) -> list[bytes]:
        """Ids of the logs that are to be repaired."""
        query = "SELECT log_id FROM local_repair CROSS JOIN log ON log.id = local_repair.log"
        return [log_id for (log_id,) in self._read.execute(query)]

    def has_own(self) -> bool:
        """Whether one of them is this device's own, in which nothing is written until then."""
        query = (
            "SELECT 1 FROM local_repair CROSS JOIN log ON log.id = local_repair.log"
            " WHERE device = ? LIMIT 1"
        )
        device = local.meta(self._read, "device")
        return self._read.execute(query, (device,)).fetchone() is not None

    def set_damaged(self, log_ids: Iterable[bytes]) -> None:
        """Note that the rows of these logs are not those of their heads."""
        query = "INSERT OR IGNORE INTO local_repair SELECT id FROM log WHERE log_id = ?"
        with self._write.transaction(durable=False):
            self._write.executemany(query, [(log_id,) for log_id in log_ids])

    def set_whole(self, log_id: bytes) -> None:
        """Note that the rows of this log are those of its head, if it was said that they are not.

        A disk may read wrongly once, and whoever was to be mended have no neighbour.
        """
        if log_id in self.damaged():
            query = "DELETE FROM local_repair WHERE log = (SELECT id FROM log WHERE log_id = ?)"
            with self._write.transaction(durable=False):
                self._write.execute(query, (log_id,))

    def mapped_rows(
        self, log_id: bytes, make: Callable[[RowKey, bytes], _T]
    ) -> list[tuple[RowKey, _T]]:
        """(key, make(key, canonical bytes)) of all rows of a log, as of one moment."""
        with self._read.snapshot():
            state = logs.find(self._read, log_id)
            rows = [] if state is None else logs.rows_of(self._read, state.number)
            return [(key, make(key, packed)) for key, _, packed in rows]

    def whole_rows(self, log_id: bytes, keys: Iterable[RowKey]) -> Part | None:
        """As many of a log's rows under `keys` (in order) as fit into a part; None: no such log."""
        with self._read.snapshot():
            state = logs.find(self._read, log_id)
            if state is None or state.head is None:
                return None
            rows, after = _some_rows(self._read, state, keys)
            return Part(state.head, encode(rows, base=START, head=state.point), after, START)

    def repair(self, wanted: Repair) -> SignedHead:
        """Put a log right and under the head; that head, or the later one that is held.

        A neighbour may be behind: then rows that were written since stay as they are here.
        DigestMismatch where the rows are not those of the head; PeerError, Refused, MalformedInput
        as for `advance`: nothing is kept then.
        """
        with self._write.transaction(durable=False):
            return _repair(self._write, wanted, now_ms=self._clock.now_ms())


def _some_rows(
    connection: Connection, state: LogState, keys: Iterable[RowKey]
) -> tuple[list[tuple[RowKey, Row]], RowKey | None]:
    """The rows that fit into a part, and the last key looked at where more are left."""
    query = "SELECT row FROM row WHERE log = ? AND kind = ? AND key = ?"
    rows: list[tuple[RowKey, Row]] = []
    size, last = 0, None
    for key in keys:
        if size > PART_BYTES:
            return rows, last
        last = key
        for (packed,) in connection.execute(query, (state.number, *key)):
            rows.append((key, stored_row(packed)))
            size += logs.line_bytes(key, packed, rows[-1][1])
    return rows, None


def _repair(connection: Connection, wanted: Repair, *, now_ms: int) -> SignedHead:
    signed = wanted.head
    state = logs.find(connection, signed.head.log)
    if state is None:
        raise Refused("A catalog whose owner is not known here, or not any more.")
    found = _differences(connection, state, wanted)
    if state.head is not None and signed.head.seq < state.point.seq:
        signed = SignedHead.parse(state.head)
        found = (one for one in found if not _is_since(one, wanted.head.head.seq, signed.head))
    elif signed.raw != state.head:
        if signed.head.seq == state.point.seq:
            raise Refused("A neighbour holds another state of a catalog.")
        intake.admit(connection, state, signed)
    is_own = local.meta(connection, "owner") == state.name.owner
    step = log.difference(state, found)
    log.put(connection, state, step, signed.head, now_ms=now_ms, is_own=is_own)
    log.feed(connection, state, step, now_ms=now_ms, is_exact=True)
    state = logs.counted(connection, state)
    if not log.agrees(state, signed.head):
        raise intake.DigestMismatch("A neighbour sent rows that are not those of their head.")
    log.move(connection, state, signed)
    incarnations.retire(connection, state, signed, now_ms=now_ms)
    connection.execute("DELETE FROM local_repair WHERE log = ?", (state.number,))
    return signed


def _is_since(one: log.Difference, seq: int, head: Head) -> bool:
    """Whether a row differs because it was written, or has gone, after a neighbour's `seq`."""
    kind, key, _, theirs, ours = one
    if ours is None:
        theirs_seq = 0 if theirs is None else stored_row(theirs).seq
        return theirs is not None and log.is_vacant(theirs) and theirs_seq <= head.floor
    return log.is_sound(RowKey(kind, key), ours) and stored_row(ours).seq > seq


def _differences(
    connection: Connection, state: LogState, wanted: Repair
) -> Iterator[log.Difference]:
    """The rows to write and to take away, beside those that stand there."""
    rows: dict[tuple[str, str], tuple[int, bytes] | tuple[None, None]] = {}
    for raw in wanted.parts:
        for kind, key, seq, packed in arrived(raw, 0, wanted.head.head).whole:
            rows[kind, key] = (seq, packed)
    for row in wanted.removed:
        rows.setdefault(row, (None, None))
    # The number of rows may be damaged as well: it is not asked.
    present = log.present(connection, state._replace(count=1), list(rows))
    for place, better in rows.items():
        yield (*place, *better, present.get(place))
