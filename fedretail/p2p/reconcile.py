"""Finding what two nodes do not both have: one comparison of all auth records and heads.

Ids and fingerprints are made under a salt that both ends of a session derive from their nonces,
so that nobody can prepare two items with one id. What is found is a hint: whatever is sent
because of it is verified as if it came by itself.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from fedretail.crdt.head import Head
from fedretail.crdt.proof import Proof
from fedretail.p2p.blocks import BlockList
from fedretail.p2p.ranges import Range
from fedretail.p2p.rbsr import Reconciler


class Item(NamedTuple):
    """One thing that both sides should have.

    raw: an auth record or a head as sent, nothing for a proof; key: its place and hash, see
    `items`; head: what raw says, None for the others.
    """

    raw: bytes
    key: bytes
    head: Head | None
    proof: Proof | None = None


def salt(nonce: bytes, other: bytes) -> bytes:
    """The 32-byte salt of a session, the same at both ends."""
    return hashlib.blake2b(b"".join(sorted((nonce, other))), digest_size=32).digest()


class RangeComparison:
    """One end of a comparison of ids by ranges: what it says, and what the other end lacks."""

    def __init__(self, ids: Iterable[bytes], salt: bytes) -> None:
        self._reconciler = Reconciler(BlockList(ids, salt))
        self._lacked: set[bytes] = set()

    @property
    def is_done(self) -> bool:
        """Whether both ends know what differs."""
        return self._reconciler.is_done

    def start(self) -> list[list[Range]]:
        """What to say first, a frame each."""
        return self._reconciler.start()

    def answer(self, ranges: list[Range]) -> list[list[Range]]:
        """What to say to a frame of the neighbour; PeerError where it breaks the rules."""
        step = self._reconciler.answer(ranges)
        self._lacked.update(step.lacked)
        return step.frames


class Comparison(RangeComparison):
    """One end of a comparison, over the items of one moment."""

    def __init__(self, items: Iterable[Item], key: bytes) -> None:
        self._items = {item.key: item for item in items}
        super().__init__(self._items, key)

    def lacked(self) -> list[Item]:
        """What the neighbour does not have, once done; in the order given."""
        return [item for key, item in self._items.items() if key in self._lacked]

    def common(self) -> list[Item]:
        """What it has as it is here, once done."""
        return [item for key, item in self._items.items() if key not in self._lacked]
