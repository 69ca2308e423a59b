"""The auth records held, and what follows from them."""

from collections.abc import Iterable
from functools import lru_cache

from fedretail.crdt.access import RENEW, AuthRecord, Grants, SignedRecord
from fedretail.store.database import Connection

# Grants and renewals of the largest member seen so far would be a few dozen; a flood is an attack.
MAX_RECORDS_PER_OWNER = 256

# Every commit and advance asks who may write: each record is decoded once. As many as a node takes
# in, so that nobody makes it decode them again and again.
_stored = lru_cache(maxsize=16_384)(SignedRecord.stored)


def add(connection: Connection, records: Iterable[SignedRecord]) -> int:
    """Keep verified records that are new (inside a transaction); how many there were.

    Only what the owner's root key has signed is kept, and a managing device's renewals of what
    root has granted: nobody fills another's place. Of the renewals of one device by one signer
    only the newest stays.
    """
    return sum(_add_one(connection, signed) for signed in records)


def _add_one(connection: Connection, signed: SignedRecord) -> bool:
    record, owner = signed.record, signed.record.owner
    # First of all: whoever sends again what is here costs one look.
    if connection.execute("SELECT 1 FROM auth WHERE id = ?", (signed.id,)).fetchone():
        return False
    grants = grants_of(connection, owner)
    is_renewal = record.signer != record.root
    if is_renewal and not _may_renew(grants, record):
        return False
    count = 0
    for row_id, raw in _raw_of(connection, owner):
        other = _stored(raw).record
        # Renewals never take the room that root needs to revoke a stolen device.
        count += (other.signer != other.root) == is_renewal
        if _is_renewal_of_same(record, other):
            if (other.stamp, row_id) >= (record.stamp, signed.id):
                return False
            connection.execute("DELETE FROM auth WHERE id = ?", (row_id,))
            count -= 1
    if count >= MAX_RECORDS_PER_OWNER:
        return False
    values = (signed.id, owner, signed.raw)
    connection.execute("INSERT INTO auth (id, owner, raw) VALUES (?, ?, ?)", values)
    return True


def _may_renew(grants: Grants, record: AuthRecord) -> bool:
    return (
        record.type == RENEW
        and record.device in grants.devices(record.owner)
        and grants.may_manage(record.owner, record.signer)
    )


def _is_renewal_of_same(record: AuthRecord, other: AuthRecord) -> bool:
    if record.number is not None or other.number is not None:
        return False
    return (record.type, record.device, record.signer) == (other.type, other.device, other.signer)


def records(connection: Connection, *, moved_after: int = 0) -> list[tuple[int, SignedRecord]]:
    """(moved, record) of every auth record that arrived after that place, in order."""
    query = "SELECT moved, raw FROM auth WHERE moved > ? ORDER BY moved"
    rows = connection.execute(query, (moved_after,))
    return [(moved, _stored(raw)) for moved, raw in rows.fetchall()]


def grants_of(connection: Connection, owner: bytes) -> Grants:
    """The devices that one owner has named."""
    return Grants(_stored(raw).record for _, raw in _raw_of(connection, owner))


def owners(connection: Connection) -> list[bytes]:
    """The 16-byte names of all members heard of, in order."""
    rows = connection.execute("SELECT DISTINCT owner FROM auth ORDER BY owner")
    return [row[0] for row in rows]


def _raw_of(connection: Connection, owner: bytes) -> list[tuple[bytes, bytes]]:
    query = "SELECT id, raw FROM auth WHERE owner = ? ORDER BY moved"
    return connection.execute(query, (owner,)).fetchall()
