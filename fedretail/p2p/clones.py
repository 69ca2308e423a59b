"""Two computers with one device key: how a neighbour finds out, and proves it to both.

A node draws a nonce at each start and says it in HELLO. Who has met one key under two nonces asks
each for a statement about the other. The older of two starts that follow each other makes none: it
is gone. One that still speaks signs

    "fedretail/met/1" || nonce it is asked about || its own nonce

with the device key. Shown to the other computer this proves that its key was used elsewhere after
its own start: its nonce did not exist before. Nobody without the key can make such a statement,
so nobody can stop a shop from writing by telling stories.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from fedretail.crdt.keys import is_signed

DOMAIN = b"fedretail/met/1"
NONCE_BYTES = 16
# Statements in AUTH: [tag, other nonce] asks for one, [tag, about, by, signature] is one.
AUTH_MET, AUTH_WITNESS = 6, 7
# Starts remembered of a neighbour, and neighbours of whom any are: 200 bytes each.
_STARTS = 4
_PEERS = 1000


class Witness(NamedTuple):
    """That the start `by` of a device key was alive after the start `about` of the same."""

    about: bytes
    by: bytes
    signature: bytes

    def line(self) -> list[Any]:
        """The statement as it travels in AUTH."""
        return [AUTH_WITNESS, *self]

    def is_by(self, device: bytes) -> bool:
        """Whether the key has made this statement, about another start than the one it is by."""
        signed = DOMAIN + self.about + self.by
        return self.about != self.by and is_signed(signed, self.signature, device)


def witness(about: bytes, by: bytes, sign: Callable[[bytes], bytes]) -> Witness:
    """The statement of the start `by` about another."""
    return Witness(about, by, sign(DOMAIN + about + by))


def parsed(item: list[Any]) -> Witness | bytes | None:
    """The statement, or the nonce that is asked about, in a line of AUTH; None where it is none."""
    match item:
        case [tag, bytes(other), *_] if tag == AUTH_MET and len(other) == NONCE_BYTES:
            return other
        case [tag, bytes(about), bytes(by), bytes(signature), *_] if (
            tag == AUTH_WITNESS and len(about) == len(by) == NONCE_BYTES
        ):
            return Witness(about, by, signature)
    return None


class Clones:
    """The starts of neighbours that were met, and what they have stated of each other.

    own: this node's device key and the nonce of its start.
    """

    def __init__(self, own: tuple[bytes, bytes]) -> None:
        self._own = own
        self._starts: OrderedDict[bytes, dict[bytes, None]] = OrderedDict()
        self._stated: dict[bytes, dict[bytes, Witness]] = {}

    def met(self, device: bytes, nonce: bytes) -> list[list[Any]]:
        """What to tell a neighbour that has just said its nonce: questions and statements."""
        starts = self._starts.setdefault(device, {})
        self._starts.move_to_end(device)
        others = [one for one in starts if one != nonce]
        starts.pop(nonce, None)
        starts[nonce] = None
        while len(starts) > _STARTS:
            del starts[next(iter(starts))]
        while len(self._starts) > _PEERS:
            gone, _ = self._starts.popitem(last=False)
            self._stated.pop(gone, None)
        proof = self._stated.get(device, {}).get(nonce)
        told = [] if proof is None else [proof.line()]
        return [*told, *([AUTH_MET, other] for other in others)]

    def is_twin(self, device: bytes, nonce: bytes) -> bool:
        """Whether a neighbour has shown by its key and nonce that it is a second start of ours."""
        return device == self._own[0] and nonce != self._own[1]

    def heard(self, device: bytes, stated: Witness) -> bool:
        """Keep a statement of a neighbour about a start of its key that was met here.

        True: it is another's, passed on, and proves that this very start has a twin.
        """
        starts = self._starts.get(device, {})
        if stated.about in starts and stated.by in starts and stated.is_by(device):
            self._stated.setdefault(device, {})[stated.about] = stated
            for gone in [one for one in self._stated[device] if one not in starts]:
                del self._stated[device][gone]
        return stated.about == self._own[1] and stated.is_by(self._own[0])
