"""Long lists of rows are read as texts, portion by portion."""

import sqlite3
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.layout import lists
from fedretail.index.layout.lists import Spans, read_rows, row_texts
from fedretail.index.layout.schema import create

WORDS = ("milk", "mil", "mint", "oat")
ASKED = ('"milk"', '("milk" OR "oat")', '"mi" *', '"mil" *', '"milk" AND "oat"', '"m" *', '"none"')
# As far from each other as rows of other places, and as near as those of one shop.
ROWS = st.one_of(st.integers(0, 40), st.integers(0, 1 << 60))


def filled(rows: dict[int, set[str]]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    create(db, "store")
    for row in sorted(rows):
        db.execute("INSERT INTO word(rowid, words) VALUES(?, ?)", (row, " ".join(rows[row])))
    return db


def told(db: sqlite3.Connection, asked: str, spans: Spans) -> list[int]:
    return [int(row) for text in row_texts(db, asked, spans) for row in text.split(",")]


@given(
    rows=st.dictionaries(ROWS, st.sets(st.sampled_from(WORDS), min_size=1), max_size=25),
    spans=st.none() | st.lists(st.tuples(ROWS, ROWS).map(sorted).map(tuple), max_size=3),
    asked=st.sampled_from(ASKED),
    most=st.integers(1, 6),
)
def test_texts_hold_the_rows_that_are_read_one_by_one(
    rows: dict[int, set[str]], spans: Spans, asked: str, most: int
) -> None:
    db = filled(rows)
    with patch.object(lists, "_MOST_ROWS", most):
        assert told(db, asked, spans) == list(read_rows(db, asked, spans))


@pytest.mark.parametrize(("asked", "texts"), [('"milk"', 3), ('"mil" *', 3), ('"milk" *', 1)])
def test_a_text_is_short_where_lists_need_not_be_joined_for_it(asked: str, texts: int) -> None:
    db = filled({row: {"milk"} for row in range(5)})
    with patch.object(lists, "_MOST_ROWS", 2):
        assert len(list(row_texts(db, asked, None))) == texts
