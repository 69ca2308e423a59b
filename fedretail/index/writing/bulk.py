"""Many rows by one statement: SQLite then works for long without Python, and another thread can.

The values of all rows go in as one JSON object, by row number, and bytes beside it as one blob of
which each row takes its part. That costs no more than a statement run for each row.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

# Where a part begins in the blob, and the lengths of its key (of at most 64 bytes) and of the rest.
_START_BITS, _KEY_BITS = 32, 24
_REST = (1 << _KEY_BITS) - 1
_FROM = f"(value >> {_START_BITS}) + 1"
_KEY_LENGTH = f"(value >> {_KEY_BITS} & {(1 << _START_BITS - _KEY_BITS) - 1})"
_OFFERS = (
    f"INSERT INTO offer SELECT CAST(key AS INTEGER),"
    f" CAST(substr(?2, {_FROM}, {_KEY_LENGTH}) AS TEXT),"
    f" substr(?2, {_FROM} + {_KEY_LENGTH}, value & {_REST}) FROM json_each(?1)"
)
# No part of an empty blob is a part, but null.
_CELLS = (
    "INSERT OR REPLACE INTO cell SELECT CAST(key AS INTEGER), ?3,"
    f" ifnull(substr(?2, {_FROM}, value & {_REST}), x'') FROM json_each(?1)"
)
# FTS5 takes commands in the column that bears the table's name; null there is a plain insert.
_WORDS = (
    "INSERT INTO word(word, rowid, words) SELECT iif(substr(key, 1, 1) = '-', 'delete', NULL),"
    " abs(CAST(key AS INTEGER)), value FROM json_each(?)"
)


class Bulk(NamedTuple):
    """A statement that writes many rows, and its values."""

    statement: str
    values: Sequence[Any]

    def write(self, db: sqlite3.Connection) -> None:
        """Run it."""
        db.execute(self.statement, self.values)


def offers(rows: Iterable[tuple[int, str, bytes]]) -> Bulk:
    """Inserts offers: row number, key, facts."""
    parts: list[bytes] = []
    places, start = {}, 0
    for number, key, facts in rows:
        name = key.encode()
        places[number] = start << _START_BITS | len(name) << _KEY_BITS | len(facts)
        parts += name, facts
        start += len(name) + len(facts)
    return Bulk(_OFFERS, (json.dumps(places), b"".join(parts)))


def cells(blocks: Iterable[tuple[int, bytes]], commit: int) -> Bulk:
    """Writes blocks of cells (number, bytes), marked with the number of a commit."""
    parts: list[bytes] = []
    places, start = {}, 0
    for number, block in blocks:
        places[number] = start << _START_BITS | len(block)
        parts.append(block)
        start += len(block)
    return Bulk(_CELLS, (json.dumps(places), b"".join(parts), commit))


def words(told: Iterable[tuple[int, bool, str]]) -> Bulk:
    """Tells FTS5 the words of rows: row number, whether they come (else they go), the words.

    By ascending row number, what is forgotten first: FTS5 writes out what it has gathered
    whenever a row number is smaller than the last.
    """
    # A sign keeps the two of one row apart.
    said = {str(row) if come else f"-{row}": words for row, come, words in sorted(told)}
    return Bulk(_WORDS, (json.dumps(said, ensure_ascii=False),))
