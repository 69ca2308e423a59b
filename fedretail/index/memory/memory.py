"""What one process keeps in memory of an index, loaded when a query first needs it.

Nothing here loads numpy before a query is worth it, so that a cold search for a word in a town
does without.
"""

import sqlite3
import threading
from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

from fedretail.index.layout.lists import Spans, offers_in, read_rows, row_texts
from fedretail.index.layout.schema import State
from fedretail.index.memory.sites import FewSites, Sites, load_sites
from fedretail.index.records import Records
from fedretail.index.rules.ranking import Term
from fedretail.store.last_seen import Seen

if TYPE_CHECKING:
    from fedretail.index.memory.columns import Columns, Taken
    from fedretail.index.memory.tables import Tables

# Judging so many rows one by one takes as long as loading numpy; and so many more, as loading
# the cells of a hundred times as many offers.
LOAD_FROM_ROWS = 5_000
_LOAD_SHARE = 100
# ... as judging them by columns that are there already.
USE_FROM_ROWS = 30
# Loading 20,000 sites takes as long as a hundred queries that look up the few they need.
FEW_QUERIES = 10
# Reading the rows of a word from FTS5 takes a tenth of a millisecond a thousand: those of common
# words are kept, 16 bytes each.
KEEP_FROM_ROWS = 2_000
KEPT_ROWS = 1_000_000
# Of so many rows their relevance to some words is remembered: 100 bytes each.
_MOST_RELEVANT, _MOST_ALIKE = 30_000, 10_000
# Common expressions of which parts have been read. To seek a part costs as much as reading so many.
_MOST_NOTED = 1_000
_SEEK_ROWS = 200
# Expressions of which is kept who answers them, a bit an offer.
_MOST_BITS = 32
# How common an expression is, is remembered for so many of them.
_MOST_SIZES = 10_000


class Lists:
    """What Memory knows of words, in one snapshot of the index."""

    def __init__(self, db: sqlite3.Connection, state: State, memory: "Memory") -> None:
        self.db, self._state, self._memory = db, state, memory

    def rows_of(self, asked: str, spans: Spans) -> Sequence[int]:
        """As Memory.rows_of."""
        return self._memory.rows_of(self.db, self._state, asked, spans)

    def is_rare(self, asked: str, few: int) -> bool:
        """As Memory.is_rare."""
        return self._memory.is_rare(self.db, asked, few)

    def count_of(self, token: str) -> int:
        """As Memory.count_of."""
        return self._memory.count_of(self.db, self._state, token)

    def held_of(self, asked: str, spans: Spans) -> Any:
        """As Memory.held_of."""
        return self._memory.held_of(self.db, self._state, asked, spans)

    def share_of(self, spans: Spans) -> float:
        """Which share of all offers stands in the spans."""
        if spans is None:
            return 1.0
        return self._memory.offers_in(self.db, self._state, spans) / max(1, self._state.offers)


class _Kept(NamedTuple):
    """The rows of an expression: at which file and commit of words, in which layout of columns."""

    written: tuple[int, int]
    layout: int
    taken: "Taken"


