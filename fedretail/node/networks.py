"""Networks: the charter that a first shop makes, tickets to it, and joining with one."""

import ipaddress
from dataclasses import dataclass

from fedretail.crdt.charter import OPEN, Charter
from fedretail.errors import MalformedInput, Refused, UsageError
from fedretail.node import samples
from fedretail.node.base import BaseNode
from fedretail.p2p.address import parse_address
from fedretail.p2p.ticket import Ticket


class NobodyAnswers(Refused):
    """No daemon runs, or not yet, and no address is set to listen at."""


# A ticket has at most 600 characters: with a longer name no address would fit into it.
MAX_NAME_BYTES = 60
_AND_NEIGHBOURS = " and neighbours"


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of a ticket; name: of the network; already: it was this node's before."""

    network_name: str
    addresses: int
    already: bool


def network(node: BaseNode) -> bytes | None:
    """The 32-byte id of the network this node is in, None before the first."""
    found: bytes | None = node.store.meta("network")
    return found


def network_name(node: BaseNode) -> str:
    """What the network calls itself, "" before its charter is known."""
    raw = node.store.meta("charter")
    return Charter.parse(raw).name if raw else str(node.store.meta("network_name") or "")


def found_network(node: BaseNode, name: str | None = None) -> bytes:
    """The id of this node's network; a charter with this member as founder is made if need be."""
    present = network(node)
    if present is not None:
        return present
    root = node.keyring.root
    if root is None:
        hint = "Ask a shop for its ticket, then run `fedretail join TICKET`."
        raise Refused("A reader cannot begin a network.", hint=hint)
    charter = Charter(_checked_name(name) or _default_name(node), (root.public,), admission=OPEN)
    founded = {"network": charter.id, "charter": charter.pack()}
    if node.store.set_meta(founded, unless="network"):
        return charter.id
    # Another process has founded or joined one in this very moment.
    return node.store.meta("network")  # type: ignore[no-any-return]


def ticket(node: BaseNode, name: str | None = None) -> str:
    """The line by which a neighbour finds this node.

    NobodyAnswers where no daemon runs and no address is set to listen at; Refused while sample
    goods are on the shelf, which no neighbour should take for real.
    """
    if samples.count(node):
        hint = "Remove them first: `fedretail manage`, under Today."
        raise Refused("Sample goods are on the shelf.", hint=hint)
    state = node.daemon_state()
    addresses = state["addresses"] if state else _set_addresses(node)
    if not addresses:
        hint = "Start `fedretail serve` first."
        if node.is_daemon_alive():
            hint = "`fedretail serve` is starting: try again in a moment."
        raise NobodyAnswers("Nobody would answer at that ticket yet.", hint=hint)
    network_id = found_network(node, name)
    return Ticket(network_id, network_name(node), tuple(sorted(addresses, key=_distance))).text()


def _distance(address: str) -> int:
    """How near one must be to reach an address: 0 from everywhere, 3 from this computer alone.

    Not all fit into a ticket, and those that come first do.
    """
    host = parse_address(address).host
    try:
        place = ipaddress.ip_address(host)
    except ValueError:
        return 3 if host == "localhost" else 0
    if place.is_loopback:
        return 3
    return 2 if place.is_link_local else int(not place.is_global)


def check_ticket(text: str) -> None:
    """Nothing for a line that is a ticket; MalformedInput says what is wrong with another."""
    Ticket.parse(text)


def join(node: BaseNode, text: str) -> Joined:
    """Enter the network of a ticket; the daemon meets its members.

    Refused where this node is in another network and has met anybody there. Sample goods stay
    behind.
    """
    ticket = Ticket.parse(text)
    present = network(node)
    if present not in (None, ticket.network):
        _refuse_second(node, ticket)
    samples.remove(node)
    if present != ticket.network:
        values = {"network": ticket.network, "network_name": ticket.name, "charter": None}
        node.store.set_meta(values)
    others = [one for one in ticket.addresses if not one.endswith(node.identity.peer_id)]
    for address in others:
        node.store.add_address(address, "ticket")
    return Joined(ticket.name, len(others), present == ticket.network)


def _refuse_second(node: BaseNode, ticket: Ticket) -> None:
    others = [owner for owner in node.store.owners() if owner != node.owner]
    if others:
        raise Refused(
            f"This ticket is for the network {ticket.name}; this computer belongs to "
            f"{network_name(node)}.",
            hint=f"Ask the neighbour for a ticket of {network_name(node)}, or keep both: "
            "`fedretail --data-dir OTHER init …`",
        )


def _set_addresses(node: BaseNode) -> list[str]:
    """Addresses of the settings that others can dial: those with a port and a place."""
    addresses = []
    for listen in node.config.listen:
        try:
            one = parse_address(listen)
        except MalformedInput:
            continue
        if one.port and one.host not in ("0.0.0.0", "::"):
            addresses.append(f"{one}/p2p/{node.identity.peer_id}")
    return addresses


def _default_name(node: BaseNode) -> str:
    names = [own.name for own in node.sites()]
    if not names:
        return "Neighbours"
    room = MAX_NAME_BYTES - len(_AND_NEIGHBOURS)
    start = names[0].encode("utf-8")[:room].decode("utf-8", "ignore").strip()
    return start + _AND_NEIGHBOURS


def _checked_name(name: str | None) -> str:
    name = (name or "").strip()
    if len(name.encode("utf-8")) > MAX_NAME_BYTES:
        raise UsageError(f"A network's name has at most {MAX_NAME_BYTES} bytes.")
    return name
