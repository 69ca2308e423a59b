"""The row of an offer, made from few fields, against the whole Offer."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.registers import Folded
from fedretail.domain.catalog import Offer
from fedretail.domain.prices import Price, unit_price
from fedretail.domain.stock import may_have
from fedretail.index.language.text import fold
from fedretail.index.layout.cells import (
    BASE_MASK,
    BASE_SHIFT,
    NO_PRICE,
    TIMED,
    UNIT_BASES,
    WINDOWED,
    cell_of,
    currency_of,
)
from fedretail.index.layout.facts import Labels, stamped_facts, unpack_facts
from fedretail.index.layout.rows import (
    checked_at,
    offer_row,
    offer_words,
    said_of,
    shared_of,
    words_of,
)
from fedretail.index.layout.traits import Traits, read_traits
from fedretail.testing.naive_words import words_of_whole

anything = st.none() | st.booleans() | st.integers(-5, 10**14) | st.text(max_size=9) | st.binary()
texts = st.sampled_from(["Bio Milch 1,5 l", "A102", "0123 4", " ", "d'Or", "ж" * 300]) | st.text(
    max_size=20
)
price = st.lists(st.none() | st.integers(-1, 9), max_size=6) | anything
fields = st.fixed_dictionaries(
    {},
    optional={
        "name": texts | anything,
        "brand": texts | anything,
        "category": texts | anything,
        "sku": texts | anything,
        "gtin": st.sampled_from(["04001842100121", "04001842100122", "0" * 14]) | anything,
        "currency": st.sampled_from(["EUR", "JPY", "eur"]) | anything,
        "prices": st.lists(price, max_size=3) | st.just([[129]]) | anything,
        "stock": st.sampled_from(["none", "few", "some", "unknown", "?"]) | anything,
        "made_to_order": anything,
        "net": st.sampled_from([["500", "GRM"], ["1.5", "LTR"], ["0", "GRM"], ["1", "XYZ"]])
        | anything,
        "pack": st.integers(0, 7) | anything,
        "sold_by": st.sampled_from(["piece", "weight"]) | anything,
        "left": anything,
        "type": st.sampled_from(["service", "product"]) | anything,
        "min_age": st.integers(0, 20) | anything,
        "claims": st.lists(st.sampled_from(["Vegan", "vegan", "bio"])) | anything,
        "language": st.sampled_from(["de", "en-US", "ja", "?"]) | anything,
        "valid_from": anything,
        "valid_until": anything,
        "checked_at": anything,
        "source": texts | anything,
        "description": texts,
        "unheard of": anything,
    },
)


@given(fields, st.integers(0, 9) | st.integers(-5, 10**14))
def test_a_row_says_what_the_whole_offer_says(fields: dict[str, Any], stamp: int) -> None:
    offer = Offer.from_fields(fields)
    row = offer_row(Folded(fields, dict.fromkeys(fields, stamp)))
    assert (row is None) == (not offer.name)
    if row is None:
        return
    always = [one.amount_minor for one in offer.prices if one == Price(one.amount_minor)]
    lasting = len(offer.prices) == len(always) < 2
    windowed = offer.valid_from is not None or offer.valid_until is not None
    named, words = words_of(row.said)
    shared = shared_of(row.said, named, words)
    cell = cell_of(row.cell((1, 2, 3), named, shared), 0)
    assert cell is not None
    assert (cell.category, cell.brand, cell.trait) == (1, 2, 3)
    assert cell.price == (always[0] if always and lasting else NO_PRICE)
    assert bool(cell.flags & TIMED) == (windowed or not lasting)
    assert bool(cell.flags & WINDOWED) == windowed
    assert currency_of(cell.currency) == offer.currency
    assert (row.said.category, row.said.brand) == (offer.category, offer.brand)
    stock = 2 if may_have(offer.stock) else 1 if offer.stock.level == "none" else 0
    assert cell.stock == stock
    assert (named, words) == words_of_whole(offer)
    assert (cell.named, cell.shared) == (min(named, 255), shared)
    assert cell.gtin == offer.gtin
    assert read_traits(row.trait) == Traits(
        offer.type, offer.min_age, frozenset(map(fold, offer.claims)), offer.source
    )
    priced_at = stamp if "prices" in fields else None
    assert stamped_facts(row.facts, cell, Labels())[0] == priced_at
    assert cell.fresh_s == max(priced_at or 0, offer.checked_at or 0) // 1000
    if cell.price == NO_PRICE:
        assert cell.unit == NO_PRICE
    else:
        unit = unit_price(cell.price, offer.net, offer.pack, offer.sold_by)
        base = UNIT_BASES[cell.flags >> BASE_SHIFT & BASE_MASK]
        assert (cell.unit, base) == (unit.amount_minor, unit.per)


@given(fields)
def test_facts_and_cell_say_what_a_listing_shows(fields: dict[str, Any]) -> None:
    row, offer = offer_row(Folded(fields, {})), Offer.from_fields(fields)
    if row is None:
        return
    cell = cell_of(row.cell((0, 0, 0), 0, 0), 0)
    assert cell is not None
    labels = Labels(row.said.category, row.said.brand, read_traits(row.trait).source)
    again = unpack_facts(row.facts, cell, labels)
    assert Offer.from_fields(again) == replace(offer, description="", allergens=(), hazard=())
    assert said_of(again) == row.said
    assert offer_words(again) == words_of(row.said)


@given(anything)
def test_checked_at_is_a_moment_or_nothing(value: Any) -> None:
    assert checked_at(value) == Offer.from_fields({"checked_at": value}).checked_at
