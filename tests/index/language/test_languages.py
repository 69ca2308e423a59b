"""Guessing the language of a name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.language import languages
from fedretail.index.language.languages import STEMMERS, UNSAID, _beyond_ascii, language_of
from fedretail.index.language.text import split


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("Bio Vollmilch frisch 1 l", "de"),
        ("Haferbrot vom Bäcker", "de"),
        ("Milchschokolade 100 g", "de"),
        ("Dinkelmehl", "de"),
        ("Weizenmehl Type 405", "de"),
        ("Erdbeermarmelade", "de"),
        ("Bagel Futter", "de"),
        ("Olio verde", "it"),
        ("Steel hammer", "en"),
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


def plainly(name: str) -> str:
    """The language that most signs tell, counted one by one."""
    words = [one for one in split(name) if isinstance(one, str)]
    small, counts = name.lower(), dict.fromkeys(languages._COUNTED, 0)
    for rule, language in languages._SCRIPTS:
        # Letters beyond these scripts, as of Chinese, say nothing about the others.
        if max(small, default="") >= "\u0370" and re.search(rule, small):
            return language
    for language in counts:
        signs = set(languages._WORDS.get(language, "").split())
        counts[language] += sum(word in signs and len(word) > 1 for word in set(words))
        counts[language] += any(one in small for one in languages._LETTERS.get(language, ""))
    if max(counts.values()) <= 1:
        counts["de"] += sum(word.endswith(languages._GERMAN_ENDS) for word in words)
    best = [one for one, count in counts.items() if count == max(counts.values()) > 0]
    if len(best) == 1:
        return best[0]
    if UNSAID in best or name.isascii():
        return UNSAID
    return next((one for one in languages._LETTERS if one in best), UNSAID)


telling = st.sampled_from(
    ["milk", "milch", "Haferdrink", "lait", "de", "du", "pan", "con", "Vollmilch", "Rotwein",
     "Weinschrank", "käse", "été", "año", "ø", "ж", "猫", "500 g", "b12", "K", "brot", "xyz"]
)  # fmt: skip


@given(st.lists(telling, max_size=6).map(" ".join) | st.text(max_size=20))
def test_packed_signs_tell_what_signs_tell_one_by_one(name: str) -> None:
    assert language_of(name, split(name)) == plainly(name)


@given(st.text("aAäÄßéIİK \u0301жñ猫\ud800\0", max_size=20))
def test_letters_beyond_ascii_are_told_in_order(text: str) -> None:
    assert _beyond_ascii(text) == "".join(sorted(one for one in set(text) if not one.isascii()))
