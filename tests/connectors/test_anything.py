"""Whatever bytes a file holds: rows and bad rows come out, or MalformedInput; nothing else."""

import json
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.connectors import FORMATS, BadRow, Row, open_source
from fedretail.connectors.shopify import ShopifyCsv
from fedretail.connectors.woocommerce import WooCommerceCsv
from fedretail.domain.catalog import OFFER, Offer
from fedretail.domain.ids import record_key
from fedretail.errors import MalformedInput

HEADINGS = {
    "csv": "SKU;Name;Price;Sale price;Offer from;EAN;Stock;Net content;Unit;Pack;Cost;Min age;Note",
    "shopify": "Handle;Title;Body (HTML);Published;Option1 Value;Variant SKU;"
    "Variant Inventory Tracker;Variant Inventory Qty;Variant Inventory Policy;Variant Price;"
    "Variant Compare At Price;Variant Barcode;Cost per item",
    "woocommerce": "ID;Type;SKU;Name;Published;In stock?;Stock;Backorders allowed?;Sale price;"
    "Regular price;Date sale price starts;Categories;Parent",
    "jsonl": '{"format":"fedretail-exchange/1"}',
}
CELLS = st.sampled_from(
    ["", "1", "0", "-1", "1,49", "1.49.", "abc", "9" * 40, "4001842100121", "5e12", "variation",
     "variable", "id:1", "yes", "no", "500 g", "6 x 0,33 l", "2026-11-21", "31.12.2026", "$5",
     "continue", "shopify", '"', "<p>&amp;", "ä\u0301", "'=1+1", "=1+1", "\x0b", "NaN", "²", "１"]
) | st.text(max_size=12)  # fmt: skip


def read_bytes(content: bytes, form: str) -> list[Row | BadRow]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        reader = open_source(path, form, currency="EUR", time_zone="Europe/Berlin")
        rows = list(reader)
        bad = [row for row in rows if isinstance(row, BadRow)]
        assert reader.write_rejects(Path(folder) / "rejects", bad) == len(bad)
        assert json.dumps(reader.profile)
    return rows


def check(rows: list[Row | BadRow]) -> None:
    keys = set()
    for row in rows:
        assert row.line > 0
        if isinstance(row, BadRow):
            assert row.expected
            continue
        assert record_key(row.identity) not in keys
        keys.add(record_key(row.identity))
        offer = Offer.from_fields(row.fields)
        assert offer.name
        assert offer.prices
        public, _ = OFFER.split(row.fields, keep_unknown=True)
        assert not public.keys() & OFFER.own_fields()


@pytest.mark.parametrize("form", FORMATS)
@given(content=st.binary(max_size=300))
@example(content=b"\xff\xfe")
@example(content=b"\xff\xfeN\x00a\x00\n")
@example(content=b'"')
@example(content=b"sep=;")
@example(content=b"sep=\n\n")
@example(content=b"\r\r\r")
def test_any_bytes(form, content):
    try:
        check(read_bytes(content, form))
    except MalformedInput:
        pass


@pytest.mark.parametrize("form", ["csv", "shopify", "woocommerce"])
@given(rows=st.lists(st.lists(CELLS, min_size=10, max_size=14), max_size=6), data=st.data())
def test_any_cells(form, rows, data):
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    text = "\n".join([HEADINGS[form], *(";".join(cells) for cells in rows)])
    try:
        check(read_bytes(text.encode(encoding, "replace"), form))
    except MalformedInput:
        pass


@pytest.mark.parametrize("form", list(HEADINGS))
@given(tail=st.binary(max_size=200))
def test_any_bytes_behind_good_headings(form, tail):
    try:
        check(read_bytes(HEADINGS[form].encode() + b"\n" + tail, form))
    except MalformedInput:
        pass


@pytest.mark.parametrize(
    "piece",
    [
        b"Milk" + b" of the hills" * 9 + b",1\n",
        b'"Milk' + b" of the hills" * 9 + b",1\n",
        b"x" * 4096,
        b'"a""',
        b"Milk,1" + b"," * 100 + b"\r",
        b'"\n"' + b"." * 100,
    ],
    ids=["rows", "open quotes", "endless line", "endless cell", "returns", "quoted ends"],
)
def test_memory_does_not_grow_with_the_file(tmp_path, piece):
    def peak(size: int) -> int:
        path = tmp_path / "list.csv"
        path.write_bytes(b"Name,Price\nTea,1\n" + piece * (size // len(piece)))
        tracemalloc.start()
        for _ in open_source(path, currency="EUR"):
            pass
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10_000)
    # The first is beyond all buffers; the second has 300 kB more.
    assert peak(800_000) < peak(500_000) + 100_000


def test_own_columns_fill_own_fields_alone(tmp_path):
    """Each connector, each own role: a mark in its column reaches no public field."""
    own = OFFER.own_fields() - {"stock_count"} | {"stock"}
    for form, table in (("shopify", ShopifyCsv), ("woocommerce", WooCommerceCsv)):
        own_here = {role for role in table.headings.values() if role in own}
        assert own_here <= own, form
    for form, head in HEADINGS.items():
        if form == "jsonl":
            continue
        path = tmp_path / f"{form}.csv"
        cost = {"csv": "Cost", "shopify": "Cost per item", "woocommerce": "Cost of goods"}[form]
        columns = [*head.split(";")]
        columns += [cost] if cost not in columns else []
        columns += ["Supplier", "Notes", "Minimum stock", "Margin"]
        cells = {cost: "98765.43", "Supplier": "SECRET", "Notes": "SECRET", "Margin": "SECRET"}
        cells |= {"Minimum stock": "87654", "Name": "Milk", "Title": "Milk", "Handle": "milk"}
        cells |= {"Price": "1", "Variant Price": "1", "Regular price": "1", "Note": "SECRET"}
        cells |= {"Stock": "76543", "Variant Inventory Qty": "76543"}
        cells |= {"Variant Inventory Tracker": "shopify"}
        row = ";".join(cells.get(column, "") for column in columns)
        path.write_text(";".join(columns) + "\n" + row + "\n", encoding="utf-8")
        (got,) = open_source(path, form, currency="EUR")
        public, own_fields = OFFER.split(got.fields)
        text = str(public)
        for mark in ("SECRET", "98765", "9876543", "87654", "76543"):
            assert mark not in text, form
        assert (own_fields["cost"], own_fields["stock_count"]) == (9876543, 76543)
