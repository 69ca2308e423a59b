"""What is read of the lists of rows: those of words, and how many offers stand in a span."""

import sqlite3

from fedretail.index.layout.cells import BLOCK_BITS, CELL_BYTES

# Row numbers from the first to the last of each; None: everywhere.
Spans = list[tuple[int, int]] | None


def read_rows(db: sqlite3.Connection, asked: str, spans: Spans) -> list[int]:
    """The rows that match, in these spans of row numbers (None: everywhere), ascending."""
    query = "SELECT rowid FROM word WHERE word MATCH ?"
    if spans is None:
        return [row for (row,) in db.execute(query, (asked,))]
    query += " AND rowid BETWEEN ? AND ?"
    return [row for span in spans for (row,) in db.execute(query, (asked, *span))]


def offers_in(db: sqlite3.Connection, spans: Spans) -> int:
    """How many offers stand in the spans, deleted ones included; reads their blocks' headers."""
    query, found = "SELECT sum(length(cells)) FROM cell", 0
    if spans is None:
        return (db.execute(query).fetchone()[0] or 0) // CELL_BYTES
    for first, last in spans:
        ends = (first >> BLOCK_BITS, last >> BLOCK_BITS)
        found += db.execute(f"{query} WHERE block BETWEEN ? AND ?", ends).fetchone()[0] or 0
    return found // CELL_BYTES
