"""The words that the catalog has: what a query's words are held against."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from fedretail.index.language.languages import STEMMERS, UNSAID
from fedretail.index.language.spelling import Spellings, meant
from fedretail.index.language.text import language_mark

LAST_CHARACTER = "\U0010ffff"
# "brea" is looked for as bread and breakfast, not as every rare word that begins so.
_MOST_BEGUN = 8
_BEGUN_WORTH = 0.8
_NEXT_WORTH = 0.97
_MOST_READ = 2_000


class Similar(NamedTuple):
    """A word of the catalog that a mistyped one may mean, and how sure that is, 0 to 1."""

    token: str
    worth: float


def commonest(
    counts: Mapping[str, int], is_one_meant: Callable[[Sequence[str]], bool] | None = None
) -> list[Similar]:
    """Of words that begin as one was typed, with their counts, those that are meant most.

    is_one_meant: as spelling.meant has it.
    """
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    chosen = islice(meant(ranked, is_one_meant), _MOST_BEGUN)
    return [Similar(word, _BEGUN_WORTH * _NEXT_WORTH**i) for i, word in enumerate(chosen)]


def begins(db: sqlite3.Connection, token: str) -> bool:
    """Whether some offer has a word that begins so.

    FTS5 itself joins the lists of all words that do so before it tells the first row: 4 ms for
    four letters in a million offers.
    """
    query = "SELECT 1 FROM instance WHERE term >= ? AND term < ? LIMIT 1"
    return db.execute(query, (token, token + LAST_CHARACTER)).fetchone() is not None


class Vocabulary(Protocol):
    """What building the terms of a query needs to know of a catalog."""

    def holds(self, token: str, *, begun: bool = False) -> bool:
        """Whether some offer has this word, or one that begins with it."""
        ...

    def holds_both(self, token: str, other: str) -> bool:
        """Whether some offer has both words."""
        ...

    def beginning(self, token: str) -> list[Similar]:
        """The commonest words that begin with this one, best first."""
        ...

    def languages(self) -> tuple[str, ...]:
        """The languages in which offers were stemmed; UNSAID first."""
        ...

    def similar(self, tokens: Iterable[str]) -> list[Similar]:
        """The words that look most like one of these, best first."""
        ...


class IndexVocabulary:
    """The vocabulary of one snapshot of an index; its spellings are kept between snapshots."""

    def __init__(
        self,
        db: sqlite3.Connection,
        spellings: Spellings,
        *,
        generation: int,
        known: dict[str, bool] | None = None,
    ) -> None:
        """`generation`: grows as offers change; see Spellings.

        known: what was found out about the words of this very snapshot, to be added to.
        """
        self._db = db
        self._spellings = spellings
        self._generation = generation
        self._known: dict[str, bool] = {} if known is None else known

    def holds(self, token: str, *, begun: bool = False) -> bool:
        """As Vocabulary; some 10 us, whatever the size of the index."""
        if not begun:
            return self._is_found(f'"{token}"')
        asked = f'"{token}" *'
        known = self._known.get(asked)
        if known is None:
            known = self._known[asked] = begins(self._db, token)
        return known

    def holds_both(self, token: str, other: str) -> bool:
        """As Vocabulary."""
        return self._is_found(f'"{token}" AND "{other}"')

    def _is_found(self, match: str) -> bool:
        known = self._known.get(match)
        if known is None:
            query = "SELECT 1 FROM word WHERE word MATCH ? LIMIT 1"
            known = self._db.execute(query, (match,)).fetchone() is not None
            self._known[match] = known
        return known

    def beginning(
        self, token: str, is_one_meant: Callable[[Sequence[str]], bool] | None = None
    ) -> list[Similar]:
        """As Vocabulary; reads at most _MOST_READ words. is_one_meant: as `meant` has it."""
        query = "SELECT term, doc FROM vocabulary WHERE term >= ? AND term < ? LIMIT ?"
        ends = (token, token + LAST_CHARACTER, _MOST_READ)
        return commonest(dict(self._db.execute(query, ends)), is_one_meant)

    def languages(self) -> tuple[str, ...]:
        """As Vocabulary."""
        found = self._spellings.languages_at(self._generation)
        if found is None:
            # One probe each; a prefix query would walk through all offers that are marked.
            found = (UNSAID, *(one for one in STEMMERS if self._is_marked(one)))
            self._spellings.note_languages(self._generation, found)
        return found

    def _is_marked(self, language: str) -> bool:
        mark = language_mark(language)
        return mark != "" and self.holds(mark)

    def similar(
        self, tokens: Iterable[str], is_one_meant: Callable[[Sequence[str]], bool] | None = None
    ) -> list[Similar]:
        """As Vocabulary; loads the words of the whole catalog when first asked."""
        found = self._spellings.similar(self._db, self._generation, tokens, is_one_meant)
        return [Similar(token, worth) for token, worth in found]
