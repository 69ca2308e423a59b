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


def is_here(address: str) -> bool:
    """Whether an address is this computer's for itself."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_loopback(scope: Scope) -> bool:
    """Whether a request comes from this computer."""
    client = scope.get("client")
    return client is not None and is_here(client[0])


def asker_at(address: str) -> str:
    """Whom what comes from an address counts for: it or its network; "" for this computer."""
    return "" if is_here(address) else network_of(address)


def asker_of(scope: Scope) -> str:
    """Whom a request counts for, as asker_at."""
    client = scope.get("client")
    return asker_at(client[0] if client else "unknown")
