"""Many prices at once: told before, one deed, one way back."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.catalog import Offer
from fedretail.domain.kind import Value
from fedretail.errors import MalformedInput
from fedretail.node.bulk import Raise, parse_percent, reprice, repriced
from fedretail.node.editing import usual
from fedretail.node.node import Node
from fedretail.node.told import told
from fedretail.node.undo import deeds, undo


def put(node: Node, key: str, amount: int, **more: Value) -> None:
    node.write("offer", key, {"name": key, "currency": "EUR", "prices": [[amount]], **more})


def amounts(node: Node) -> dict[str, int]:
    found = ((place.key, usual(Offer.from_fields(v.fields))) for place, v in node.records("offer"))
    return {key: price.amount_minor for key, price in found if price is not None}


@pytest.fixture
def farm(shops: Any) -> Node:
    node: Node = shops("farm")
    put(node, "milk", 129, category="Food > Dairy")
    put(node, "butter", 249, category="Food > Dairy")
    put(node, "soap", 349, category="Care")
    put(node, "gift", 0, category="Care")
    node.write("offer", "none", {"name": "None", "category": "Food"})
    return node


def test_one_category_goes_up_and_comes_back(farm: Node) -> None:
    wanted = Raise(Decimal(5), "Food")
    before = amounts(farm)
    told_before = {one.key: (one.old_minor, one.new_minor) for one in repriced(farm, wanted)}
    assert told_before == {"milk": (129, 135), "butter": (249, 261)}
    assert amounts(farm) == before
    assert reprice(farm, wanted) == 2
    assert amounts(farm) == {**before, "milk": 135, "butter": 261}
    (last, *_) = deeds(farm, limit=5)
    assert told(farm, last).text == "Prices of Food +5 %: 2 changed"
    assert undo(farm, last.deed).records == 2
    assert amounts(farm) == before


def test_all_of_a_large_shop_are_one_deed(farm: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedretail.node.bulk._BATCH", 2)
    for number in range(5):
        put(farm, f"A{number}", 100 + number)
    before = amounts(farm)
    assert reprice(farm, Raise(Decimal(-10))) == len(before) - 1
    undo(farm, deeds(farm, limit=1)[0].deed)
    assert amounts(farm) == before


def test_what_goes_down_says_the_lowest_price_of_30_days(farm: Node) -> None:
    reprice(farm, Raise(Decimal(-50), "Care"))
    found = farm.record(farm.place("offer", "soap"))
    assert found is not None
    assert (found.fields["prices"], found.fields["lowest_30d"]) == ([[175]], 349)


def test_a_promotion_stays_as_it_is(farm: Node) -> None:
    put(farm, "tea", 500)
    farm.write("offer", "tea", {"prices": [[500], [400, 1, 2]], "regular": 500})
    reprice(farm, Raise(Decimal(10)))
    found = farm.record(farm.place("offer", "tea"))
    assert found is not None
    assert (found.fields["prices"], found.fields["regular"]) == ([[400, 1, 2], [550]], 550)


@given(st.integers(0, 10**12), st.integers(-500, 1000).filter(bool), st.booleans())
def test_amounts(amount: int, tenths: int, rounded: bool) -> None:
    wanted = Raise(Decimal(tenths) / 10, rounded=rounded)
    new = wanted.amount(amount)
    exact = amount * (1000 + tenths) / 1000
    assert (new == 0) == (amount == 0)
    assert 0 <= new <= 10**12
    if amount and exact < 10**12:
        assert abs(new - max(exact, 1)) <= (9 if rounded else 0.51) + exact * 1e-9
        assert not rounded or new % 10 == 9


@pytest.mark.parametrize(
    ("text", "percent"),
    [("5", "5"), ("+5 %", "5"), ("-2,5", "-2.5"), ("−2.5%", "-2.5"), ("100", "100")],
)
def test_percent(text: str, percent: str) -> None:
    assert parse_percent(text) == Decimal(percent)


@pytest.mark.parametrize(
    "text", ["", "0", "5 euro", "nan", "inf", "-51", "101", "1e1000", "5" * 50]
)
def test_no_percent(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_percent(text)


@given(st.text(max_size=12))
def test_any_text_is_a_percent_or_told(text: str) -> None:
    try:
        assert -50 <= parse_percent(text) <= 100
    except MalformedInput:
        pass
