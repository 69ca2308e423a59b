"""Addresses of the open internet, and no others: what may be fetched for a name in a list.

A list of goods may name any address. What stands in the shop's own network (a router, a till, a
camera) or in a data centre's (169.254.169.254 hands out keys) must not be reached by that.
"""

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from fedretail.domain.pictures import MAX_URL
from fedretail.domain.reasons import NotRead, Reason

# Not private by their numbers: the platform's own services at a large data centre.
_SERVICES = frozenset({IPv4Address("168.63.129.16")})
# Addresses that carry an IPv4 address in their last 32 bits: NAT64, by RFC 6052 and 8215.
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_HTTPS_PORT = 443


class Target(NamedTuple):
    """Where to ask for what; path: with the query, as it is sent."""

    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _HTTPS_PORT else f"{host}:{self.port}"


def parse_url(text: str) -> Target:
    """The target of an https URL; MalformedInput for every other, and for one that acts."""
    if len(text) > MAX_URL or not text.isascii() or not text.isprintable() or " " in text:
        raise NotRead(Reason("picture_address"))
    try:
        parts = urlsplit(text)
        port = parts.port or _HTTPS_PORT
    except ValueError:
        raise NotRead(Reason("picture_address")) from None
    if parts.scheme != "https" or not parts.hostname:
        raise NotRead(Reason("picture_https"))
    if parts.username is not None or parts.password is not None:
        raise NotRead(Reason("picture_password"))
    path = parts.path or "/"
    return Target(parts.hostname, port, f"{path}?{parts.query}" if parts.query else path)


def redirected(url: str, location: str) -> str:
    """The URL that an answer at `url` leads to; MalformedInput where it is none."""
    try:
        return urljoin(url, location)
    except ValueError:
        raise NotRead(Reason("picture_nowhere")) from None


def is_outside(text: str) -> bool:
    """Whether an IP address is one of the open internet, whatever it is wrapped in."""
    try:
        place = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = [place, *_carried(place)]
    return all(one.is_global and not one.is_multicast and one not in _SERVICES for one in inner)


def _carried(place: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """IPv4 addresses that packets to an IPv6 address may end at."""
    if isinstance(place, IPv4Address):
        return []
    found = [place.ipv4_mapped, place.sixtofour, *(place.teredo or ())]
    if any(place in net for net in _NAT64):
        found.append(IPv4Address(int(place) & 0xFFFFFFFF))
    # ::a.b.c.d, long out of use, and still understood by some.
    if int(place) >> 32 == 0:
        found.append(IPv4Address(int(place)))
    return [one for one in found if one is not None]
