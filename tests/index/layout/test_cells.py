"""Cells gathered for writing: those appended are those put."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.layout import schema
from fedretail.index.layout.cells import CELL_BYTES, CELLS_PER_BLOCK, CellWriter

cells = st.binary(min_size=CELL_BYTES, max_size=CELL_BYTES)


@given(st.lists(cells, max_size=CELLS_PER_BLOCK + 3), st.integers(0, 2), st.integers(0, 2))
def test_cells_appended_are_those_put(
    tmp_path_factory: pytest.TempPathFactory, packed: list[bytes], block: int, held: int
) -> None:
    first = block * CELLS_PER_BLOCK + held
    path = tmp_path_factory.mktemp("index") / "index.db"
    with closing(schema.connect_for_writing(path)) as db:
        schema.create(db, "store")
        stale = [(number, b"\1" * CELL_BYTES) for number in range(9)]
        db.executemany("INSERT INTO cell VALUES(?, 1, ?)", stale)
        appended = CellWriter(db)
        for row, cell in enumerate(packed, first):
            appended.append(row, cell)
        _forget_begun(db, first, len(packed))
        put = CellWriter(db)
        for row, cell in enumerate(packed, first):
            put.put(row, cell)
        assert appended.taken() == put.taken()


def _forget_begun(db: sqlite3.Connection, first: int, count: int) -> None:
    """Take away what stands in blocks that are begun here: it is of no site any more."""
    for row in range(first, first + count):
        if row % CELLS_PER_BLOCK == 0:
            db.execute("DELETE FROM cell WHERE block = ?", (row // CELLS_PER_BLOCK,))
