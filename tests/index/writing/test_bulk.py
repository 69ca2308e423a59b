"""Rows written by one statement are those that were given."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.layout import schema
from fedretail.index.writing import bulk

rows = st.integers(0, (1 << 59) - 1)
keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=16)
said = st.lists(st.text("abß猫7.", min_size=1, max_size=4), max_size=5).map(" ".join)


@contextmanager
def empty() -> Iterator[sqlite3.Connection]:
    with (
        TemporaryDirectory() as folder,
        closing(schema.connect_for_writing(Path(folder) / "index.db")) as db,
    ):
        schema.create(db, "store")
        yield db


@given(st.dictionaries(rows, st.tuples(keys, st.binary(max_size=99)), max_size=9))
def test_offers_are_written_as_given(given_: dict[int, tuple[str, bytes]]) -> None:
    with empty() as db:
        bulk.offers((number, *one) for number, one in given_.items()).write(db)
        found = {number: one for number, *one in db.execute("SELECT * FROM offer")}
    assert found == {number: list(one) for number, one in given_.items()}


@given(st.dictionaries(rows, st.binary(max_size=99), max_size=9), st.integers(1, 99))
def test_cells_take_the_place_of_what_was_there(blocks: dict[int, bytes], commit: int) -> None:
    with empty() as db:
        bulk.cells([(number, b"old") for number in blocks], 0).write(db)
        bulk.cells(blocks.items(), commit).write(db)
        found = db.execute("SELECT block, commit_no, cells FROM cell").fetchall()
    assert found == [(number, commit, blocks[number]) for number in sorted(blocks)]


@given(st.dictionaries(rows, st.tuples(said, st.none() | said), max_size=9))
def test_words_are_told_and_forgotten(offers: dict[int, tuple[str, str | None]]) -> None:
    changed = {row: new for row, (_, new) in offers.items() if new is not None}
    with empty() as db:
        bulk.words((row, True, old) for row, (old, _) in offers.items()).write(db)
        # In whatever order they come.
        come = [(row, True, new) for row, new in changed.items()]
        bulk.words([*come, *((row, False, offers[row][0]) for row in changed)]).write(db)
        db.execute("CREATE VIRTUAL TABLE temp.held USING fts5vocab(main, word, instance)")
        held = set(db.execute("SELECT doc, term FROM held"))
    present = {row: changed.get(row, old) for row, (old, _) in offers.items()}
    assert held == {(row, word) for row, words in present.items() for word in words.split()}
