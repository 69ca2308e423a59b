"""What people call those whom the records know by numbers."""

from fedretail.domain.ids import MEMBER_COLLECTION, SITE_COLLECTIONS, collection_of
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
    return _holder(node, problem.log) if problem.log else ""


def damaged_names(node: BaseNode) -> list[str]:
    """Whose logs are to be repaired: places and shops by their names, each once, in order."""
    found = {_holder(node, log) or "a shop" for log in node.store.repairs.damaged()}
    return sorted(found)


def _holder(node: BaseNode, log: bytes) -> str:
    """The place that a log is of, else its shop; "" where neither can be read."""
    try:
        state = node.store.log(log)
        if state is None:
            return ""
        owner, collection = state.name.owner, state.name.collection
        site = collection.removeprefix(SITE_COLLECTIONS)
        found = node.store.record(RecordId(owner, collection, "site", site))
        place = Site.from_fields(found.fields).name if found else ""
        return place or shop_name(node, owner)
    except FedretailError:
        return ""
