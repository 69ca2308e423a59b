"""What is read of the lists of rows: those of words, and how many offers stand in a span."""

import sqlite3
from collections.abc import Iterator
from itertools import chain

from fedretail.index.layout.cells import BLOCK_BITS, CELL_BYTES

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


def offers_in(db: sqlite3.Connection, spans: Spans) -> int:
    """How many offers stand in the spans, deleted ones included; reads their blocks' headers."""
    query, found = "SELECT sum(length(cells)) FROM cell", 0
    if spans is None:
        return (db.execute(query).fetchone()[0] or 0) // CELL_BYTES
    for first, last in spans:
        ends = (first >> BLOCK_BITS, last >> BLOCK_BITS)
        found += db.execute(f"{query} WHERE block BETWEEN ? AND ?", ends).fetchone()[0] or 0
    return found // CELL_BYTES
