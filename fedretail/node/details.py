"""All about one offer: what search shows, and what offer, shop and member say besides."""

from dataclasses import asdict, dataclass
from typing import Any

from fedretail.crdt.registers import Folded
from fedretail.domain.catalog import OFFER, Offer
from fedretail.domain.ids import collection_of, parse_offer_id
from fedretail.domain.kind import RecordId
from fedretail.domain.listings import Listing
from fedretail.domain.members import Member
from fedretail.domain.money import format_amount
from fedretail.domain.sites import Site
from fedretail.node import directory
from fedretail.node.base import BaseNode


@dataclass(frozen=True, slots=True)
class Details:
    """An offer with the shop and the member behind it.

    stamps: of the offer's fields; they change with every write and with nothing else.
    """

    listing: Listing
    offer: Offer
    site: Site
    member: Member
    stamps: tuple[tuple[str, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The object of `show --json` and of /api/v1/offers/…"""
        one, offer, site, member = self.listing, self.offer, self.site, self.member
        return {
            **one.to_json(),
            "deposit": _money(one, one.deposit_minor),
            "lowest_30d": _money(one, one.lowest_30d_minor),
            "description": offer.description,
            "category": one.category,
            "brand": offer.brand,
            "claims": list(offer.claims),
            "allergens": list(offer.allergens),
            "hazard": list(offer.hazard),
            "min_age": one.min_age,
            "position_note": site.position_note,
            "hours": site.hours,
            "time_zone": site.time_zone,
            "contact": site.contact,
            "address": site.address,
            "seller": {
                "name": member.name,
                "legal_form": member.legal_form,
                "imprint": asdict(member.imprint),
                "private": member.private,
                "town": member.town,
            },
        }


def details(node: BaseNode, listing: Listing) -> Details:
    """What is known of a listing's offer, shop and member; empty where one has gone meanwhile."""
    known = directory.site(node, listing.site_id)
    if known is None:
        return Details(listing, Offer(), Site(), Member())
    key = parse_offer_id(listing.offer)[1]
    place = RecordId(known.owner, collection_of(known.id), OFFER.name, key)
    offer = node.record(place)
    return Details(
        listing,
        Offer.from_fields(offer.fields if offer else {}),
        known.site,
        directory.member(node, known.owner) or Member(),
        stamps_of(offer),
    )


def stamps_of(found: Folded | None) -> tuple[tuple[str, int], ...]:
    """The stamps of a record's fields, of which its version is made."""
    return tuple(sorted(found.stamps.items())) if found else ()


def _money(one: Listing, amount_minor: int | None) -> dict[str, str] | None:
    if amount_minor is None or one.currency is None:
        return None
    return {"amount": format_amount(amount_minor, one.currency), "currency": one.currency}
