"""Shops whose computer has signed two states of one catalog at once, as status and check say it."""

from typing import Any

from fedretail.domain.ids import MEMBER_COLLECTION
from fedretail.domain.kind import RecordId
from fedretail.domain.members import MEMBER, SELF, Member
from fedretail.node.base import BaseNode


def frozen(node: BaseNode) -> list[dict[str, Any]]:
    """The objects of `signed_twice` in JSON; own ones first. Not of who has gone on since.

    member, device: hex; name: what the member calls itself; collection: what was signed twice.
    """
    trust, device = node.store.trust, node.identity.device.public
    # While this computer still signs with such a key, another device has not gone on for it.
    mine = [proof for _, proof in trust.proofs() if proof.name.device == device]
    found = [
        {
            "member": proof.name.owner.hex(),
            "name": _name(node, proof.name.owner),
            "collection": proof.name.collection,
            "device": proof.name.device.hex(),
            "is_own": proof.name.owner == node.owner,
        }
        for proof in dict.fromkeys((*mine, *trust.doubted()))
    ]
    return sorted(found, key=lambda one: not one["is_own"])


def is_believed_no_more(node: BaseNode) -> bool:
    """Whether this very device has signed two states of a log, so that its logs are frozen."""
    device = node.identity.device.public
    return any(proof.name.device == device for _, proof in node.store.trust.proofs())


def _name(node: BaseNode, owner: bytes) -> str:
    value = node.store.record(RecordId(owner, MEMBER_COLLECTION, MEMBER.name, SELF))
    return Member.from_fields(value.fields).name if value else ""
