"""Words that no offer has: the words of the catalog that look most like them or end in them.

The words of the whole catalog are read once a process and kept until the catalog has changed
much. Only a query with a word that no offer has pays for that.
"""

import math
import sqlite3
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator

# Words this short are as near to each other as to what was meant.
MIN_LETTERS = 4
# Distances at which a word of so many letters is still the same: one slip in a short word, two
# from 7 letters on, three in the longest.
_SLIPS = ((12, 3), (7, 2), (MIN_LETTERS, 1))
# What may be meant. More are other words.
MOST_SIMILAR = 3
# The rarest words of a very large catalog are its slips and codes.
MAX_WORDS = 200_000
# The words are read anew when as many offers have changed as there are words, and at least so
# many: half a second for a million offers is not to be spent with every change.
_STALE_LEAST = 1_000
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
        self._loaded: int | None = None
        self._by_length: dict[int, tuple[list[str], list[int]]] = {}
        # Spelt backwards and sorted, so that all with one end stand together.
        self._by_end: list[tuple[str, int]] = []
        self._languages: tuple[int, tuple[str, ...]] | None = None

    def languages_at(self, generation: int) -> tuple[str, ...] | None:
        """The languages noted at just this generation; None where none were."""
        noted = self._languages
        return noted[1] if noted is not None and noted[0] == generation else None

    def note_languages(self, generation: int, languages: tuple[str, ...]) -> None:
        """Keep the languages that offers are in until another generation is asked for."""
        self._languages = generation, languages

    def similar(
        self, db: sqlite3.Connection, generation: int, tokens: Iterable[str]
    ) -> list[tuple[str, float]]:
        """(word, worth) of the words most like one of `tokens`, best first.

        generation: a number that grows by one with each changed offer. worth: 0 to 1.
        """
        with self._turn:
            if self._is_stale(generation):
                self._load(db)
                self._loaded = generation
            by_length, by_end = self._by_length, self._by_end
        found: dict[str, float] = {}
        for token in tokens:
            for word, rank in (*_near(token, by_length), *_ending(token, by_end)):
                found[word] = max(rank, found.get(word, rank))
        best = sorted(found, key=lambda word: (-found[word], word))[:MOST_SIMILAR]
        # The others count as much less as they are less likely meant.
        return [(word, 0.8 * math.exp(found[word] - found[best[0]])) for word in best]

    def _is_stale(self, generation: int) -> bool:
        if self._loaded is None or generation < self._loaded:
            return True
        words = sum(len(words) for words, _ in self._by_length.values())
        return generation - self._loaded > max(_STALE_LEAST, words)

    def _load(self, db: sqlite3.Connection) -> None:
        rows = [
            (doc, term)
            for term, doc in db.execute("SELECT term, doc FROM vocabulary")
            if len(term) >= MIN_LETTERS - 1 and term.isalpha()
        ]
        if len(rows) > MAX_WORDS:
            rows = sorted(rows, reverse=True)[:MAX_WORDS]
        by_length: dict[int, tuple[list[str], list[int]]] = {}
        for doc, term in rows:
            words, counts = by_length.setdefault(len(term), ([], []))
            words.append(term)
            counts.append(doc)
        self._by_length = by_length
        self._by_end = sorted((term[::-1], doc) for doc, term in rows)


def slips(word: str) -> int:
    """How many slips a word may have and still be known; 0 for short words and codes."""
    if not word.isalpha():
        return 0
    return next((most for letters, most in _SLIPS if len(word) >= letters), 0)


def _near(token: str, by_length: dict[int, tuple[list[str], list[int]]]) -> list[tuple[str, float]]:
    """(word, rank) of the words within reach of a token; the greatest rank is the likeliest."""
    most = slips(token)
    if not most:
        return []
    # 25 ms, and only for words that no offer has.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    near = []
    for length, (words, counts) in by_length.items():
        if abs(length - len(token)) <= most:
            for word, distance, number in process.extract(
                token, words, scorer=OSA.distance, score_cutoff=most, limit=None
            ):
                cost = _LETTER_COST * distance + _OTHER_BEGINNING * (word[0] != token[0])
                near.append((word, _COMMON_GAIN * math.log(counts[number]) - cost))
    return near


def _ending(token: str, by_end: list[tuple[str, int]]) -> Iterator[tuple[str, float]]:
    """(word, rank) of the words that end in a token, but for those within reach."""
    most, end = slips(token), token[::-1]
    if not most or len(token) < _LEAST_END:
        return
    for number in range(bisect_left(by_end, (end, 0)), len(by_end)):
        word, count = by_end[number]
        if not word.startswith(end):
            return
        if len(word) - len(token) > most:
            yield word[::-1], _COMMON_GAIN * math.log(count) - _END_COST
