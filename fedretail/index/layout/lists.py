"""What is read of the lists of rows: those of words, and how many offers stand in a span."""

import re
import sqlite3
from collections.abc import Iterator
from itertools import chain

from fedretail.index.layout.cells import BLOCK_BITS, CELL_BYTES

# FTS5 has lists of its own for the beginnings of these lengths.
INDEXED_BEGINNINGS = (2, 3)
_BEGUN = re.compile(r'"([^"]*)" \*')
# Rows in one text: memory for more of them is not given back soon.
_MOST_ROWS = 4_096
_TEXT = (
    "SELECT group_concat(id), max(id), count(*) FROM"
    " (SELECT rowid AS id FROM word WHERE word MATCH ? AND rowid BETWEEN ? AND ? LIMIT ?)"
)
_MAX_ROW = (1 << 63) - 1

# Row numbers from the first to the last of each; None: everywhere.
Spans = list[tuple[int, int]] | None


def read_rows(db: sqlite3.Connection, asked: str, spans: Spans) -> Iterator[int]:
    """The rows that match, in these spans of row numbers (None: everywhere), ascending.

    None is kept: tuples of a long list would set the garbage collector going again and again.
    """
    query = "SELECT rowid FROM word WHERE word MATCH ?"
    if spans is None:
        return chain.from_iterable(db.execute(query, (asked,)))
    query += " AND rowid BETWEEN ? AND ?"
    parts = (chain.from_iterable(db.execute(query, (asked, *span))) for span in spans)
    return chain.from_iterable(parts)


def row_texts(db: sqlite3.Connection, asked: str, spans: Spans) -> Iterator[str]:
    """The same as texts of numbers, commas between: no object is made for a row of a long list.

    So it is read in half of the time. A text takes 20 bytes a row: it holds few of them, but where
    FTS5 would join lists anew for each text.
    """
    begun = map(len, _BEGUN.findall(asked))
    most = _MOST_ROWS if all(one in INDEXED_BEGINNINGS for one in begun) else -1
    for first, last in spans if spans is not None else [(0, _MAX_ROW)]:
        count = most
        while count == most:
            text, first, count = db.execute(_TEXT, (asked, first, last, most)).fetchone()
            if text is not None:
                yield text
                first += 1


def offers_in(db: sqlite3.Connection, spans: Spans) -> int:
    """How many offers stand in the spans, deleted ones included; reads their blocks' headers."""
    query, found = "SELECT sum(length(cells)) FROM cell", 0
    if spans is None:
        return (db.execute(query).fetchone()[0] or 0) // CELL_BYTES
    for first, last in spans:
        ends = (first >> BLOCK_BITS, last >> BLOCK_BITS)
        found += db.execute(f"{query} WHERE block BETWEEN ? AND ?", ends).fetchone()[0] or 0
    return found // CELL_BYTES
