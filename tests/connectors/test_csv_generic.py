"""Price lists as shops keep them."""

from pathlib import Path

import pytest

from fedretail.connectors import BadRow, Row, open_source
from fedretail.errors import MalformedInput


def test_a_german_list_with_a_title_above_its_headings(read_fixture):
    got = read_fixture("preisliste-de.csv")
    reading = got.reading
    assert (reading.format, reading.encoding, reading.delimiter) == ("csv", "cp1252", ";")
    assert (reading.decimal, reading.currency, reading.identity) == (",", "EUR", "sku")
    assert reading.columns["VK-Preis (€)"] == "price"
    assert reading.columns["Regalplatz"] is None
    milk = got.fields("1001")
    assert milk["name"] == "Frische Alb-Milch"
    assert milk["gtin"] == "04001842100121"
    assert milk["prices"] == [[129]]
    assert milk["net"] == ["1", "LTR"]
    assert milk["deposit"] == 15
    assert milk["stock"] == "some"
    assert (milk["stock_count"], milk["cost"], milk["supplier"]) == (12, 80, "Molkerei Süd")
    juice = got.fields("1002")
    assert (juice["prices"], juice["regular"], juice["pack"]) == ([[990]], 1190, 6)
    assert (juice["stock"], juice["left"]) == ("few", 3)
    assert got.fields("1006")["prices"] == [[123450]]
    assert "K1" not in str(got.rows)  # the shelf is in no known column


def test_bad_rows_say_where_and_what_would_fit(read_fixture):
    bad = read_fixture("preisliste-de.csv").bad
    code, price, currency, twice = (bad[line] for line in sorted(bad))
    assert (code.column, code.found) == ("EAN", "400184210012")
    assert code.expected == "the last digit is missing; 4001842100121 would fit"
    assert code.guess == "4001842100121"
    assert (price.column, price.found, price.guess) == ("VK-Preis (€)", "1.49.", "1,49")
    assert price.expected == "expected a price such as 1,49"
    assert "EUR is expected" in currency.expected
    assert "same article as line" in twice.expected


def test_lines_are_those_of_the_file(read_fixture):
    got = read_fixture("preisliste-de.csv")
    assert got.rows["1001"].line == 4
    assert sorted(got.bad) == [6, 7, 8, 9]


def test_an_english_list_with_a_sale(read_fixture):
    got = read_fixture("price-list-en.csv", time_zone="America/New_York")
    assert got.reading.currency == "USD"
    assert got.reading.currency_assumed is False
    assert got.reading.identity == "name"
    milk, bread, box = (row.fields for row in got.all)
    assert milk["prices"] == [[299, 1793505600000, 1796101200000], [399]]
    assert milk["regular"] == 399
    assert (milk["stock"], bread["stock"], box["stock"]) == ("some", "none", "unknown")
    assert milk["note"] == "ask Sam"
    assert box["net"] is None
    assert all(row.weak for row in got.all)
    assert any("net content not understood" in note.english for note in got.reading.notes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_dialect_reads_alike(read, encoding, mark, end):
    rows = [["Größe", "Bezeichnung", "Preis"], ["500 g", '"Käse ""alt"""', "3.50 €"]]
    text = "".join(mark.join(cells) + end for cells in rows)
    content = text.encode(encoding)
    got = read((b"\xfe\xff" if encoding == "utf-16-be" else b"") + content)
    (row,) = got.all
    assert row.fields["name"] == 'Käse "alt"'
    assert row.fields["prices"] == [[350]]
    assert row.fields["net"] == ["500", "GRM"]


def test_excels_own_separator_line(read):
    got = read("sep=|\r\nName|Price\r\nMilk|1.29\r\n")
    assert [row.fields["name"] for row in got.all] == ["Milk"]
    assert got.all[0].line == 3


def test_missing_columns_are_named_with_those_found(read):
    with pytest.raises(MalformedInput) as error:
        read("Farbe,Gewicht\nrot,3\n")
    assert '"Farbe", "Gewicht"' in error.value.message
    assert "name and price" in error.value.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"PK\x03\x04....[Content_Types].xml....xl/workbook.xml", "Excel file; save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "an Excel file (.xls)"),
        (b"\x89PNG\r\n\x1a\n....", "a picture"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"Name,Price\nMilk,1\n\0\0\0\x01", "a binary file"),
        (b"<!DOCTYPE html><table>", "a web page"),
    ],
)
def test_what_is_no_table_is_named(read, content, words):
    with pytest.raises(MalformedInput, match=r".") as error:
        read(content)
    assert words in error.value.message


