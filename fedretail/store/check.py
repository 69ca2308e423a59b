"""fsck: every digest recounted from the rows, every signature verified again."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey, parse_row
from fedretail.errors import MalformedInput, Unavailable
from fedretail.store import auth, logs
from fedretail.store.database import Connection
from fedretail.store.log import agrees
from fedretail.store.logs import LogState, counted


class Problem(NamedTuple):
    """One thing that is wrong: where it is, what, and with which log (its id; b"": none)."""

    place: str
    what: str
    log: bytes = b""


def check_file(connection: Connection) -> Iterator[Problem]:
    """What SQLite itself finds wrong with the file."""
    for (line,) in connection.execute("PRAGMA integrity_check(20)").fetchall():
        if line != "ok":
            yield Problem("store.db", line)


def check_logs(connection: Connection) -> Iterator[tuple[str, list[Problem]]]:
    """For each log its name and what is wrong with it; an empty list is good news."""
    query = "SELECT log_id FROM log ORDER BY id"
    for (log_id,) in connection.execute(query).fetchall():
        found = check_log(connection, log_id)
        if found is not None:
            yield found


def check_log(connection: Connection, log_id: bytes) -> tuple[str, list[Problem]] | None:
    """The same of one log; None where it is not held any more."""
    with connection.snapshot():
        log = logs.find(connection, log_id)
        if log is None:
            return None
        problems = [one._replace(log=log_id) for one in _check_log(connection, log)]
    return log.name.collection, problems


def _check_log(connection: Connection, log: LogState) -> Iterator[Problem]:
    place = f"{log.name.collection} of {log.name.owner.hex()}"
    try:
        for key, seq, packed in logs.rows_of(connection, log.number):
            yield from _check_row(place, key, packed, limit=(seq, log.point.seq))
        if counted(connection, log) != log:
            yield Problem(place, "the rows are not those that were counted when they were written")
    except (UnicodeDecodeError, Unavailable) as error:
        # A key that is text no more, or one of SQLite's own pages; not a disk that is busy or gone.
        code = getattr(error.__cause__, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        if code & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        yield Problem(place, "some rows cannot be read")
    yield from _check_head(connection, log, place)


def _check_row(
    place: str, key: RowKey, packed: bytes, *, limit: tuple[int, int]
) -> Iterator[Problem]:
    """What is wrong with a row whose (seq in its column, seq of its log) are `limit`."""
    try:
        row = parse_row(key, packed)
    except MalformedInput as error:
        yield Problem(place, f"{key.key}: {error.message}")
        return
    if row.seq != limit[0] or row.seq > limit[1]:
        yield Problem(place, f"{key.key}: stands at another place than its row says")


def _check_head(connection: Connection, log: LogState, place: str) -> Iterator[Problem]:
    if log.head is None:
        if log.count:
            yield Problem(place, "rows without a head")
        return
    head = SignedHead.parse(log.head)
    if not head.is_by(log.name.device):
        yield Problem(place, "the head is not signed by its device")
    if not agrees(log, head.head):
        yield Problem(place, "the head was signed over other rows")
    if (head.head.log, head.head.seq, head.head.stamp) != (log.log, *log.point):
        yield Problem(place, "the head is that of another commit")
    # One that may write no more was right to sign when it did.
    if log.name.device not in auth.grants_of(connection, log.name.owner).devices(log.name.owner):
        yield Problem(place, "the device that signed was never named by its owner")
