"""Writing offers: their rows, their cells, and the words that FTS5 is told.

What did not change is not written: a new price changes the cell alone, and words are made only
where what they are made of has changed.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from fedretail.domain.kind import RecordId
from fedretail.index.layout.cells import Cell, CellWriter
from fedretail.index.layout.facts import Labels, unpack_facts
from fedretail.index.layout.rows import OfferRow, said_of, shared_of, words_of
from fedretail.index.layout.schema import MAX_OFFERS_PER_SITE, SEQUENCE_BITS, Damaged
from fedretail.index.writing import bulk
from fedretail.index.writing.batches import Made
from fedretail.index.writing.bulk import Bulk
from fedretail.index.writing.labels import Numbers
from fedretail.index.writing.places import Place

# Offers looked up by one statement; it is compiled once.
_ASKED = 100
_FIND = (
    f"WITH asked(key, base) AS (VALUES {','.join(['(?, ?)'] * _ASKED)})"
    " SELECT offer.key, id, facts FROM asked CROSS JOIN offer INDEXED BY offer_key"
    f" ON id >> {SEQUENCE_BITS} = asked.base AND offer.key = asked.key"
)
_NOBODY = (None, 0)


class _Old(NamedTuple):
    """An offer as it stands in the index."""

    row: int
    facts: bytes


class OfferWriter:
    """Writes offers inside a transaction; everything is written when what `flush` gives is."""

    def __init__(self, db: sqlite3.Connection, cells: CellWriter) -> None:
        self._db = db
        self._cells = cells
        self._categories, self._brands = Numbers(db, "category"), Numbers(db, "brand")
        self._traits = Numbers(db, "trait")
        self._begin()

    def forget(self) -> None:
        """Forget what was given or changed in a transaction that is undone."""
        self._begin()
        self._categories.load()
        self._brands.load()
        self._traits.load()

    def _begin(self) -> None:
        self._come: list[tuple[int, str, bytes]] = []
        self._changed: list[tuple[bytes, int]] = []
        self._gone: list[int] = []
        self._told: list[tuple[int, bool, str]] = []

    def words(self, facts: bytes, cell: Cell) -> str:
        """The words of an offer that stands in the index."""
        return words_of(said_of(unpack_facts(facts, cell, self._labels(cell))))[1]

    def put(self, wanted: Sequence[tuple[Place, RecordId, Made | None]]) -> None:
        """Bring these offers, each named once, to what was made; sites by ascending base."""
        for start in range(0, len(wanted), _ASKED):
            some = wanted[start : start + _ASKED]
            present = self._present(some)
            for place, record, made in some:
                old = present.get((place.base, record.key)) if present else None
                if old is not None:
                    self._renew(old, made)
                elif made is not None and place.next_seq < MAX_OFFERS_PER_SITE:
                    self._add(place, record.key, made)

    def flush(self) -> tuple[int, list[Bulk]]:
        """(by how many the offers grew, what is left to be written).

        The statements left take nearly all of the time; without one for words none changed.
        """
        db, come, told = self._db, self._come, self._told
        db.executemany("DELETE FROM offer WHERE id = ?", [(row,) for row in self._gone])
        db.executemany("UPDATE offer SET facts = ? WHERE id = ?", self._changed)
        grown = len(come) - len(self._gone)
        left = [bulk.offers(come)] if come else []
        left += [bulk.words(told)] if told else []
        self._begin()
        return grown, left

    def _renew(self, old: _Old, made: Made | None) -> None:
        if made is None:
            self._told.append((old.row, False, self.words(old.facts, self._cell(old.row))))
            self._gone.append(old.row)
            self._cells.clear(old.row)
        else:
            self._change(old, made)

    def _add(self, place: Place, key: str, made: Made) -> None:
        row, worded = made
        seq = place.next_seq
        number, place.next_seq = place.first_row + seq, seq + 1
        named, words = worded or words_of(row.said)
        self._come.append((number, key, row.facts))
        self._told.append((number, True, words))
        shared = shared_of(row.said, named, words)
        self._cells.append(number, row.cell(self._numbers(row), named, shared))

    def _change(self, old: _Old, made: Made) -> None:
        (number, facts), row = old, made.row
        cell, labels = self._cell(number), self._numbers(row)
        named, shared = cell.named, cell.shared
        if facts != row.facts:
            self._changed.append((row.facts, number))
            self._cells.touch(number)
        is_same = facts == row.facts and labels[:2] == (cell.category, cell.brand)
        if not is_same or cell.gtin != row.said.gtin:
            said = said_of(unpack_facts(facts, cell, self._labels(cell)))
            if said != row.said:
                before, worded = words_of(said), made.worded or words_of(row.said)
                named, words = worded
                shared = shared_of(row.said, named, words)
                # The same words mean something else where more, or fewer, of them are the name's.
                if before != worded:
                    self._told += [(number, False, before[1]), (number, True, words)]
        self._cells.put(number, row.cell(labels, named, shared))

    def _numbers(self, row: OfferRow) -> tuple[int, int, int]:
        """The numbers of category, brand and trait."""
        said = row.said
        return self._categories[said.category], self._brands[said.brand], self._traits[row.trait]

    def _present(
        self, some: Sequence[tuple[Place, RecordId, Made | None]]
    ) -> dict[tuple[int, str], _Old]:
        """Those of at most _ASKED offers that stand in the index, by base and key."""
        asked = [(record.key, place.base) for place, record, _ in some if place.written_seq]
        if not asked:
            return {}
        asked += [_NOBODY] * (_ASKED - len(asked))  # type: ignore[list-item]
        rows = self._db.execute(_FIND, [one for ask in asked for one in ask])
        found = {(row >> SEQUENCE_BITS, key): _Old(row, facts) for key, row, facts in rows}
        nexts = [one.first_row + one.next_seq for one, _, _ in some if one.written_seq]
        self._cells.expect([one.row for one in found.values()] + nexts)
        return found

    def _cell(self, row: int) -> Cell:
        cell = self._cells.get(row)
        if cell is None:
            raise Damaged("an offer without its cell")
        return cell

    def _labels(self, cell: Cell) -> Labels:
        """Those that make words."""
        return Labels(self._categories.text(cell.category), self._brands.text(cell.brand))
