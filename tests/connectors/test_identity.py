"""By what name a row is known, and whether the file has named it before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.connectors import identity
from fedretail.connectors.identity import (
    Seen,
    choose_scheme,
    identity_of,
    kept_scheme,
)
from fedretail.domain.ids import name_hash


@pytest.mark.parametrize(
    ("sample", "scheme"),
    [
        ([], "name"),
        ([{"sku": "1"}, {"sku": "2"}, {"source": "a"}], "sku"),
        ([{"sku": "1", "source": "a"}, {"source": "b"}, {"source": "c"}], "source"),
        ([{"sku": "x", "source": "a"}] * 2 + [{"sku": "x", "source": "b"}] * 2, "name"),
        ([{"gtin": "gtin:1"}, {"gtin": "gtin:2"}], "gtin"),
    ],
)
def test_the_first_scheme_that_tells_most_rows_apart(sample, scheme):
    assert choose_scheme(sample) == scheme


def test_a_row_without_it_takes_the_next():
    names = {"sku": "", "source": "woo:7", "gtin": "gtin:1", "name": "Milk"}
    assert identity_of(names, "sku") == ("woo:7", False)
    assert identity_of(names, "gtin") == ("gtin:1", False)
    assert identity_of(names, "name") == (name_hash("Milk"), True)
    assert identity_of({}, "sku") == ("", True)


def test_the_profile_wins_and_says_so():
    assert kept_scheme({}, "sku") == ("sku", None)
    assert kept_scheme({"identity": "sku"}, "sku") == ("sku", None)
    assert kept_scheme({"identity": "nonsense"}, "sku") == ("sku", None)
    kept, note = kept_scheme({"identity": "source"}, "sku")
    assert kept == "source"
    assert note is not None
    assert "article number" in note.english


@given(st.lists(st.integers(0, 3000).map(str), max_size=3000))
def test_seen_is_a_dictionary_of_first_lines(names):
    seen, model = Seen(), dict[str, int]()
    for line, name in enumerate(names, 1):
        assert seen.line_of(name, line) == model.get(name, 0)
        model.setdefault(name, line)


def test_seen_grows_to_its_limit_and_then_stays(monkeypatch):
    monkeypatch.setattr(identity, "_MAX_SLOTS", 1 << 13)
    seen = Seen()
    for line in range(1, 10_000):
        assert seen.line_of(f"A{line}", line) == 0
    assert seen.full
    assert seen.line_of("A1", 10_000) == 1
    assert seen.line_of("A9999", 10_001) == 0


def test_the_profile_of_another_format_is_not_used(read):
    text = "Handle,Title,Option1 Name,Variant SKU,Variant Price\nmilk,Milk,Title,7,1\n"
    kept = {
        "csv": {"format": "csv", "identity": "name"},
        "shopify": {"format": "shopify", "identity": "source"},
    }
    assert read(text, source_profile=kept["csv"]).reading.identity == "sku"
    assert read(text, source_profile=kept["shopify"]).reading.identity == "source"
    assert read(text, source_profile=kept.get).reading.identity == "source"
    assert read("SKU,Name,Price\n7,Milk,1\n", source_profile=kept.get).reading.identity == "name"
