"""What the items of a reconciliation are made of: where a thing stands, then a hash of its bytes.

    head         area (4 bytes) || first 8 bytes of the log id || blake2b-16(head as sent)
    auth record  0 0 0 0        || first 8 bytes of its owner  || blake2b-16(record as sent)
    proof        0 0 0 0        || first 8 bytes of its owner  || blake2b-16(pack([owner,
                 collection, device])): any proof of the same is as good; it stands for the heads
                 of that device, which are no items any more
    row          blake2b-8(pack([kind, key]))                  || blake2b-16(pack([kind, key, row]))

So things of one area lie together, and what has changed stands next to what it was: one list
shows both. No salt is in here: items and their order serve all sessions, and what travels, ids
and fingerprints, is salted (`blocks`). Bounds of ranges are cut by counting items, so nobody
gains by choosing where an item stands.
"""

import hashlib

from fedretail.crdt.codec import pack

_PLACE_BYTES = 8
_HASH_BYTES = 16
_AREA_BYTES = 4
HEAD_ITEM_BYTES = _AREA_BYTES + _PLACE_BYTES + _HASH_BYTES
ROW_ITEM_BYTES = _PLACE_BYTES + _HASH_BYTES


def head_item(area: tuple[int, int], log: bytes, raw: bytes) -> bytes:
    """The item of a head as sent; `area`: its first n bits, [n, bits]."""
    n, bits = area
    place = (bits << 8 * _AREA_BYTES - n).to_bytes(_AREA_BYTES, "big")
    return place + log[:_PLACE_BYTES] + _hash(raw)


def auth_item(owner: bytes, raw: bytes) -> bytes:
    """The item of an auth record as sent, which has no place."""
    return bytes(_AREA_BYTES) + owner[:_PLACE_BYTES] + _hash(raw)


def proof_item(device: tuple[bytes, str, bytes]) -> bytes:
    """The item of proofs against an (owner, collection, device)."""
    return auth_item(device[0], pack(list(device)))


def row_item(key: tuple[str, str], digested: bytes) -> bytes:
    """The item of a row (kind, key); `digested`: what the digest counts, [kind, key, row]."""
    place = hashlib.blake2b(pack(list(key)), digest_size=_PLACE_BYTES).digest()
    return place + _hash(digested)


def _hash(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=_HASH_BYTES).digest()
