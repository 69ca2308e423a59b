"""Cells in memory are those in the file, after any changes, and at no other moment than asked."""

import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.layout import schema
from fedretail.index.layout.cells import (
    CELL_TYPES,
    CELLS_PER_BLOCK,
    NO_MILLIS,
    PRESENT,
    WINDOWED,
    Cell,
    CellWriter,
    cells_in,
    cells_of,
    currency_code,
    currency_of,
)
from fedretail.index.layout.schema import SEQUENCE_BITS, Newer, State, connect_for_writing, create
from fedretail.index.memory import columns
from fedretail.index.memory.columns import Columns, joined
from fedretail.index.memory.sites import SiteEntry, Sites
from fedretail.index.writing import bulk

NAMES = [name for name, _ in CELL_TYPES if name != "millis"]
BASES = [3, 4, 1 << 40]
SITES = Sites(1, [SiteEntry(base, b"o", f"s{base}", (0, 0, "EUR", b"")) for base in BASES[:2]])

numbers = st.integers(0, 3 * CELLS_PER_BLOCK) | st.integers(0, 5)
rows = st.builds(lambda base, n: (base << SEQUENCE_BITS) + n, st.sampled_from(BASES), numbers)
cells = st.builds(
    Cell,
    *[st.integers(-1, (1 << 31) - 1)] * 2,
    *[st.integers(0, (1 << 31) - 1)] * 3,
    *[st.integers(0, (1 << 32) - 1)] * 2,
    st.integers(0, (1 << 16) - 1),
    st.just(NO_MILLIS),
    st.integers(0, 180),
    st.integers(0, 255).map(lambda flags: flags | PRESENT),
    st.integers(0, 255),
    st.integers(0, 255),
)
commits = st.lists(st.dictionaries(rows, cells | st.none(), max_size=8), max_size=6)


def open_index(folder: str) -> tuple[sqlite3.Connection, State]:
    db = connect_for_writing(Path(folder) / "index.db")
    state = create(db, "store", file=7)
    for table in ("category", "brand", "trait"):
        db.execute(f"INSERT INTO {table} VALUES((1 << 31) - 1, 'x')")
    return db, state


@given(commits, st.lists(rows, max_size=20, unique=True).map(sorted), st.booleans())
def test_columns_are_the_cells_of_their_commit(
    changes: list[dict[int, Cell | None]], asked: list[int], is_followed: bool
) -> None:
    present: dict[int, Cell] = {}
    kept = Columns()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_LEAST_ROOM", 1)
        db, state = open_index(folder)
        for change in changes:
            writer = CellWriter(db)
            for row, cell in change.items():
                writer.clear(row) if cell is None else writer.put(row, cell.packed())
                present.pop(row, None)
                present |= {row: cell} if cell is not None else {}
            state = state._replace(commits=state.commits + 1)
            bulk.cells(writer.taken(), state.commits).write(db)
            if is_followed:
                with kept.held(db, state, SITES):
                    pass
        wanted = np.array(asked, np.int64)
        with kept.held(db, state, SITES) as held:
            pieces = (
                (held.take(wanted), set(asked)),
                (held.take_spans(None), None),
                (held.take_spans([span(BASES[1])]), {*owned(BASES[1])}),
                (held.take_sites(np.array([1])), {*owned(BASES[1])}),
                (held.take_spans(None).cut([span(BASES[1])]), {*owned(BASES[1])}),
            )
            assert held.count(None) == len(pieces[1][0])
            counts = held.counts("all", None)
            parts = [held.take(wanted), held.take_sites(np.array([1]))]
            both = joined(parts)
            patch.setattr(columns, "_SPARSE", 1 << 20)
            assert joined(parts).rows.tolist() == both.rows.tolist()
        assert both.rows.tolist() == sorted({*parts[0].rows.tolist(), *parts[1].rows.tolist()})
        stood = {
            int(row): int(site)
            for one in parts
            for row, site in zip(one.rows, one.sites, strict=True)
        }
        assert dict(zip(both.rows.tolist(), both.sites.tolist(), strict=True)) == stood
        assert both.column("price").tolist() == [
            present[row].price if row in present else 0 for row in both.rows.tolist()
        ]
        ends = {row for row, cell in present.items() if cell.flags & WINDOWED}
        assert set(counts.windowed.rows.tolist()) == {
            row for row in ends if row >> SEQUENCE_BITS in BASES[:2]
        }
        lasting = Counter(row >> SEQUENCE_BITS for row in present.keys() - ends)
        assert counts.lasting.tolist() == [lasting[base] for base in BASES[:2]]
        for one, only in pieces:
            found = {}
            for place, row in enumerate(one.rows.tolist()):
                # The milliseconds are in no column.
                known = {name: int(one.column(name)[place]) for name in NAMES}
                cell = Cell(**known, millis=NO_MILLIS)
                if cell.flags & PRESENT:
                    found[row] = cell
                    base = row >> SEQUENCE_BITS
                    assert one.sites[place] == (BASES.index(base) if base in BASES[:2] else -1)
            assert found == {r: c for r, c in present.items() if only is None or r in only}
        assert dict(cells_in(db, None)) == present
        assert dict(cells_of(db, asked)) == {r: c for r, c in present.items() if r in asked}
        db.close()


def span(base: int) -> tuple[int, int]:
    return base << SEQUENCE_BITS, (base << SEQUENCE_BITS) + schema.MAX_OFFERS_PER_SITE - 1


def owned(base: int) -> range:
    return range(base << SEQUENCE_BITS, (base << SEQUENCE_BITS) + 4 * CELLS_PER_BLOCK)


def test_a_snapshot_older_than_the_columns_is_refused(tmp_path: Path) -> None:
    db, state = open_index(str(tmp_path))
    kept = Columns()
    with kept.held(db, state._replace(commits=2), SITES):
        pass
    with pytest.raises(Newer), kept.held(db, state._replace(commits=1), SITES):
        pass
    # Another file: everything is read again.
    with kept.held(db, state._replace(file=8, commits=1), SITES):
        pass
    db.close()


def test_codes_of_currencies_sort_as_they_do() -> None:
    codes = [currency_code(one) for one in ("CHF", "EUR", "USD")]
    assert codes == sorted(codes)
    assert [currency_of(code) for code in codes] == ["CHF", "EUR", "USD"]
    assert currency_code(None) == currency_code("no") == 0
    assert currency_of(0) is None
