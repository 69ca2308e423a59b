"""What people call those whom the records know by numbers."""

from fedretail.domain.ids import MEMBER_COLLECTION, collection_of
from fedretail.domain.kind import RecordId
from fedretail.domain.members import MEMBER, SELF, Member
from fedretail.domain.sites import Site
from fedretail.errors import FedretailError, MalformedInput
from fedretail.node.base import BaseNode
from fedretail.p2p.address import parse_peer_id
from fedretail.store.check import Problem


def shop_name(node: BaseNode, owner: bytes) -> str:
    """What a member calls itself, or else one of its places; "" where nothing of it is known."""
    found = node.store.record(RecordId(owner, MEMBER_COLLECTION, MEMBER.name, SELF))
    name = Member.from_fields(found.fields).name if found else ""
    if name:
        return name
    sites = node.store.records("site", owner=owner)
    names = (
        Site.from_fields(value.fields).name
        for place, value in sites
        if place.collection == collection_of(place.key)
    )
    return next((name for name in names if name), "")


def neighbour_name(node: BaseNode, peer_id: str) -> str:
    """What the shop with this device is called; "" where it is none, or not known here yet."""
    try:
        device = parse_peer_id(peer_id)
    except MalformedInput:
        return ""
    owner = next((log.owner for _, log, _ in node.store.heads() if log.device == device), None)
    if owner is None:
        return ""
    return shop_name(node, owner) or f"a shop without a name ({owner.hex()[:8]}…)"


def damaged_name(node: BaseNode, problem: Problem) -> str:
    """Whose log is damaged; "" where it is none's, or the name has gone with it."""
    try:
        state = node.store.log(problem.log) if problem.log else None
        return "" if state is None else shop_name(node, state.name.owner)
    except FedretailError:
        return ""
