"""TCP below libp2p: listening with errors people understand, dialling, and the door.

libp2p's own listener shares its port (SO_REUSEPORT), so a second daemon on one port would get
every other connection instead of an error; it accepts without limit, and gives no address for
IPv6 peers.
"""

import errno
import ipaddress
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import trio

from fedretail.errors import Unavailable
from fedretail.p2p.address import Address
from fedretail.p2p.rates import Buckets
from fedretail.p2p.transport import Limits

# Never contacted (RFC 5737, RFC 3849): only the choice of the local address is asked for.
_PROBES = {"ip4": (socket.AF_INET, "192.0.2.1"), "ip6": (socket.AF_INET6, "2001:db8::1")}
# Addresses whose calls are counted, and addresses that are known; a bucket takes 200 bytes.
_ORIGINS = 4096
# A home or a shop is given a whole /56 of IPv6; a phone has a /64, and shares it with few.
_LINE_BITS = 56
_ANY = {"0.0.0.0": ("ip4", "127.0.0.1"), "::": ("ip6", "::1")}


async def listen(addresses: Sequence[Address]) -> list[trio.SocketListener]:
    """Listening sockets for all addresses, or none and Unavailable."""
    listeners: list[trio.SocketListener] = []
    try:
        for address in addresses:
            listeners += await _listen_one(address)
    except BaseException:
        for listener in listeners:
            listener.socket.close()
        raise
    return listeners


async def _listen_one(address: Address) -> list[trio.SocketListener]:
    try:
        return await trio.open_tcp_listeners(address.port, host=address.host)
    except OSError as error:
        raise _refusal(address, _first_errno(error)) from error


def _first_errno(error: OSError) -> int:
    """The errno of an error that trio may have wrapped in a group."""
    cause = error.__cause__
    if error.errno is None and isinstance(cause, BaseExceptionGroup):
        inner = cause.exceptions[0]
        return (inner.errno or 0) if isinstance(inner, OSError) else 0
    if error.errno is None and isinstance(cause, OSError):
        return cause.errno or 0
    return error.errno or 0


def _refusal(address: Address, code: int) -> Unavailable:
    if code == errno.EADDRINUSE:
        return Unavailable(
            f"Port {address.port} is already in use on {address.host}.",
            hint="Is fedretail running already? Otherwise choose another port: "
            f"--listen /{address.kind}/{address.host}/tcp/{min(address.port + 1, 65535)}",
        )
    if code in (errno.EACCES, errno.EPERM):
        return Unavailable(
            f"This program may not listen on port {address.port}.",
            hint="Choose a port of 1024 or more.",
        )
    return Unavailable(
        f"{address.host} is not an address of this machine to listen on.",
        hint=f"Listen on all addresses: --listen /ip4/0.0.0.0/tcp/{address.port}",
    )


def listening_at(listeners: Sequence[trio.SocketListener], peer_id: str) -> list[Address]:
    """The addresses under which peers reach these sockets; wildcards are written out."""
    found: list[Address] = []
    for listener in listeners:
        host, port = listener.socket.getsockname()[:2]
        kind = "ip6" if ":" in host else "ip4"
        found += [Address(kind, one, port, peer_id) for one in _own_hosts(kind, host)]
    return found


def _own_hosts(kind: str, host: str) -> list[str]:
    """The host itself; for a wildcard the address of the default route, then loopback."""
    if host not in _ANY:
        return [host]
    family, probe = _PROBES[kind]
    hosts = []
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((probe, 9))
            hosts.append(str(asking.getsockname()[0]))
    except OSError:
        pass  # No route: this machine is on no network now.
    return [*hosts, _ANY[host][1]]


async def dial(address: Address, timeout_s: float) -> trio.SocketStream:
    """A TCP connection to that address, or Unavailable."""
    try:
        with trio.fail_after(timeout_s):
            if address.kind == "dns4":
                return await _dial_name(address)
            return await trio.open_tcp_stream(address.host, address.port)
    except (OSError, trio.TooSlowError) as error:
        raise Unavailable(
            f"Nobody answers at {address.place}.",
            hint="Is the other daemon running, and is its port open in its firewall?",
        ) from error


async def _dial_name(address: Address) -> trio.SocketStream:
    """The first IPv4 address of a name that answers; the name is looked up at each dial."""
    places = await trio.socket.getaddrinfo(
        address.host, address.port, family=socket.AF_INET, type=socket.SOCK_STREAM
    )
    last: OSError = OSError("the name has no address")
    for _family, _kind, _protocol, _name, place in places:
        try:
            return await trio.open_tcp_stream(str(place[0]), address.port)
        except OSError as error:
            last = error
    raise last


