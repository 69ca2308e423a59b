"""Where a peer is reached, and who it must be: `/ip4/203.0.113.9/tcp/4817/p2p/12D3KooW…`.

A peer id is its Ed25519 public key in another notation (libp2p's identity multihash, base58),
so an address names a machine *and* the key that it has to prove. Pure, without libp2p: tickets
and the command line read addresses without paying 0.7 s for its import.
"""

import ipaddress
import re
from dataclasses import dataclass

from fedretail.errors import MalformedInput

EXAMPLE = "/ip4/192.168.1.20/tcp/4817"
EXAMPLE_LISTEN = "/ip4/0.0.0.0/tcp/4817"

# Protobuf {type: Ed25519, data: 32 bytes} under an identity multihash of 36 bytes.
_ED25519_PREFIX = bytes.fromhex("002408011220")
_KEY_BYTES = 32
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# An Ed25519 peer id always has 52 characters ("12D3KooW" + 44).
_PEER_ID = re.compile(r"12D3KooW[1-9A-HJ-NP-Za-km-z]{44}")
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
# Longer than any address with a 253-character name and a peer id; what is longer is no address.
_MAX_CHARS = 400


@dataclass(frozen=True, slots=True)
class Address:
    """A place to dial or to listen at: kind is ip4, ip6 or dns4; peer_id is "" when not named."""

    kind: str
    host: str
    port: int
    peer_id: str = ""

    def __str__(self) -> str:
        tail = f"/p2p/{self.peer_id}" if self.peer_id else ""
        return f"/{self.kind}/{self.host}/tcp/{self.port}{tail}"

    @property
    def place(self) -> str:
        """The address in words for messages: "192.168.1.20 port 4817"."""
        return f"{self.host} port {self.port}"


def peer_id_of(key: bytes) -> str:
    """The libp2p peer id of an Ed25519 public key (32 bytes): 52 characters "12D3KooW…"."""
    if len(key) != _KEY_BYTES:
        raise MalformedInput(f"A device key has 32 bytes, this one has {len(key)}.")
    number = int.from_bytes(_ED25519_PREFIX + key, "big")
    digits = ""
    while number:
        number, rest = divmod(number, 58)
        digits = _BASE58[rest] + digits
    return "1" + digits  # The one leading zero byte of the prefix.


def parse_peer_id(text: str) -> bytes:
    """The Ed25519 public key (32 bytes) that a peer id names; MalformedInput for any other."""
    if not _PEER_ID.fullmatch(text):
        raise _no_peer_id(text)
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    try:
        raw = number.to_bytes(len(_ED25519_PREFIX) + _KEY_BYTES, "big")
    except OverflowError:
        raise _no_peer_id(text) from None
    if not raw.startswith(_ED25519_PREFIX):
        raise _no_peer_id(text)
    return raw[len(_ED25519_PREFIX) :]


def parse_address(text: str) -> Address:
    """The address that a multiaddr `/ip4|ip6|dns4/HOST/tcp/PORT[/p2p/PEER]` names.

    Raises MalformedInput with an example for everything else.
    """
    parts = text.strip().split("/") if len(text) <= _MAX_CHARS else []
    if len(parts) not in (5, 7) or parts[0] or parts[3] != "tcp":
        raise _no_address(text, "it must read /ip4/…/tcp/PORT")
    host = _parse_host(parts[1], parts[2], text)
    if not (parts[4].isascii() and parts[4].isdigit()) or int(parts[4][:6]) > 65535:
        raise _no_address(text, f"the port {parts[4][:20]!r} is not a number up to 65535")
    if len(parts) == 5:
        return Address(parts[1], host, int(parts[4]))
    if parts[5] != "p2p":
        raise _no_address(text, "only /p2p/PEER may follow the port")
    parse_peer_id(parts[6])
    return Address(parts[1], host, int(parts[4]), parts[6])


def parse_peer(text: str) -> Address:
    """As `parse_address`, and the address names its peer: what can be dialled."""
    address = parse_address(text)
    if not address.peer_id:
        raise MalformedInput(
            f"{text} does not name the peer that should answer there.",
            hint=f"Put the peer's id behind it: {address}/p2p/12D3KooW…",
        )
    return address


def parse_listen(text: str) -> Address:
    """As `parse_address`, for a place of this computer to listen at: numbers, and no peer."""
    hint = f"An address to listen at looks like {EXAMPLE_LISTEN} (0.0.0.0: from everywhere)."
    try:
        address = parse_address(text)
    except MalformedInput as error:
        raise MalformedInput(error.message, hint=hint) from None
    if address.kind == "dns4" or address.peer_id:
        raise MalformedInput(f"{text} is no address to listen at.", hint=hint)
    return address


def _parse_host(kind: str, host: str, text: str) -> str:
    if kind == "dns4":
        if not _HOST_NAME.fullmatch(host):
            raise _no_address(text, f"{host[:60]!r} is not a host name")
        return host
    wanted = {"ip4": ipaddress.IPv4Address, "ip6": ipaddress.IPv6Address}.get(kind)
    if wanted is None:
        raise _no_address(text, f"{kind[:20]!r} is not one of ip4, ip6, dns4")
    try:
        return str(wanted(host))
    except ValueError:
        raise _no_address(text, f"{host[:60]!r} is not an {kind} address") from None


def _no_address(text: str, why: str) -> MalformedInput:
    return MalformedInput(
        f"{text[:80]!r} is not an address: {why}.",
        hint=f"An address looks like {EXAMPLE} (with /p2p/12D3KooW… behind it to name the peer).",
    )


def _no_peer_id(text: str) -> MalformedInput:
    return MalformedInput(
        f"{text[:80]!r} is not a peer id of an Ed25519 key.",
        hint="A peer id begins with 12D3KooW and has 52 characters; copy it completely.",
    )
