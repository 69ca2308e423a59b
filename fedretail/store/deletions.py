"""Deletions that outlive their row here, so that nothing deleted is ever shown again.

A device lets go of a deletion when its own copies of all other logs have been clean for 30 days.
A node that is behind with one of these logs may still hold a row of it that the deletion beats,
and would show it from the moment in which the deletion's row has gone. So a node remembers what it
has held, as long as a row held here has something older, and hides that before it folds. What a
device writes into a log that it has begun anew is no older copy, whatever its clock said: such rows
are left alone.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from fedretail.crdt.registers import DELETED
from fedretail.crdt.row import Groups, stored_groups
from fedretail.crdt.stamp import is_in_force
from fedretail.crdt.vacating import Spent, has_older, without
from fedretail.domain.kind import RecordId
from fedretail.errors import MalformedInput
from fedretail.store.database import Connection
from fedretail.store.logs import LogState

# (collection, kind, key)
RecordPlace = tuple[int, str, str]
_OF = (
    "FROM local_deletion WHERE collection ="
    " (SELECT id FROM collection WHERE owner = ? AND name = ?)"
)


class Said(NamedTuple):
    """What a log says of a record."""

    device: bytes
    incarnation: int
    groups: Groups


class Deletion(NamedTuple):
    """A deletion that is remembered: its stamp (ms), by which log it was said."""

    stamp: int
    device: bytes
    incarnation: int

    def concerns(self, said: Said) -> bool:
        """Whether it may hide what this log says: not what its device began anew since."""
        return said.device != self.device or said.incarnation <= self.incarnation


def hidden(said: Said, kept: Iterable[Deletion]) -> tuple[bytes, Groups]:
    """(device, groups) of a row as the fold takes it, without what deletions have beaten."""
    groups = said.groups
    for one in kept:
        if one.concerns(said):
            groups = without((said.device, groups), Spent(beaten_by=(one.stamp, one.device)))
    return said.device, groups


def of_record(connection: Connection, place: RecordId) -> list[Deletion]:
    """The remembered deletions of a record."""
    query = f"SELECT stamp, device, incarnation {_OF} AND kind = ? AND key = ?"
    return [Deletion(*found) for found in connection.execute(query, place)]


def of_kind(connection: Connection, place: RecordId) -> dict[str, list[Deletion]]:
    """The remembered deletions of all records of a kind behind a place, by key."""
    query = f"SELECT key, stamp, device, incarnation {_OF} AND kind = ? AND key > ?"
    found: dict[str, list[Deletion]] = {}
    for key, *deletion in connection.execute(query, place):
        found.setdefault(key, []).append(Deletion(*deletion))
    return found


def settle(
    connection: Connection,
    place: RecordPlace,
    others: list[Said],
    *,
    before: list[Said],
    after: list[Said],
    now_ms: int,
) -> tuple[list[Deletion], list[Deletion]]:
    """What is remembered of a record before and after one of its rows changes (in a transaction).

    `others`: its rows in all other logs.
    """
    query = (
        "SELECT stamp, device, incarnation FROM local_deletion"
        " WHERE collection = ? AND kind = ? AND key = ?"
    )
    known = [Deletion(*found) for found in connection.execute(query, place).fetchall()]
    gone = _deletions(before) - _deletions(after)
    # One that was never in force has hidden nothing.
    wanted = {*known, *(one for one in gone if is_in_force(one.stamp, now_ms))}
    rows = [*others, *after]
    kept = sorted(one for one in wanted if any(_hides(one, said) for said in rows))
    if kept != sorted(known):
        query = "DELETE FROM local_deletion WHERE collection = ? AND kind = ? AND key = ?"
        connection.execute(query, place)
        # Of two deletions by one log the newer stays.
        values = [(*place, one.device, one.incarnation, one.stamp) for one in kept]
        query = "INSERT OR REPLACE INTO local_deletion VALUES (?, ?, ?, ?, ?, ?)"
        connection.executemany(query, values)
    return known, kept


def remember(connection: Connection, place: RecordPlace, one: Deletion) -> None:
    """Remember a deletion of a record; of two by one log the newer stays."""
    connection.execute(
        "INSERT INTO local_deletion VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET stamp = max(stamp, excluded.stamp)",
        (*place, one.device, one.incarnation, one.stamp),
    )


def keep_all(connection: Connection, log: LogState, *, now_ms: int) -> None:
    """Remember what a log says that goes as a whole (in its transaction)."""
    query = (
        "SELECT kind, key, row FROM row INDEXED BY row_deleted"
        " WHERE log = ? AND instr(row, X'A121C3')"
    )
    for kind, key, packed in connection.execute(query, (log.number,)).fetchall():
        before = [said_by(log, stored_groups(packed))]
        others = said_beside(connection, log, (kind, key))
        place = (log.collection, kind, key)
        settle(connection, place, others, before=before, after=[], now_ms=now_ms)


def forget(connection: Connection, collection: int) -> None:
    """Forget what beats nothing any more in a collection of which a log has gone."""
    query = "SELECT kind, key, stamp, device, incarnation FROM local_deletion WHERE collection = ?"
    for kind, key, *deletion in connection.execute(query, (collection,)).fetchall():
        one = Deletion(*deletion)
        if not any(_hides(one, said) for said in _said_in(connection, collection, (kind, key))):
            connection.execute(
                "DELETE FROM local_deletion WHERE collection = ? AND kind = ? AND key = ?"
                " AND device = ? AND incarnation = ?",
                (collection, kind, key, one.device, one.incarnation),
            )


def said_by(log: LogState, groups: Groups) -> Said:
    """What a log says of a record with a row of these groups."""
    return Said(log.name.device, log.name.incarnation, groups)


def said_beside(connection: Connection, log: LogState, key: tuple[str, str]) -> list[Said]:
    """What the other logs of a collection hold of a record."""
    return _said_in(connection, log.collection, key, but=log.number)


def _said_in(
    connection: Connection, collection: int, key: tuple[str, str], *, but: int = 0
) -> list[Said]:
    rows = connection.execute(
        "SELECT device, incarnation, row FROM row JOIN log ON log.id = row.log"
        " WHERE log.collection = ? AND log.id != ? AND kind = ? AND key = ?",
        (collection, but, *key),
    )
    found = []
    for device, incarnation, packed in rows:
        # Of a row whose bytes are damaged nobody knows what it was: it keeps no other from repair.
        with suppress(MalformedInput):
            found.append(Said(device, incarnation, stored_groups(packed)))
    return found


def _hides(one: Deletion, said: Said) -> bool:
    place = (one.stamp, one.device)
    return one.concerns(said) and has_older(said.device, said.groups, place)


def _deletions(rows: list[Said]) -> set[Deletion]:
    return {
        Deletion(stamp, said.device, said.incarnation)
        for said in rows
        for stamp, fields in said.groups
        if fields.get(DELETED) is True
    }
