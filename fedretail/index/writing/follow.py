"""Following the store: feed entries in, rows of index.db out, the cursor in the same transaction.

Each entry names a record that changed; its present value is read and written. So repeats and
gaps do no harm, a crash repeats at most one batch, and an index begun at cursor 0 ends the same
as one that saw every change.
"""

import gc
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain

from fedretail.crdt.names import site_id
from fedretail.crdt.registers import Folded
from fedretail.domain.sites import Site
from fedretail.errors import BugError, MalformedInput
from fedretail.index.language.spelling import renewed
from fedretail.index.layout.cells import CellWriter
from fedretail.index.layout.rows import checked_at
from fedretail.index.layout.schema import Damaged, State, read_state, write_state
from fedretail.index.records import Records
from fedretail.index.writing import bulk, places, words
from fedretail.index.writing.batches import Batch, Changes, Key, read_batch
from fedretail.index.writing.beside import beside
from fedretail.index.writing.bulk import Bulk
from fedretail.index.writing.offers import OfferWriter
from fedretail.index.writing.places import Place, Rows, Stand

# One transaction: 2,000 rows are written in a tenth of a second, so that a deadline is kept to
# that, and readers in other processes see a long catch-up grow.
BATCH_ENTRIES = 2_000
# Where much is behind: pages that many rows share are written once. It takes a second or less,
# and 20 MB.
MANY_ENTRIES = 20_000
# Looking through a batch that is read ahead for what refers to itself takes as long as two thousand
# of its entries; what other threads of the process leave is looked for all the same.
_UNCOLLECTED_STEPS = 16


