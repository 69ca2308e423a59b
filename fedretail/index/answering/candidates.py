"""Which rows may answer a query: words first or places first, whichever reads less.

Both ways lead to the same rows; everything that decides is judged afterwards, by their cells.
"""

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from fedretail.index.answering.covers import Cover, covers_of, covers_of_many, is_one_left
from fedretail.index.language.text import match
from fedretail.index.language.vocabulary import LAST_CHARACTER, begins
from fedretail.index.layout.lists import INDEXED_BEGINNINGS, Spans
from fedretail.index.rules.ranking import Form, Term, rarity, telling

# Below this many rows, reading all rows of the rarest word costs less than looking up which
# sites lie near and seeking in several ranges.
FEW_ROWS = 2_000

# But for INDEXED_BEGINNINGS FTS5 first joins the lists of all words that begin so (18 ms for
# "choc" in a million offers), every time it is asked.
# Up to so many words are asked for one by one instead, which seeks; more are asked for once.
MAX_SPELT_OUT = 200
# FTS5 looks at the end of a span only where it has found a row: of many words, which hardly any row
# holds together, it reads the lists to their ends for each span.
_MOST_IN_SPANS = 3
# Of so many words the rarest are looked for first: mostly no row, or hardly any, is left to be
# looked at for the others, which takes a seek a word and row.
_MANY_WORDS, _FEW_LEFT = 6, 50
# Which of so many partial answers hold a further word is looked up: a row of a list costs a
# hundredth of what an offer costs that is read because it may hold it.
MANY_ROWS = 2_000
_READ_FOR_EACH = 20
# Of partial answers so many rows are read without need: 3 ms.
MOST_PARTIAL_ROWS = 10_000


class Listed(Protocol):
    """The rows of expressions, and what is known of how many they are."""

    db: sqlite3.Connection

    def rows_of(self, asked: str, spans: Spans) -> Sequence[int]:
        """The rows that match, in the spans, ascending."""
        ...

    def is_rare(self, asked: str, few: int) -> bool:
        """Whether fewer than `few` rows match, or did a while ago; reads no more than some."""
        ...

    def count_of(self, token: str) -> int:
        """How many offers hold a token."""
        ...

    def held_of(self, asked: str, spans: Spans) -> Any:
        """A numpy array of whether the row at each place in the columns matches, in the spans."""
        ...

    def share_of(self, spans: Spans) -> float:
        """Which share of all offers stands in the spans."""
        ...


class _Asked(NamedTuple):
    """An expression, and whether FTS5 reads all its rows whatever the span."""

    match: str
    is_wide: bool = False


