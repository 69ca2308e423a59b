"""Neighbours as a shopkeeper knows them: who is switched on, and who has this shop's prices."""

from dataclasses import dataclass

from fedretail.errors import MalformedInput
from fedretail.node.base import BaseNode
from fedretail.node.naming import neighbour_name
from fedretail.node.status import present_peers
from fedretail.p2p.address import parse_address

# Who has not been met for so long is no neighbour any more; search drops a shop then, too.
_MET_MS = 30 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One neighbour; name: "" where it is not known. last_ms: when it was last heard of here."""

    id: str
    name: str
    is_on: bool
    has_mine: bool
    last_ms: int


def neighbours(node: BaseNode) -> list[Neighbour]:
    """Those with a session now, then those that were met in the last 30 days, the latest first."""
    found = {
        peer["id"]: Neighbour(
            peer["id"],
            neighbour_name(node, peer["id"]),
            True,
            peer["has_mine"],
            peer["last_sync_ms"] or peer["since_ms"],
        )
        for peer in present_peers(node)
    }
    now_ms = node.clock.now_ms()
    for address, _, heard_ms in node.store.addresses():
        try:
            peer_id = parse_address(address).peer_id
        except MalformedInput:
            continue
        if peer_id and heard_ms and now_ms - heard_ms <= _MET_MS and peer_id not in found:
            name = neighbour_name(node, peer_id)
            found[peer_id] = Neighbour(peer_id, name, False, False, heard_ms)
    return sorted(found.values(), key=lambda one: (not one.is_on, -one.last_ms, one.id))