def test_one_endless_line_is_refused_without_being_held(read):
    with pytest.raises(MalformedInput, match="has no end within"):
        read(b"Name;Price;" * 200_000)


def test_an_endless_line_among_rows_is_one_bad_row(read):
    got = read(b"Name,Price\nMilk,1\n" + b"x" * 3_000_000 + b"\nBread,2\n")
    assert [row.fields["name"] for row in got.rows.values()] == ["Milk", "Bread"]
    assert "longer than" in got.bad[3].expected
    assert len(got.bad[3].raw["Name"]) <= 2000


def test_a_quotation_mark_never_closed_costs_one_row(read):
    got = read('Name,Price\n"24 inch frame,9\nMilk,1\n"Bread, rye",2\n')
    assert sorted(row.fields["name"] for row in got.rows.values()) == ["Bread, rye", "Milk"]
    assert "never closed" in got.bad[2].expected


def test_cells_of_several_lines_and_half_meant_quotes(read):
    got = read('Name,Price,Description\n"24" Frame",9,\nMilk,1,"two\nlines"\nBread,2,\n')
    frame, milk, bread = got.all
    assert frame.fields["name"] == '24 Frame"'
    assert milk.fields["description"] == "two\nlines"
    assert (milk.line, bread.line) == (3, 5)


def test_letters_that_cannot_be_read_are_one_bad_row(read):
    got = read("Name,Price\nKäse,1\nÄpfel,2\n".encode() + b"Br\xf6t,3\n")
    assert [row.fields["name"] for row in got.rows.values()] == ["Käse", "Äpfel"]
    assert "letters cannot be read" in got.bad[4].expected


def test_the_profile_has_the_last_word_on_columns(read):
    text = "Name,Price,Shelf\nMilk,1,Dairy\n"
    profile = read(text).reader.profile
    columns = dict(profile["columns"])  # type: ignore[arg-type]
    assert columns == {"Name": "name", "Price": "price", "Shelf": None}
    got = read(text, source_profile=profile | {"columns": columns | {"Shelf": "category"}})
    assert got.all[0].fields["category"] == "Dairy"
    hidden = read(text, source_profile={"columns": {"Shelf": "no such role"}})
    assert hidden.reading.columns["Shelf"] is None


def test_identity_is_kept_from_the_first_import_on(read):
    profile = read("Name,Price\nMilk,1\nBread,2\n").reader.profile
    assert profile["identity"] == "name"
    later = read("SKU,Name,Price\n1,Milk,1\n2,Bread,2\n", source_profile=profile)
    assert later.reading.identity == "name"
    assert all(row.weak for row in later.all)
    assert any("still known by name" in note.english for note in later.reading.notes)


def test_a_price_list_in_two_currencies(read):
    text = "Name,Price,Currency\nMilk,1,EUR\nBread,2,EUR\nTea,3,USD\n"
    got = read(text)
    assert got.reading.currency == "EUR"
    assert [row.fields["currency"] for row in got.rows.values()] == ["EUR", "EUR"]
    assert got.bad[4].column == "Currency"
    swiss = read("Name,Price\nMilk,CHF 1.50\nBread,2.00 CHF\n")
    assert swiss.reading.currency == "CHF"
    assert any("site's currency is EUR" in note.english for note in swiss.reading.notes)


def test_a_bare_unit_is_a_price_by_weight(read):
    got = read("Name,Price,Einheit\nPotatoes,2.50,kg\nLettuce,1,Stück\n")
    potatoes, lettuce = (row.fields for row in got.all)
    assert (potatoes["net"], potatoes["sold_by"]) == (["1", "KGM"], "weight")
    assert (lettuce["net"], lettuce["sold_by"]) == (None, None)


