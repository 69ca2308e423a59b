"""Importing the exchange format."""

import pytest

from fedretail.connectors.exchange import write_header, write_record
from fedretail.domain.kind import RecordId
from fedretail.errors import MalformedInput

SITE = "a" * 16


def line(key: str = "1", site: str = SITE, **fields: object) -> str:
    values = {"name": "Milk", "currency": "EUR", "prices": [[129]]} | fields
    own = {name: values.pop(name) for name in ("cost", "margin") if name in values}
    return write_record(RecordId(bytes(16), f"site/{site}", "offer", key), values, own=own) + "\n"


def test_offers_come_back_as_they_were(read):
    got = read(write_header() + "\n" + line("1", later=[b"x"], cost=80) + line("Ä_2"))
    assert got.reading.format == "jsonl"
    assert list(got.rows) == ["1", "Ä_2"]
    assert got.rows["1"].fields == {
        "name": "Milk",
        "currency": "EUR",
        "prices": [[129]],
        "later": [b"x"],
        "cost": 80,
    }


def test_unknown_own_fields_are_not_published(read):
    got = read(line(margin=5))
    assert "margin" not in got.rows["1"].fields
    assert any("own fields" in note.english for note in got.reading.notes)


def test_a_cut_off_line_refuses_the_file_and_names_the_line(read):
    with pytest.raises(MalformedInput, match="line 2: the line is cut off"):
        read(line("1") + line("2")[:60])
    with pytest.raises(MalformedInput, match="line 1: the line is cut off"):
        read(line("1")[:60] + "\n" + line("2"))


def test_other_letters_refuse_the_file_and_name_the_line(read):
    with pytest.raises(MalformedInput, match="line 2: is not UTF-8"):
        read(line("1").encode() + line("2", name="Käse").encode("cp1252"), format="jsonl")


def test_a_json_list_is_named(read):
    with pytest.raises(MalformedInput, match="one JSON list"):
        read('[{"kind": "offer"}]')


def test_bad_lines_go_to_a_list_that_can_be_mended(read, tmp_path):
    got = read(line("1") + line("2", gtin="4001842100122") + line("1"))
    assert list(got.rows) == ["1"]
    assert (got.bad[2].column, got.bad[2].found) == ("gtin", "4001842100122")
    assert got.bad[3].expected == "same article as line 1"
    path = tmp_path / "rejects.jsonl"
    assert got.reader.write_rejects(path, got.bad.values()) == 2
    mended = path.read_text("utf-8").replace("4001842100122", "4001842100121")
    again = read(mended)
    assert list(again.rows) == ["2", "1"]
    assert "problem" not in again.rows["2"].fields


def test_other_kinds_and_other_sites_are_left_out(read):
    site = write_record(RecordId(bytes(16), f"site/{SITE}", "site", SITE), {"name": "Shop"})
    got = read(site + "\n" + line("1"))
    assert list(got.rows) == ["1"]
    both = line("1") + line("2", site="b" * 16)
    with pytest.raises(MalformedInput, match="2 shops"):
        read(both)
    assert list(read(both, site_id="b" * 16).rows) == ["2"]


def test_without_an_id_the_fields_name_the_row(read):
    text = (
        '{"kind":"offer","fields":{"name":"Milk","sku":"7","currency":"EUR",'
        '"prices":[{"amount":"1"}]}}\n'
        '{"kind":"offer","fields":{"name":"Tea","currency":"EUR","prices":[{"amount":"1"}]}}\n'
    )
    milk, tea = read(text).all
    assert (milk.identity, milk.weak) == ("7", False)
    assert (tea.identity[:5], tea.weak) == ("name:", True)
