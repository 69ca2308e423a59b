"""Cells: the 36 bytes of an offer that filters, orders and counts ask for, the same for all.

A block holds the cells of 64 neighbouring row numbers, those behind its last offer left away. So
a change writes one block, and a process reads a million offers' cells in a few strides. A block
bears the number of the commit that wrote it last: who holds the cells of an earlier commit reads
only the blocks with greater ones. Nothing here needs numpy.
"""

import sqlite3
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fedretail.domain.money import MINOR_DIGITS
from fedretail.domain.prices import Per
from fedretail.errors import MalformedInput

BLOCK_BITS = 6
CELLS_PER_BLOCK = 1 << BLOCK_BITS
_PLACE = CELLS_PER_BLOCK - 1

# What `flags` holds. A row number without the first was never given, or its offer is gone.
PRESENT = 1
STOCK_SHIFT, STOCK_MASK = 1, 3
# Price or validity depend on the moment and must be judged from the facts.
TIMED = 8
# ... the validity does.
WINDOWED = 16
# The unit price is for one of UNIT_BASES.
BASE_SHIFT, BASE_MASK = 5, 3
UNIT_BASES: tuple[Per, ...] = ("kg", "l", "m", "piece")

# Greater amounts are judged from the facts; -1 is no price, or one that depends on the moment.
MAX_PRICE = (1 << 31) - 1
NO_PRICE = -1

_FORM = struct.Struct("<iiiiiIIHHBBBB")
CELL_BYTES = _FORM.size
# The same for numpy: names and types in the order of Cell.
CELL_TYPES = [
    ("price", "<i4"), ("unit", "<i4"), ("category", "<i4"), ("brand", "<i4"),
    ("trait", "<i4"), ("fresh_s", "<u4"), ("gtin_low", "<u4"), ("gtin_high", "<u2"),
    ("millis", "<u2"), ("currency", "u1"), ("flags", "u1"), ("named", "u1"),
    ("shared", "u1"),
]  # fmt: skip
NOTHING = bytes(CELL_BYTES)
NO_MILLIS = 1_000
# Blocks read in one go.
_READ = 200


class Cell(NamedTuple):
    """What is known of an offer in fixed places; see the table `cell` in schema.

    price, unit: minor units of the currency for the offer, and for one `UNIT_BASES`; NO_PRICE
    where it depends on the moment. category, brand, trait: numbers in tables of these names, 0
    none. fresh_s: seconds; the later of its prices' stamp and its own `checked_at`, rounded down.
    gtin_low, gtin_high: the lower 32 bits of a gtin_code, and the rest. millis: what `fresh_s`
    lacks of its prices' stamp, so that a new price changes nothing but the cell; NO_MILLIS where
    the facts hold that stamp. currency: a currency_code, 0 means the site's. named: how many words
    the name has, at most 255. shared: which labels begin as the name does, see `labels`.
    """

    price: int
    unit: int
    category: int
    brand: int
    trait: int
    fresh_s: int
    gtin_low: int
    gtin_high: int
    millis: int
    currency: int
    flags: int
    named: int
    shared: int

    @property
    def stock(self) -> int:
        """A code of rules.stock."""
        return self.flags >> STOCK_SHIFT & STOCK_MASK

    @property
    def gtin(self) -> str | None:
        """The 14 digits of its barcode; None where it has none."""
        return gtin_of(self.gtin_high << 32 | self.gtin_low)

    def packed(self) -> bytes:
        """The cell's bytes."""
        return _FORM.pack(*self)


# The bytes of a cell with these values, in the order of Cell.
packed_cell = _FORM.pack


def cell_of(packed: bytes | bytearray, row: int) -> Cell | None:
    """The cell of a row number in the bytes of its block; None where no offer stands."""
    start = (row & _PLACE) * CELL_BYTES
    if start >= len(packed):
        return None
    cell = Cell._make(_FORM.unpack_from(packed, start))
    return cell if cell.flags & PRESENT else None


def gtin_code(gtin: str | None) -> int:
    """A number below 2**48 for 14 digits; 0 for none."""
    return 0 if gtin is None else int(gtin) + 1


def gtin_of(code: int) -> str | None:
    """The 14 digits of a code; None for 0."""
    return f"{code - 1:014}" if code else None


_CODES = {code: number for number, code in enumerate(sorted(MINOR_DIGITS), start=1)}
_CURRENCIES = ["", *sorted(MINOR_DIGITS)]


def currency_code(currency: str | None) -> int:
    """A number that sorts as the ISO codes do; 0 for none."""
    return _CODES.get(currency, 0) if currency else 0


