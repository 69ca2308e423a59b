"""A listing as `search --json` prints it: exactly the documented object."""

import json

from fedretail.domain.geo import Position
from fedretail.domain.listings import Listing
from fedretail.domain.prices import UnitPrice
from fedretail.domain.stock import Stock

MILK = Listing(
    offer="abcdefgh234567ab/M1", name="Milk", gtin="04001842100121", currency="EUR",
    amount_minor=333, regular_minor=399, unit_price=UnitPrice(666, "kg"), stock=Stock("few", 3),
    distance_m=1234.56, bearing_deg=359.7, site_id="abcdefgh234567ab", site_name="Farm",
    position=Position(48.52, 9.0500000004), open=True, open_until_ms=5,
    seen_at_ms=1_795_255_200_000, confirmed_at_ms=1_795_255_200_000, score=0.5,
    warnings=("silent",), is_own=True,
)  # fmt: skip


def test_the_documented_object() -> None:
    assert json.loads(json.dumps(MILK.to_json())) == {
        "offer": "abcdefgh234567ab/M1",
        "name": "Milk",
        "gtin": "04001842100121",
        "price": {"amount": "3.33", "currency": "EUR"},
        "regular_price": {"amount": "3.99", "currency": "EUR"},
        "unit_price": {"amount": "6.66", "currency": "EUR", "per": "kg"},
        "stock": {"level": "few", "left": 3, "made_to_order": False},
        "distance_m": 1235,
        "bearing": 0,
        "site": {
            "id": "abcdefgh234567ab", "name": "Farm", "lat": 48.52, "lon": 9.05, "open": True,
        },
        "seen_at": "2026-11-21T10:00:00Z",
        "confirmed_at": "2026-11-21T10:00:00Z",
        "warnings": ["silent"],
        "own": True,
        "for_members": False,
    }  # fmt: skip


def test_the_same_names_when_nothing_is_known() -> None:
    bare = Listing(offer="a/b", name="x", site_id="a").to_json()
    assert list(bare) == list(MILK.to_json())
    assert bare["price"] is bare["unit_price"] is bare["seen_at"] is bare["distance_m"] is None
    assert bare["stock"] == {"level": "unknown", "left": None, "made_to_order": False}
    assert bare["site"] == {"id": "a", "name": "", "lat": None, "lon": None, "open": None}
