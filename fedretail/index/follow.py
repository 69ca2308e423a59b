"""Following the store: feed entries in, rows of index.db out, the cursor in the same transaction.

Each entry names a record that changed; its present value is read and written. So repeats and
gaps do no harm, a crash repeats at most one batch, and an index begun at cursor 0 ends the same
as one that saw every change.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fedretail.crdt.names import site_id
from fedretail.crdt.registers import Folded
from fedretail.domain.ids import SITE_COLLECTIONS, collection_of, is_site_id
from fedretail.domain.kind import RecordId
from fedretail.domain.sites import Site
from fedretail.errors import BugError
from fedretail.index import places
from fedretail.index.places import Place
from fedretail.index.records import Records
from fedretail.index.rows import OfferRow, checked_at, offer_row
from fedretail.index.schema import MAX_OFFERS_PER_SITE, State, read_state, write_state

# One transaction: 2,000 rows are written in a tenth of a second, so that a deadline is kept to
# that, and readers in other processes see a long catch-up grow.
BATCH_ENTRIES = 2_000
# Read in one go: a value takes 2 kB while it is decoded, and what leaves the processor's cache
# before it is made a row costs half as much again.
_READ_OFFERS = 400

_PUT_OFFER = "INSERT OR REPLACE INTO offer VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
# FTS5 takes commands in the column that bears the table's name; null there is a plain insert.
_TELL_WORDS = "INSERT INTO word(word, rowid, words) VALUES(?, ?, ?)"


@dataclass(slots=True)
class _Changes:
    """What one batch of the feed says of one site."""

    owner: bytes
    site: str
    site_changed: bool = False
    offers: list[RecordId] = field(default_factory=list)
    sources: list[RecordId] = field(default_factory=list)

    @property
    def site_record(self) -> RecordId:
        return RecordId(self.owner, collection_of(self.site), "site", self.site)


class Follower:
    """Brings an index up to its store. The caller holds index.lock and the only connection."""

    def __init__(self, db: sqlite3.Connection, store: Records) -> None:
        self._db = db
        self._store = store
        self._categories: dict[str, int] = dict(db.execute("SELECT text, id FROM category"))
        self._offers_change = 0

    def step(self, limit: int = BATCH_ENTRIES) -> int:
        """Apply up to `limit` feed entries in one transaction; how many, 0 at the end."""
        state = read_state(self._db)
        if state is None:
            raise BugError("the index has no state")
        entries = self._store.feed(state.followed, limit)
        if not entries:
            return 0
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._apply(state, entries)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            # Ids given in the transaction that is undone are not to be used again.
            self._categories = dict(self._db.execute("SELECT text, id FROM category"))
            raise
        return len(entries)

    def _apply(self, state: State, entries: list[tuple[int, RecordId]]) -> None:
        changes = _by_site(record for _, record in entries)
        placed = {key: places.find(self._db, *key) for key in changes}
        # A site that the index has not met is read too: offers may come before their site.
        news = [one for key, one in changes.items() if one.site_changed or placed[key] is None]
        values = self._store.records_of(one.site_record for one in news)
        for one in news:
            placed[one.owner, one.site] = self._settle(one, values.get(one.site_record))
        self._offers_change = 0
        self._write_offers(changes, placed)
        self._write_sources(changes)
        write_state(
            self._db,
            state._replace(
                followed=entries[-1][0],
                sites=state.sites + bool(news),
                offers=state.offers + self._offers_change,
            ),
        )

    def _settle(self, one: _Changes, folded: Folded | None) -> Place:
        fields = {} if folded is None else folded.fields
        site = Site.from_fields(fields)
        # The id follows from owner and nonce: nobody trades under another's.
        genuine = folded is not None and site_id(one.owner, site.nonce) == one.site
        position = site.position if genuine else None
        return places.settle(self._db, one.owner, one.site, position=position, fields=fields)

    def _write_offers(
        self,
        changes: Mapping[tuple[bytes, str], _Changes],
        placed: Mapping[tuple[bytes, str], Place | None],
    ) -> None:
        """Write the offers of all sites, in the order of row numbers.

        FTS5 writes out what it has gathered whenever a row number is smaller than the last.
        """
        ready = [(place, changes[key].offers) for key, place in placed.items() if place is not None]
        ready = [
            (places.make_room(self._db, place, len(some)), some) for place, some in ready if some
        ]
        ready.sort(key=lambda pair: pair[0].base)
        values = self._offer_rows([record for _, offers in ready for record in offers])
        told: list[tuple[str | None, int, str]] = []
        for place, offers in ready:
            told += self._write_site(place, offers, values)
        self._db.executemany(_TELL_WORDS, told)

    def _offer_rows(self, offers: list[RecordId]) -> dict[RecordId, OfferRow]:
        """The rows of the offers that are to stand in the index."""
        rows = {}
        for start in range(0, len(offers), _READ_OFFERS):
            found = self._store.records_of(offers[start : start + _READ_OFFERS])
            for record, folded in found.items():
                row = offer_row(folded)
                if row is not None:
                    rows[record] = row
        return rows

    def _write_site(
        self, place: Place, offers: list[RecordId], values: Mapping[RecordId, OfferRow]
    ) -> list[tuple[str | None, int, str]]:
        """Write the offers of one site; what FTS5 is to be told, by ascending row number."""
        present = self._present(place, offers)
        gone: list[int] = []
        rows: list[tuple[object, ...]] = []
        new = 0
        told: list[tuple[str | None, int, str]] = []
        for record in offers:
            row = values.get(record)
            old = present.get(record.key)
            if row is None:
                if old is not None:
                    gone.append(old[0])
                    told.append(("delete", *old))
                continue
            if old is None and place.next_seq == MAX_OFFERS_PER_SITE:
                continue
            number = old[0] if old is not None else place.first_row + place.next_seq
            new += old is None
            place.next_seq += old is None
            if old is None or old[1] != row.words:
                told += [("delete", *old)] if old is not None else []
                told.append((None, number, row.words))
            price, currency, stock, category, *rest = row
            shelf = self._categories.get(category) or self._category(category)
            rows.append((number, record.key, price, currency, stock, shelf, *rest))
        self._db.executemany(_PUT_OFFER, rows)
        self._db.executemany("DELETE FROM offer WHERE id = ?", ((number,) for number in gone))
        self._db.execute(
            "UPDATE site SET next_seq = ? WHERE base = ?", (place.next_seq, place.base)
        )
        self._offers_change += new - len(gone)
        # Stable, so that a row's delete stays before its insert.
        return sorted(told, key=lambda one: one[1])

    def _present(self, place: Place, offers: list[RecordId]) -> dict[str, tuple[int, str]]:
        """(row number, words) by key of those of the offers that stand in the index."""
        if place.next_seq == 0:
            return {}
        query = (
            "SELECT key, id, words FROM offer WHERE key IN (SELECT value FROM json_each(?))"
            " AND id BETWEEN ? AND ?"
        )
        keys = json.dumps([record.key for record in offers])
        found = self._db.execute(query, (keys, place.first_row, place.last_row))
        return {key: (number, words) for key, number, words in found}

    def _category(self, text: str) -> int | None:
        if not text:
            return None
        number = self._categories.get(text)
        if number is None:
            number = self._db.execute("INSERT INTO category(text) VALUES(?)", (text,)).lastrowid
            assert number is not None
            self._categories[text] = number
        return number

    def _write_sources(self, changes: Mapping[tuple[bytes, str], _Changes]) -> None:
        sources = [record for one in changes.values() for record in one.sources]
        values = self._store.records_of(sources) if sources else {}
        for one in changes.values():
            for record in one.sources:
                folded = values.get(record)
                moment = None if folded is None else checked_at(folded.fields.get("checked_at"))
                key = (one.owner, one.site, record.key)
                if moment is None:
                    self._db.execute(
                        "DELETE FROM source WHERE owner = ? AND site = ? AND key = ?", key
                    )
                else:
                    self._db.execute(
                        "INSERT OR REPLACE INTO source VALUES(?, ?, ?, ?)", (*key, moment)
                    )


def _by_site(records: Iterable[RecordId]) -> dict[tuple[bytes, str], _Changes]:
    """The records of sites, sorted out; what is no part of search is passed over."""
    changes: dict[tuple[bytes, str], _Changes] = {}
    for record in records:
        owner, collection, kind, key = record
        one = changes.get((owner, collection))
        if one is None:
            site = collection[len(SITE_COLLECTIONS) :]
            if not collection.startswith(SITE_COLLECTIONS) or not is_site_id(site):
                continue
            one = changes[owner, collection] = _Changes(owner, site)
        if kind == "offer":
            one.offers.append(record)
        elif kind == "source":
            one.sources.append(record)
        elif kind == "site" and key == one.site:
            one.site_changed = True
    return {(owner, one.site): one for (owner, _), one in changes.items()}
