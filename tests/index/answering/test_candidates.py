"""What a row may hold at most, told from the lists of words alone."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.answering import candidates
from fedretail.index.answering.candidates import Words
from fedretail.index.answering.covers import covers_of_many
from fedretail.index.layout.schema import connect_for_writing, create
from fedretail.index.memory.columns import Taken
from fedretail.index.memory.memory import Lists, Memory
from fedretail.index.rules.ranking import Form, Term, most_relevant
from fedretail.testing.memory_records import MemoryRecords
from fedretail.testing.naive_search import naive_relevance

TOKENS = ["oat", "milk", "bar", "barista"]
texts = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=4, unique=True)
forms = st.builds(Form, st.sampled_from(TOKENS), st.sampled_from([1.0, 0.6]), st.booleans())
terms = st.builds(
    lambda forms, weight: Term(forms[0].token, forms, weight),
    st.lists(forms, min_size=1, max_size=2).map(tuple),
    st.sampled_from([0.1, 1.0, 3.7]),
)


def taken(rows: Sequence[int]) -> Taken:
    """Rows as columns give them: each stands at the place of its number."""
    numbers = np.array(rows, np.int64)
    return Taken({}, numbers, numbers.astype(np.int32), np.zeros(len(rows), np.int32))


def held(rows: Sequence[int], count: int) -> Any:
    """For each place whether its row is one of these."""
    return np.isin(np.arange(count), rows)


@given(
    st.lists(texts, min_size=1, max_size=5),
    st.lists(terms, min_size=2, max_size=4, unique_by=lambda term: term.forms),
    st.integers(1, 4),
    st.booleans(),
)
def test_no_row_is_more_relevant_than_its_cover_says(
    rows: list[list[str]], asked: list[Term], count: int, knows_full: bool
) -> None:
    some = asked[-count:]
    with tempfile.TemporaryDirectory() as folder:
        db = connect_for_writing(Path(folder) / "index.db")
        state = create(db, "store")
        listed = [(number, " ".join(words)) for number, words in enumerate(rows)]
        db.executemany("INSERT INTO word(rowid, words) VALUES(?, ?)", listed)
        lists = Lists(db, state, Memory(MemoryRecords()))
        words = Words(lists, asked)
        rows_of = {term.forms: words._cut(words._asked[term.forms], None) for term in asked}
        every = set.intersection(*(set(rows_of[term.forms]) for term in asked))
        full = sorted(every) if knows_full else None
        cover = words.covers(asked, some, None, full)
        read = {term.forms: taken(rows_of[term.forms]) for term in some}
        rest = {
            forms: held(found, len(rows)) for forms, found in rows_of.items() if forms not in read
        }
        close, many = (
            covers_of_many(asked, read, one, lambda term: words._count(term) > 0, full=full)
            for one in (rest, {})
        )
        db.close()
    assert (list(many.rows), list(many.shares)) == (cover.rows, cover.shares)
    assert list(close.rows) == cover.rows
    assert all(a <= b for a, b in zip(close.shares, cover.shares, strict=True))
    cover = close
    wanted = [n for n, held in enumerate(rows) if any(naive_relevance([t], held, 4) for t in some)]
    assert list(cover.rows) == wanted
    for row, share in zip(cover.rows, cover.shares, strict=True):
        for named in range(len(rows[row]) + 1):
            assert most_relevant(share, named) >= naive_relevance(asked, rows[row], named)


@given(
    st.lists(texts, min_size=1, max_size=12),
    st.lists(terms, min_size=2, max_size=5, unique_by=lambda term: term.forms),
    st.none() | st.lists(st.integers(0, 12), min_size=2, max_size=2).map(sorted),
    st.integers(0, 4),
)
def test_rows_of_many_words_hold_all_of_them_however_few_the_rare_ones_leave(
    rows: list[list[str]], asked: list[Term], span: list[int] | None, few: int
) -> None:
    first, last = span or (0, len(rows))
    with tempfile.TemporaryDirectory() as folder:
        db = connect_for_writing(Path(folder) / "index.db")
        state = create(db, "store")
        listed = [(number, " ".join(words)) for number, words in enumerate(rows)]
        db.executemany("INSERT INTO word(rowid, words) VALUES(?, ?)", listed)
        words = Words(Lists(db, state, Memory(MemoryRecords())), asked)
        wide = patch.multiple(candidates, _MANY_WORDS=2, _MOST_IN_SPANS=1, _FEW_LEFT=few)
        with wide:
            found = words.rows(None if span is None else [(first, last)])
        db.close()
    assert list(found) == [
        number
        for number, held in enumerate(rows)
        if first <= number <= last and all(naive_relevance([one], held, 4) for one in asked)
    ]
