"""Whose a site is, and what sites and members say of themselves: for faces that show shops."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from fedretail.crdt.names import site_id
from fedretail.domain.ids import MEMBER_COLLECTION, collection_of
from fedretail.domain.kind import RecordId
from fedretail.domain.members import MEMBER, SELF, Member
from fedretail.domain.sites import Site
from fedretail.domain.times import rfc3339
from fedretail.node.base import BaseNode

_OWNER_DIGITS = 32


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site with the name of the member whose it is."""

    owner: bytes
    id: str
    site: Site


def sites(node: BaseNode) -> Iterator[KnownSite]:
    """All sites that are their owners', in the order of owner and id."""
    for place, value in node.records("site"):
        found = Site.from_fields(value.fields)
        if is_owners(place, found):
            yield KnownSite(place.owner, place.key, found)


def site(node: BaseNode, key: str) -> KnownSite | None:
    """The site of this id, None where nobody has one."""
    # An id follows from its owner, so that whose it is never changes.
    owner = node.owner_of_site.get(key)
    if owner is None:
        found = next((one for one in sites(node) if one.id == key), None)
        if found is not None:
            node.owner_of_site[key] = found.owner
        return found
    value = node.record(RecordId(owner, collection_of(key), "site", key))
    return None if value is None else KnownSite(owner, key, Site.from_fields(value.fields))


def members(node: BaseNode) -> Iterator[tuple[bytes, Member]]:
    """All members that say something of themselves, in the order of their names in hex."""
    for place, value in node.records(MEMBER.name):
        if (place.collection, place.key) == (MEMBER_COLLECTION, SELF):
            yield place.owner, Member.from_fields(value.fields)


def member(node: BaseNode, owner: bytes) -> Member | None:
    """What this member says of itself, None where it says nothing."""
    value = node.record(RecordId(owner, MEMBER_COLLECTION, MEMBER.name, SELF))
    return None if value is None else Member.from_fields(value.fields)


def parse_owner(text: str) -> bytes | None:
    """The name of a member from its 32 digits in hex, None for anything else."""
    is_one = len(text) == _OWNER_DIGITS and set(text) <= set("0123456789abcdef")
    return bytes.fromhex(text) if is_one else None


def site_as_json(node: BaseNode, known: KnownSite) -> dict[str, Any]:
    """A site as the API shows it, with its member's name in hex and whether it is open now."""
    site, now_ms = known.site, node.time.now_ms()
    state = site.open_state(now_ms)
    seen_ms = node.store.seen_at(known.owner, collection_of(known.id))
    position = site.position
    return {
        "id": known.id,
        "member": known.owner.hex(),
        "name": site.name,
        "lat": None if position is None else round(position.lat, 7),
        "lon": None if position is None else round(position.lon, 7),
        "position_note": site.position_note,
        "hours": site.hours,
        "time_zone": site.time_zone,
        "open": state.open,
        "contact": site.contact,
        "address": site.address,
        "currency": site.currency,
        "seen_at": None if seen_ms is None else rfc3339(seen_ms),
        "own": known.owner == node.owner,
    }


def member_as_json(node: BaseNode, owner: bytes, said: Member) -> dict[str, Any]:
    """A member as the API shows it."""
    return {
        "id": owner.hex(),
        "name": said.name,
        "legal_form": said.legal_form,
        "imprint": asdict(said.imprint),
        "private": said.private,
        "town": said.town,
        "own": owner == node.owner,
    }


def is_owners(place: RecordId, site: Site) -> bool:
    """Whether a site is of who has written it: its id follows from the owner, and it lies there.

    Anyone can write under any id; what does not pass here is shown nowhere.
    """
    is_its_own = place.collection == collection_of(place.key)
    return is_its_own and site_id(place.owner, site.nonce) == place.key
