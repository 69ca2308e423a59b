"""Tickets: how a neighbour finds a network. They are public and admit nobody to a vouching one.

    ticket = "fr1-" + base32 (lower case) of packed [network id, name, [address, ...], checksum]

At most 4 addresses, each with its peer id; checksum: the first 4 bytes of the blake2b of the packed
list before it; at most 600 characters. The charter comes from the first neighbour that answers and
is checked against the network's id.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import NamedTuple, Self

from fedretail.crdt.charter import ID_BYTES
from fedretail.crdt.codec import pack, unpack_canonical
from fedretail.errors import MalformedInput, UsageError
from fedretail.p2p.address import parse_peer

PREFIX = "fr1-"
MAX_ADDRESSES = 4
MAX_CHARACTERS = 600
# As in a charter; with four bytes a character it fits only without any address.
MAX_NAME = 80
_HINT = "Ask the neighbour for the ticket again and copy the whole line, from fr1- on."


class Ticket(NamedTuple):
    """A network's id (32 bytes) and name, and where a member of it answers."""

    network: bytes
    name: str
    addresses: tuple[str, ...]

    def text(self) -> str:
        """The line that a neighbour types, with as many addresses as fit, the first ones first.

        Where not even one fits beside the name, the name is cut: the charter holds it whole.
        """
        if len(self.name) > MAX_NAME:
            raise UsageError(f"A network's name has at most {MAX_NAME} characters.")
        name = self.name
        while (
            name and self.addresses and not any(self._fits(name, [one]) for one in self.addresses)
        ):
            name = name[:-1]
        chosen: list[str] = []
        for one in self.addresses:
            if len(chosen) < MAX_ADDRESSES and self._fits(name, [*chosen, one]):
                chosen.append(one)
        return self._line(name, chosen)

    def _fits(self, name: str, addresses: list[str]) -> bool:
        return len(self._line(name, addresses)) <= MAX_CHARACTERS

    def _line(self, name: str, addresses: list[str]) -> str:
        content = [self.network, name, addresses]
        raw = pack([*content, _checksum(content)])
        return PREFIX + base64.b32encode(raw).decode("ascii").rstrip("=").lower()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The ticket that somebody typed; MalformedInput says what is wrong with it."""
        plain = "".join(text.split()).lower()
        if not plain.startswith(PREFIX):
            raise MalformedInput("That is not a ticket: tickets begin with fr1-.", hint=_HINT)
        if len(plain) > MAX_CHARACTERS:
            raise MalformedInput("That is too long for a ticket.", hint=_HINT)
        match _unpacked(plain.removeprefix(PREFIX)):
            case [bytes(network), str(name), list(addresses), bytes(checksum)] if (
                len(network) == ID_BYTES
                and len(addresses) <= MAX_ADDRESSES
                and len(name) <= MAX_NAME
            ):
                if checksum != _checksum([network, name, addresses]):
                    raise MalformedInput("The ticket has a slip of the pen in it.", hint=_HINT)
                return cls(network, name, tuple(_address(item) for item in addresses))
        raise MalformedInput("That is not a ticket that this version knows.", hint=_HINT)


def _unpacked(text: str) -> object:
    try:
        padded = text.upper() + "=" * (-len(text) % 8)
        raw = base64.b32decode(padded)
        return unpack_canonical(raw, max_bytes=MAX_CHARACTERS)
    except (ValueError, MalformedInput):
        raise MalformedInput("The ticket is not complete.", hint=_HINT) from None


def _address(item: object) -> str:
    if not isinstance(item, str):
        raise MalformedInput("That is not a ticket that this version knows.", hint=_HINT)
    return str(parse_peer(item))


def _checksum(content: Sequence[object]) -> bytes:
    return hashlib.blake2b(pack(list(content))).digest()[:4]