def currency_of(code: int) -> str | None:
    """The currency of a code; None for 0."""
    return _CURRENCIES[code] or None


def whole_block(packed: object) -> bytes:
    """The bytes of a block as it stands in the file; MalformedInput where they are no cells."""
    if not isinstance(packed, bytes) or len(packed) % CELL_BYTES:
        raise MalformedInput("a block that is no cells")
    return packed


def cells_of(db: sqlite3.Connection, rows: Iterable[int]) -> Iterator[tuple[int, Cell]]:
    """(row number, cell) of those of the rows that stand in the index.

    Cheapest in ascending order: each block is then read once.
    """
    block, packed = -1, b""
    for row in rows:
        if row >> BLOCK_BITS != block:
            block = row >> BLOCK_BITS
            found = db.execute("SELECT cells FROM cell WHERE block = ?", (block,)).fetchone()
            packed = b"" if found is None else whole_block(found[0])
        cell = cell_of(packed, row)
        if cell is not None:
            yield row, cell


def cells_in(db: sqlite3.Connection, span: tuple[int, int] | None) -> Iterator[tuple[int, Cell]]:
    """(row number, cell) of every offer whose row number is in the span (None: everywhere)."""
    where = "" if span is None else " WHERE block BETWEEN ? AND ?"
    ends = () if span is None else (span[0] >> BLOCK_BITS, span[1] >> BLOCK_BITS)
    for block, packed in db.execute(f"SELECT block, cells FROM cell{where} ORDER BY block", ends):
        first = block << BLOCK_BITS
        for place, values in enumerate(_FORM.iter_unpack(whole_block(packed))):
            cell = Cell._make(values)
            if cell.flags & PRESENT and (span is None or span[0] <= first + place <= span[1]):
                yield first + place, cell


class CellWriter:
    """Gathers what changes of cells inside a transaction: `taken` are the blocks to be written."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._blocks: dict[int, bytearray] = {}
        self._changed: set[int] = set()

    def get(self, row: int) -> Cell | None:
        """The cell of a row, with what was put since."""
        return cell_of(self._block(row), row)

    def expect(self, rows: Iterable[int]) -> None:
        """Read the blocks of these rows at once."""
        missing = sorted({row >> BLOCK_BITS for row in rows} - self._blocks.keys())
        query = f"SELECT block, cells FROM cell WHERE block IN ({','.join('?' * _READ)})"
        for start in range(0, len(missing), _READ):
            some = missing[start : start + _READ]
            found = dict(self._db.execute(query, some + [None] * (_READ - len(some))))
            for number in some:
                self._blocks[number] = bytearray(whole_block(found.get(number, b"")))

    def append(self, row: int, cell: bytes) -> None:
        """Write the packed cell of a row number that was never given before, after all others."""
        number, start = row >> BLOCK_BITS, (row & _PLACE) * CELL_BYTES
        if start == 0:
            # Whatever stands in such a block is of no site any more.
            self._blocks[number] = bytearray()
        block = self._blocks.get(number)
        if block is not None and len(block) == start:
            block += cell
            self._changed.add(number)
        else:
            self.put(row, cell)

    def put(self, row: int, cell: bytes) -> None:
        """Write the packed cell of a row."""
        block, start = self._block(row), (row & _PLACE) * CELL_BYTES
        if block[start : start + CELL_BYTES] == cell:
            return
        if len(block) < start:
            block.extend(bytes(start - len(block)))
        block[start : start + CELL_BYTES] = cell
        self.touch(row)

    def touch(self, row: int) -> None:
        """Note that what a row's cell leaves to its facts has changed: memory holds both."""
        self._changed.add(row >> BLOCK_BITS)

    def clear(self, row: int) -> None:
        """End the cell of a row."""
        if self.get(row) is not None:
            self.put(row, NOTHING)

    def taken(self) -> list[tuple[int, bytes]]:
        """The blocks that changed (number, bytes), by number; everything is forgotten here.

        A block without offers stays as an empty one, for those who hold what it was.
        """
        blocks = [(number, self._blocks[number]) for number in sorted(self._changed)]
        self.forget()
        return [(number, bytes(block) if any(block) else b"") for number, block in blocks]

    def forget(self) -> None:
        """Forget what was put, since its transaction has ended or is undone."""
        self._blocks.clear()
        self._changed.clear()

    def _block(self, row: int) -> bytearray:
        number = row >> BLOCK_BITS
        block = self._blocks.get(number)
        if block is None:
            query = "SELECT cells FROM cell WHERE block = ?"
            found = self._db.execute(query, (number,)).fetchone()
            packed = b"" if found is None else whole_block(found[0])
            block = self._blocks[number] = bytearray(packed)
        return block
