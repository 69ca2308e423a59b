"""A shop whose faces are on a real socket."""

from collections.abc import Iterator
from typing import Any

import pytest

from fedretail.clock import SystemClock
from fedretail.domain.kind import Value
from fedretail.node import tokens
from fedretail.node.node import Node
from fedretail.testing.faces import Face, shown
from fedretail.testing.nodes import sell

GTIN = "04001842100121"


@pytest.fixture
def shop(shops: Any) -> Node:
    """A shop with bread, rolls and muesli."""
    node: Node = shops("Brook Farm", SystemClock())
    sell(node, "bread", 380)
    sell(node, "rolls", 45)
    fields: dict[str, Value] = {
        "name": "Muesli",
        "gtin": GTIN,
        "currency": "EUR",
        "prices": [[349]],
        "cost": 111,
        "supplier": "Mill & Sons",
    }
    node.write("offer", "muesli", fields)
    return node


@pytest.fixture
def face(shop: Node) -> Iterator[Face]:
    """Its faces."""
    with shown(shop) as face:
        yield face


@pytest.fixture
def site(shop: Node) -> str:
    """The id of its site."""
    return shop.site().id


@pytest.fixture
def bearer(shop: Node) -> str:
    """The header of a program that may change offers."""
    return f"Bearer {tokens.add(shop, 'till', [tokens.WRITE_OFFERS])}"
