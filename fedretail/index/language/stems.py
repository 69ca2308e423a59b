"""Stems: one token for all forms of a word, by the Snowball stemmer of its language.

A text holds each word by its stem, and also whole where some beginning of it could else not be
found. A query asks for the word as typed and for its stems in the languages of the catalog.
"""

import threading
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any

from fedretail.index.language.languages import STEMMERS

# Shorter words have no endings: "gas", "bus", "las".
MIN_LETTERS = 4
# Those of texts are kept with all their tokens, see text.
_KEPT = 4_096
# English plurals that change more than their end.
_UNEVEN = {
    "calves": "calf", "children": "child", "geese": "goose", "halves": "half", "hooves": "hoof",
    "knives": "knife", "leaves": "leaf", "loaves": "loaf", "mice": "mouse", "scarves": "scarf",
    "shelves": "shelf", "teeth": "tooth", "thieves": "thief", "wolves": "wolf",
}  # fmt: skip
_EVEN: dict[str, str] = {}
# The stemmers are not made for several threads at once.
_one_at_a_time = threading.Lock()


@lru_cache(maxsize=_KEPT)
def stem(word: str, language: str) -> str:
    """The stem of a folded word in a language of STEMMERS; the word itself for any other.

    Words with digits are codes and sizes: they have no other forms.
    """
    return _stem(word, language)


def _stem(word: str, language: str) -> str:
    if language not in STEMMERS or not _has_stem(word):
        return word
    if language == "en":
        word = _UNEVEN.get(word, word)
    with _one_at_a_time:
        found: str = _stemmer(STEMMERS[language]).stemWord(word)
    return found or word


def _has_stem(word: str) -> bool:
    return len(word) >= MIN_LETTERS and word.isalpha()


def held(word: str, language: str) -> tuple[str, ...]:
    """The tokens under which a text holds this word: its stem, and the word itself if need be.

    Promise: each beginning of the word is the beginning of one of them, or has the same stem.
    """
    if language not in STEMMERS or not _has_stem(word):
        return (word,)
    uneven = _UNEVEN if language == "en" else _EVEN
    with _one_at_a_time:
        stem_of = _stemmer(STEMMERS[language]).stemWord
        short: str = stem_of(uneven.get(word, word)) or word
        alike = _common(word, short)
        # A beginning that is too short for a stem, and is none of this one, is only found whole.
        if alike < len(word) and alike + 1 < MIN_LETTERS:
            return short, word
        for end in range(alike + 1, len(word)):
            begun = word[:end]
            if stem_of(uneven.get(begun, begun)) != short:
                return short, word
    return (short,)


# Words of queries, and of names that are shown for a mistyped one.
@lru_cache(maxsize=_KEPT)
def asked(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """The tokens to look for: the word as typed, then its other stems, each once."""
    if not _has_stem(word):
        return (word,)
    with _one_at_a_time:
        found = [
            one(_UNEVEN.get(word, word) if is_en else word) for is_en, one in _stemmers(languages)
        ]
    return tuple(dict.fromkeys([word, *filter(None, found)]))


def _common(one: str, other: str) -> int:
    """How many letters two words begin with alike."""
    if one.startswith(other):
        return len(other)
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def load_stemmers(languages: Iterable[str]) -> None:
    """Be ready for words in these languages: each stemmer takes two milliseconds once."""
    for language in languages:
        if language in STEMMERS:
            _stemmer(STEMMERS[language])


@lru_cache(maxsize=64)
def _stemmers(languages: tuple[str, ...]) -> list[tuple[bool, Callable[[str], str]]]:
    """Of those that have a stemmer: whether it is English, and what makes a stem of a word."""
    known = (one for one in languages if one in STEMMERS)
    return [(one == "en", _stemmer(STEMMERS[one]).stemWord) for one in known]


@cache
def _stemmer(name: str) -> Any:
    # 2 ms; a search for numbers and barcodes does without.
    import Stemmer

    # Without its own cache, which keeps ten thousand words a language.
    return Stemmer.Stemmer(name, 0)
