"""Deletions that outlive their row here, so that nothing deleted is ever shown again.

A device lets go of a deletion when its own copies of all other logs have been clean for 30 days.
A node that is behind with one of these logs may still hold a row of it that the deletion beats,
and would show it from the moment in which the deletion's row has gone. So a node remembers what it
has held, as long as a row held here has something older, and folds it in with the rows.
"""

from collections.abc import Iterable

from fedretail.crdt.registers import DELETED
from fedretail.crdt.row import Groups, stored_groups
from fedretail.crdt.vacating import has_older
from fedretail.domain.kind import RecordId
from fedretail.store.database import Connection
from fedretail.store.logs import LogState

# (collection, kind, key)
Place = tuple[int, str, str]
# What a log says of a record, as the fold takes it: device key, groups.
Said = tuple[bytes, Groups]
_OF = (
    "FROM local_deletion WHERE collection ="
    " (SELECT id FROM collection WHERE owner = ? AND name = ?)"
)


def of_record(connection: Connection, place: RecordId) -> list[Said]:
    """The remembered deletions of a record, as rows of their devices."""
    query = f"SELECT device, stamp {_OF} AND kind = ? AND key = ?"
    return [_said(*found) for found in connection.execute(query, place)]


def of_kind(connection: Connection, place: RecordId) -> list[tuple[str, Said]]:
    """(key, deletion) of all records of a kind behind a place."""
    query = f"SELECT key, device, stamp {_OF} AND kind = ? AND key > ?"
    rows = connection.execute(query, place)
    return [(key, _said(device, stamp)) for key, device, stamp in rows]


def settle(
    connection: Connection,
    place: Place,
    others: Iterable[Said],
    *,
    before: list[Said],
    after: list[Said],
) -> tuple[list[Said], list[Said]]:
    """What is remembered of a record before and after one of its rows changes (in a transaction).

    `others`: its rows in all other logs.
    """
    query = "SELECT device, stamp FROM local_deletion WHERE collection = ? AND kind = ? AND key = ?"
    known = [_said(*found) for found in connection.execute(query, place).fetchall()]
    rows = [*others, *after]
    wanted = {_at(said) for said in known} | (_deletions(before) - _deletions(after))
    kept = {at for at in wanted if any(has_older(*said, at) for said in rows)}
    if kept != {_at(said) for said in known}:
        query = "DELETE FROM local_deletion WHERE collection = ? AND kind = ? AND key = ?"
        connection.execute(query, place)
        # Of two deletions by one device the newer stays.
        values = [(*place, device, stamp) for stamp, device in sorted(kept)]
        query = "INSERT OR REPLACE INTO local_deletion VALUES (?, ?, ?, ?, ?)"
        connection.executemany(query, values)
    return known, [_said(device, stamp) for stamp, device in kept]


def keep_all(connection: Connection, log: LogState) -> None:
    """Remember what a log says that goes as a whole (in its transaction)."""
    query = (
        "SELECT kind, key, row FROM row INDEXED BY row_deleted"
        " WHERE log = ? AND instr(row, X'A121C3')"
    )
    for kind, key, packed in connection.execute(query, (log.number,)).fetchall():
        before = [(log.name.device, stored_groups(packed))]
        others = said_beside(connection, log, (kind, key))
        settle(connection, (log.collection, kind, key), others, before=before, after=[])


def said_beside(connection: Connection, log: LogState, key: tuple[str, str]) -> list[Said]:
    """What the other logs of a collection hold of a record."""
    rows = connection.execute(
        "SELECT device, row FROM row JOIN log ON log.id = row.log"
        " WHERE log.collection = ? AND log.id != ? AND kind = ? AND key = ?",
        (log.collection, log.number, *key),
    )
    return [(device, stored_groups(row)) for device, row in rows]


def _said(device: bytes, stamp: int) -> Said:
    return device, [(stamp, {DELETED: True})]


def _at(said: Said) -> tuple[int, bytes]:
    return said[1][0][0], said[0]


def _deletions(rows: list[Said]) -> set[tuple[int, bytes]]:
    return {
        (stamp, device)
        for device, groups in rows
        for stamp, fields in groups
        if fields.get(DELETED) is True
    }
