"""The charter of a network: what its members agree on. Its hash is the network's id.

Charter = [version, name, founders, admission, quotas, data licence, rules, parent]
founders   root keys of the founding members, 32 bytes each, in order
admission  "open": every owner may write
quotas     map of text to integers; rules: text; data licence: SPDX name
parent     32-byte id of the network this one was forked from, or nil
"""

import hashlib
from typing import NamedTuple, Self

from fedretail.crdt.codec import pack, unpack_canonical
from fedretail.errors import MalformedInput

VERSION = 1
MAX_CHARTER_BYTES = 16 * 1024
ID_BYTES = 32
OPEN = "open"
# Prices are facts; what makes a catalog a collection may be used by anyone who names the source.
DATA_LICENCE = "ODbL-1.0"


class Charter(NamedTuple):
    """The content of a charter, decoded; see the module for each item."""

    name: str
    founders: tuple[bytes, ...]
    admission: str = OPEN
    quotas: tuple[tuple[str, int], ...] = ()
    data_licence: str = DATA_LICENCE
    rules: str = ""
    parent: bytes | None = None

    def pack(self) -> bytes:
        """The canonical bytes of the charter, from which its id follows."""
        return pack([VERSION, *self._replace(quotas=dict(self.quotas))])  # type: ignore[arg-type]

    @property
    def id(self) -> bytes:
        """The 32-byte id of the network."""
        return hashlib.blake2b(self.pack(), digest_size=ID_BYTES).digest()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """The charter in bytes from outside; MalformedInput where it is none."""
        if not isinstance(raw, bytes):
            raise MalformedInput("a charter that is not bytes")
        match unpack_canonical(raw, max_bytes=MAX_CHARTER_BYTES):
            case [int(version), str(name), list(founders), str(admission), dict(quotas),
                  str(licence), str(rules), parent] if (
                type(version) is int
                and version == VERSION
                and 0 < len(name) <= 80
                and all(type(key) is bytes and len(key) == 32 for key in founders)
                and all(type(value) is int for value in quotas.values())
                and (parent is None or (type(parent) is bytes and len(parent) == ID_BYTES))
            ):  # fmt: skip
                limits = tuple(quotas.items())
                return cls(name, tuple(founders), admission, limits, licence, rules, parent)
        raise MalformedInput("not a charter of a network that this version knows")
