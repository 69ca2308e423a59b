"""A street: a shop whose node holds its neighbours' catalogs too, as if they had met."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fedretail.clock import Clock
from fedretail.crdt.changes import START
from fedretail.crdt.names import log_id
from fedretail.domain.geo import Position
from fedretail.node.node import Node
from fedretail.node.setup import Shop, create_shop
from fedretail.p2p.heads import is_public
from fedretail.testing.builders import add_log, push
from fedretail.testing.clock import ManualClock
from fedretail.web.app import make_app

MILK = "04260349420006"
CHEESE = "04260349420013"
HOSTILE = '<script>alert("1")</script><b>Bell</b> & more'
HERE = Position(48.5200, 9.0500)
# Name, place, hours, and what it asks for a litre of milk.
NEIGHBOURS = (
    ("Brook Farm", Position(48.5100, 9.0500), "24/7", 149),
    ("Mill Street 9", Position(48.5200, 9.0900), None, 119),
)


def milk(amount_minor: int, **more: Any) -> dict[str, Any]:
    return {
        "name": "Whole milk",
        "gtin": MILK,
        "category": "Food > Dairy",
        "currency": "EUR",
        "prices": [[amount_minor]],
        "net": ["1", "LTR"],
        "stock": "some",
        **more,
    }


OWN_OFFERS: Mapping[str, Mapping[str, Any]] = {
    "M1": milk(129, description="From the valley.", claims=["organic"], deposit=15),
    "C1": {
        "name": "Hard cheese",
        "gtin": CHEESE,
        "category": "Food > Dairy",
        "currency": "EUR",
        "prices": [[585]],
        "regular": 649,
        "lowest_30d": 569,
        "net": ["300", "GRM"],
    },
    "X1": {"name": HOSTILE, "category": "Bicycle", "currency": "EUR", "prices": [[790]]},
    # No address leads to it, and no page may break by it.
    "Z/9": {"name": "Odd key", "category": "Bicycle", "currency": "EUR", "prices": [[100]]},
    "W1": {"name": "Red wine", "category": "Drinks > Wine", "currency": "EUR", "prices": [[690]]},
}


def build_street(folder: Path, clock: Clock | None = None) -> Node:
    """The node of the first shop; its neighbours' nodes are gone again."""
    home = _shop(folder / "home", "Corner & Sons", HERE, "24/7", clock)
    home.set_member({"imprint": {"legal_name": "Corner Ltd", "address": "Lane 1\n72072 Town"}})
    for key, fields in OWN_OFFERS.items():
        home.write("offer", key, fields)
    for name, position, hours, amount in NEIGHBOURS:
        with _shop(folder / name, name, position, hours, clock) as other:
            other.write("offer", "A", milk(amount))
            _meet(home, other)
    home.follow()
    return home


def _shop(
    folder: Path, name: str, position: Position, hours: str | None, clock: Clock | None
) -> Node:
    shop = Shop(name, position, hours, "EUR", "Europe/Berlin")
    return create_shop(folder, shop, clock=clock)


def _meet(home: Node, other: Node) -> None:
    home.store.add_auth([record for _, record in other.store.auth_records()])
    for _, name, _ in other.store.heads():
        if name.owner == other.owner and is_public(name.collection):
            add_log(home.store, name)
            push(home.store, other.store, log_id(name), START)


@pytest.fixture(scope="session")
def make_street() -> Callable[..., Node]:
    """`build_street`, for folders that cannot import it."""
    return build_street


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Node]:
    with build_street(tmp_path, ManualClock()) as node:
        yield node


Ask = Callable[..., Any]


@pytest.fixture
def ask(street: Node) -> Iterator[Ask]:
    """GET a page of the street, as a browser does; redirects are followed."""
    app = make_app(street)
    with TestClient(app, base_url="http://localhost", backend="trio") as client:

        def get(path: str, language: str = "en", **headers: str) -> Any:
            return client.get(path, headers={"accept-language": language, **headers})

        yield get
