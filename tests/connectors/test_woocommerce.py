"""WooCommerce exports, German headings and a real English one."""

from fedretail.connectors import Row, open_source


def test_variations_take_what_they_do_not_say_from_their_parent(read_fixture):
    got = read_fixture("woocommerce-de.csv", time_zone="Europe/Berlin")
    assert got.reading.format == "woocommerce"
    early, late = got.fields("woo:12"), got.fields("APRON-M")
    assert early["name"] == "Schürze - S"
    assert early["description"] == "Gewaschenes Leinen\nmit Tasche"
    assert late["description"] == "Größe M"
    assert early["category"] == late["category"] == "Küche > Textil"
    assert late["name"] == "Schürze - M"


def test_sale_prices_hold_for_whole_days_of_the_site(read_fixture):
    late = read_fixture("woocommerce-de.csv", time_zone="Europe/Berlin").fields("APRON-M")
    # 1 November 00:00 to 1 December 00:00 in Berlin.
    assert late["prices"] == [[3500, 1793487600000, 1796079600000], [3900]]
    assert late["regular"] == 3900


def test_stock_and_backorders(read_fixture):
    got = read_fixture("woocommerce-de.csv")
    assert got.fields("woo:12")["left"] == 3
    assert got.fields("APRON-M")["stock"] == "none"
    assert got.fields("APRON-M")["made_to_order"] is True
    assert got.fields("COURSE")["stock"] == "some"
    honey = got.fields("woo:21")
    assert (honey["stock"], honey["reorder_point"]) == ("none", 5)
    assert honey["gtin"] == "04001842100121"


def test_what_is_not_sold_here_is_left_out_and_counted(read_fixture):
    got = read_fixture("woocommerce-de.csv")
    assert not {"DRAFT", "HIDDEN", "SET", "BOOK", "GONE-B", "APRON"} & got.rows.keys()
    notes = " ".join(note.english for note in got.reading.notes)
    for why in ("not published", "hidden", "groups of products", "another website"):
        assert why in notes
    (priceless,) = got.bad.values()
    assert (priceless.line, priceless.expected) == (11, "the price is missing")


def test_a_variation_whose_product_is_not_in_the_file(read):
    text = (
        "ID,Type,SKU,Name,Published,In stock?,Regular price,Parent,Attribute 1 value(s)\n"
        "5,variation,,Hat - Red,1,1,9,id:4,Red\n6,variation,,,1,1,9,id:4,Blue\n"
    )
    got = read(text)
    assert got.fields("woo:5")["name"] == "Hat - Red"
    assert got.fields("woo:6")["name"] == "Blue"


def test_the_real_sample(test_data):
    path = test_data / "connectors" / "woocommerce-sample-products.csv"
    reader = open_source(path, currency="EUR")
    rows = list(reader)
    assert reader.reading.format == "woocommerce"
    assert reader.reading.identity == "sku"
    # 24 rows: 2 variable, 1 grouped, 1 external, 1 hidden; the rest can be bought here.
    assert len(rows) == 19
    assert all(isinstance(row, Row) for row in rows)
    assert {row.fields["stock"] for row in rows} == {"some"}
    by_sku = {row.identity: row.fields for row in rows}
    red = by_sku["cc-hoodie-red"]
    assert (red["name"], red["prices"], red["regular"]) == ("Hoodie - Red, No", [[4200]], 4500)
    assert red["category"] == "Clothing > Hoodies"


def test_the_first_picture_is_taken_and_a_variation_has_that_of_its_product(tmp_path):
    path = tmp_path / "wc.csv"
    path.write_text(
        "ID,Type,SKU,Name,Published,Regular price,Parent,Images\n"
        '1,simple,H1,Honey,1,6.50,,"https://a.example/h,1.jpg, https://a.example/h2.jpg"\n'
        "2,variable,J,Jam,1,,,https://a.example/jam.jpg\n"
        "3,variation,J1,Jam - Plum,1,4.00,J,\n"
        "4,simple,T1,Tea,1,3.00,,tea.jpg\n"
    )
    rows = {row.identity: row.fields for row in open_source(path, currency="EUR")}
    assert rows["H1"]["picture_from"] == "https://a.example/h,1.jpg"
    assert rows["J1"]["picture_from"] == "https://a.example/jam.jpg"
    assert rows["T1"]["picture_from"] is None
