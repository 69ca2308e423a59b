"""Words in one, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.language.compounds import heads, parted


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("vollmilchschokolade", ("schokolad",)),
        ("holzschrauben", ("schraub",)),
        ("gluhbirne", ("birn",)),
        ("preis", ()),  # no kind of rice
        ("milch", ()),
    ],
)
def test_a_german_compound_is_a_kind_of_its_end(word: str, kind: tuple[str, ...]) -> None:
    assert heads(word, "de") == kind
    assert heads(word, "en") == ()


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("milchschokolad", ("milch", "schokolad")),
        ("dishwasher", ("dish", "washer")),
        ("zahnarztstuhl", None),
        ("geburtstagskerz", ("geburtstag", "kerz")),
        ("milch", None),
    ],
)
def test_a_word_is_parted_into_words_that_are_held(word: str, parts: object) -> None:
    known = {"milch", "schokolad", "dish", "washer", "geburtstag", "kerz", "stuhl", "zahn"}
    assert parted(word, known.__contains__, lambda *_: True) == parts


def test_words_that_no_offer_holds_together_are_no_parts() -> None:
    known = {"deli", "very"}
    assert parted("delivery", known.__contains__, lambda *_: True) == ("deli", "very")
    assert parted("delivery", known.__contains__, lambda *_: False) is None


@given(st.text("ab", max_size=9), st.sets(st.text("ab", min_size=1, max_size=5)))
def test_parts_are_held_and_make_the_word(word: str, known: set[str]) -> None:
    parts = parted(word, known.__contains__, lambda *_: True)
    if parts is None:
        return
    assert set(parts) <= known
    assert word in {parts[0] + parts[1], parts[0] + "s" + parts[1]}
