"""How FTS5 keeps the lists of words: in how many pieces, and when they are joined.

Each commit adds a piece. While few rows come, FTS5 joins pieces a little with every commit. That
costs a long catch-up as much as the words themselves; it leaves its pieces until the end, where
joining all of them into one takes a tenth of it.
"""

import sqlite3
from collections.abc import Iterator

_TELL = "INSERT INTO word(word, rank) VALUES(?, ?)"
# What FTS5 joins by itself: this many pieces of about one size; and at once, while a commit waits.
_PIECES, _MOST_PIECES = 4, 16
# A million offers make 50 pieces.
_MANY_PIECES = 1_000
# What FTS5 gathers before it writes a piece in the middle of a transaction.
_HASH_BYTES = 8 << 20
# Few, so that pages that become free are used again by the next.
_PAGES = 64

_GIVEN_BACK = 1_000


def merge_as_written(db: sqlite3.Connection) -> None:
    """Join a few pieces with each commit, as is usual."""
    _configure(db, _PIECES, _MOST_PIECES)


def merge_later(db: sqlite3.Connection) -> None:
    """Let pieces be until merge_all."""
    _configure(db, 0, _MANY_PIECES)


def are_left(db: sqlite3.Connection) -> bool:
    """Whether pieces were let be and, since who did so was ended, not joined."""
    held = dict(db.execute("SELECT k, v FROM word_config"))
    return held.get("automerge") == 0


def merge_all(db: sqlite3.Connection) -> Iterator[None]:
    """Join all pieces into one, some pages with each step; each is a transaction of its own."""
    pages = -_PAGES
    while True:
        before = db.total_changes
        db.execute(_TELL, ("merge", pages))
        # FTS5 changes one row where nothing was left to join.
        if db.total_changes - before < 2:
            return
        pages = _PAGES
        yield


def give_back(db: sqlite3.Connection) -> Iterator[None]:
    """Give the pages that joining left free back to the disk, some with each step."""
    while db.execute("PRAGMA freelist_count").fetchone()[0]:
        before = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA incremental_vacuum({_GIVEN_BACK})").fetchall()
        if db.execute("PRAGMA page_count").fetchone() == before:
            return  # a file of an earlier layout cannot
        yield


def _configure(db: sqlite3.Connection, pieces: int, most: int) -> None:
    held = dict(db.execute("SELECT k, v FROM word_config"))
    wanted = {"automerge": pieces, "crisismerge": most, "hashsize": _HASH_BYTES}
    for name, value in wanted.items():
        if held.get(name) != value:
            db.execute(_TELL, (name, value))
