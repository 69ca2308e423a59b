"""Whom to dial and when: known addresses, patience after failures, whose word counts.

An address from a ticket, an option or an earlier session is dialled as it is. One that a neighbour
tells is hearsay: dialled only if it is public, or in a private network that this computer is in
itself, at a port where a shop may listen, and at few ports of one machine, so that nobody can point
a crowd of shops at a stranger's router, at a printer, or at another program on this computer.
"""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fedretail.errors import MalformedInput
from fedretail.p2p.address import Address, parse_peer

# A neighbour that is off is tried after 1 s, 2 s, 4 s ... and every minute in the end.
FIRST_RETRY_MS = 1000
LAST_RETRY_MS = 60_000
# Connections that a shop keeps up itself; others come in. Eight reach any town in three steps.
MAX_DIALLED = 8
# Half of it may be hearsay, so that inventing neighbours keeps nobody from a real one.
MAX_KNOWN = 1000
MAX_HEARSAY = 500
HEARSAY = "peer"
# Shops behind one router share its address; a device has an address in each of its networks.
MAX_HEARSAY_PER_HOST = 16
MAX_HEARSAY_PER_PEER = 8
# Below it listens what the machine's administrator has started: mail, web, file shares.
_FIRST_PORT = 1024
# Printers print whatever arrives there.
_PRINTERS = range(9100, 9108)
# Behind this prefix lie IPv4 addresses, private ones too, for whoever has a translator.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(slots=True)
class _Known:
    address: Address
    is_hearsay: bool
    failures: int = 0
    next_ms: int = 0


class Dialer:
    """What is known of each address, and which to dial next."""

    def __init__(self, own_id: str, *, random: Callable[[], float]) -> None:
        self._own_id = own_id
        self._random = random
        self._known: dict[str, _Known] = {}
        self._connected: set[str] = set()
        self._subnets: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []

    def set_own(self, hosts: Iterable[str]) -> None:
        """This computer's own IP addresses, by which private neighbours are told apart.

        One that listens to others too has no neighbours on itself, but programs that trust it.
        """
        own = [ipaddress.ip_address(host) for host in hosts]
        reachable = [one for one in own if not one.is_loopback] or own
        self._subnets = [_subnet(str(one)) for one in reachable]

    def add(self, text: str, source: str) -> bool:
        """Remember an address; False where it is not one, is our own, or is hearsay to refuse."""
        try:
            address = parse_peer(text)
        except MalformedInput:
            return False
        is_hearsay = source == HEARSAY
        if address.peer_id == self._own_id or (is_hearsay and not self.may_dial(address)):
            return False
        present = self._known.get(str(address))
        if present is not None:
            present.is_hearsay &= is_hearsay
            return True
        hearsay = sum(known.is_hearsay for known in self._known.values())
        if len(self._known) - hearsay >= MAX_KNOWN - MAX_HEARSAY and not is_hearsay:
            return False
        if is_hearsay and self._is_crowded(address):
            return False
        if is_hearsay and hearsay >= MAX_HEARSAY and not self._drop_dead():
            return False
        self._known[str(address)] = _Known(address, is_hearsay)
        return True

    def _is_crowded(self, address: Address) -> bool:
        """Whether enough was told of this machine or this neighbour; a port answers for one."""
        told = [known.address for known in self._known.values() if known.is_hearsay]
        there = [one for one in told if one.host == address.host]
        return (
            len(there) >= MAX_HEARSAY_PER_HOST
            or any(one.port == address.port for one in there)
            or sum(one.peer_id == address.peer_id for one in told) >= MAX_HEARSAY_PER_PEER
        )

    def _drop_dead(self) -> bool:
        """Forget the hearsay that failed most often; False where all of it is untried or works."""
        rumours = [item for item in self._known.items() if item[1].is_hearsay and item[1].failures]
        if rumours:
            del self._known[max(rumours, key=lambda item: item[1].failures)[0]]
        return bool(rumours)

    def knows(self, text: str) -> bool:
        """Whether an address is among those that may be dialled."""
        return text in self._known

    def may_dial(self, address: Address) -> bool:
        """Whether an address that is only hearsay may be dialled."""
        if address.kind == "dns4" or address.port < _FIRST_PORT or address.port in _PRINTERS:
            return False
        ip = ipaddress.ip_address(address.host)
        if isinstance(ip, ipaddress.IPv6Address) and (ip.sixtofour or ip.teredo or ip in _NAT64):
            return False
        if ip.is_global and not ip.is_multicast:
            return True
        return any(ip.version == net.version and ip in net for net in self._subnets)

    def due(self, now_ms: int) -> list[str]:
        """The addresses to dial now, one a neighbour: own knowledge first, then hearsay.

        Strangers who call take the room of hearsay only: whoever fills it keeps nobody from the
        neighbours that this node was told of by its own people.
        """
        trusted: dict[str, str] = {}
        rumoured: dict[str, str] = {}
        ranked = sorted(self._known.items(), key=lambda one: one[1].failures)
        for text, known in ranked:
            peer = known.address.peer_id
            if peer not in self._connected and known.next_ms <= now_ms:
                (rumoured if known.is_hearsay else trusted).setdefault(peer, text)
        chosen = list(trusted.values())[: max(0, MAX_DIALLED - self._connected_by_choice())]
        more = [text for peer, text in rumoured.items() if peer not in trusted]
        return chosen + more[: max(0, MAX_DIALLED - len(self._connected) - len(chosen))]

    def _connected_by_choice(self) -> int:
        """How many neighbours are here whose address is no hearsay."""
        own = {one.address.peer_id for one in self._known.values() if not one.is_hearsay}
        return len(own & self._connected)

    def failed(self, text: str, now_ms: int, *, retry_s: int = 0) -> None:
        """The address did not answer, or asked to be left alone for `retry_s`."""
        known = self._known.get(text)
        if known is None:
            return
        pause = min(LAST_RETRY_MS, FIRST_RETRY_MS << min(known.failures, 10))
        known.failures += 1
        # Half the pause to one and a half, so that a street after a power cut does not dial as one.
        known.next_ms = now_ms + max(retry_s * 1000, int(pause * (0.5 + self._random())))

    def connected(self, peer: str) -> None:
        """A session with this neighbour has begun, whoever dialled."""
        self._connected.add(peer)
        for known in self._known.values():
            if known.address.peer_id == peer:
                known.failures = 0

    def lost(self, peer: str, now_ms: int) -> None:
        """The session has ended; dial again soon."""
        self._connected.discard(peer)
        for text, known in self._known.items():
            if known.address.peer_id == peer and known.next_ms <= now_ms:
                self.failed(text, now_ms)

    def addresses(self) -> list[str]:
        """All known addresses."""
        return list(self._known)


def clock_offset_ms(offsets: Iterable[int]) -> int:
    """How far this computer's clock is behind its neighbours': what half of them agree on.

    The median; of two in the middle the one nearer to this clock, so that no minority moves it.
    None or one proves nothing: 0.
    """
    known = sorted(offsets)
    half = len(known) // 2
    return min(known[(len(known) - 1) // 2], known[half], key=abs) if half else 0


def _subnet(host: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """The network that a neighbour on the same LAN shares, as masks are not known: /24, /64."""
    ip = ipaddress.ip_address(host)
    if ip.is_loopback:
        return ipaddress.ip_network("127.0.0.0/8" if ip.version == 4 else "::1/128")
    return ipaddress.ip_network(f"{host}/{24 if ip.version == 4 else 64}", strict=False)
