"""Shops to measure with: real product names where FEDRETAIL_TEST_DATA has them, else made up."""

import csv
import gzip
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from fedretail.crdt.changes import START
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.demo.goods import articles
from fedretail.domain.geo import Position
from fedretail.node.import_report import ImportOptions
from fedretail.node.node import Node
from fedretail.node.setup import Shop, create_shop
from fedretail.testing import builders

HEADINGS = ["SKU", "Name", "Barcode", "Price", "Stock", "Category", "Content"]


def products(count: int, start: int = 0) -> Iterator[tuple[str, str]]:
    """(barcode or "", name) of `count` products."""
    folder = os.environ.get("FEDRETAIL_TEST_DATA")
    source = Path(folder or ".") / "products" / "openfoodfacts-names.tsv.gz"
    if folder and source.is_file():
        with gzip.open(source, "rt", encoding="utf-8") as file:
            for line in islice(file, start, start + count):
                barcode, _, name = line.rstrip("\n").partition("\t")
                yield barcode, name
    else:
        for item in islice(articles(start + count), start, None):
            yield item.barcode, item.name


def write_csv(path: Path, count: int, *, start: int = 0, raised: int = 0) -> None:
    """A price list of `count` rows; `raised`: cents added to every tenth price."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for index, (barcode, name) in enumerate(products(count, start)):
            cents = 99 + index * 7919 % 1900 + (raised if index % 10 == 0 else 0)
            facts = [f"{cents / 100:.2f}", index * 31 % 40, "Food > Shelf", "500 g"]
            writer.writerow([f"A{start + index}", name, barcode, *facts])


def make_shop(folder: Path, number: int, count: int) -> Node:
    """A shop with `count` offers of its own."""
    place = Position(48.5 + number % 20 / 100, 9.0 + number // 20 / 100)
    hours, zone = "Mo-Sa 08:00-20:00", "Europe/Berlin"
    node = create_shop(folder / f"shop{number}", Shop(f"Shop {number}", place, hours, "EUR", zone))
    if count:
        path = folder / f"shop{number}.csv"
        write_csv(path, count, start=number * count)
        node.import_file(path, ImportOptions(node.site()), lambda done, total, rows: None)
    return node


def copy_into(target: Node, source: Node) -> None:
    """Everything the source holds, without a network."""
    target.store.add_auth(signed for _, signed in source.store.auth_records())
    for _, name, raw in source.store.heads():
        builders.add_log(target.store, name)
        log, after = SignedHead.parse(raw).head.log, None
        while True:
            part = source.store.changes_since(log, START, after)
            assert part is not None
            head, after = SignedHead.parse(part.head), part.after
            target.store.advance(head, 0, pack(part.changes), after=after)
            if after is None:
                break