class Words:
    """The terms of a query as FTS5 is asked for them."""

    def __init__(self, lists: Listed, terms: list[Term], *, must: str | None = None) -> None:
        """must: a token that every row holds, whatever words it lacks."""
        self._db = lists.db
        self._lists = lists
        self.words = terms
        self._counts: dict[tuple[Form, ...], int] = {}
        self._must = [] if must is None else [f'"{must}"']
        self._asked = {term.forms: self._expression(term.forms) for term in terms}

    @property
    def asks(self) -> bool:
        """Whether FTS5 is asked at all."""
        return bool(self.words or self._must)

    def is_rare(self) -> bool:
        """Whether some term stands in fewer than FEW_ROWS rows."""
        is_rare = self._lists.is_rare
        if any(is_rare(one, FEW_ROWS) for one in self._must):
            return True
        # Those that were counted to be weighed need not be looked up.
        counts = [self._counts.get(term.forms) for term in self.words if not _is_begun(term)]
        if any(count is not None and count < FEW_ROWS for count in counts):
            return True
        asked = (
            self._asked[term.forms]
            for term in self.words
            if term.forms not in self._counts or _is_begun(term)
        )
        return any(is_rare(one.match, FEW_ROWS) for one in asked if not one.is_wide)

    def terms(self, offers: int, *, weighed: bool) -> list[Term]:
        """The terms with their weights; all weigh the same where only one order can come out."""
        if not weighed:
            return self.words
        return [self._weighed(term, offers) for term in self.words]

    def rows(self, spans: Spans) -> Sequence[int]:
        """The rows that hold every term, in ascending order."""
        every = self._every(self.words)
        if len(self.words) > _MOST_IN_SPANS:
            every = every._replace(is_wide=True)
        if len(self.words) < _MANY_WORDS:
            return self._cut(every, spans)
        some = sorted(self.words, key=lambda one: (_is_begun(one), self._count(one)))
        rare = self._cut(self._every(some[:_MOST_IN_SPANS])._replace(is_wide=True), spans)
        if len(rare) > _FEW_LEFT:
            return self._cut(every, spans)
        match = " AND ".join(filter(None, (*self._must, every.match)))
        return self._lists.rows_of(match, [(row, row) for row in map(int, rare)])

    def _every(self, terms: Sequence[Term]) -> _Asked:
        """The expression for rows that hold all of these terms."""
        asked = [self._asked[term.forms] for term in terms]
        match = " AND ".join(one.match for one in asked)
        return _Asked(match, any(one.is_wide for one in asked))

    def some(self, offers: int) -> list[list[Term]]:
        """The terms of which partial answers hold one, to be tried in this order."""
        held = [term for term in self.words if self._count(term)]
        # How many offers hold a beginning is known to who reads them all: it is no rare one.
        many = {term.forms: offers if _is_begun(term) else self._count(term) for term in held}
        rest = sorted(held, key=lambda term: many[term.forms])
        best = telling([self._weighed(term, offers) for term in held])
        # Rare ones tell little and cost little: rows of all of them are looked at.
        rows = sum(many[term.forms] for term in best)
        chosen = {term.forms for term in best}
        for term in rest:
            if term.forms not in chosen and rows + many[term.forms] <= MOST_PARTIAL_ROWS:
                rows += many[term.forms]
                chosen.add(term.forms)
        some = [term for term in held if term.forms in chosen]
        tries = [some, held] if len(some) < len(held) else [held]
        return [some for some in tries if some]

    def covers(
        self,
        terms: Sequence[Term],
        some: Sequence[Term],
        spans: Spans,
        full: Sequence[int] | None = None,
    ) -> Cover:
        """The rows that hold one of `some`; how much of the weight of `terms` each may hold.

        full: the rows that hold all of them, as far as they answer; None: not known.
        Rows of the other terms are not read, but where many rows are left to be told apart: each
        row may hold them. If it is one alone, who holds the others lacks it, but for `full`.
        The shares are summed up as relevance is, term by term in their order, so that rounding
        keeps them an upper bound.
        """
        read = {term.forms: self._cut(self._asked[term.forms], spans) for term in some}
        if not all(hasattr(rows, "places") for rows in read.values()):
            return covers_of(terms, read, lambda term: self._count(term) > 0, full=full)
        rest = [term for term in terms if term.forms not in read]
        if full is not None and len(read) == 1 and is_one_left(terms, read):
            rest = []
        known = {
            term.forms: self._lists.held_of(self._asked[term.forms].match, spans)
            for term in self._beside(rest, sum(map(len, read.values())), spans)
        }
        taken: Any = read
        return covers_of_many(terms, taken, known, lambda term: self._count(term) > 0, full=full)

    def _beside(self, rest: list[Term], rows: int, spans: Spans) -> list[Term]:
        """Terms of which all rows are read to tell which of so many rows hold them; rare first."""
        most = _READ_FOR_EACH * rows if rows >= MANY_ROWS else 0
        chosen, share = [], self._lists.share_of(spans) if most else 0.0
        for term in sorted((term for term in rest if not _is_begun(term)), key=self._count):
            most -= int(self._count(term) * share)
            if most >= 0:
                chosen.append(term)
        return chosen

    def _cut(self, asked: _Asked, spans: Spans) -> Sequence[int]:
        every = " AND ".join(filter(None, (*self._must, asked.match)))
        if not asked.is_wide or spans is None:
            return self._lists.rows_of(every, spans)
        rows = self._lists.rows_of(every, None)
        if hasattr(rows, "cut"):
            return rows.cut(spans)  # type: ignore[no-any-return]
        cuts = [(bisect_left(rows, first), bisect_right(rows, last)) for first, last in spans]
        return [row for start, end in cuts for row in rows[start:end]]

    def _expression(self, forms: Sequence[Form]) -> _Asked:
        asked = [self._spelt_out(form) for form in forms]
        either = " OR ".join(one.match for one in asked)
        return _Asked(f"({either})", any(one.is_wide for one in asked))

    def _spelt_out(self, form: Form) -> _Asked:
        plain = match([[(form.token, form.begun)]], every=True)
        if not form.begun or len(form.token) in INDEXED_BEGINNINGS:
            return _Asked(plain)
        query = "SELECT term FROM vocabulary WHERE term >= ? AND term < ? LIMIT ?"
        ends = (form.token, form.token + LAST_CHARACTER, MAX_SPELT_OUT + 1)
        words = [word for (word,) in self._db.execute(query, ends)]
        if not 0 < len(words) <= MAX_SPELT_OUT:
            return _Asked(plain, is_wide=True)
        return _Asked(match([[(word, False) for word in words]], every=True))

    def _weighed(self, term: Term, offers: int) -> Term:
        # A beginning stands for many words; it weighs as the commonest would.
        weight = rarity(0, 0) if _is_begun(term) else rarity(offers, min(offers, self._count(term)))
        return term._replace(weight=weight)

    def _count(self, term: Term) -> int:
        """How many offers hold a term, those with several of its forms counted as often."""
        if term.forms not in self._counts:
            self._counts[term.forms] = sum(self._holding(form) for form in term.forms)
        return self._counts[term.forms]

    def _holding(self, form: Form) -> int:
        if form.begun:
            return int(begins(self._db, form.token))
        return self._lists.count_of(form.token)


def _is_begun(term: Term) -> bool:
    return any(form.begun for form in term.forms)


def plan(words: Words, spans: Callable[[], Spans]) -> Spans:
    """The spans of rows to look through; None means wherever the words stand.

    spans: those where offers may be, None where they may be anywhere; worked out if need be.
    """
    return None if words.asks and words.is_rare() else spans()
