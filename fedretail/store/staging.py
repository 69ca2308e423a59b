"""Parts of a log on their way in: kept until they make up a head, then applied in one go.

A transfer is one or more *segments*. A segment is a run of parts since one base, in key order, up
to an end; each part names the head it was read at. When all heads of a segment are the same, the
rows are those of that head. When the log moved meanwhile, one more segment since the oldest of
them completes it, from a holder that is not behind the newest. A head whose floor is above the base
of a segment begins the transfer anew, with the whole log.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from fedretail.crdt.changes import START, Point
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Incoming, Outcome, Place
from fedretail.errors import MalformedInput
from fedretail.store.arrivals import MAX_PART_BYTES
from fedretail.store.database import Connection
from fedretail.store.logs import LogState

# A row split over many stamps names its key as often, and rows that change during the transfer
# come again. Where an owner rewrites a catalog faster than it is fetched, beginning anew is less
# than keeping more than three times its size.
_SPREAD = 3
# Parts of a transfer, beside one for each so many bytes that it may take: honest ones are almost
# as long as a frame, and each that is kept is looked at again with each that follows.
_FEW_PARTS = 256
_SMALL_PART = 128 * 1024


class _Staged(NamedTuple):
    part: int
    base: Point
    head: SignedHead
    after: RowKey | None
    size: int


def place(connection: Connection, log: LogState) -> Place:
    """What to ask of the next peer for this log."""
    return _place(log, _parts(connection, log))


def _place(log: LogState, parts: list[_Staged]) -> Place:
    if not parts:
        return Place(log.point, None)
    if parts[-1].after is not None:
        return Place(parts[-1].base, parts[-1].after)
    oldest = min((part.head.head for part in _last_segment(parts)), key=lambda head: head.seq)
    return Place(Point(oldest.seq, oldest.stamp), None)


def begun(connection: Connection, log: LogState) -> Point:
    """Where the transfer under way has begun; the log's own place before its first part."""
    query = "SELECT base_seq, base_stamp FROM staging WHERE log = ? AND part = 0"
    found = connection.execute(query, (log.number,)).fetchone()
    return log.point if found is None else Point(*found)


def keep(connection: Connection, log: LogState, part: Incoming) -> Outcome:
    """Stage a part (inside a transaction): MOVED where the log can now be moved to its head.

    GAP where the part does not follow what is staged, as when the log has moved meanwhile;
    nothing of it is kept then. MalformedInput where it is more than the head admits to.
    """
    parts = _parts(connection, log)
    if any(item.head.head.seq > part.head.head.seq for item in parts):
        # Who had the newer head may never come back: begin again with those who are here.
        clear(connection, log)
        return Outcome.GAP
    expected = _place(log, parts)
    if expected.base.seq < part.head.head.floor:
        if part.base_seq > 0:
            # It says nothing of the rows that have gone since.
            return Outcome.GAP
        if expected.base.seq > 0:
            clear(connection, log)
            parts, expected = [], Place(START, None)
    if not _follows(part, expected):
        return Outcome.GAP
    if sum(item.size for item in parts) + len(part.changes) > _limit(part):
        raise MalformedInput("more rows than the head of the catalog announces")
    if len(parts) >= _FEW_PARTS + _limit(part) // _SMALL_PART:
        raise MalformedInput("a catalog in more parts than it takes")
    kind, key = part.after or (None, None)
    connection.execute(
        "INSERT INTO staging VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (log.number, len(parts), *expected.base, part.head.raw, kind, key, part.changes),
    )
    if part.after is not None:
        return Outcome.STAGED
    parts.append(_Staged(len(parts), expected.base, part.head, part.after, len(part.changes)))
    is_whole = all(item.head.id == part.head.id for item in _last_segment(parts))
    return Outcome.MOVED if is_whole else Outcome.STAGED


def _limit(part: Incoming) -> int:
    """The bytes that may be staged on the way to a head."""
    return _SPREAD * part.head.head.size + MAX_PART_BYTES


def _follows(part: Incoming, expected: Place) -> bool:
    if part.after is not None and expected.after is not None and part.after <= expected.after:
        return False
    return part.base_seq == expected.base.seq


def staged(connection: Connection, log: LogState) -> Iterator[tuple[bytes, int, SignedHead]]:
    """(bytes, base seq, head) of every staged part, in the order in which they apply."""
    for part in _parts(connection, log):
        query = "SELECT changes FROM staging WHERE log = ? AND part = ?"
        (raw,) = connection.execute(query, (log.number, part.part)).fetchone()
        yield raw, part.base.seq, part.head


def clear(connection: Connection, log: LogState) -> None:
    """Forget what was staged for a log (inside a transaction)."""
    connection.execute("DELETE FROM staging WHERE log = ?", (log.number,))


def _parts(connection: Connection, log: LogState) -> list[_Staged]:
    rows = connection.execute(
        "SELECT part, base_seq, base_stamp, head, kind, key, length(changes) FROM staging"
        " WHERE log = ? ORDER BY part",
        (log.number,),
    )
    # Mostly all are of one head.
    parsed = cache(SignedHead.parse)
    return [
        _Staged(
            part,
            Point(base_seq, base_stamp),
            parsed(head),
            None if key is None else RowKey(kind, key),
            size,
        )
        for part, base_seq, base_stamp, head, kind, key, size in rows.fetchall()
    ]


def _last_segment(parts: list[_Staged]) -> list[_Staged]:
    """The parts behind the last end but one."""
    ends = [index for index, part in enumerate(parts[:-1]) if part.after is None]
    return parts[ends[-1] + 1 :] if ends else parts
