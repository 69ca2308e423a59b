"""Reading records: the fold over all logs of their owner, their own fields, and counts."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fedretail.crdt.registers import Folded, fold
from fedretail.crdt.row import Groups, stored_groups
from fedretail.crdt.stamp import MATURITY_MS
from fedretail.domain.kind import RecordId
from fedretail.store import deletions
from fedretail.store.database import Connection
from fedretail.store.deletions import Deletion, Said, hidden
from fedretail.store.feed import end_of_feed

_ROWS = (
    "SELECT device, incarnation, row FROM collection"
    " CROSS JOIN log ON log.collection = collection.id CROSS JOIN row ON row.log = log.id WHERE "
)
_PLACE = "owner = ? AND collection.name = ? AND kind = ? AND key = ?"
# Rows a page and log: some 2 MB at most, 150 kB usually.
_PAGE = 1000
# As many records as are read by one statement: keeps its bound values below SQLite's limit of 999.
_BATCH = 200


def record(connection: Connection, place: RecordId, *, now_ms: int) -> Folded | None:
    """The present value of one record, None where it does not exist."""
    rows = connection.execute(_ROWS + _PLACE, place).fetchall()
    # Of a record without rows nothing is remembered.
    kept = deletions.of_record(connection, place) if rows else []
    said = [Said(device, incarnation, stored_groups(row)) for device, incarnation, row in rows]
    return fold([hidden(one, kept) for one in said], now_ms=now_ms)


def collections(connection: Connection, owner: bytes | None) -> list[tuple[bytes, str]]:
    """(owner, name) of every collection held, or of one owner's, in order."""
    rule, values = ("", ()) if owner is None else ("WHERE owner = ?", (owner,))
    query = f"SELECT owner, name FROM collection {rule} ORDER BY owner, name"
    return [(row[0], row[1]) for row in connection.execute(query, values)]


def page(
    connection: Connection, place: RecordId, *, now_ms: int
) -> tuple[list[tuple[RecordId, Folded]], str | None]:
    """Existing records of one kind behind `place`, in key order, and the key to go on from.

    The key is None where nothing is left. Records come in pages so that no statement stays open
    while the caller works, which would hold back what others write.
    """
    query = "SELECT key, row FROM row WHERE log = ? AND kind = ? AND key > ? ORDER BY key LIMIT ?"
    parts: dict[str, list[tuple[bytes, Groups]]] = {}
    ends = []
    with connection.snapshot():
        kept = deletions.of_kind(connection, place)
        for number, *log in _logs(connection, place):
            rows = connection.execute(query, (number, place.kind, place.key, _PAGE)).fetchall()
            if len(rows) == _PAGE:
                ends.append(rows[-1][0])
            for key, packed in rows:
                parts.setdefault(key, []).append(_as_folded(log, packed, kept.get(key)))
    # Behind the first end of a page some logs have not been read yet.
    end = min(ends, default=None)
    found = []
    for key in sorted(parts if end is None else (key for key in parts if key <= end)):
        value = fold(parts[key], now_ms=now_ms)
        if value is not None:
            found.append((place._replace(key=key), value))
    return found, end


def _as_folded(
    log: Sequence[Any], packed: bytes, kept: list[Deletion] | None
) -> tuple[bytes, Groups]:
    """What a log (device, incarnation) says of a record, without what `kept` has beaten."""
    device, incarnation = log
    groups = stored_groups(packed)
    return hidden(Said(device, incarnation, groups), kept) if kept else (device, groups)


def _logs(connection: Connection, place: RecordId) -> list[tuple[int, bytes, int]]:
    """(number, device, incarnation) of the logs of a record's collection."""
    query = (
        "SELECT log.id, device, incarnation"
        " FROM collection JOIN log ON log.collection = collection.id"
        " WHERE owner = ? AND collection.name = ?"
    )
    return connection.execute(query, place[:2]).fetchall()


def records_of(
    connection: Connection, places: Iterable[RecordId], *, now_ms: int
) -> dict[RecordId, Folded]:
    """The present values of many records at once; those that do not exist are left out."""
    wanted: dict[tuple[bytes, str, str], dict[str, RecordId]] = {}
    for place in places:
        wanted.setdefault(place[:3], {})[place.key] = place
    with connection.snapshot():
        held = [(some, _parts(connection, some)) for some in wanted.values()]
    result: dict[RecordId, Folded] = {}
    for some, parts in held:
        for key, part in parts.items():
            value = fold(part, now_ms=now_ms)
            if value is not None:
                result[some[key]] = value
    return result


