"""The words of a catalog, packed: what a mistyped word is held against, all of them at once.

Words of one length stand in one text, one behind the other, and so they are kept in index.db: a
process has them in some milliseconds instead of walking through all lists of words.
"""

import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Self

from fedretail.errors import MalformedInput

# Shorter words are as near to each other as to what was meant.
LEAST_LETTERS = 3
# The rarest words of a very large catalog are its slips and codes.
MAX_WORDS = 200_000
# Letters are told apart by this many bits of their code: all that are small and ASCII.
_CLASSES = 32


class Similar(NamedTuple):
    """A word, how many slips it is away, and how many offers hold it."""

    word: str
    distance: int
    offers: int


class _Words(NamedTuple):
    """All words of one length, one behind the other; of each how many offers hold it."""

    text: str
    offers: "array[int]"

    def word(self, number: int, length: int) -> str:
        return self.text[number * length : (number + 1) * length]


class Catalog:
    """Words and how many offers hold each. Never changed once made; any thread may ask."""

    def __init__(self, by_length: dict[int, _Words]) -> None:
        self._by_length = by_length
        self._signs: dict[int, tuple[Any, Any]] | None = None

    def __len__(self) -> int:
        return sum(len(one.offers) for one in self._by_length.values())

    @classmethod
    def of(cls, counts: Iterable[tuple[str, int]]) -> Self:
        """That of words with the number of offers that hold each; codes and sizes left out."""
        rows = [
            (offers, word)
            for word, offers in counts
            if len(word) >= LEAST_LETTERS and word.isalpha()
        ]
        if len(rows) > MAX_WORDS:
            rows = sorted(rows, reverse=True)[:MAX_WORDS]
        texts: dict[int, list[str]] = {}
        numbers: dict[int, array[int]] = {}
        for offers, word in rows:
            texts.setdefault(len(word), []).append(word)
            numbers.setdefault(len(word), array("I")).append(offers)
        return cls({one: _Words("".join(texts[one]), numbers[one]) for one in texts})

    @classmethod
    def kept(cls, db: sqlite3.Connection) -> tuple[int, Self] | None:
        """The feed's cursor of the catalog that an index keeps, and the catalog; None for none.

        MalformedInput where what stands there is none.
        """
        rows = db.execute("SELECT followed, length, words, offers FROM spelling").fetchall()
        by_length = {}
        for _, length, text, packed in rows:
            offers = array("I")
            if len(packed) % offers.itemsize == 0:
                offers.frombytes(packed)
            if not len(text) == length * len(offers) > 0 or 0 in offers:
                raise MalformedInput("words that nobody wrote")
            by_length[length] = _Words(text, offers)
        return (rows[0][0], cls(by_length)) if rows else None

    def keep(self, db: sqlite3.Connection, followed: int) -> None:
        """Write it into the open transaction, as of a cursor of the feed."""
        db.execute("DELETE FROM spelling")
        rows = (
            (length, followed, one.text, one.offers.tobytes())
            for length, one in self._by_length.items()
        )
        db.executemany("INSERT INTO spelling VALUES(?, ?, ?, ?)", rows)

    def sign(self) -> None:
        """Be ready for many questions: what they need is loaded, and the letters of each word."""
        import rapidfuzz.distance  # noqa: F401
        import rapidfuzz.process  # noqa: F401

        if self._signs is None:
            self._signs = {length: _signs(one.text, length) for length, one in self._items()}

    def near(self, token: str, most: int) -> Iterator[Similar]:
        """The words that are at most so many slips away."""
        # 25 ms, and only for words that no offer has.
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        sign = _sign(token)
        for length, one in self._items():
            if abs(length - len(token)) > most:
                continue
            numbers = self._alike(sign, length, most)
            words = [one.word(number, length) for number in numbers]
            for word, distance, place in process.extract(
                token, words, scorer=OSA.distance, score_cutoff=most, limit=None
            ):
                yield Similar(word, distance, one.offers[numbers[place]])

    def ending(self, token: str, least: int) -> Iterator[tuple[str, int]]:
        """(word, how many offers hold it) of the words that end so, `least` letters long or more.

        least: more than the token has.
        """
        for length, one in self._items():
            if length < least:
                continue
            start = one.text.find(token)
            while start >= 0:
                number, place = divmod(start, length)
                if place == length - len(token):
                    yield one.word(number, length), one.offers[number]
                start = one.text.find(token, start + 1)

    def _items(self) -> Iterable[tuple[int, _Words]]:
        return self._by_length.items()

    def _alike(self, sign: int, length: int, most: int) -> Any:
        """The numbers of the words of a length that may be so near to the word with a sign.

        All where none is signed. A slip adds one letter at most and takes one away at most, and so
        it does among those that a word has once and those that it has twice.
        """
        if self._signs is None:
            return range(len(self._by_length[length].offers))
        import numpy as np

        signs, counts = self._signs[length]
        least = np.maximum(counts, sign.bit_count()) - most
        return np.flatnonzero(np.bitwise_count(signs & np.uint64(sign)) >= least).tolist()


def _sign(word: str) -> int:
    """64 bits: which letters a word has once, which twice."""
    once = twice = 0
    for one in word:
        letter = 1 << (ord(one) & (_CLASSES - 1))
        twice |= once & letter
        once |= letter
    return once | twice << _CLASSES


def _signs(text: str, length: int) -> Any:
    """Numpy arrays: the sign of each word of a text, and how many of its bits are set."""
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le"), "<u4").reshape(-1, length)
    once, twice = np.zeros((2, len(codes)), np.uint64)
    for column in codes.T:
        letter = np.uint64(1) << (column & (_CLASSES - 1)).astype(np.uint64)
        twice |= once & letter
        once |= letter
    signs = once | twice << np.uint64(_CLASSES)
    return signs, np.bitwise_count(signs).astype(np.int8)
