"""Offers: fields there and back; nothing that a stranger writes makes reading fail."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.domain.catalog import MAX_NAME, OFFER, Offer
from fedretail.domain.pictures import Picture
from fedretail.domain.prices import Price
from fedretail.domain.stock import Stock
from fedretail.domain.units import Quantity
from fedretail.testing.strategies import values

edits = st.dictionaries(st.sampled_from(sorted(OFFER.fields)) | st.text(max_size=5), values)

MILK = Offer(
    name="Milk 1 l", description="From\nhere", gtin="04001842100121", sku="M1", brand="Dairy",
    category="dairy", net=Quantity(Decimal("0.33"), "LTR"), pack=6, currency="EUR",
    prices=(Price(333, 5, 9), Price(399)), regular=399, deposit=15, tax_included=False,
    tax_rate="7", sold_by="weight", lowest_30d=349, stock=Stock("few", 3, True), min_age=16,
    allergens=("milk",), hazard=("GHS02",), claims=("organic",), language="en", valid_from=1,
    valid_until=9, source="till", checked_at=7, type="service",
    pictures=(Picture(b"c" * 32, 9000, 320, 240), Picture(b"p" * 32, 50000, 960, 720, "a jug")),
)  # fmt: skip


def test_round_trip_of_a_full_offer() -> None:
    fields = MILK.to_fields()
    assert Offer.from_fields(fields) == MILK
    assert set(fields) == set(OFFER.fields) - OFFER.own_fields()
    assert fields["prices"] == [[333, 5, 9], [399]]
    assert fields["net"] == ["0.33", "LTR"]
    assert fields["stock"] == "few"


def test_an_empty_offer_says_nothing() -> None:
    assert Offer().to_fields() == {}
    assert Offer.from_fields({}) == Offer()


@given(edits)
@example({"stock": "few", "left": True})
@example({"name": "\ud800"})
@example({"prices": [[1], [True]]})
def test_any_fields_are_read_and_settle(fields: dict[str, object]) -> None:
    offer = Offer.from_fields(fields)  # type: ignore[arg-type]
    again = offer.to_fields()
    assert Offer.from_fields(again) == offer
    assert not OFFER.own_fields().intersection(again)
    offer.shown(0)


@given(st.sampled_from(sorted(OFFER.fields)), values)
def test_a_bad_field_hides_no_other(name: str, value: object) -> None:
    fields = {**MILK.to_fields(), name: value}
    offer = Offer.from_fields(fields)  # type: ignore[arg-type]
    # "left" says nothing without a level that counts.
    touched = {"stock"} if name in ("stock", "left", "made_to_order") else {name}
    for field in MILK.__slots__:
        if field not in touched:
            assert getattr(offer, field) == getattr(MILK, field)


@pytest.mark.parametrize(
    ("name", "value"),
    [("name", "x" * (MAX_NAME + 1)), ("gtin", "4001842100121"), ("gtin", "04001842100122"),
     ("pack", 0), ("pack", True),
     ("currency", "XXX"), ("currency", "eur"), ("type", "thing"), ("regular", -1), ("min_age", 200),
     ("tax_rate", "nineteen"), ("tax_rate", 19), ("left", 10), ("stock", "plenty"),
     ("valid_until", 2**63), ("allergens", ["a"] * 50), ("prices", [[129], "x"]),
     ("net", ["0", "GRM"])],
)  # fmt: skip
def test_out_of_range_is_ignored(name: str, value: object) -> None:
    assert Offer.from_fields({name: value}) == Offer()  # type: ignore[dict-item]


def test_what_acts_is_taken_out() -> None:
    offer = Offer.from_fields({"name": "\x1b]0;x\x07Milk\n1 l", "description": "a\r\nb\0"})
    assert (offer.name, offer.description) == ("]0;xMilk 1 l", "a\nb")


def test_left_needs_a_level_that_counts() -> None:
    assert Offer.from_fields({"stock": "none", "left": 3}).stock == Stock("none")
    assert Offer.from_fields({"left": 3}).stock == Stock()
    assert Offer.from_fields({"stock": "some", "left": 7}).stock == Stock("some", 7)


def test_validity() -> None:
    offer = Offer(name="Tree", valid_from=10, valid_until=20)
    assert [offer.shown(at_ms) for at_ms in (9, 10, 19, 20)] == [False, True, True, False]
    assert not Offer().shown(0)
