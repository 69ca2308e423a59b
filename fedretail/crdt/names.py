"""Names that follow from keys: owners, logs, sites. Nobody hands them out, anyone checks them."""

import base64
import hashlib
from typing import NamedTuple

from fedretail.crdt.codec import pack
from fedretail.errors import MalformedInput

OWNER_BYTES = 16
LOG_BYTES = 16
# The longest collection name in use is "site/" + 16 characters; lists and own/ need no more.
MAX_COLLECTION_BYTES = 48


class LogName(NamedTuple):
    """The four values that a log id stands for; they travel once a session, in AUTH.

    owner: 16 bytes; collection: text; device: 32-byte public key; incarnation: milliseconds of
    the log's opening.
    """

    owner: bytes
    collection: str
    device: bytes
    incarnation: int


def owner_id(root_public: bytes) -> bytes:
    """The 16-byte name of a member: a hash of its root key."""
    return hashlib.blake2b(root_public, digest_size=OWNER_BYTES).digest()


def log_id(name: LogName) -> bytes:
    """The 16-byte name of a log: a hash of owner, collection, device and incarnation."""
    return hashlib.blake2b(pack(list(name)), digest_size=LOG_BYTES).digest()


def site_id(owner: bytes, nonce: bytes) -> str:
    """The 16-character name of a site; `nonce` stands in its record, so that anyone can check."""
    digest = hashlib.blake2b(pack([owner, nonce])).digest()
    return base64.b32encode(digest[:10]).decode("ascii").lower()


def parse_log_name(value: object) -> LogName:
    """The LogName in a list of four values from a peer; MalformedInput where it is none."""
    match value:
        case [bytes(owner), str(collection), bytes(device), int(incarnation)] if (
            type(incarnation) is int
            and len(owner) == OWNER_BYTES
            and len(device) == 32
            and 0 < len(collection.encode("utf-8", "replace")) <= MAX_COLLECTION_BYTES
            and 0 <= incarnation < 1 << 63
        ):
            return LogName(owner, collection, device, incarnation)
    raise MalformedInput("not the name of a log")
