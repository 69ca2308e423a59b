"""The list of rows to mend can be imported again as it is."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.connectors import BadRow, Row, open_source
from fedretail.connectors.rejects import escape, unescape


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_mended_rows_are_read_and_the_others_stay(tmp_path, encoding, mark):
    rows = [["Bezeichnung", "Preis", "EAN"], ["Käse", "1.49.", ""], ["Milch", "2.00", "123"]]
    path, rejects = tmp_path / "Liste.csv", tmp_path / "Liste.rejects.csv"
    path.write_bytes("".join(mark.join(row) + "\r\n" for row in rows).encode(encoding))
    reader = open_source(path, currency="EUR")
    assert reader.write_rejects(rejects, list(reader)) == 2
    first = open_source(rejects, currency="EUR", source_profile=reader.profile)
    assert first.reading.encoding == reader.reading.encoding
    assert first.reading.delimiter == mark
    assert list(first.reading.columns)[-1] == "problem"
    assert [bad.line for bad in first] == [2, 3]
    letters = reader.reading.encoding
    text = rejects.read_bytes().decode(letters).replace("1.49.", "1.49")
    rejects.write_bytes(text.encode(letters))
    again = open_source(rejects, currency="EUR", source_profile=reader.profile)
    cheese, milk = again
    assert isinstance(cheese, Row)
    assert isinstance(milk, BadRow)
    assert cheese.fields["name"] == "Käse"
    second = tmp_path / "second.csv"
    assert again.write_rejects(second, [milk]) == 1
    with second.open(encoding=letters, newline="") as file:
        header, left = csv.reader(file, delimiter=mark)
    assert header[-1] == "problem"
    assert header.count("problem") == 1
    assert left[-1].startswith("line 3: EAN: ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_the_problem_names_the_column_in_the_letters_of_the_file(tmp_path, encoding):
    heading = "VK-Preis (€)"
    path, rejects = tmp_path / "Liste.csv", tmp_path / "Liste.rejects.csv"
    path.write_bytes(f"Bezeichnung;{heading}\r\nGrüne Soße;\r\nMilch;2,00\r\n".encode(encoding))
    reader = open_source(path, currency="EUR")
    reader.write_rejects(rejects, [one for one in reader if isinstance(one, BadRow)])
    written = rejects.read_bytes().decode(reader.reading.encoding)
    assert f"line 2: {heading}: the price is missing" in written


def test_rows_in_the_wrong_currency_do_not_become_right_by_standing_alone(read, tmp_path):
    got = read("Name,Price,Currency\nMilk,1,EUR\nTea,3,USD\n")
    rejects = tmp_path / "rejects.csv"
    got.reader.write_rejects(rejects, got.bad.values())
    (again,) = open_source(rejects, currency="EUR", source_profile=got.reader.profile)
    assert again.column == "Currency"


@pytest.mark.parametrize(
    "cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd", "\tx", "\rx", "'=1", "''", "'-"]
)
def test_no_cell_is_a_formula(cell):
    assert escape(cell)[0] == "'"
    assert unescape(escape(cell)) == cell


@pytest.mark.parametrize("cell", ["-5", "+49 7071 123", "-1,49", "Milk", "", "'n Abend"])
def test_numbers_and_words_stay_as_they_are(cell):
    assert escape(cell) == cell
    assert unescape(cell) == cell


@given(st.text())
def test_unescape_undoes_escape(cell):
    assert unescape(escape(cell)) == cell


def test_letters_that_could_not_be_read_survive(tmp_path):
    path, rejects = tmp_path / "list.csv", tmp_path / "rejects.csv"
    path.write_bytes("Name,Price\nKäse,1\nÖl,2\n".encode() + b"Br\xf6t,3\n")
    reader = open_source(path, currency="EUR")
    bad = [row for row in reader if row.line == 4]
    reader.write_rejects(rejects, bad)
    assert b"Br\xf6t,3," in rejects.read_bytes()


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl"])
def test_a_link_laid_out_under_its_name_leads_nowhere(tmp_path, name):
    path, rejects, other = tmp_path / name, tmp_path / "rejects", tmp_path / "other"
    row = '{"kind": "offer", "fields": {"name": 1}}' if "json" in name else "Name,Price\nMilk,?"
    path.write_text(f"{row}\n", encoding="utf-8")
    other.write_text("theirs", encoding="utf-8")
    rejects.symlink_to(other)
    reader = open_source(path, currency="EUR")
    assert reader.write_rejects(rejects, list(reader)) == 1
    assert other.read_text("utf-8") == "theirs"
    assert not rejects.is_symlink()