def remote_of(stream: trio.SocketStream) -> tuple[str, int]:
    """(host, port) of the other end; ("", 0) when it is gone already."""
    try:
        host, port = stream.socket.getpeername()[:2]
    except OSError:
        return "", 0
    return str(host), int(port)


@dataclass(eq=False, slots=True)
class Guest:
    """A connection that came in: where from, and how to send it away."""

    origin: str
    away: trio.Event = field(default_factory=trio.Event)


class Door:
    """Who may come in: caps for each address and in total, counted before any handshake.

    Guests in their handshake and guests who have proved a key are counted apart. Sockets that
    say nothing fill only the first group, and there one of them makes room for a newcomer, so
    a thousand idle ones lock nobody out. Who calls again and again is let in more slowly, and
    in turn: one that calls without end, each time after the last, delays its neighbours behind
    the same address by seconds and keeps none of them out.
    """

    def __init__(
        self, limits: Limits, *, choose: Callable[[Sequence[str]], str] = secrets.choice
    ) -> None:
        """`choose`: one of some addresses, by chance."""
        self._limits = limits
        self._choose = choose
        # Addresses from which a key was proved; who came last is remembered.
        self._met: dict[str, None] = {}
        self._calls = Buckets(
            rate=limits.calls_per_address_s, burst=limits.calls_per_address, most=_ORIGINS
        )
        self._waiting = 0
        self._shaking: dict[Guest, None] = {}
        self._inside: set[Guest] = set()
        self._origins: dict[str, int] = {}

    async def wait(self, host: str) -> bool:
        """Whether it is this caller's turn, at once or in a while; False: too many wait."""
        wait_s = self.turn_s(host, trio.current_time())
        if not wait_s:
            return wait_s is not None
        self._waiting += 1
        try:
            await trio.sleep(wait_s)
        finally:
            self._waiting -= 1
        return True

    def turn_s(self, host: str, now_s: float) -> float | None:
        """Seconds until it is the turn of a caller from there; None: too many wait, no turn taken.

        `now_s`: of a clock that never jumps.
        """
        may_wait_s = self._limits.call_wait_s if self._waiting < self._limits.handshakes else 0.0
        calls = self._calls.of(origin_of(host))
        return calls.take_soon(1, int(now_s * 1000), may_wait_s)

    def enter(self, host: str) -> Guest | None:
        """A guest from that address, or None: too many from there, or no room at all."""
        origin = origin_of(host)
        if self._origins.get(origin, 0) >= self._limits.connections_per_address:
            return None
        if len(self._inside) >= self._limits.connections:
            return None
        if len(self._shaking) >= self._limits.handshakes:
            leaving = self._who_gives_way(origin)
            leaving.away.set()
            self.leave(leaving)
        guest = Guest(origin)
        self._shaking[guest] = None
        self._origins[origin] = self._origins.get(origin, 0) + 1
        return guest

    def _who_gives_way(self, newcomer: str) -> Guest:
        """The oldest guest of the address with the most in their handshake; of several, by chance.

        Always the oldest of all would be whoever has a slow line, once many addresses call faster
        than it shakes hands. Strangers and those who have been here have half of the places each,
        or more while the others need fewer: neither crowd the others out.
        """
        met = sum(origin in self._met for origin in [newcomer, *(g.origin for g in self._shaking)])
        is_met = met > self._limits.handshakes // 2
        among = [guest for guest in self._shaking if (guest.origin in self._met) == is_met]
        among = among or list(self._shaking)
        counts = Counter(guest.origin for guest in among)
        most = max(counts.values())
        origin = self._choose([one for one, count in counts.items() if count == most])
        return next(guest for guest in among if guest.origin == origin)

    def known(self, guest: Guest) -> None:
        """The guest has proved its key."""
        if guest in self._shaking:
            del self._shaking[guest]
            self._inside.add(guest)
            self._met.pop(guest.origin, None)
            self._met[guest.origin] = None
            if len(self._met) > _ORIGINS:
                del self._met[next(iter(self._met))]

    def leave(self, guest: Guest) -> None:
        """Frees the guest's place; calling it twice frees it once."""
        if guest not in self._shaking and guest not in self._inside:
            return
        self._shaking.pop(guest, None)
        self._inside.discard(guest)
        self._origins[guest.origin] -= 1
        if not self._origins[guest.origin]:
            del self._origins[guest.origin]

    @property
    def inside(self) -> int:
        """Guests who have proved their key and are still here."""
        return len(self._inside)

    @property
    def shaking(self) -> int:
        """Guests in their handshake."""
        return len(self._shaking)


def origin_of(host: str) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 /56, which one line owns whole."""
    try:
        ip = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.IPv6Network((ip, _LINE_BITS), strict=False).network_address)
    return str(ip)
