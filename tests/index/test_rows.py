"""The row of an offer, made from few fields, against the whole Offer."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.codec import unpack
from fedretail.crdt.registers import Folded
from fedretail.domain.catalog import Offer
from fedretail.domain.prices import Price
from fedretail.domain.stock import may_have
from fedretail.index.rows import checked_at, offer_row
from fedretail.index.text import gtin_word, text_words

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
        "left": anything,
        "valid_from": anything,
        "valid_until": anything,
        "checked_at": anything,
        "description": texts,
        "unheard of": anything,
    },
)


def words_of(offer: Offer) -> tuple[int, list[str]]:
    named = list(dict.fromkeys(text_words(offer.name)))
    rest = [*text_words(offer.brand), *text_words(offer.category), *text_words(offer.sku)]
    rest += [gtin_word(offer.gtin)] if offer.gtin else []
    return len(named), list(dict.fromkeys([*named, *rest]))


@given(fields, st.integers(0, 9))
def test_a_row_says_what_the_whole_offer_says(fields: dict[str, Any], stamp: int) -> None:
    offer = Offer.from_fields(fields)
    row = offer_row(Folded(fields, dict.fromkeys(fields, stamp)))
    assert (row is None) == (not offer.name)
    if row is None:
        return
    always = [one.amount_minor for one in offer.prices if one == Price(one.amount_minor)]
    lasting = len(offer.prices) == len(always) < 2
    windowed = offer.valid_from is not None or offer.valid_until is not None
    assert row.price == (always[0] if always and lasting else None)
    assert row.timed == int(windowed or not lasting)
    assert (row.currency, row.category) == (offer.currency, offer.category)
    stock = 2 if may_have(offer.stock) else 1 if offer.stock.level == "none" else 0
    assert row.stock == stock
    assert (row.named, row.words.split()) == words_of(offer)
    assert row.priced_at == (stamp if "prices" in fields else None)
    shown = Offer.from_fields(unpack(row.facts, max_bytes=1 << 20))
    assert (shown.name, shown.prices, shown.stock) == (offer.name, offer.prices, offer.stock)
    assert shown.description == ""


@given(anything)
def test_checked_at_is_a_moment_or_nothing(value: Any) -> None:
    assert checked_at(value) == Offer.from_fields({"checked_at": value}).checked_at