def test_a_bare_unit_under_the_heading_content_is_a_price_by_weight(read):
    got = read("Name,Price,Inhalt\nApples,2.50,kg\nEggs,3,Stück\nMilk,1,1 l\nTea,4,some\n")
    apples, eggs, milk, tea = (row.fields for row in got.all)
    assert (apples["net"], apples["sold_by"]) == (["1", "KGM"], "weight")
    assert (milk["net"], milk["sold_by"]) == (["1", "LTR"], None)
    assert eggs["net"] is tea["net"] is None
    assert "2 net contents" in got.reading.notes[-1].english


def test_a_list_with_a_number_and_a_name_of_each_article(read):
    got = read("Artikel;Bezeichnung;Preis\n4711;Hafermilch;2,19\n4712;Roggenbrot;4,20\n")
    assert got.reading.columns == {"Artikel": "sku", "Bezeichnung": "name", "Preis": "price"}
    assert [row.fields["name"] for row in got.all] == ["Hafermilch", "Roggenbrot"]


def test_another_list_may_lack_the_column_that_was_the_name(read):
    first = read("Artikel,Bezeichnung,Preis\nOat milk,from the farm,2\nBread,of rye,4\n")
    assert first.reading.columns["Bezeichnung"] is None
    later = read("Bezeichnung,Preis\nApples,3\n", source_profile=first.reader.profile)
    assert later.reading.columns == {"Bezeichnung": "name", "Preis": "price"}
    assert [row.fields["name"] for row in later.all] == ["Apples"]


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("Name,Price\nMilk,1\n", encoding="utf-8")
    reader = open_source(path, currency="EUR")
    list(reader)
    assert reader.progress() == (path.stat().st_size, path.stat().st_size)


def test_a_line_of_sums_is_no_article(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Artikelnummer;Name;Preis\n1;Brot;2,10\n2;Total;1,00\n;Summe:;3,10\n", "utf-8")
    rows = list(open_source(path, currency="EUR"))
    assert [row.fields["name"] for row in rows if isinstance(row, Row)] == ["Brot", "Total"]
    assert [(bad.line, bad.found) for bad in rows if isinstance(bad, BadRow)] == [(4, "Summe:")]


def test_a_content_under_the_heading_pack_size_is_a_content(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    text = "Name;Preis;Packung\nMehl;1,30;500 g\nSaft;9,90;6 x 0,7 l\nEier;3,00;10 St\nBrot;2;1\n"
    path.write_text(text, "utf-8")
    flour, juice, eggs, bread = (row.fields for row in open_source(path, currency="EUR"))
    assert (flour["net"], flour["pack"]) == (["500", "GRM"], None)
    assert (juice["net"], juice["pack"]) == (["0.7", "LTR"], 6)
    assert (eggs["net"], eggs["pack"]) == (None, 10)
    assert (bread["net"], bread["pack"]) == (None, 1)


def test_a_content_under_the_heading_unit_is_a_content(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    text = "Name;Preis;Einheit\nMilch;1,30;1 l\nSaft;9,90;6 x 0,7 l\nKäse;19,00;kg\n"
    path.write_text(text, "utf-8")
    milk, juice, cheese = (row.fields for row in open_source(path, currency="EUR"))
    assert (milk["net"], milk["sold_by"]) == (["1", "LTR"], None)
    assert (juice["net"], juice["pack"]) == (["0.7", "LTR"], 6)
    assert cheese["sold_by"] == "weight"


@pytest.mark.parametrize(
    ("numbers", "identity"), [((4711, 12), "sku"), ((1, 2), "name"), ((2, 1), "sku")]
)
def test_a_column_nr_is_the_article_number_unless_it_counts_the_lines(tmp_path, numbers, identity):
    one, other = numbers
    path = tmp_path / "list.csv"
    path.write_text(f"Nr.;Name;Preis\n{one};Milch;1,29\n{other};Brot;3,20\n", encoding="utf-8")
    reader = open_source(path, currency="EUR")
    assert reader.reading.identity == identity
    assert reader.reading.columns["Nr."] == ("sku" if identity == "sku" else None)
    assert all(isinstance(row, Row) for row in reader)
