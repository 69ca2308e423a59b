"""Keys of rows, read by their numbers or met among all of a site: the same."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.answering import details
from fedretail.index.answering.details import Details
from fedretail.index.layout.schema import SEQUENCE_BITS

BASE, OTHER = 7, 8
keys = st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1), unique=True)


@given(keys, st.randoms(use_true_random=False), st.integers(0, 3))
def test_keys_come_in_order_however_many_rows_are_asked_for(
    known: list[str], chance: object, few: int
) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE offer(id INTEGER PRIMARY KEY, key TEXT NOT NULL)")
    rows = {(BASE << SEQUENCE_BITS) + n: key for n, key in enumerate(known)}
    db.executemany("INSERT INTO offer VALUES (?, ?)", rows.items())
    db.execute("INSERT INTO offer VALUES (?, ?)", (OTHER << SEQUENCE_BITS, "another's"))
    asked = chance.sample([*rows], len(rows) // 2)  # type: ignore[attr-defined]
    expected = sorted(((row, rows[row]) for row in asked), key=lambda one: one[1].encode())
    before, details._FEW_ROWS = details._FEW_ROWS, few
    try:
        assert [*Details(db).by_key(BASE, asked)] == expected
    finally:
        details._FEW_ROWS = before
