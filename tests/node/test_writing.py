"""node/writing.py: what an edit rests on still stands when it is made, whoever else writes."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from fedretail.clock import SystemClock
from fedretail.node.bulk import Raise, reprice
from fedretail.node.node import Node
from fedretail.node.writing import Overtaken, exists, is_new
from fedretail.testing.nodes import sell


@pytest.fixture
def shop(shops: Any) -> Node:
    """A shop with bread."""
    node: Node = shops("Brook Farm", SystemClock())
    sell(node, "bread", 380)
    return node


@pytest.fixture
def till(shop: Node) -> Iterator[Node]:
    """Another program on the same data directory, with connections of its own."""
    with Node.open(shop.path) as other:
        yield other


def amounts(node: Node, key: str = "bread") -> Any:
    found = node.record(node.place("offer", key))
    return None if found is None else found.fields.get("prices")


def test_what_is_made_of_an_older_state_is_made_anew(shop: Node, till: Node) -> None:
    seen = []

    def raised(present: Any) -> dict[str, Any]:
        seen.append(present["prices"][0][0])
        if len(seen) == 1:
            till.write("offer", "bread", {"prices": [[400]], "stock_count": 7})
        return {"prices": [[present["prices"][0][0] + 10]]}

    assert shop.write("offer", "bread", raised)
    assert seen == [380, 400]
    assert amounts(shop) == amounts(till) == [[410]]


def test_an_own_field_that_changed_counts_too(shop: Node, till: Node) -> None:
    seen = []

    def sold(present: Any) -> dict[str, Any]:
        seen.append(present.get("stock_count"))
        if len(seen) == 1:
            till.write("offer", "bread", {"stock_count": 7})
        return {"stock_count": (present.get("stock_count") or 10) - 1}

    assert shop.write("offer", "bread", sold)
    assert seen == [None, 7]
    assert till.store.own(till.place("offer", "bread"))["stock_count"] == 6


def test_a_condition_holds_at_the_moment_of_the_commit(shop: Node, till: Node) -> None:
    known = shop.record(shop.place("offer", "bread"))

    def fields(present: Any) -> dict[str, Any]:
        till.write("offer", "bread", {"prices": [[400]]})
        return {"prices": [[410]]}

    with pytest.raises(Overtaken):
        shop.write("offer", "bread", fields, only_if=lambda found: found == known)
    assert amounts(shop) == [[400]]


def test_a_condition_is_asked_where_nothing_would_change(shop: Node, till: Node) -> None:
    known = shop.record(shop.place("offer", "bread"))
    till.write("offer", "bread", {"prices": [[400]]})
    with pytest.raises(Overtaken):
        shop.write("offer", "bread", {"prices": [[400]]}, only_if=lambda found: found == known)


def test_what_was_withdrawn_meanwhile_does_not_come_back_as_a_bare_price(
    shop: Node, till: Node
) -> None:
    def fields(present: Any) -> dict[str, Any]:
        till.remove("offer", "bread")
        return {"prices": [[410]]}

    with pytest.raises(Overtaken):
        shop.write("offer", "bread", fields, only_if=exists)
    assert amounts(shop) is None


def test_of_two_who_add_the_same_the_second_is_told(shop: Node, till: Node) -> None:
    def fields(present: Any) -> dict[str, Any]:
        till.write("offer", "rolls", {"name": "Rolls", "prices": [[45]]})
        return {"name": "Rolls", "prices": [[50]]}

    with pytest.raises(Overtaken):
        shop.write("offer", "rolls", fields, only_if=is_new)
    assert amounts(shop, "rolls") == [[45]]


def test_many_prices_are_raised_from_what_they_are_at_that_moment(
    shop: Node, till: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions_of, asked = shop.store.versions_of, list[Any]()

    def meanwhile(places: Any) -> Any:
        # Asked between the look at the prices and the commit.
        if not asked:
            till.write("offer", "bread", {"prices": [[400]]})
        asked.append(places)
        return versions_of(places)

    monkeypatch.setattr(shop.store, "versions_of", meanwhile)
    assert reprice(shop, Raise(Decimal(10))) == 1
    assert len(asked) == 2
    assert amounts(shop) == [[440]]
