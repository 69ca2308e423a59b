"""Words that no offer has: the words of the catalog that look most like them or end in them.

The words of a large catalog are read once a process and kept until it has changed much; those of a
small one whenever it has changed. Only a query with a word that no offer has pays for that, or a
process that lives long.
"""

import math
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from fedretail.index.language.catalog import LEAST_LETTERS, Catalog

# Words this short are as near to each other as to what was meant.
MIN_LETTERS = LEAST_LETTERS + 1
# Distances at which a word of so many letters is still the same: one slip in a short word, two
# from 7 letters on, three in the longest.
_SLIPS = ((12, 3), (7, 2), (MIN_LETTERS, 1))
# What may be meant. More are other words.
MOST_SIMILAR = 3
# Likelier words than all that a view shows are not found to be of it, where it shows very little.
_MOST_TRIED = 50
# Those of a large catalog are read anew when as many offers have changed as there are words, and
# at least so many: half a second for a million offers is not to be spent with every change.
_STALE_LEAST = 1_000
# Those that the index keeps are written anew earlier, so that nobody who asks waits for it.
_RENEWED = 0.5
# The words of fewer offers are read in milliseconds, as they stand: what a shop has just begun to
# sell is known at once.
KEPT_FROM_OFFERS = 20_000
# A slip in the first letter is rare, and what comes of it is mostly another word.
_OTHER_BEGINNING = 0.5
# "Hackfleisch" is looked for in "Rinderhackfleisch" too; shorter words end too many others.
_LEAST_END = 5
_END_COST = 0.5
# So many times more offers make up for one slip more; people look for what many shops have.
_LETTER_COST = 1.0
_COMMON_GAIN = 0.15


class Spellings:
    """What is kept of a catalog's words in memory. Any thread may ask."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._loaded = 0
        self._catalog: Catalog | None = None
        self._is_large = False
        self._lives_long = False
        self._languages: tuple[int, tuple[str, ...]] | None = None

    def languages_at(self, generation: int) -> tuple[str, ...] | None:
        """The languages noted at just this generation; None where none were."""
        noted = self._languages
        return noted[1] if noted is not None and noted[0] == generation else None

    def note_languages(self, generation: int, languages: tuple[str, ...]) -> None:
        """Keep the languages that offers are in until another generation is asked for."""
        self._languages = generation, languages

    def load(self, db: sqlite3.Connection, generation: int) -> None:
        """Be ready for words that no offer has, as a process that lives long is."""
        with self._turn:
            self._lives_long = True
            self._fresh(db, generation).sign()

    def similar(
        self,
        db: sqlite3.Connection,
        generation: int,
        tokens: Iterable[str],
        is_one_meant: Callable[[Sequence[str]], bool] | None = None,
    ) -> list[tuple[str, float]]:
        """(word, worth) of the words most like one of `tokens`, best first.

        generation: a number that grows by one with each changed offer. worth: 0 to 1.
        is_one_meant: as `meant` has it.
        """
        with self._turn:
            catalog = self._fresh(db, generation)
        found: dict[str, float] = {}
        for token in tokens:
            for word, rank in (*_near(token, catalog), *_ending(token, catalog)):
                found[word] = max(rank, found.get(word, rank))
        ranked = sorted(found, key=lambda word: (-found[word], word))
        best = list(islice(meant(ranked, is_one_meant), MOST_SIMILAR))
        # The others count as much less as they are less likely meant.
        return [(word, 0.8 * math.exp(found[word] - found[best[0]])) for word in best]

    def _fresh(self, db: sqlite3.Connection, generation: int) -> Catalog:
        """The catalog; read anew where that is due. The caller holds the turn."""
        catalog = self._catalog
        if catalog is None or self._is_due(catalog, generation):
            kept = Catalog.kept(db)
            self._is_large = kept is not None
            if kept is None or _is_stale(kept[1], kept[0], generation):
                kept = generation, _read(db)
            self._loaded, catalog = kept
            if self._lives_long:
                catalog.sign()
            self._catalog = catalog
        return catalog

    def _is_due(self, catalog: Catalog, generation: int) -> bool:
        if self._is_large:
            return _is_stale(catalog, self._loaded, generation)
        return generation != self._loaded


def meant(
    ranked: Sequence[str], is_one_meant: Callable[[Sequence[str]], bool] | None
) -> Iterator[str]:
    """Of words, likeliest first, those that can be meant.

    is_one_meant: whether one of some words can be; None: all can. It is asked about the first
    _MOST_TRIED of them, many at once, as each question may cost as much as a search.
    """
    if is_one_meant is None:
        return iter(ranked)
    return _by_halves(ranked[:_MOST_TRIED], is_one_meant)


def _by_halves(
    words: Sequence[str], is_one_meant: Callable[[Sequence[str]], bool]
) -> Iterator[str]:
    if not words or not is_one_meant(words):
        return
    if len(words) == 1:
        yield from words
        return
    half = len(words) // 2
    yield from _by_halves(words[:half], is_one_meant)
    yield from _by_halves(words[half:], is_one_meant)


def _read(db: sqlite3.Connection) -> Catalog:
    return Catalog.of(db.execute("SELECT term, doc FROM vocabulary"))


def renewed(db: sqlite3.Connection, generation: int, offers: int) -> Catalog | None:
    """The catalog that an index of so many offers is to keep; None where it may stay as it is."""
    if offers < KEPT_FROM_OFFERS:
        return None
    kept = Catalog.kept(db)
    if kept is not None and not _is_stale(kept[1], kept[0], generation, share=_RENEWED):
        return None
    return _read(db)


def _is_stale(catalog: Catalog, made: int, generation: int, *, share: float = 1.0) -> bool:
    """Whether so much has changed since a catalog was made that it says little."""
    changed = generation - made
    return changed < 0 or changed > share * max(_STALE_LEAST, len(catalog))


def slips(word: str) -> int:
    """How many slips a word may have and still be known; 0 for short words and codes."""
    if not word.isalpha():
        return 0
    return next((most for letters, most in _SLIPS if len(word) >= letters), 0)


def _near(token: str, catalog: Catalog) -> Iterator[tuple[str, float]]:
    """(word, rank) of the words within reach of a token; the greatest rank is the likeliest."""
    most = slips(token)
    if not most:
        return
    for word, distance, offers in catalog.near(token, most):
        cost = _LETTER_COST * distance + _OTHER_BEGINNING * (word[0] != token[0])
        yield word, _COMMON_GAIN * math.log(offers) - cost


def _ending(token: str, catalog: Catalog) -> Iterator[tuple[str, float]]:
    """(word, rank) of the words that end in a token, but for those within reach."""
    most = slips(token)
    if not most or len(token) < _LEAST_END:
        return
    for word, offers in catalog.ending(token, len(token) + most + 1):
        yield word, _COMMON_GAIN * math.log(offers) - _END_COST
