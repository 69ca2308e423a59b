"""A grocery's price list of any length, always the same; names, codes, prices are made up."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

from fedretail.domain.ids import check_digit

HEADINGS = ("SKU", "Name", "Barcode", "Price", "Regular price", "Stock", "Content", "Category")

_BRANDS = (
    "Alder Mill", "Bramble", "Cooper's", "Dove Hill", "Elmfield", "Foxglove", "Garner", "Hollin",
    "Ivy Lane", "Juniper", "Kestrel", "Larkspur", "Marram", "Nettle",
)  # fmt: skip
# Category, goods, kinds, contents, price of the first content in minor units.
_SHELVES = (
    ("Food > Dairy", ("Whole milk", "Butter", "Yoghurt", "Cream", "Kefir", "Curd cheese"),
     ("", "organic", "lactose-free", "mild", "farm"), ("500 ml", "1 l"), 109),
    ("Food > Bakery", ("Rye bread", "Oat biscuits", "Crispbread", "Rusks", "Gingerbread"),
     ("", "wholemeal", "with seeds", "salted", "sweet"), ("250 g", "500 g"), 189),
    ("Food > Pantry", ("Oat flakes", "Lentils", "Rice", "Spaghetti", "Flour", "Sugar", "Honey"),
     ("", "organic", "fine", "coarse", "from the region"), ("500 g", "1 kg"), 149),
    ("Food > Preserves", ("Plum jam", "Tomatoes", "Gherkins", "Apple sauce", "White beans"),
     ("", "organic", "whole", "in pieces", "without sugar"), ("340 g", "720 g"), 199),
    ("Drinks > Hot", ("Coffee beans", "Ground coffee", "Black tea", "Camomile tea", "Cocoa"),
     ("", "organic", "strong", "mild", "fair trade"), ("250 g", "500 g"), 399),
    ("Drinks > Cold", ("Apple juice", "Mineral water", "Lemonade", "Oat drink", "Grape juice"),
     ("", "organic", "cloudy", "sparkling", "still"), ("0.75 l", "6 x 0.33 l"), 129),
    ("Home > Cleaning", ("Washing-up liquid", "Soap", "Laundry powder", "Vinegar cleaner"),
     ("", "unscented", "lemon", "for hands", "refill"), ("500 ml", "1 l"), 179),
    ("Home > Paper", ("Kitchen roll", "Tissues", "Baking paper", "Candles", "Matches"),
     ("", "recycled", "large", "soft", "white"), ("1 piece", "4 pieces"), 99),
)  # fmt: skip
# Numbers that begin with 2 are for use inside a shop: no trade item of anybody has them.
_INSIDE_A_SHOP = 200


@dataclass(frozen=True, slots=True)
class Article:
    """One line of the list; amounts in minor units, regular None: no reduction."""

    sku: str
    name: str
    barcode: str
    price_minor: int
    regular_minor: int | None
    stock: int
    content: str
    category: str


def articles(count: int) -> Iterator[Article]:
    """The first `count` articles; 5,880 differ in name, later ones are further batches of these."""
    return islice(_endless(), count)


def write_price_list(path: Path, count: int) -> None:
    """Write the list as a CSV with commas, points in prices, UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for item in articles(count):
            regular = "" if item.regular_minor is None else f"{item.regular_minor / 100:.2f}"
            price = f"{item.price_minor / 100:.2f}"
            facts = (item.barcode, price, regular, item.stock, item.content, item.category)
            writer.writerow((item.sku, item.name, *facts))


def _endless() -> Iterator[Article]:
    number, batch = 0, 0
    while True:
        for category, goods, kinds, contents, base in _SHELVES:
            for good, brand, kind, (size, content) in product(
                goods, _BRANDS, kinds, enumerate(contents)
            ):
                name = ", ".join(part for part in (f"{brand} {good}", kind, content) if part)
                if batch:
                    name += f", batch {batch + 1}"
                yield _article(number, name, (category, content), base * (1 + size))
                number += 1
        batch += 1


def _article(number: int, name: str, about: tuple[str, str], base: int) -> Article:
    # A linear congruence (Knuth) instead of chance: the list is the same on every machine.
    noise = (number * 6364136223846793005 + 1442695040888963407) >> 20 & 0xFFFF
    price = base * (80 + noise % 60) // 100
    price -= price % 10 - 9
    body = f"{_INSIDE_A_SHOP}{number:09d}"
    category, content = about
    return Article(
        sku=f"G{number:05d}",
        name=name,
        barcode=body + str(check_digit(body)),
        price_minor=price,
        regular_minor=price + 50 if noise % 17 == 0 else None,
        stock=noise % 23,
        content=content,
        category=category,
    )
