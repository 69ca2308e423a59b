"""Imports: a bad row stops nothing, and goes to a file that can be mended and imported."""

from pathlib import Path

import pytest

from fedretail.errors import MalformedInput, Refused
from fedretail.node.import_report import ImportOptions
from fedretail.node.node import Node
from fedretail.node.setup import create_reader
from fedretail.testing.clock import ManualClock
from fedretail.testing.imports import confirmed_at, counts, offer, take
from fedretail.testing.nodes import prices, write_prices, written

DAY_MS = 24 * 3600 * 1000


def test_a_bad_row_is_neither_withdrawn_nor_confirmed(
    shop: Node, tmp_path: Path, clock: ManualClock
) -> None:
    path = write_prices(tmp_path / "list.csv", prices(10))
    take(shop, path)
    began_ms = clock.now_ms()
    clock.advance(2 * DAY_MS)
    rows = prices(10)
    rows[5][2] = "2.50.1"
    report = take(shop, write_prices(path, rows), complete=True)
    assert counts(report) == {"unchanged": 9, "rejected": 1}
    assert offer(shop, "A5")["prices"] == [[250]]
    assert confirmed_at(shop, "A5") == pytest.approx(began_ms, abs=1000)
    assert confirmed_at(shop, "A6") == clock.now_ms()


def test_where_a_row_names_no_article_nothing_is_withdrawn_without_a_yes(
    shop: Node, tmp_path: Path
) -> None:
    path = write_prices(tmp_path / "list.csv", prices(10))
    take(shop, path)
    rows = prices(8)
    rows.append(["", "", "2.50"])
    write_prices(path, rows)
    assert counts(take(shop, path, complete=True)) == {
        "unchanged": 8, "rejected": 1, "held": 2, "missing": 2,
    }  # fmt: skip
    assert counts(take(shop, path, complete=True, yes=True))["withdrawn"] == 2


def test_rejected_rows_go_to_a_file_that_can_be_mended_and_imported(
    shop: Node, tmp_path: Path
) -> None:
    rows = prices(10)
    rows[2][2], rows[7][2] = "nothing", "1.49."
    report = take(shop, write_prices(tmp_path / "list.csv", rows))
    assert counts(report) == {"new": 8, "rejected": 2}
    assert report.reject_file == tmp_path / "list.rejects.csv"
    assert [(bad.line, bad.column, bad.found) for bad in report.bad] == [
        (4, "Price", "nothing"),
        (9, "Price", "1.49."),
    ]
    text = report.reject_file.read_text(encoding="utf-8")
    report.reject_file.write_text(
        text.replace("nothing", "1.99").replace("1.49.", "1.49"), encoding="utf-8"
    )
    again = take(shop, report.reject_file)
    assert counts(again) == {"new": 2}
    assert again.reject_file is None
    assert {place.key for place, _ in shop.records("offer")} == {f"A{n}" for n in range(10)}
    # The whole list knows them under the same names.
    rows[2][2], rows[7][2] = "1.99", "1.49"
    mended = take(shop, write_prices(tmp_path / "list.csv", rows), complete=True)
    assert counts(mended) == {"unchanged": 10}


def test_a_reject_file_that_is_still_wrong_makes_another(shop: Node, tmp_path: Path) -> None:
    rows = [*prices(1), ["B", "Bad", "?"], ["C", "Worse", "?"]]
    first = take(shop, write_prices(tmp_path / "list.csv", rows)).reject_file
    text = first.read_text(encoding="utf-8").replace("Bad,?", "Bad,1.00")
    first.write_text(text, encoding="utf-8")
    second = take(shop, first).reject_file
    assert second == tmp_path / "list.rejects.2.csv"
    with pytest.raises(MalformedInput, match="No row"):
        take(shop, second)


def test_rows_that_are_being_mended_outlive_another_import_of_the_whole_list(
    shop: Node, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    bad: list[list[object]] = [["B", "Bad", "?"]]
    first = take(shop, write_prices(path, prices(1) + bad)).reject_file
    # As it was written it is in nobody's way: a list that is read every night makes one file.
    assert take(shop, write_prices(path, prices(1) + 2 * bad)).reject_file == first
    mended = first.read_text(encoding="utf-8").replace("?", "1.00")
    first.write_text(mended, encoding="utf-8")
    second = take(shop, path).reject_file
    assert second == tmp_path / "list.rejects.2.csv"
    assert first.read_text(encoding="utf-8") == mended
    assert take(shop, path).reject_file == second
    # What was taken in is nobody's work any more, but not what waits for a yes.
    take(shop, first, dry_run=True)
    assert take(shop, path).reject_file == second
    take(shop, first)
    assert take(shop, path).reject_file == first


def test_a_mended_price_that_waits_for_a_yes_is_not_written_over(
    shop: Node, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    take(shop, write_prices(path, [["A", "One", "1.00"]]))
    write_prices(path, [["A", "One", "?"], ["B", "Two", "2.00"]])
    first = take(shop, path).reject_file
    first.write_text(first.read_text("utf-8").replace("?", "9.00"), "utf-8")
    assert counts(take(shop, first)) == {"held": 1}
    assert take(shop, path).reject_file == tmp_path / "list.rejects.2.csv"


def test_a_reject_file_finds_another_place_when_its_own_is_closed(
    shop: Node, tmp_path: Path
) -> None:
    (tmp_path / "list.rejects.csv").mkdir()
    report = take(shop, write_prices(tmp_path / "list.csv", [*prices(1), ["B", "Bad", "?"]]))
    assert report.reject_file == shop.path / "list.rejects.csv"


def test_two_currencies_and_two_rows_of_one_article(shop: Node, tmp_path: Path) -> None:
    rows = [["A", "One", "1.00 €"], ["B", "Two", "1.00 €"], ["C", "Three", "$3.00"],
            ["A", "Once more", "2.00 €"]]  # fmt: skip
    report = take(shop, write_prices(tmp_path / "list.csv", rows))
    assert counts(report) == {"new": 2, "rejected": 2}
    assert "same article as line 2" in report.bad[1].expected
    assert offer(shop, "A")["name"] == "One"
    assert counts(take(shop, tmp_path / "list.csv", complete=True)) == {
        "unchanged": 2, "rejected": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (bytes(range(256)) * 40, "binary file"),
        (b"SKU,Name,Price\n", "no offers"),
        (b"SKU,Name,Price\nA,Bread,dear\n", "No row"),
        (b'{"kind":"offer","id":"a/b","fields":{"name":"x"', "cut off"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_an_error_and_writes_nothing(
    shop: Node, tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    before = written(shop)
    with pytest.raises(MalformedInput, match=expected):
        take(shop, path)
    assert written(shop) == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["list.csv", "shop"]


def test_a_reader_imports_nothing(tmp_path: Path, shop: Node) -> None:
    path = write_prices(tmp_path / "list.csv", prices(1))
    with create_reader(tmp_path / "reader", None) as reader, pytest.raises(Refused):
        reader.import_file(path, ImportOptions(shop.site()))
