"""Signs of life: heads and grants signed anew once a day, so that others know that they stand."""

from fedretail.crdt.access import GRANT_MS, Grants, renewal
from fedretail.domain.ids import MEMBER_COLLECTION, collection_of
from fedretail.node.base import BaseNode

# A renewal a day, a little early so that it does not wander through the day.
RENEW_MS = 23 * 3600 * 1000


def renew_due(node: BaseNode) -> int:
    """Sign own logs and grants anew whose last sign of life is a day old; how many logs."""
    owner = node.owner
    if owner is None or node.store.own_logs.stopped is not None:
        return 0
    author, now_ms = node.identity.author(), node.clock.now_ms()
    due = 0
    for collection in [MEMBER_COLLECTION, *(collection_of(own.id) for own in node.sites())]:
        mine = node.store.logs_of(owner, collection)
        last = max((state.point.stamp for state in mine), default=now_ms)
        if now_ms - last >= RENEW_MS and node.store.renew(author, collection):
            due += 1
    _renew_grants(node, owner, node.store.grants(owner))
    return due


def _renew_grants(node: BaseNode, owner: bytes, grants: Grants) -> None:
    """Prolong the grants of all devices of this member, where this one may."""
    device, now_ms = node.identity.device, node.clock.now_ms()
    if not grants.may_manage(owner, device.public):
        return
    for _, signed in node.store.auth_records():
        grant = signed.record
        if grant.owner != owner or grant.number is None or grant.device is None:
            continue
        if now_ms - (grants.until_ms(owner, grant.device) - GRANT_MS) >= RENEW_MS:
            node.store.add_auth([renewal(grant, device, now_ms=now_ms)])
