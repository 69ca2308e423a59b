"""Finding what differs between two nodes: salted ids of all auth records and heads.

An id is 8 bytes of a blake2b keyed with a salt that both ends of a session make from their
nonces, so that nobody can prepare two items with one id. A fingerprint is the hash of all ids in
order: equal ones end the question with 16 bytes.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from fedretail.errors import PeerError

ID_BYTES = 8
# A frame of 256 KiB holds so many ids; a node with more logs needs ranges, not lists.
MAX_IDS = 32_000


# What an auth record is about, among items.
AUTH = b"auth"


class Item(NamedTuple):
    """One thing that both sides should have: its bytes, and what tells them apart.

    raw: an auth record or a head as sent; about: AUTH, or the id of the head's log.
    """

    about: bytes
    raw: bytes


def salt(nonce: bytes, other: bytes) -> bytes:
    """The 32-byte salt of a session, the same at both ends."""
    return hashlib.blake2b(b"".join(sorted((nonce, other))), digest_size=32).digest()


def item_id(item: Item, key: bytes) -> bytes:
    """The 8-byte id of an item under the salt `key`."""
    return hashlib.blake2b(item.about + item.raw, digest_size=ID_BYTES, key=key).digest()


def ids(items: Iterable[Item], key: bytes) -> bytes:
    """The ids of all items in order, joined."""
    return b"".join(sorted(item_id(item, key) for item in items)[:MAX_IDS])


def fingerprint(items: Iterable[Item], key: bytes) -> bytes:
    """16 bytes that are equal where both sides have the same items."""
    return hashlib.blake2b(ids(items, key), digest_size=16, key=key).digest()


def parse_ids(data: bytes) -> frozenset[bytes]:
    """The ids in the bytes of RANGES; PeerError where they are none."""
    if len(data) % ID_BYTES or len(data) > MAX_IDS * ID_BYTES:
        raise PeerError("A neighbour sent a list of what it has that is none.")
    return frozenset(data[start : start + ID_BYTES] for start in range(0, len(data), ID_BYTES))


def divided(
    items: Iterable[Item], theirs: frozenset[bytes], key: bytes
) -> tuple[list[Item], list[Item]]:
    """Which of `items` the other side does not name, and which it has as they are here."""
    lacked: list[Item] = []
    common: list[Item] = []
    for item in items:
        (common if item_id(item, key) in theirs else lacked).append(item)
    return lacked, common
