"""What stands of an offer beside its cell, read for the rows that need it."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from fedretail.domain.kind import Value
from fedretail.errors import MalformedInput
from fedretail.index.layout.cells import BLOCK_BITS, Cell, cell_of
from fedretail.index.layout.facts import Labels, name_facts, stamped_facts
from fedretail.index.layout.rows import name_words
from fedretail.index.layout.schema import SEQUENCE_BITS
from fedretail.index.layout.traits import read_traits
from fedretail.index.memory.sites import SiteEntry
from fedretail.index.rules.ranking import Name, name_of

if TYPE_CHECKING:
    from fedretail.index.memory.tables import Tables

# Keys read at a time: as many as a long page has.
_KEYS = 256
# Of so many rows the keys are read by their numbers; to meet them among all of a large shop takes
# longer (100,000 keys: 40 ms).
_FEW_ROWS = 512
# A page shows fewer; what reads more than these reads each once.
_KEPT = 1_000
# Rows and sources asked for in one statement: as many as a page has, and one.
_AT_ONCE = 21
_ROWS = f"IN ({','.join('?' * _AT_ONCE)})"
# Names read in one statement.
_NAMES_READ = 500
_NAMES = f"IN (VALUES {','.join(['(?, ?, ?)'] * _AT_ONCE)})"


class Detail(NamedTuple):
    """The key of an offer, the stamp of its prices (ms), and the fields that a listing shows."""

    key: str
    priced_at_ms: int | None
    fields: dict[str, Value]

    @property
    def source(self) -> str:
        """The source that the offer names, "" for none."""
        return str(self.fields.get("source", ""))


class Details:
    """Offers, the ages of their sources and their labels in one snapshot of the index."""

    def __init__(self, db: sqlite3.Connection, tables: "Tables | None" = None) -> None:
        """tables: the texts behind numbers, where they are in memory."""
        self._db, self._tables = db, tables
        self._read: dict[int, Detail] = {}
        self._sources: dict[tuple[bytes, str, str], int | None] = {}
        self._labels: dict[tuple[str, int], str] = {}
        self._newest_ms: int | None = None

    def read(self, row: int) -> Detail:
        """All of a row."""
        known = self._read.get(row)
        if known is None:
            self.expect([row])
            known = self._read[row]
        return known

    def expect(self, rows: Iterable[int]) -> list[int]:
        """Read these rows, fewer than _KEPT, in few statements: they will be asked for.

        Those that were not known.
        """
        missing = [row for row in rows if row not in self._read]
        if len(self._read) + len(missing) > _KEPT:
            self._read.clear()
        for start in range(0, len(missing), _AT_ONCE):
            self._expect(missing[start : start + _AT_ONCE])
        return missing

    def _expect(self, rows: list[int]) -> None:
        where, fill = ("= ?", 1) if len(rows) == 1 else (_ROWS, _AT_ONCE)
        blocks = [*{row >> BLOCK_BITS for row in rows}]
        blocks += blocks[:1] * (fill - len(blocks))
        packed = dict(
            self._db.execute(f"SELECT block, cells FROM cell WHERE block {where}", blocks)
        )
        query = f"SELECT id, key, facts FROM offer WHERE id {where}"
        for row, key, facts in self._db.execute(query, rows + rows[:1] * (fill - len(rows))):
            cell = cell_of(packed.get(row >> BLOCK_BITS, b""), row)
            if cell is None:
                raise MalformedInput("an offer without its cell")
            self._read[row] = Detail(key, *stamped_facts(facts, cell, self.labels(cell)))
        if not all(row in self._read for row in rows):
            raise MalformedInput("a cell without its offer")

    def names(self, rows: list[int]) -> Iterator[Name]:
        """The words of the names of rows, ascending, however many; nothing of it is kept."""
        for start in range(0, len(rows), _NAMES_READ):
            some = rows[start : start + _NAMES_READ]
            query = f"SELECT id, facts FROM offer WHERE id IN ({','.join('?' * len(some))})"
            found = dict(self._db.execute(query, some))
            for row in some:
                yield name_of(*name_words(name_facts(found[row])))

    def by_key(self, base: int, rows: Collection[int]) -> Iterator[tuple[int, str]]:
        """(row, key) of rows of the site with this base, by key."""
        return self._of_few(rows) if len(rows) <= _FEW_ROWS else self._of_site(base, rows)

    def _of_few(self, rows: Collection[int]) -> Iterator[tuple[int, str]]:
        wanted, found = [*rows], list[tuple[int, str]]()
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            some += some[:1] * (_AT_ONCE - len(some))
            found += self._db.execute(f"SELECT id, key FROM offer WHERE id {_ROWS}", some)
        yield from sorted(found, key=lambda one: one[1])

    def _of_site(self, base: int, rows: Collection[int]) -> Iterator[tuple[int, str]]:
        """The same, read no further than asked, of all that the site has."""
        query = f"SELECT id, key FROM offer WHERE id >> {SEQUENCE_BITS} = ?"
        order = f" ORDER BY key LIMIT {_KEYS}"
        found = self._db.execute(query + order, (base,)).fetchall()
        while found:
            yield from (one for one in found if one[0] in rows)
            after = found[-1][1]
            found = self._db.execute(f"{query} AND key > ?{order}", (base, after)).fetchall()

    def labels(self, cell: Cell) -> Labels:
        """The texts of its category, brand and source."""
        if self._tables is not None:
            return self._tables.of(cell)
        category, brand = self._label("category", cell.category), self._label("brand", cell.brand)
        return Labels(category, brand, read_traits(self._label("trait", cell.trait)).source)

    def categories(self) -> list[tuple[int, str]]:
        """All categories with their numbers; 0 for none."""
        return [(0, ""), *self._db.execute("SELECT id, text FROM category")]

    def source_ms(self, entry: SiteEntry, source: str) -> int | None:
        """When the source of an offer was last read."""
        if not source:
            return None
        name = (entry.owner, entry.id, source)
        if name not in self._sources:
            query = "SELECT checked_at FROM source WHERE owner = ? AND site = ? AND key = ?"
            row = self._db.execute(query, name).fetchone()
            self._sources[name] = None if row is None else row[0]
        return self._sources[name]

    def expect_sources(self, names: Iterable[tuple[SiteEntry, str]]) -> None:
        """Read in few statements what `source_ms` will be asked for."""
        wanted = {(entry.owner, entry.id, source) for entry, source in names if source}
        missing = [*(wanted - self._sources.keys())]
        if len(missing) < 2:
            return
        query = f"SELECT owner, site, key, checked_at FROM source WHERE (owner, site, key) {_NAMES}"
        for start in range(0, len(missing), _AT_ONCE):
            some = missing[start : start + _AT_ONCE]
            self._sources.update(dict.fromkeys(some))
            asked = [part for name in some + some[:1] * (_AT_ONCE - len(some)) for part in name]
            for owner, site, key, checked_at in self._db.execute(query, asked):
                self._sources[owner, site, key] = checked_at

    def sources(self) -> dict[tuple[bytes, str, str], int]:
        """When each source was last read, by owner, site and key."""
        query = "SELECT owner, site, key, checked_at FROM source"
        return {(owner, site, key): moment for owner, site, key, moment in self._db.execute(query)}

    def newest_source_ms(self) -> int:
        """When any source was read last; 0 where none is known."""
        if self._newest_ms is None:
            (newest,) = self._db.execute("SELECT max(checked_at) FROM source").fetchone()
            self._newest_ms = newest or 0
        return self._newest_ms

    def _label(self, table: Literal["category", "brand", "trait"], number: int) -> str:
        if not number:
            return ""
        known = self._labels.get((table, number))
        if known is None:
            query = f"SELECT text FROM {table} WHERE id = ?"
            found = self._db.execute(query, (number,)).fetchone()
            if found is None:
                raise MalformedInput(f"a {table} that no table holds")
            known = self._labels[table, number] = found[0]
        return known
