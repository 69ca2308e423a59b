"""Deeds: what this device did in its shop's records, with the values before, kept for 30 days.

They serve Undo, and never leave this computer. A deed is one edit or a whole import; each commit
that is a part of it writes beside its rows, in its own transaction, what stood there before.
"""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self

from fedretail.clock import Clock
from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.row import MAX_ROW_BYTES, RowKey
from fedretail.domain.kind import RecordId
from fedretail.store import records
from fedretail.store.database import Connection

KEPT_MS = 30 * 24 * 3600 * 1000
_ID_BYTES = 8
# Public and own fields of one record, twice the room of a row and a little for their names.
_MAX_BYTES = 3 * MAX_ROW_BYTES
_PAGE = 500
_ENTRIES = (
    "SELECT owner, name, kind, key, stamp, before, after FROM local_before"
    " JOIN collection ON collection.id = local_before.collection"
)


class Deed(NamedTuple):
    """What somebody did; id: 16 hex digits; what: anything JSON holds; at_ms: when it began."""

    id: str
    what: dict[str, Any]
    at_ms: int = 0

    @classmethod
    def new(cls, **what: Any) -> Self:
        """A deed that is to be done; nothing said of it: an edit."""
        return cls(secrets.token_hex(_ID_BYTES), what)


class Entry(NamedTuple):
    """What one commit changed in one record, own fields too.

    before: None where there was no record; after: None where there was none any more; else the
    values of the fields that it touched, without those that had none.
    """

    place: RecordId
    stamp: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Touched(NamedTuple):
    """What a commit does to one record: the fields it sets, and whether it deletes it first."""

    fields: Mapping[str, Any]
    is_deleted: bool


def keep(
    connection: Connection,
    deed: Deed,
    collection: tuple[int, bytes, str],
    touched: Mapping[RowKey, Touched],
    *,
    stamp: int,
    now_ms: int,
) -> None:
    """Write down what stands in these records, before it is changed (in the transaction).

    collection: its number, owner and name.
    """
    number, owner, name = collection
    places = {key: RecordId(owner, name, *key) for key in touched}
    present = records.records_of(connection, places.values(), now_ms=now_ms)
    owns = records.own_of(connection, owner, name, touched)
    values = []
    for key, change in touched.items():
        folded = present.get(places[key])
        own = {field: unpack(value, max_bytes=MAX_ROW_BYTES) for field, value in
               owns.get(key, {}).items()}  # fmt: skip
        before = None if folded is None else {**folded.fields, **own}
        if before is None and change.is_deleted and not change.fields:
            continue
        values.append((number, *key, stamp, *_told(before, change)))
    if not values:
        return
    query = "INSERT OR IGNORE INTO local_deed (id, at, what) VALUES (?, ?, ?)"
    connection.execute(query, (deed.id, now_ms, json.dumps(deed.what, ensure_ascii=False)))
    (at,) = connection.execute("SELECT number FROM local_deed WHERE id = ?", (deed.id,)).fetchone()
    marks = f"INSERT OR IGNORE INTO local_before VALUES ({at}, ?, ?, ?, ?, ?, ?)"
    connection.executemany(marks, values)


def _told(before: dict[str, Any] | None, change: Touched) -> tuple[bytes | None, bytes | None]:
    """(before, after) as they are stored: of a new record nothing but that it is there."""
    if before is None:
        return None, pack({})
    if change.is_deleted:
        return pack(before), pack(dict(change.fields)) if change.fields else None
    names = change.fields.keys() & before.keys()
    return pack({name: before[name] for name in sorted(names)}), pack(dict(change.fields))


class Deeds:
    """The deeds of one store."""

    def __init__(self, write: Connection, read: Connection, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    def newest(self, limit: int) -> list[Deed]:
        """What was done last, the newest first."""
        query = "SELECT id, what, at FROM local_deed ORDER BY number DESC LIMIT ?"
        rows = self._read.execute(query, (limit,)).fetchall()
        return [Deed(number, json.loads(what), at) for number, what, at in rows]

    def describe(self, deed: Deed) -> None:
        """Say more of a deed that is done; nothing where it changed nothing."""
        with self._write.transaction(durable=False):
            query = "UPDATE local_deed SET what = ? WHERE id = ?"
            self._write.execute(query, (json.dumps(deed.what, ensure_ascii=False), deed.id))

    def find(self, number: str) -> Deed | None:
        """The deed with this id, None where it is none, or older than 30 days."""
        query = "SELECT id, what, at FROM local_deed WHERE id = ?"
        row = self._read.execute(query, (number,)).fetchone()
        return None if row is None else Deed(row[0], json.loads(row[1]), row[2])

    def entries(self, number: str) -> Iterator[list[Entry]]:
        """What a deed changed, record by record: all that it did to one, the earliest first."""
        rows = self._pages(number)
        held: list[Entry] = []
        for row in rows:
            entry = Entry(RecordId(*row[:4]), row[4], _fields(row[5]), _fields(row[6]))
            if held and held[0].place != entry.place:
                yield held
                held = []
            held.append(entry)
        if held:
            yield held

    def _pages(self, number: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a deed in the order of their records, no statement open between pages."""
        query = (
            f"{_ENTRIES} WHERE deed = (SELECT number FROM local_deed WHERE id = ?)"
            " AND (local_before.collection, kind, key, stamp) > (?, ?, ?, ?)"
            " ORDER BY local_before.collection, kind, key, stamp LIMIT ?"
        )
        after: tuple[Any, ...] = (0, "", "", 0)
        while True:
            rows = self._read.execute(query, (number, *after, _PAGE)).fetchall()
            yield from rows
            if len(rows) < _PAGE:
                return
            last = rows[-1]
            (collection,) = self._read.execute(
                "SELECT id FROM collection WHERE owner = ? AND name = ?", last[:2]
            ).fetchone()
            after = (collection, *last[2:5])

    def own_stamps(self, places: Iterable[RecordId]) -> dict[RecordId, dict[str, int]]:
        """When each own field of these records was last set (ms)."""
        query = (
            "SELECT field, stamp FROM local_own WHERE kind = ? AND key = ? AND collection ="
            " (SELECT id FROM collection WHERE owner = ? AND name = ?)"
        )
        return {
            place: dict(self._read.execute(query, (*place[2:], *place[:2])).fetchall())
            for place in places
        }

    def prune(self) -> None:
        """Forget what was done more than 30 days ago."""
        before = self._clock.now_ms() - KEPT_MS
        with self._write.transaction(durable=False):
            self._write.execute(
                "DELETE FROM local_before WHERE deed IN"
                " (SELECT number FROM local_deed WHERE at < ?)",
                (before,),
            )
            self._write.execute("DELETE FROM local_deed WHERE at < ?", (before,))


def _fields(packed: bytes | None) -> dict[str, Any] | None:
    if packed is None:
        return None
    fields: dict[str, Any] = unpack(packed, max_bytes=_MAX_BYTES)
    return fields