class Memory:
    """Columns of the offers, rows of common words, texts of labels, and who was heard of when."""

    def __init__(self, store: Records) -> None:
        self._store = store
        self._columns: Columns | None = None
        self._sites: Sites | None = None
        self._asked = 0
        self._turn = threading.Lock()
        self._lists: dict[str, _Kept] = {}
        self._sizes: dict[str, int] = {}
        self._bits: dict[str, tuple[tuple[int, int, int], Any]] = {}
        self._counts: dict[str, int] = {}
        # How many rows of common expressions were read in parts; those that are to be read whole.
        self._noted: dict[str, int] = {}
        self._due: dict[str, None] = {}
        self._counted = (-1, -1)
        self._found: tuple[tuple[int, int], dict[str, bool]] = (-1, -1), {}
        self._relevant: dict[Hashable, dict[int, float]] = {}
        self._labels: Tables | None = None
        self._heard: tuple[Sites, Seen, Any] | None = None

    def is_worth(self, rows: int, offers: int) -> bool:
        """Whether so many rows of so many offers are to be judged by their columns."""
        if self._columns is None:
            return rows >= LOAD_FROM_ROWS + offers // _LOAD_SHARE
        return rows >= USE_FROM_ROWS

    def sites(self, db: sqlite3.Connection, state: State) -> Sites:
        """All sites."""
        sites = self._sites
        if sites is None or sites.generation != state.sites:
            sites = self._sites = load_sites(db, state.sites)
        return sites

    def sites_for_one(self, db: sqlite3.Connection, state: State) -> Sites | FewSites:
        """All sites, or few of them where this process has not asked often."""
        self._asked += 1
        if self._columns is None and self._asked <= FEW_QUERIES:
            return FewSites(db)
        return self.sites(db, state)

    @property
    def is_loaded(self) -> bool:
        """Whether the columns are in use."""
        return self._columns is not None

    def load(self, db: sqlite3.Connection, state: State) -> None:
        """Be ready for many rows from now on, as a process that lives long is."""
        sites = self.sites(db, state)
        with self.held(db, state, sites):
            self.heard(sites)
            labels = self.labels(db, state)
        labels.categories.load()
        labels.brands.load()
        sites.load()
        sites.arrays.open_states.load()

    def held(
        self, db: sqlite3.Connection, state: State, sites: Sites
    ) -> AbstractContextManager["Columns"]:
        """As Columns.held."""
        return self._loaded().held(db, state, sites)

    def labels(self, db: sqlite3.Connection, state: State) -> "Tables":
        """The texts behind the numbers of cells, as many as this snapshot has at least."""
        labels = self._labels
        if labels is None or labels.file != state.file:
            from fedretail.index.memory.tables import Tables

            labels = self._labels = Tables(state.file)
        labels.refresh(db, state.commits)
        return labels

    def rows_of(
        self, db: sqlite3.Connection, state: State, match: str, spans: Spans
    ) -> Sequence[int]:
        """The rows that match, ascending; lists of common words are kept while words stay.

        Where the columns are loaded a Taken, which only holds while nobody changes them.
        """
        if self._columns is None:
            return list(read_rows(db, match, spans))
        sites, written = self.sites(db, state), (state.file, state.worded)
        with self._columns.held(db, state, sites) as columns:
            kept = self._lists.get(match)
            if kept is not None and kept.written == written:
                taken = kept.taken
                if kept.layout != columns.layout:
                    taken = columns.take(taken.rows)
                    taken.is_kept = True
                    self._lists[match] = kept._replace(layout=columns.layout, taken=taken)
                return _cut(taken, spans)
            # What is typed changes with each letter, and the next one asks elsewhere.
            if spans is not None and match not in self._due:
                rows = _rows(db, match, spans)
                if self._sizes.get(match, 0) >= 2 * KEEP_FROM_ROWS:
                    share = columns.count(spans) / max(1, columns.count(None))
                    self._note(match, len(rows), share)
                return _cut(columns.take(rows), None)
            taken = columns.take(_rows(db, match, None))
            self._keep(match, _Kept(written, columns.layout, taken))
            return _cut(taken, spans)

    def held_of(self, db: sqlite3.Connection, state: State, match: str, spans: Spans) -> Any:
        """A numpy array: for each place in the columns whether its row matches.

        Of rows outside the spans it may say no. Of everywhere an eighth of a byte a place is kept:
        who asks for many common words needs most of them only to tell rows apart.
        """
        import numpy as np

        with self.held(db, state, self.sites(db, state)) as columns:
            written = (state.file, state.worded, columns.layout)
            kept = self._bits.get(match)
            if kept is not None and kept[0] == written:
                return np.unpackbits(kept[1], count=columns.room).view(bool)
            listed = self._lists.get(match)
            if listed is not None and (listed.written, listed.layout) == (written[:2], written[2]):
                taken = listed.taken
            else:
                taken = columns.take(_rows(db, match, spans))
            found = np.zeros(columns.room, bool)
            found[taken.places] = True
            if spans is None and taken is not (listed and listed.taken):
                with self._turn:
                    while len(self._bits) >= _MOST_BITS:
                        del self._bits[next(iter(self._bits))]
                    self._bits[match] = written, np.packbits(found)
            return found

    def _note(self, match: str, rows: int, share: float) -> None:
        """Note that rows were read in this share of all; those of all are read when as many were.

        So they are read whole where that pays, and no word costs more than twice what it must.
        """
        with self._turn:
            before = self._noted.pop(match, 0)
            self._noted[match] = before + rows + _SEEK_ROWS
            if self._noted[match] * share >= rows > 0:
                self._due[match] = None
            for noted in (self._noted, self._due):
                if len(noted) > _MOST_NOTED:
                    del noted[next(iter(noted))]

    def _keep(self, match: str, kept: _Kept) -> None:
        with self._turn:
            if len(self._sizes) > _MOST_SIZES:
                self._sizes.clear()
            self._sizes[match] = len(kept.taken)
            if len(kept.taken) >= KEEP_FROM_ROWS:
                kept.taken.is_kept = True
                self._lists.pop(match, None)
                self._lists[match] = kept
                while sum(len(one.taken) for one in self._lists.values()) > KEPT_ROWS:
                    del self._lists[next(iter(self._lists))]

    def is_rare(self, db: sqlite3.Connection, match: str, few: int) -> bool:
        """Whether fewer than `few` rows match, or did when that was last looked at."""
        known = self._sizes.get(match)
        if known is None:
            query = "SELECT count(*) FROM (SELECT 1 FROM word WHERE word MATCH ? LIMIT ?)"
            (known,) = db.execute(query, (match, 2 * few)).fetchone()
            with self._turn:
                if len(self._sizes) > _MOST_SIZES:
                    self._sizes.clear()
                self._sizes[match] = known
        return known < few

    def count_of(self, db: sqlite3.Connection, state: State, token: str) -> int:
        """How many offers hold a token; counted once while words stay."""
        written = (state.file, state.worded)
        with self._turn:
            if self._counted != written:
                self._counts.clear()
                self._counted = written
            known = self._counts.get(token)
            kept = self._lists.get(f'(("{token}"))')
        if known is None and kept is not None and kept.written == written:
            known = len(kept.taken)
        if known is None:
            row = db.execute("SELECT doc FROM vocabulary WHERE term = ?", (token,)).fetchone()
            known = 0 if row is None else row[0]
        with self._turn:
            if self._counted == written and len(self._counts) < _MOST_SIZES:
                self._counts[token] = known
        return known

    def known_words(self, state: State) -> dict[str, bool]:
        """Which expressions some offer answers, for those who ask to add to; while words stay."""
        written, (kept_of, known) = (state.file, state.worded), self._found
        if kept_of != written or len(known) > _MOST_SIZES:
            known = {}
            self._found = written, known
        return known

    def known_relevant(self, state: State, terms: tuple[Term, ...]) -> dict[int, float]:
        """How relevant rows are to these terms, for those who know to add to; while words stay.

        Who turns pages asks again for what stood near the last one.
        """
        name = (state.file, state.worded, terms)
        with self._turn:
            # Queries may add to them while they are counted here.
            while sum(map(len, self._relevant.values())) > _MOST_RELEVANT:
                del self._relevant[next(iter(self._relevant))]
            known = self._relevant.pop(name, {})
            # Each query looks through all of them.
            known = self._relevant[name] = known if len(known) <= _MOST_ALIKE else {}
        return known

    def offers_in(self, db: sqlite3.Connection, state: State, spans: Spans) -> int:
        """How many offers stand in the spans, deleted ones included."""
        if self._columns is None:
            return offers_in(db, spans)
        with self._columns.held(db, state, self.sites(db, state)) as columns:
            return columns.count(spans)

    def heard(self, sites: Sites) -> Any:
        """A numpy array: when each site's collection was last signed, ms; -1 for never."""
        import numpy as np

        known = self._heard
        before = known[1] if known is not None else None
        now = self._store.all_seen(before)
        if known is not None and known[0] is sites:
            if now is before:
                return known[2]
            if now.since == known[1].mark:
                moments = known[2].copy()
                for key, moment in now.changed.items():
                    number = sites.number_of(*key)
                    if number is not None:
                        moments[number] = moment
                self._heard = sites, now, moments
                return moments
        all_of = (now.at.get((one.owner, one.collection), -1) for one in sites.entries)
        moments = np.fromiter(all_of, np.int64, len(sites.entries))
        self._heard = sites, now, moments
        return moments

    def _loaded(self) -> "Columns":
        if self._columns is None:
            from fedretail.index.memory.columns import Columns

            self._columns = Columns()
        return self._columns


def _cut(taken: "Taken", spans: Spans) -> Sequence[int]:
    rows: Any = taken if spans is None else taken.cut(spans)
    return rows  # type: ignore[no-any-return]


def _rows(db: sqlite3.Connection, match: str, spans: Spans) -> Any:
    """As read_rows, as a numpy array."""
    import numpy as np

    parts = [np.fromstring(text, np.int64, sep=",") for text in row_texts(db, match, spans)]
    return np.concatenate([np.zeros(0, np.int64), *parts])
