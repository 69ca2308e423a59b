"""The made-up price list."""

import csv
from pathlib import Path

from fedretail.connectors import Row, open_source
from fedretail.demo.goods import HEADINGS, articles, write_price_list
from fedretail.domain.ids import parse_gtin


def test_the_list_is_the_same_every_time_and_no_line_twice() -> None:
    first, again = list(articles(7000)), list(articles(7000))
    assert first == again
    assert len({one.name for one in first}) == len({one.barcode for one in first}) == 7000


def test_barcodes_are_whole_and_nobodys() -> None:
    for one in articles(50):
        assert parse_gtin(one.barcode)
        assert one.barcode.startswith("2")


def test_the_file_is_read_without_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write_price_list(path, 300)
    with path.open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == list(HEADINGS)
    rows = list(open_source(path, currency="EUR"))
    assert len(rows) == 300
    assert all(isinstance(row, Row) for row in rows)
