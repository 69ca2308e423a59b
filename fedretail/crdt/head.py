"""The signed head of a log: what the log is after a commit, in at most 200 bytes.

    Head = [version, log, seq, stamp, lease, count, size, digest, area, floor, parent, absorbed]
    version   1; trailing items of later versions are kept and covered by the signature
    log       16-byte log id
    seq       commits so far, dense from 1
    stamp     of this commit, ms since 1970, later than the head's before
    lease     days that the owner means to be heard of again
    count     rows, vacant ones too
    size      sum of the lengths of the canonical [kind, key, row] of all rows
    digest    32 bytes, LtHash of all rows
    area      [n, bits]: the first n <= 30 bits of the Hilbert number of the place; [0, 0]: none
    floor     vacant rows changed at or before this seq are gone
    parent    nil, or (incarnation, seq, head id) the log was begun from
    absorbed  nil, or [(log, seq, head id), ...] taken over since

Sent and kept as the canonical bytes of [head, signature], head being the packed list as bytes;
the signature is over "fedretail/head/1" + head; the head id is the blake2b-32 of the pair as sent.
"""

import hashlib
from functools import lru_cache
from typing import Any, NamedTuple, Self

from fedretail.crdt.codec import check_value, pack, unpack_canonical
from fedretail.crdt.keys import SIGNATURE_BYTES, SigningKey, is_signed
from fedretail.crdt.row import MAX_STAMP
from fedretail.errors import MalformedInput

VERSION = 1
DOMAIN = b"fedretail/head/1"
# A plain head takes 155 bytes; parent and 8 absorbed logs add 500. The rest is for later versions.
MAX_HEAD_BYTES = 1024
MAX_SEQ = (1 << 53) - 1
MAX_AREA_BITS = 30
NO_AREA = (0, 0)


class Head(NamedTuple):
    """The content of a head, decoded; see the module for each item."""

    log: bytes
    seq: int
    stamp: int
    lease: int
    count: int  # type: ignore[assignment] # a field, no longer tuple.count
    size: int
    digest: bytes
    area: tuple[int, int] = NO_AREA
    floor: int = 0
    parent: tuple[int, int, bytes] | None = None
    absorbed: tuple[tuple[bytes, int, bytes], ...] | None = None


class SignedHead(NamedTuple):
    """A head with the very bytes that were signed and sent.

    raw: packed [head, signature]; id: blake2b-32 of raw; body: the signed bytes.
    """

    head: Head
    raw: bytes
    id: bytes
    body: bytes
    signature: bytes

    @classmethod
    def sign(cls, head: Head, key: SigningKey) -> Self:
        """`head` signed with the device's key."""
        body = pack([VERSION, *head])
        return cls._of(head, body, key.sign(DOMAIN + body))

    @classmethod
    def _of(cls, head: Head, body: bytes, signature: bytes) -> Self:
        raw = pack([body, signature])
        return cls(head, raw, hashlib.blake2b(raw, digest_size=32).digest(), body, signature)

    @classmethod
    def parse(cls, raw: object) -> Self:
        """The head in bytes from outside; the signature is not judged here.

        MalformedInput unless it is canonical and each item is within its limits.
        """
        if not isinstance(raw, bytes):
            raise MalformedInput("a head that is not bytes")
        match unpack_canonical(raw, max_bytes=MAX_HEAD_BYTES):
            case [bytes(body), bytes(signature)] if len(signature) == SIGNATURE_BYTES:
                return cls._of(_parse_body(body), body, signature)
        raise MalformedInput("not a signed head")

    def is_by(self, device: bytes) -> bool:
        """Whether the device with this public key has signed the head."""
        return _is_signed(self.body, self.signature, device)


# A head is looked at when it is shown, when its rows have come, and in proofs. As many as are
# shown at once by a neighbour of a city; 1 MB.
@lru_cache(maxsize=2048)
def _is_signed(body: bytes, signature: bytes, device: bytes) -> bool:
    return is_signed(DOMAIN + body, signature, device)


def _parse_body(body: bytes) -> Head:
    items = unpack_canonical(body, max_bytes=MAX_HEAD_BYTES)
    match items:
        case [int(version), *rest] if (
            type(version) is int and version >= VERSION and len(rest) >= len(Head._fields)
        ):
            check_value(rest)
            return _parse_items(rest[: len(Head._fields)])
    raise MalformedInput("not a head")


def _parse_items(items: list[Any]) -> Head:
    match items:
        case [
            bytes(log), int(seq), int(stamp), int(lease), int(count), int(size), bytes(digest),
            [int(n), int(bits)], int(floor), parent, absorbed,
        ] if (
            bool not in map(type, [seq, stamp, lease, count, size, n, bits, floor])
            and len(log) == 16
            and 1 <= seq <= MAX_SEQ
            and 0 <= stamp <= MAX_STAMP
            and 0 <= lease <= 366
            and 0 <= count <= size <= MAX_SEQ
            and len(digest) == 32
            and 0 <= n <= MAX_AREA_BITS
            and 0 <= bits < 1 << n
            and 0 <= floor < seq
        ):  # fmt: skip
            area, sources = (n, bits), _parse_absorbed(absorbed)
            return Head(
                log, seq, stamp, lease, count, size, digest, area, floor, _parse_parent(parent),
                sources,
            )  # fmt: skip
    raise MalformedInput("a head with an item out of its limits")


def _parse_parent(value: Any) -> tuple[int, int, bytes] | None:
    match value:
        case None:
            return None
        case [int(incarnation), int(seq), bytes(head_id)] if (
            bool not in {type(incarnation), type(seq)}
            and 0 <= incarnation <= MAX_STAMP
            and 1 <= seq <= MAX_SEQ
            and len(head_id) == 32
        ):
            return incarnation, seq, head_id
    raise MalformedInput("a head whose parent is no head")


def _parse_absorbed(value: Any) -> tuple[tuple[bytes, int, bytes], ...] | None:
    if value is None:
        return None
    result = []
    # At most 8 logs per owner and collection stand beside each other.
    if not isinstance(value, list) or len(value) > 8:
        raise MalformedInput("a head with too many absorbed logs")
    for item in value:
        match item:
            case [bytes(log), int(seq), bytes(head_id)] if (
                len(log) == 16 and type(seq) is int and 1 <= seq <= MAX_SEQ and len(head_id) == 32
            ):
                result.append((log, seq, head_id))
            case _:
                raise MalformedInput("a head whose absorbed log is no log")
    return tuple(result)