class Follower:
    """Brings an index up to its store. The caller holds index.lock and the only connection."""

    def __init__(self, db: sqlite3.Connection, store: Records) -> None:
        self._db = db
        self._store = store
        self._cells = CellWriter(db)
        self._offers = OfferWriter(db, self._cells)
        self._rows = Rows(self._cells, self._offers.words)
        # What joins the lists of words; None while each commit does.
        self._untidy: Iterator[None] | None = None
        if words.are_left(db):
            # In 50 pieces of a million offers a word is looked up in thirty times the time.
            self.defer()
        words.merge_as_written(db)
        # Whether most offers that come are new.
        self._is_filling = self._state().offers == 0

    def step(self, limit: int = BATCH_ENTRIES) -> int:
        """Apply up to `limit` feed entries in one transaction; how many, 0 at the end."""
        with _uncollected():
            return self._step(limit)

    def _step(self, limit: int) -> int:
        batch = self._read(self._state().followed, limit)
        if batch.entries:
            self._write(batch, None)
        return batch.entries

    def steps(self, limit: int) -> Iterator[int]:
        """Steps of up to `limit` entries to the feed's end; how many each.

        A full one is written by a second thread while this one reads the next.
        """
        following = partial(self._read, self._state().followed, limit)
        ahead: Batch | None = None
        while True:
            with _uncollected():
                for _ in range(_UNCOLLECTED_STEPS):
                    batch = ahead or following()
                    if not batch.entries:
                        return
                    following = partial(self._read, batch.followed, limit)
                    ahead = self._write(batch, following if batch.entries == limit else None)
                    yield batch.entries

    def _state(self) -> State:
        state = read_state(self._db)
        if state is None:
            raise BugError("the index has no state")
        return state

    def _read(self, after: int, limit: int) -> Batch:
        with _uncollected():
            return read_batch(self._store, after, limit, with_words=self._is_filling)

    def _write(self, batch: Batch, meanwhile: Callable[[], Batch] | None) -> Batch | None:
        """Write a batch; what `meanwhile` gave, which was done at the same time."""
        db, ahead = self._db, None
        db.execute("BEGIN IMMEDIATE")
        try:
            left = self._apply(self._state(), batch)
            if meanwhile is None:
                _finish(db, left)
            else:
                with beside(partial(_finish, db, left)):
                    ahead = meanwhile()
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            self._offers.forget()
            self._cells.forget()
            raise
        return ahead

    def defer(self) -> None:
        """Much is to come: leave the lists of words in pieces until they are tidied."""
        if self._untidy is None:
            words.merge_later(self._db)
        self._untidy = chain(words.merge_all(self._db), words.give_back(self._db))

    def tidy(self) -> bool:
        """Join a little of what was left in pieces; False where nothing is left."""
        if self._untidy is None:
            return False
        for _ in self._untidy:
            return True
        self.settle()
        return False

    def settle(self) -> None:
        """Join lists with each commit from now on."""
        words.merge_as_written(self._db)
        self._untidy = None

    def spell(self) -> None:
        """Keep the words of a large catalog as they stand now, where they have changed much."""
        db, state = self._db, self._state()
        with _uncollected():
            catalog = renewed(db, state.followed, state.offers)
        if catalog is None:
            return
        db.execute("BEGIN IMMEDIATE")
        try:
            catalog.keep(db, state.followed)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _apply(self, state: State, batch: Batch) -> list[Bulk]:
        """Write the small part of a batch; the statements for the rest."""
        changes = batch.changes
        placed = places.find(self._db, changes)
        # A site that the index has not met is read too: offers may come before their site.
        news = [one for key, one in changes.items() if one.site_changed or key not in placed]
        self._settle(news, placed)
        try:
            have_moved = self._make_room(changes, placed) or bool(news)
            grown, left = self._write_offers(changes, placed)
        except MalformedInput as error:
            # What the store gives has been read by now.
            raise Damaged(error.message) from error
        self._write_sources(changes)
        commits = state.commits + 1
        write_state(
            self._db,
            state._replace(
                followed=batch.followed,
                sites=state.sites + have_moved,
                offers=state.offers + grown,
                commits=commits,
                worded=commits if left or have_moved else state.worded,
            ),
        )
        self._is_filling = 2 * grown > batch.entries
        return [*left, bulk.cells(self._cells.taken(), commits)]

    def _settle(self, news: list[Changes], placed: dict[Key, Place]) -> None:
        """Write the rows of these sites and find out where they stand."""
        begun = []
        for start in range(0, len(news), BATCH_ENTRIES):
            some = news[start : start + BATCH_ENTRIES]
            values = self._store.records_of(one.site_record for one in some)
            for one in some:
                key, stand = (one.owner, one.site), _stand(one, values.get(one.site_record))
                if key in placed:
                    placed[key] = places.settle(self._db, placed[key], stand, self._rows)
                else:
                    begun.append(stand)
        for place in places.begin(self._db, begun):
            placed[place.owner, place.site] = place

    def _make_room(self, changes: Mapping[Key, Changes], placed: dict[Key, Place]) -> bool:
        """See to it that the offers that come have numbers; whether rows of a site moved for it."""
        have_moved = False
        for key, one in changes.items():
            place = places.make_room(self._db, placed[key], len(one.offers), self._rows)
            have_moved |= place is not placed[key]
            placed[key] = place
        return have_moved

    def _write_offers(
        self, changes: Mapping[Key, Changes], placed: Mapping[Key, Place]
    ) -> tuple[int, list[Bulk]]:
        """Write the offers of all sites, in the order of row numbers; as OfferWriter.flush."""
        ready = [(placed[key], one.offers) for key, one in changes.items() if one.offers]
        ready.sort(key=lambda pair: pair[0].base)
        self._offers.put([(place, *one) for place, offers in ready for one in offers.items()])
        numbered = [
            (place.next_seq, place.base)
            for place, _ in ready
            if place.next_seq != place.written_seq
        ]
        self._db.executemany("UPDATE site SET next_seq = ? WHERE base = ?", numbered)
        return self._offers.flush()

    def _write_sources(self, changes: Mapping[Key, Changes]) -> None:
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


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing in a batch refers to itself: looking for what does takes a tenth of its time.

    When this ends, all that was made in it and is still there is looked through.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _finish(db: sqlite3.Connection, left: list[Bulk]) -> None:
    for one in left:
        one.write(db)
    db.execute("COMMIT")


def _stand(one: Changes, folded: Folded | None) -> Stand:
    fields = {} if folded is None else folded.fields
    site = Site.from_fields(fields)
    # The id follows from owner and nonce: nobody trades under another's.
    genuine = folded is not None and site_id(one.owner, site.nonce) == one.site
    return Stand(one.owner, one.site, site.position if genuine else None, site.currency, fields)
