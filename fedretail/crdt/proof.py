"""Proof that a device has signed two states of one log under one number: equivocation.

    Proof = [owner, collection, device, incarnation, head, head]

Both heads as sent, the one with the lesser bytes first, so that both orders give one proof. About
450 bytes; whoever has it can verify it with nothing else but the owner's grant for the device.
Two heads of one seq with the same digest prove nothing: the rows are the same. Of such twins the
one with the greater stamp, then the greater bytes, counts, everywhere.
"""

from typing import Any, NamedTuple, Self

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName, log_id, parse_log_name
from fedretail.errors import MalformedInput


class Proof(NamedTuple):
    """Two signed heads of one log and seq with different digests, lesser bytes first."""

    name: LogName
    first: SignedHead
    second: SignedHead

    @classmethod
    def parse(cls, items: list[Any]) -> Self:
        """The proof in a list from outside, its signatures verified; MalformedInput where none."""
        name = parse_log_name(items[:4])
        first, second = map(SignedHead.parse, (*items[4:6], None, None)[:2])
        found = proof(name, first, second)
        if found is None or found.first is not first:
            raise MalformedInput("a proof of two states that is none")
        return cls(*found)

    def items(self) -> list[Any]:
        """The list that travels."""
        return [*self.name, self.first.raw, self.second.raw]


def contradicts(one: SignedHead, other: SignedHead) -> bool:
    """Whether these heads, if one device has signed both, stand for two states of one number."""
    return one.head[:2] == other.head[:2] and one.head.digest != other.head.digest


def proof(name: LogName, one: SignedHead, other: SignedHead) -> Proof | None:
    """The proof that these heads make of the log `name`, None where they prove nothing.

    Signatures are verified last: two of 60 us, and only where all else fits.
    """
    if not contradicts(one, other) or one.head.log != log_id(name):
        return None
    first, second = sorted((one, other), key=lambda signed: signed.raw)
    if not (first.is_by(name.device) and second.is_by(name.device)):
        return None
    return Proof(name, first, second)


def outranks(one: SignedHead, other: SignedHead) -> bool:
    """Whether of two heads of one seq and digest `one` is the present one."""
    return (one.head.stamp, one.raw) > (other.head.stamp, other.raw)
