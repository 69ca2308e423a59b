"""Auth records: which device may write for a member, by the member's own signature.

    Record = [version, type, owner root pk, number, device pk | nil, scopes, until_ms, stamp,
              details, signer pk]
    type     grant | renew                     (revoke, handover, guardians follow; kept unread)
    number   root's records are numbered densely from 1; nil in a renewal
    scopes   sorted list of text: "manage" may renew grants and open collections, "write" may write
    until_ms end of the grant, ms since 1970; an expired grant locks nobody out, it shows as doubt
    details  a map, empty where the type has none

Sent as the canonical bytes of [record, signature]; the signature is over "fedretail/auth/1" +
record; the record id is the first 16 bytes of the blake2b of the pair.
"""

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from fedretail.crdt.codec import check_value, pack, unpack, unpack_canonical
from fedretail.crdt.keys import SIGNATURE_BYTES, SigningKey, is_signed
from fedretail.crdt.names import owner_id
from fedretail.crdt.row import MAX_STAMP
from fedretail.errors import MalformedInput

VERSION = 1
DOMAIN = b"fedretail/auth/1"
GRANT = "grant"
RENEW = "renew"
MANAGE = "manage"
WRITE = "write"
# A grant takes 190 bytes; a revocation with cuts of a few dozen logs must fit later.
MAX_RECORD_BYTES = 4096
# Renewed daily, 90 days ahead: a device may stay away for a season.
GRANT_MS = 90 * 24 * 3600 * 1000


class AuthRecord(NamedTuple):
    """The content of an auth record, decoded; see the module for each item."""

    type: str
    root: bytes
    number: int | None
    device: bytes | None
    scopes: tuple[str, ...]
    until_ms: int
    stamp: int
    details: dict[str, Any]
    signer: bytes

    @property
    def owner(self) -> bytes:
        """The 16-byte name of the member the record is about."""
        return owner_id(self.root)


class SignedRecord(NamedTuple):
    """An auth record with the bytes that were signed and sent; id: 16 bytes."""

    record: AuthRecord
    raw: bytes
    id: bytes

    @classmethod
    def sign(cls, record: AuthRecord, key: SigningKey) -> Self:
        """`record` signed with the key that it names as signer."""
        body = pack([VERSION, *record])
        return cls._of(record, pack([body, key.sign(DOMAIN + body)]))

    @classmethod
    def _of(cls, record: AuthRecord, raw: bytes) -> Self:
        return cls(record, raw, hashlib.blake2b(raw, digest_size=16).digest())

    @classmethod
    def stored(cls, raw: bytes) -> Self:
        """The record in bytes that `parse` has taken before; the signature is not looked at."""
        body, _ = unpack(raw, max_bytes=MAX_RECORD_BYTES)
        return cls._of(_parse_body(body), raw)

    @classmethod
    def parse(cls, raw: object) -> Self:
        """The record in bytes from outside, its signature verified.

        Whether the signer may say this is judged by `Grants`. MalformedInput for anything else.
        """
        if not isinstance(raw, bytes):
            raise MalformedInput("an auth record that is not bytes")
        match unpack_canonical(raw, max_bytes=MAX_RECORD_BYTES):
            case [bytes(body), bytes(signature)] if len(signature) == SIGNATURE_BYTES:
                record = _parse_body(body)
                if is_signed(DOMAIN + body, signature, record.signer):
                    return cls._of(record, raw)
        raise MalformedInput("an auth record without a valid signature")


class Grants:
    """Which devices each owner has named, from any set of auth records in any order."""

    def __init__(self, records: Iterable[AuthRecord] = ()) -> None:
        self._granted: dict[tuple[bytes, bytes], AuthRecord] = {}
        self._renewals: dict[tuple[bytes, bytes], list[AuthRecord]] = {}
        for record in records:
            self.add(record)

    def add(self, record: AuthRecord) -> None:
        """Take a verified record into account; unknown types change nothing."""
        if record.device is None:
            return
        place = (record.owner, record.device)
        if record.type == GRANT and record.signer == record.root:
            present = self._granted.get(place)
            if present is None or _newer(record, present):
                self._granted[place] = record
        elif record.type == RENEW:
            self._renewals.setdefault(place, []).append(record)

    def may_write(self, owner: bytes, device: bytes) -> bool:
        """Whether the owner's root key has named this device as one that writes."""
        grant = self._granted.get((owner, device))
        return grant is not None and WRITE in grant.scopes

    def may_manage(self, owner: bytes, device: bytes) -> bool:
        """Whether the owner's root key has named this device as one that manages."""
        grant = self._granted.get((owner, device))
        return grant is not None and MANAGE in grant.scopes

    def until_ms(self, owner: bytes, device: bytes) -> int:
        """The end of the device's grant, renewals included; 0 where there is none."""
        grant = self._granted.get((owner, device))
        if grant is None:
            return 0
        renewals = self._renewals.get((owner, device), [])
        valid = [item.until_ms for item in renewals if self.may_manage(owner, item.signer)]
        return max([grant.until_ms, *valid])

    def devices(self, owner: bytes) -> frozenset[bytes]:
        """The devices that the owner's root key has named."""
        return frozenset(device for name, device in self._granted if name == owner)


def first_grant(root: SigningKey, device: bytes, *, now_ms: int) -> SignedRecord:
    """The record by which a new member names its first device, which may manage and write."""
    scopes, until_ms = (MANAGE, WRITE), now_ms + GRANT_MS
    record = AuthRecord(GRANT, root.public, 1, device, scopes, until_ms, now_ms, {}, root.public)
    return SignedRecord.sign(record, root)


def renewal(grant: AuthRecord, manager: SigningKey, *, now_ms: int) -> SignedRecord:
    """A later end for `grant`, signed by a device of the same owner that may manage."""
    until_ms = now_ms + GRANT_MS
    record = grant._replace(
        type=RENEW, number=None, until_ms=until_ms, stamp=now_ms, signer=manager.public
    )
    return SignedRecord.sign(record, manager)


def _newer(record: AuthRecord, present: AuthRecord) -> bool:
    return _rank(record) > _rank(present)


def _rank(record: AuthRecord) -> tuple[Any, ...]:
    """By number; the rest only makes all nodes choose alike where a root key gave one twice."""
    return (record.number or 0, record.stamp, record.until_ms, record.scopes)


def _parse_body(body: bytes) -> AuthRecord:
    match unpack_canonical(body, max_bytes=MAX_RECORD_BYTES):
        case [
            int(version), str(type_), bytes(root), number, device, list(scopes), int(until_ms),
            int(stamp), dict(details), bytes(signer), *_,
        ] if (
            bool not in {type(version), type(until_ms), type(stamp)}
            and version >= VERSION
            and len(root) == len(signer) == 32
            and (number is None or (type(number) is int and number > 0))
            and (device is None or (type(device) is bytes and len(device) == 32))
            and all(type(scope) is str for scope in scopes)
            and 0 <= until_ms <= MAX_STAMP
            and 0 <= stamp <= MAX_STAMP
        ):  # fmt: skip
            check_value(details)
            place = (type_, root, number, device, tuple(scopes))
            return AuthRecord(*place, until_ms, stamp, details, signer)
    raise MalformedInput("not an auth record")