def _parts(
    connection: Connection, some: dict[str, RecordId]
) -> dict[str, list[tuple[bytes, Groups]]]:
    """What each log holds of records of one kind and collection, by key; log by log."""
    parts: dict[str, list[tuple[bytes, Groups]]] = {}
    keys = list(some)
    place = some[keys[0]]
    kept = deletions.of_kind(connection, place._replace(key=""))
    for number, *log in _logs(connection, place):
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            query = f"SELECT key, row FROM row WHERE log = ? AND kind = ? AND key IN ({marks})"
            for key, packed in connection.execute(query, (number, place.kind, *batch)).fetchall():
                parts.setdefault(key, []).append(_as_folded(log, packed, kept.get(key)))
    return parts


def newest_stamp(
    connection: Connection, owner: bytes, edited: Iterable[RecordId], *, now_ms: int
) -> int:
    """The newest stamp in force that an edit of these records must beat; 0 where there is none.

    That of every log of this owner. A log whose head is from the future (its device's clock runs
    ahead) may still hold stamps in force: of it the records edited are looked at.
    """
    latest = now_ms + MATURITY_MS
    query = (
        "SELECT ifnull(max(CASE WHEN stamp <= ? THEN stamp END), 0), ifnull(max(stamp), 0) > ?"
        " FROM log JOIN collection ON collection.id = log.collection WHERE owner = ?"
    )
    stamp, is_ahead = connection.execute(query, (latest, latest, owner)).fetchone()
    if not is_ahead:
        return int(stamp)
    rows = [row for place in edited for row in connection.execute(_ROWS + _PLACE, place)]
    stamps = [group[0] for row in rows for group in stored_groups(row[2])]
    return max([int(stamp), *(stamp for stamp in stamps if stamp <= latest)])


def seen_at(connection: Connection, owner: bytes, collection: str) -> int | None:
    """When the owner last signed a head of this collection (ms), None where never."""
    (stamp,) = connection.execute(
        "SELECT max(stamp) FROM log JOIN collection ON collection.id = log.collection"
        " WHERE owner = ? AND name = ? AND head IS NOT NULL",
        (owner, collection),
    ).fetchone()
    return None if stamp is None else int(stamp)


def own(connection: Connection, place: RecordId) -> dict[str, bytes]:
    """The own fields of a record as canonical bytes."""
    rows = connection.execute(
        "SELECT field, value FROM local_own JOIN collection ON collection.id = local_own.collection"
        " WHERE owner = ? AND name = ? AND kind = ? AND key = ?",
        place,
    )
    return dict(rows.fetchall())


def own_of(
    connection: Connection, owner: bytes, collection: str, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, bytes]]:
    """The own fields of many records (kind, key) of one collection, as canonical bytes."""
    result: dict[tuple[str, str], dict[str, bytes]] = {}
    query = (
        "SELECT field, value FROM local_own WHERE kind = ? AND key = ? AND collection ="
        " (SELECT id FROM collection WHERE owner = ? AND name = ?)"
    )
    for kind, key in keys:
        found = connection.execute(query, (kind, key, owner, collection)).fetchall()
        if found:
            result[kind, key] = dict(found)
    return result


def own_all(connection: Connection, kind: str, field: str) -> list[tuple[RecordId, bytes]]:
    """An own field of all records of a kind that have it, as canonical bytes."""
    found = connection.execute(
        "SELECT owner, name, kind, key, value FROM local_own"
        " JOIN collection ON collection.id = local_own.collection WHERE kind = ? AND field = ?",
        (kind, field),
    )
    return [(RecordId(*place), value) for *place, value in found]


def statistics(connection: Connection, path: Path) -> dict[str, int]:
    """Counts for `fedretail status`; `path`: of the store's file."""
    query = "SELECT count(*), ifnull(sum(count), 0), ifnull(sum(size), 0) FROM log"
    logs, rows, size = connection.execute(query + " WHERE head IS NOT NULL").fetchone()
    (members,) = connection.execute("SELECT count(DISTINCT owner) FROM auth").fetchone()
    files = [path, path.with_name(path.name + "-wal")]
    return {
        "logs": logs,
        "rows": rows,
        "row_bytes": size,
        "members": members,
        "feed_position": end_of_feed(connection),
        "store_bytes": sum(file.stat().st_size for file in files if file.exists()),
    }
