"""Guessing the language of a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.language.languages import STEMMERS, UNSAID, _beyond_ascii, language_of
from fedretail.index.language.text import split


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("Bio Vollmilch frisch 1 l", "de"),
        ("Haferbrot vom Bäcker", "de"),
        ("Milchschokolade 100 g", "de"),
        ("Lait entier frais", "fr"),
        ("Crème brûlée", "fr"),
        ("Aceite de oliva virgen", "es"),
        ("Prosciutto di Parma", "it"),
        ("Волшебный чай", "ru"),
        ("Ελαιόλαδο", "el"),
        ("Український хліб", ""),
        ("3/4 in. Brass Ball Valve", "en"),
        ("Delta Vero Trim Kit in Chrome", "en"),
        ("Fleur de Lis Tile", "en"),
        ("XR-200", "en"),
    ],
)
def test_names_tell_their_language(name: str, language: str) -> None:
    assert language_of(name, split(name)) == language


def test_what_the_shop_says_goes_first() -> None:
    assert language_of("Lait entier frais", ["lait"], "de-CH") == "de"
    assert language_of("Lait entier frais", ["lait"], "JA") == ""


@given(st.text(max_size=40), st.text(max_size=8))
def test_any_name_has_a_language_or_none(name: str, said: str) -> None:
    assert language_of(name, split(name), said) in {"", UNSAID, *STEMMERS}


@given(st.text("aAäÄßéIİK \u0301жñ猫\ud800\0", max_size=20))
def test_letters_beyond_ascii_are_told_in_order(text: str) -> None:
    assert _beyond_ascii(text) == "".join(sorted(one for one in set(text) if not one.isascii()))
