"""Whole nodes for tests: shops in folders, their price lists, what they sell and find."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fedretail.clock import Clock
from fedretail.crdt.head import SignedHead
from fedretail.domain.geo import Position
from fedretail.domain.kind import Value
from fedretail.index.query import Query
from fedretail.node.node import Node
from fedretail.node.setup import Shop, create_shop
from fedretail.testing.builders import add_log, contents, fetch
from fedretail.testing.clock import ManualClock

HERE = Position(48.52, 9.05)
HEADINGS = ("SKU", "Name", "Price", "Stock", "Cost", "Supplier")


def new_shop(
    path: Path, name: str = "Village shop", *, position: Position = HERE, clock: Clock | None = None
) -> Node:
    """A shop with one site in the folder `path`, which need not exist."""
    shop = Shop(name, position, "Mo-Sa 08:00-18:00", "EUR", "Europe/Berlin")
    return create_shop(path, shop, clock=clock or ManualClock())


def write_prices(
    path: Path, rows: Iterable[Sequence[object]], *, headings: Sequence[str] = HEADINGS
) -> Path:
    """A price list in CSV with these rows; cells that are missing at the end stay empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        for row in rows:
            writer.writerow([*row, *[""] * (len(headings) - len(row))])
    return path


def prices(count: int, *, start: int = 0, price: str = "2.50") -> list[list[object]]:
    """So many ordinary rows: SKU, name, price, stock, cost, supplier."""
    return [
        [f"A{n}", f"Article number {n}", price, n % 20, "1.20", "Wholesaler"]
        for n in range(start, start + count)
    ]


def written(node: Node) -> dict[str, list[Any]]:
    """Every row of every table in the node's store, by table."""
    return contents(node.store.path)


def sell(node: Node, key: str, amount_minor: int = 250) -> None:
    """Write an offer called `Fresh` and its key."""
    fields: dict[str, Value] = {
        "name": f"Fresh {key}",
        "currency": "EUR",
        "prices": [[amount_minor]],
    }
    node.write("offer", key, fields, site=node.site())


def take_in(node: Node, other: Node) -> None:
    """Everything that another node holds, without a network."""
    node.store.add_auth(signed for _, signed in other.store.auth_records())
    for _, name, raw in other.store.heads():
        add_log(node.store, name)
        fetch(node.store, other.store, SignedHead.parse(raw).head.log)


def finds(node: Node, words: str) -> list[tuple[str, int | None]]:
    """What search shows near the node itself: name and price in minor units."""
    page = node.search(Query(words=words, near=node.position))
    return [(one.name, one.amount_minor) for one in page.results]


def seqs(node: Node) -> dict[str, int]:
    """The seq of the newest head of each log held, by collection and device."""
    found: Mapping[str, int] = {
        f"{name.owner.hex()}/{name.collection}/{name.device.hex()}": state.point.seq
        for _, name, _ in node.store.heads()
        for state in node.store.logs_of(name.owner, name.collection)
        if state.name == name
    }
    return dict(found)
