"""Sample answers in the description of the API; tests hold them against the models."""

import json
from typing import Any

_SITE_ID, _MEMBER_ID = "afp7o5obhlzti3vj", "c0dadb4099815feb1ca70618d1f8e827"
_EUR = "EUR"
_IMPRINT = {
    "legal_name": "Ada Miller e.K.",
    "address": "Brook Lane 3, 72070 Tübingen",
    "contact": "+49 7071 123",
    "register": "HRA 4711",
    "vat_number": "DE123456789",
}
_SELLER = {
    "name": "Brook Farm",
    "legal_form": "e.K.",
    "imprint": _IMPRINT,
    "private": False,
    "town": "",
}
LISTING: dict[str, Any] = {
    "offer": f"{_SITE_ID}/1001",
    "name": "Oat milk 1 l",
    "gtin": "04001842100121",
    "price": {"amount": "1.79", "currency": _EUR},
    "regular_price": {"amount": "1.99", "currency": _EUR},
    "unit_price": {"amount": "1.79", "currency": _EUR, "per": "l"},
    "stock": {"level": "some", "left": 12, "made_to_order": False},
    "distance_m": 350,
    "bearing": 45,
    "site": {
        "id": _SITE_ID,
        "name": "Brook Farm",
        "lat": 48.5216,
        "lon": 9.0576,
        "open": True,
    },
    "seen_at": "2026-11-21T10:00:00Z",
    "confirmed_at": "2026-11-21T07:30:00Z",
    "warnings": [],
    "own": False,
    "for_members": False,
}
FOUND: dict[str, Any] = {
    "results": [LISTING],
    "total": 1,
    "took_ms": 3.1,
    "next": None,
    "further": None,
    "facets": None,
    "products": None,
    "reasons": None,
    "instead": [],
}
OFFER: dict[str, Any] = {
    **LISTING,
    "deposit": {"amount": "0.15", "currency": _EUR},
    "lowest_30d": {"amount": "1.89", "currency": _EUR},
    "description": "From oats of the region.",
    "category": "Food > Drinks",
    "brand": "Brook",
    "claims": ["organic"],
    "allergens": ["gluten"],
    "hazard": [],
    "min_age": None,
    "position_note": "",
    "hours": "Mo-Sa 08:00-18:00",
    "time_zone": "Europe/Berlin",
    "contact": "+49 7071 123",
    "address": "Brook Lane 3, 72070 Tübingen",
    "seller": _SELLER,
}
PRODUCT: dict[str, Any] = {
    "gtin": "04001842100121",
    "name": "Oat milk 1 l",
    "category": "Food > Drinks",
    "total": 1,
    "offers": [LISTING],
    "next": None,
}
SITE: dict[str, Any] = {
    "id": _SITE_ID,
    "member": _MEMBER_ID,
    "name": "Brook Farm",
    "lat": 48.5216,
    "lon": 9.0576,
    "position_note": "",
    "hours": "Mo-Sa 08:00-18:00",
    "time_zone": "Europe/Berlin",
    "open": True,
    "contact": "+49 7071 123",
    "address": "Brook Lane 3, 72070 Tübingen",
    "currency": _EUR,
    "seen_at": "2026-11-21T10:00:00Z",
    "own": False,
}
SITES: dict[str, Any] = {"sites": [SITE], "next": None}
MEMBER: dict[str, Any] = {"id": _MEMBER_ID, **_SELLER, "own": False}
MEMBERS: dict[str, Any] = {"members": [MEMBER], "next": None}
_RECORD: dict[str, Any] = {
    "id": f"{_SITE_ID}/1001",
    "kind": "offer",
    "owner": _MEMBER_ID,
    "fields": {"currency": _EUR, "name": "Oat milk 1 l", "prices": [{"amount": "1.79"}]},
}
CHANGE: dict[str, Any] = {
    "cursor": "5b1c9f0a2d3e-1207",
    "id": f"{_SITE_ID}/1001",
    "kind": "offer",
    "owner": _MEMBER_ID,
    "record": _RECORD,
}
CHANGES: dict[str, Any] = {"changes": [CHANGE], "cursor": "5b1c9f0a2d3e-1207", "more": False}
EVENT = f"id: 5b1c9f0a2d3e-1207\nevent: change\ndata: {json.dumps(CHANGE)}\n\n"
EXPORT = json.dumps(_RECORD) + "\n"
PROBLEM: dict[str, Any] = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "'north' is no position.",
    "hint": "Write it as 48.5216,9.0576.",
}


def shown(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """The part of a route's description that shows this answer."""
    return {200: {"content": {"application/json": {"example": example}}}}
