"""Price lists in, and records out."""

import shutil
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "connectors"


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    path.write_text("sku;name;price\nA;Apples;2,00\nP;Pears;3,00\nQ;Quinces;4,00\n", "utf-8")
    return path


def test_a_list_comes_in_and_the_same_again_changes_nothing(shop, prices: Path) -> None:
    done = shop("import", prices)
    assert done.code == 0
    assert "Read as CSV, split by ; · UTF-8 · decimal comma · known by article number" in done.err
    assert "✓ 3 offers published: 3 new, 0 changed, 0 as before" in done.err
    again = shop("import", prices, "--json")
    assert again.object == {
        "new": 0, "changed": 0, "unchanged": 3, "withdrawn": 0, "rejected": 0, "held": 0,
        "reject_file": None, "dry_run": False,
    }  # fmt: skip


def test_a_dry_run_shows_and_writes_nothing(shop, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    shutil.copy(FIXTURES / "preisliste-de.csv", path)
    before = shop("export").out
    done = shop("import", path, "--dry-run")
    assert done.code == 0
    assert "Windows-1252" in done.err
    assert "VK-Preis (€) → price" in done.err
    assert "Not read and not published: Regalplatz" in done.err
    assert "Frische Alb-Milch" in done.err
    assert "€1.29" in done.err
    assert "the last digit is missing; 4001842100121 would fit" in done.err
    assert shop("export").out == before
    assert not list(tmp_path.glob("*.rejects.csv"))


def test_bad_rows_go_to_a_file_that_can_be_mended(shop, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("sku;name;price\nA;Apples;2,00\nP;Pears;3,oo\n", "utf-8")
    done = shop("import", path, "--json")
    assert done.code == 0
    assert done.object["rejected"] == 1
    rejects = Path(done.object["reject_file"])
    assert "line 3  price  3,oo  expected a price" in done.err
    assert f"import {rejects}" in done.err
    text = rejects.read_text("utf-8")
    rejects.write_text(text.replace("3,oo", "3,00"), "utf-8")
    assert shop("import", rejects, "--json").object["new"] == 1


def test_a_price_that_moved_far_waits_for_a_yes(shop, prices: Path) -> None:
    shop("import", prices)
    prices.write_text(prices.read_text("utf-8").replace("4,00", "40,00"), "utf-8")
    done = shop("import", prices)
    assert done.code == 0
    assert "1 price waits: moved by more than half" in done.err
    assert "Quinces  €4.00 → €40.00" in done.err
    assert f"import {prices} --yes`" in done.err
    assert shop("search", "quinces", "--json").object["results"][0]["price"]["amount"] == "4.00"
    assert shop("import", prices, "--yes", "--json").object["changed"] == 1


def test_a_new_article_for_nothing_is_not_said_to_have_moved(shop, tmp_path: Path) -> None:
    free = tmp_path / "free.csv"
    free.write_text("sku;name;price\nA;Apples;2,00\nT;Taster;0,00\n", "utf-8")
    done = shop("import", free)
    assert "1 price waits" in done.err
    assert "line 3  Taster  €0.00\n" in done.err


def test_what_is_gone_stays_until_the_file_is_complete(shop, prices: Path) -> None:
    shop("import", prices)
    prices.write_text("sku;name;price\nA;Apples;2,00\nP;Pears;3,00\n", "utf-8")
    done = shop("import", prices)
    assert "1 offer of the last import is not in this file" in done.err
    assert "--complete`" in done.err
    assert shop("search", "quinces").code == 0


def test_a_complete_file_withdraws(shop, prices: Path) -> None:
    shop("import", prices)
    prices.write_text("sku;name;price\nA;Apples;2,00\nP;Pears;3,00\n", "utf-8")
    done = shop("import", prices, "--complete", "--json")
    assert done.object["withdrawn"] == 1
    assert "1 withdrawn" in done.err
    assert shop("search", "quinces").code == 1


def test_a_large_withdrawal_waits_for_a_yes(shop, prices: Path) -> None:
    shop("import", prices)
    prices.write_text("sku;name;price\nA;Apples;2,00\n", "utf-8")
    done = shop("import", prices, "--complete")
    assert "None was withdrawn" in done.err
    assert "--complete --yes`" in done.err
    assert shop("search", "quinces").code == 0
    assert shop("import", prices, "--complete", "--yes", "--json").object["withdrawn"] == 2


@pytest.mark.parametrize("name", ["shopify-old.csv", "shopify-new.csv", "woocommerce-de.csv"])
def test_exports_of_shop_systems_are_recognised(shop, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(FIXTURES / name, path)
    done = shop("import", path)
    assert done.code == 0
    assert "Read as Shopify" in done.err or "Read as WooCommerce" in done.err


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 1),
        (b"\0\1\2\3" * 400, 1),
        (b"PK\x03\x04xl/worksheets", 1),
        (b"name;price\n", 1),
        (b"foo;bar\n1;2\n", 1),
        (b"name;price\nA;x\nB;y\n", 1),
        (b'{"format":"fedretail-exchange/1"}\n{"id":"a', 1),
        (b"%PDF-1.7", 1),
    ],
)
def test_files_that_are_none_change_nothing(shop, tmp_path: Path, content: bytes, code) -> None:
    path = tmp_path / "some.file"
    path.write_bytes(content)
    before = shop("export").out
    done = shop("import", path, "--json")
    assert done.code == code
    assert "some.file" in done.err
    assert len(done.err.splitlines()) <= 3
    assert "error" in done.object
    assert shop("export").out == before


def test_a_missing_file_and_a_folder(shop, tmp_path: Path) -> None:
    assert shop("import", tmp_path / "none.csv").code == 2
    assert shop("import", tmp_path).code == 1


def test_nothing_to_import_into(run, prices: Path) -> None:
    done = run("import", prices)
    assert done.code == 1
    assert "init" in done.err


def test_an_interrupt_says_how_to_go_on(shop, prices: Path, monkeypatch) -> None:
    from fedretail.node.node import Node

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt("Stopped after 2 rows. Same command goes on from there.")

    monkeypatch.setattr(Node, "import_file", stopped)
    done = shop("import", prices, "--json")
    assert done.code == 130
    assert done.err == "! Stopped after 2 rows. Same command goes on from there.\n"
    assert done.object["error"]["message"].startswith("Stopped after 2 rows.")
