"""Who asks: this computer itself, or somebody in the network."""

import ipaddress

from starlette.types import Scope


def network_of(address: str) -> str:
    """An IPv4 address, or the network of an IPv6 one: who has one has 2**64 of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    mapped = found.ipv4_mapped
    return str(mapped or ipaddress.ip_network((int(found) >> 64 << 64, 64)))


def is_loopback(scope: Scope) -> bool:
    """Whether a request comes from this computer."""
    client = scope.get("client")
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def asker_of(scope: Scope) -> str:
    """Whom a request counts for: the address or network that it comes from; "" this computer."""
    client = scope.get("client")
    return "" if is_loopback(scope) else network_of(client[0] if client else "unknown")
