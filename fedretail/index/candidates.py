"""Which rows may answer a query: words first or places first, whichever reads less.

Both ways lead to the same rows; everything that decides is judged afterwards, row by row.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping

from fedretail.index.ranking import Term, rarity
from fedretail.index.sites import Sites
from fedretail.index.text import match_all, match_any

# Below this many rows, reading all rows of the rarest word costs less than looking up which
# sites lie near and seeking in several ranges.
FEW_ROWS = 2_000

Row = tuple[int, str, int | None, str | None, int, int | None, int, int, str, bytes | None]
_COLUMNS = (
    "offer.id, key, {priced}, stock, category, timed, named, {words},"
    " CASE timed WHEN 1 THEN facts END"
)


class Words:
    """The words of a query as FTS5 is asked for them."""

    def __init__(self, db: sqlite3.Connection, words: list[str], *, begun: bool) -> None:
        self._db = db
        self.words = words
        self.begun = begun and bool(words)

    def match(self, *, every: bool) -> str | None:
        """The expression for rows with every (or any) word; None when no word was asked for."""
        if not self.words:
            return None
        return (match_all if every else match_any)(self.words, begun=self.begun)

    def is_rare(self) -> bool:
        """Whether some word stands in fewer than FEW_ROWS rows; reads no more than that many."""
        query = "SELECT count(*) FROM (SELECT 1 FROM word WHERE word MATCH ? LIMIT ?)"
        for number, word in enumerate(self.words):
            begun = self.begun and number == len(self.words) - 1
            match = match_all([word], begun=begun)
            (count,) = self._db.execute(query, (match, FEW_ROWS)).fetchone()
            if count < FEW_ROWS:
                return True
        return False

    def terms(self, offers: int, *, weighed: bool) -> list[Term]:
        """The words with their weights; all weigh the same where only one order can come out."""
        exact = self.words[:-1] if self.begun else self.words
        terms = [Term(word, self._rarity(word, offers) if weighed else 1.0) for word in exact]
        # A beginning stands for many words; it weighs as the commonest would.
        return terms + [Term(word, rarity(0, 0), begun=True) for word in self.words[len(exact) :]]

    def _rarity(self, word: str, offers: int) -> float:
        row = self._db.execute("SELECT doc FROM vocabulary WHERE term = ?", (word,)).fetchone()
        return rarity(offers, 0 if row is None else row[0])


def read_rows(
    db: sqlite3.Connection,
    match: str | None,
    spans: list[tuple[int, int]] | None,
    *,
    words: bool,
    prices: bool,
) -> Iterator[Row]:
    """The rows that match, in these spans of row numbers (None: everywhere).

    words, prices: whether the rows' words, prices and currencies are wanted; they are half of
    what is read.
    """
    priced = "price, currency" if prices else "NULL, NULL"
    columns = _COLUMNS.format(words="words" if words else "''", priced=priced)
    source, where, values = f"SELECT {columns} FROM offer", [], []
    number = "offer.id"
    if match is not None:
        columns = _COLUMNS.format(words="offer.words" if words else "''", priced=priced)
        source = f"SELECT {columns} FROM word CROSS JOIN offer ON offer.id = word.rowid"
        where, values, number = ["word MATCH ?"], [match], "word.rowid"
    for span in spans if spans is not None else [None]:
        rules = where + ([f"{number} BETWEEN ? AND ?"] if span else [])
        rule = f" WHERE {' AND '.join(rules)}" if rules else ""
        yield from db.execute(source + rule, [*values, *(span or ())])


def plan(
    words: Words, sites: Sites, near: Mapping[int, float] | None
) -> list[tuple[int, int]] | None:
    """The spans of rows to look through; None means wherever the words stand.

    near: the sites within the radius asked for; None when none was.
    """
    if near is None or (words.words and words.is_rare()):
        return None
    return sites.ranges(near)


def category_numbers(
    db: sqlite3.Connection, wanted: str, matches: Callable[[str, str], bool]
) -> set[int]:
    """The numbers of the categories that match."""
    rows = db.execute("SELECT id, text FROM category")
    return {number for number, text in rows if matches(text, wanted)}
