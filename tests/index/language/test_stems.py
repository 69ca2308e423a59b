"""Stems, and the promise that every beginning of a word finds it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.language.languages import STEMMERS
from fedretail.index.language.stems import asked, held, stem
from fedretail.index.language.text import fold

FORMS = [
    ("en", "Hinge", "hinges"),
    ("en", "battery", "Batteries"),
    ("en", "shelf", "shelves"),
    ("de", "Käse", "Kaese"),
    ("de", "Brötchen", "Broetchen"),
    ("de", "Äpfel", "Apfel"),
    ("de", "Buch", "Bücher"),
    ("fr", "pomme", "pommes"),
    ("es", "naranja", "naranjas"),
    ("it", "mela", "mele"),
    ("ru", "яблоко", "яблоки"),
    ("el", "ψωμί", "ψωμιά"),
    ("sv", "äpple", "äpplen"),
]


@pytest.mark.parametrize(("language", "one", "other"), FORMS)
def test_forms_of_a_word_have_one_stem(language: str, one: str, other: str) -> None:
    assert stem(fold(one), language) == stem(fold(other), language)


def test_codes_short_words_and_unknown_languages_stay_as_they_are() -> None:
    assert [stem("x200s", "en"), stem("gas", "en"), stem("hinges", "")] == [
        "x200s",
        "gas",
        "hinges",
    ]


def test_a_query_asks_for_the_word_and_its_stems() -> None:
    assert asked("hinges", ("en", "de")) == ("hinges", "hing")
    assert asked("gas", ("en", "de")) == ("gas",)


words = st.sampled_from([fold(word) for _, *pair in FORMS for word in pair]) | st.text(
    "abcdeinrsty", min_size=1, max_size=12
)

languages = st.sampled_from(sorted(STEMMERS))


@given(words, languages)
def test_every_beginning_of_a_word_finds_it(word: str, language: str) -> None:
    tokens = held(word, language)
    for end in range(1, len(word) + 1):
        begun = word[:end]
        others = asked(begun, (language,))
        assert any(one.startswith(begun) for one in tokens) or set(others) & set(tokens)


def held_plainly(word: str, language: str) -> tuple[str, ...]:
    """By the promise itself: whole too, unless all beginnings beyond the stem have this stem."""
    short = stem(word, language)
    begun = [word[:end] for end in range(1, len(word) + 1)]
    is_found = all(short.startswith(one) or stem(one, language) == short for one in begun)
    return (short,) if is_found else (short, word)


@given(words | st.sampled_from(["mice", "leaves", "teeth", "x200s", "猫"]), languages)
def test_a_word_is_held_whole_only_where_a_beginning_could_else_not_be_found(
    word: str, language: str
) -> None:
    assert held(word, language) == held_plainly(word, language)
