"""Headings in six languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.connectors.columns import (
    GENERIC,
    counts_rows,
    currency_in_heading,
    distinct,
    missing_columns,
    plain_heading,
    recognise,
    settle_by_cells,
)
from fedretail.connectors.shopify import ShopifyCsv
from fedretail.connectors.woocommerce import WooCommerceCsv
from fedretail.domain.catalog import OFFER


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Name", "name"), ("Product Name", "name"), ("Bezeichnung", "name"),
        ("Désignation", "name"), ("Artículo", "name"), ("Prodotto", "name"),
        ("Productnaam", "name"), ("Price (EUR)", "price"), ("VK-Preis brutto", "price"),
        ("PREIS IN €", "price"), ("Prix TTC", "price"), ("PVP", "price"), ("Prijs", "price"),
        ("Einkaufspreis", "cost"), ("EK-Preis (netto)", "cost"), ("Prix d’achat", "cost"),
        ("Lieferant", "supplier"), ("Mindestbestand", "reorder_point"), ("Bemerkungen", "note"),
        ("Bild-URL", "picture_from"), ("Image Link", "picture_from"),
        ("EAN-Code", "gtin"), ("Code-barres", "gtin"), ("Warengruppe", "category"),
        ("Größe", "net"), ("Pfand", "deposit"), ("Lagerbestand", "stock"), ("min_age", "min_age"),
        ("Händlerpreis", None), ("Marge", None), ("Margin", None), ("", None), ("€", None),
        ("Price / International", None),
    ],
)  # fmt: skip
def test_headings(heading, role):
    assert recognise([heading], GENERIC) == {heading: role}


@pytest.mark.parametrize("heading", ["Nummer", "Nr", "Nr.", "No.", "Number", "N°", "Numéro"])
def test_a_number_is_a_code_where_nothing_else_is(heading):
    assert recognise([heading, "Name"], GENERIC) == {heading: "sku", "Name": "name"}
    for code in ("Artikelnummer", "SKU", "ID", "Item no"):
        found = recognise([heading, code], GENERIC)
        assert found[heading] is None
        assert found[code] in {"sku", "source_id"}


def test_line_numbers_are_no_codes():
    assert counts_rows(["1", "2", "3"])
    assert counts_rows(["1"])
    assert not counts_rows(["1", "3"])
    assert not counts_rows(["4711"])
    assert not counts_rows(["1", "2", ""])


@pytest.mark.parametrize("heading", ["Artikel", "Article", "Item", "Produit", "Artículo"])
def test_an_article_is_its_number_where_another_column_is_its_name(heading):
    def settled(headings, *cells):
        return settle_by_cells(
            recognise(headings, GENERIC), dict(zip(headings, cells, strict=True))
        )

    name = ["Oat milk", "Rye bread"]
    assert settled([heading, "Bezeichnung"], ["4711", "A-12"], name) == {
        heading: "sku", "Bezeichnung": "name",
    }  # fmt: skip
    assert settled([heading, "Bezeichnung"], ["1", "2"], name)[heading] is None
    coded = settled([heading, "SKU", "Bezeichnung"], ["4711", "12"], ["7", "8"], name)
    assert coded == {heading: None, "SKU": "sku", "Bezeichnung": "name"}
    assert settled([heading, "Bezeichnung"], name, ["1 l", "500 g"])[heading] == "name"
    assert settled([heading, "Preis"], ["4711", "12"], ["1", "2"])[heading] == "name"


def test_of_two_columns_for_one_role_the_first_has_it():
    assert recognise(["Preis", "Price"], GENERIC) == {"Preis": "price", "Price": None}


def test_headings_become_distinct():
    assert distinct(["Price", "Price", " ", "Price (2)", "a\nb"]) == [
        "Price", "Price (2)", "column 3", "Price (2) (2)", "a b",
    ]  # fmt: skip


@given(st.lists(st.sampled_from(["a", "a (2)", "a (3)", "", "column 2", "a (2) (2)"])))
def test_any_headings_become_distinct(cells):
    headings = distinct(cells)
    assert len(set(headings)) == len(headings) == len(cells)


@given(st.text())
def test_a_plain_heading_is_plain(heading):
    plain = plain_heading(heading)
    assert plain_heading(plain) == plain


def test_words_of_the_tables_are_written_plainly():
    for table in (GENERIC, ShopifyCsv.headings, WooCommerceCsv.headings):
        assert [word for word in table if plain_heading(word) != word] == []


def test_own_fields_have_roles_of_their_own_name():
    # A count is read as "stock"; of which address a picture was made no file says.
    for name in OFFER.own_fields() - {"stock_count", "picture_made"}:
        assert GENERIC[name.replace("_", " ")] == name


@pytest.mark.parametrize(
    ("heading", "code"),
    [("Price (EUR)", "EUR"), ("Preis in €", "EUR"), ("Price $", None), ("The price", None)],
)
def test_a_currency_in_a_heading(heading, code):
    assert currency_in_heading(heading) == code


def test_missing_columns_are_listed_as_people_do():
    error = missing_columns("list.csv", ["a"], ("handle", "name", "price"))
    assert error.message.startswith("list.csv has no columns for handle, name and price. ")
    assert "for name and price." in missing_columns("list.csv", [], ("name", "price")).message
