"""Shopify exports, old headings and new."""

import pytest

from fedretail.connectors import Row, open_source


def test_variants_become_offers(read_fixture):
    got = read_fixture("shopify-old.csv")
    assert got.reading.format == "shopify"
    # Four of seven have a SKU; the rest take handle and options.
    assert got.reading.identity == "sku"
    small = got.fields("linen-apron:Small/Red")
    large = got.fields("linen-apron:Large/Red")
    assert small["name"] == "Linen Apron - Small, Red"
    assert large["name"] == "Linen Apron - Large, Red"
    assert small["brand"] == large["brand"] == "Alb Weavers"
    assert large["description"] == "Washed linen.\n- one pocket\n- made in Tübingen"
    assert (small["prices"], small["regular"]) == ([[3900]], 4900)
    assert small["gtin"] == "04001842100121"
    assert "net" not in small  # grams are for shipping


def test_a_variant_shows_its_own_picture_or_that_of_the_product(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text(
        "Handle,Title,Option1 Name,Option1 Value,Variant Price,Image Src,Variant Image\n"
        "jam,Jam,Fruit,Plum,4.00,http://cdn.example/jam.jpg?v=1,https://cdn.example/plum.jpg\n"
        "jam,,Fruit,Cherry,4.00,https://cdn.example/2.jpg,\n"
        "jam,,,,,https://cdn.example/3.jpg,\n"
        "tea,Tea,Title,Default Title,3.00,,\n"
    )
    rows = {row.identity: row.fields for row in open_source(path, currency="EUR")}
    assert rows["jam:Plum"]["picture_from"] == "https://cdn.example/plum.jpg"
    assert rows["jam:Cherry"]["picture_from"] == "https://cdn.example/jam.jpg?v=1"
    assert rows["tea"]["picture_from"] is None


def test_stock_is_what_the_tracker_says(read_fixture):
    got = read_fixture("shopify-old.csv")
    small = got.fields("linen-apron:Small/Red")
    large = got.fields("linen-apron:Large/Red")
    candle = got.fields("WAX-1")
    assert (small["stock"], small["left"], small["stock_count"]) == ("few", 4, 4)
    assert (large["stock"], large["made_to_order"]) == ("none", True)
    assert candle["stock"] == "unknown"
    assert "stock_count" not in candle


def test_what_is_not_on_sale_is_left_out_and_counted(read_fixture):
    got = read_fixture("shopify-old.csv")
    assert not {"old-soap", "draft-jam"} & got.rows.keys()
    notes = " ".join(note.english for note in got.reading.notes)
    assert "1 row left out: status archived" in notes
    assert "1 row left out: not published" in notes
    assert "1 row left out: pictures only" in notes
    assert "names no currency" in notes


def test_bad_rows(read_fixture):
    bad = read_fixture("shopify-old.csv").bad
    code, orphan = bad[8], bad[9]
    assert (code.column, code.guess) == ("Variant Barcode", "4001842100121")
    assert (orphan.column, orphan.found) == ("Handle", "gone-far")


def test_the_new_headings(read_fixture):
    got = read_fixture("shopify-new.csv")
    assert got.reading.format == "shopify"
    juice = got.fields("AJ-1")
    big = got.fields("AJ-5")
    assert juice["name"] == "Apple Juice - 1 litre"
    assert juice["description"] == "From orchards & meadows"
    assert juice["category"] == "Food > Drinks"
    assert juice["net"] == ["1", "LTR"]
    assert juice["cost"] == 110
    assert (big["prices"], big["regular"]) == ([[990]], 1190)
    assert big["made_to_order"] is True
    assert "CI-1" not in got.rows


@pytest.mark.parametrize(
    ("name", "variants"),
    [("apparel", 22), ("home-and-garden", 21), ("jewelery", 23)],
)
def test_real_exports(test_data, name, variants):
    reader = open_source(test_data / "connectors" / f"shopify-{name}.csv", currency="CAD")
    rows = list(reader)
    assert reader.reading.format == "shopify"
    assert len(rows) == variants
    assert all(isinstance(row, Row) for row in rows)
    assert len({row.identity for row in rows}) == variants
    # Neither SKU nor barcode nor currency in any of them.
    assert reader.reading.identity == "source"
    assert reader.reading.currency_assumed
    assert not any(row.weak or row.fields["gtin"] or row.fields["sku"] for row in rows)


def test_real_stock_is_known_of_one_variant_alone(test_data):
    levels = []
    for path in sorted((test_data / "connectors").glob("shopify-*.csv")):
        levels += [row.fields["stock"] for row in open_source(path, currency="CAD")]
    assert len(levels) == 66
    assert sorted(level for level in levels if level != "unknown") == ["some"]
