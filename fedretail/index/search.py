"""Index: the door to index.db. Any number of processes and threads ask; one at a time follows."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from fedretail.clock import Clock
from fedretail.crdt.codec import unpack
from fedretail.crdt.names import site_id
from fedretail.domain.catalog import Offer
from fedretail.domain.geo import Position
from fedretail.domain.ids import collection_of, parse_offer_id
from fedretail.domain.kind import RecordId
from fedretail.domain.listings import Listing, warnings_of
from fedretail.domain.sites import Site
from fedretail.errors import MalformedInput, Unavailable
from fedretail.index.answer import Answer, answer
from fedretail.index.judge import MAX_FACTS_BYTES, Judge
from fedretail.index.query import Page, Query
from fedretail.index.readers import Readers
from fedretail.index.records import Records
from fedretail.index.schema import State, is_damage, read_state
from fedretail.index.shown import Shelf, listing
from fedretail.index.sites import Sites, load_sites
from fedretail.index.writer import Writer
from fedretail.store.database import disk_full, is_unwritable, reason_of

# As long as a command may spend on catching up before it answers.
MEND_MS = 2_000
# Another process makes a missing index in milliseconds; then it holds the lock while it follows.
_ATTEMPTS = 40
_PAUSE_S = 0.05

# Less room than an index needs to be begun.
_LITTLE = 300_000

T = TypeVar("T")


class Index:
    """The search index of a store."""

    def __init__(
        self, path: Path, store: Records, *, clock: Clock, or_frozen: bool = False
    ) -> None:
        self._path = path
        self._store = store
        self._clock = clock
        self._readers = Readers(path)
        self._writer = Writer(path, store, clock=clock)
        self._sites: Sites | None = None
        self._searches = 0
        self._or_frozen = or_frozen

    @classmethod
    def open(cls, path: Path, store: Records, *, clock: Clock, or_frozen: bool = False) -> Self:
        """The index in the file `path`, which need not exist. Reads nothing yet.

        `or_frozen`: where nothing can be written beside it, it is read as it stands.
        """
        return cls(path, store, clock=clock, or_frozen=or_frozen)

    def follow(self, *, limit: int | None = None, deadline_ms: int | None = None) -> int:
        """Bring the index up to the store, or until so many entries or that time; how many.

        0 when there is nothing to do, or another process or thread is at it. At least one
        batch is read, however early the deadline.
        """
        if self._path.exists() and self.lag() == 0:
            return 0
        return self._spoken(lambda: self._writer.follow(limit, deadline_ms))

    def hold(self) -> bool:
        """Be the one that follows until `close`, as the daemon is; False when another is."""
        return self._writer.keep()

    def lag(self) -> int:
        """How many feed entries the index has not followed yet."""
        return self._read(lambda _, state: self._store.feed_behind(state.followed))

    def search(self, query: Query) -> Page:
        """The results of a query. Never waits for a writer."""
        started = time.perf_counter()
        self._searches += 1
        found = self._read(lambda db, state: self._search(db, state, query))
        behind = self._store.feed_behind(found.followed)
        took_ms = (time.perf_counter() - started) * 1000
        return Page(found.listings, found.total, found.full, took_ms, behind)

    def show(
        self, offer: str, *, near: Position | None = None, at_ms: int | None = None
    ) -> Listing | None:
        """One offer as it stands in the store, also while its shop is not heard of.

        None when there is none; MalformedInput when `offer` is no offer id.
        """
        site, key = parse_offer_id(offer)
        owner = self._read(lambda db, _: _owner(db, site))
        if owner is None:
            return None
        collection = collection_of(site)
        place = RecordId(owner, collection, "offer", key)
        record = RecordId(owner, collection, "site", site)
        found = self._store.records_of([place, record])
        if place not in found or record not in found:
            return None
        shown = Offer.from_fields(found[place].fields)
        seen_at_ms, now_ms = self._store.seen_at(owner, collection), self._clock.now_ms()
        is_signed_twice = self._store.signed_twice(owner, collection)
        source = self._store.record(RecordId(owner, collection, "source", shown.source))
        read = Offer.from_fields({} if source is None else source.fields)
        shelf = Shelf(
            site_id=site,
            site=Site.from_fields(found[record].fields),
            key=key,
            seen_at_ms=seen_at_ms,
            priced_at_ms=found[place].stamps.get("prices"),
            source_ms=read.checked_at,
            warnings=warnings_of(
                seen_at_ms=seen_at_ms, now_ms=now_ms, is_signed_twice=is_signed_twice
            ),
        )
        moment = now_ms if at_ms is None else at_ms
        return listing(shown, shelf, at_ms=moment, near=near)

    def rebuild(self, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Make the index anew from the store; `progress` is told (entries done, of all)."""
        if not self._spoken(lambda: self._writer.rebuild(progress)):
            raise Unavailable(
                "another program is writing the search index",
                hint="End `fedretail serve` first, then run `fedretail reindex` again.",
            )

    def statistics(self) -> dict[str, int]:
        """Offers in the index, followed cursor, behind, searches made here, bytes on disk."""
        state = self._read(lambda _, state: state)
        return {
            "offers": state.offers,
            "followed": state.followed,
            "behind": self._store.feed_behind(state.followed),
            "searches": self._searches,
            "bytes": self._bytes(),
        }

    def close(self) -> None:
        """Give up what is held; a search that runs ends by itself."""
        self._writer.close()
        self._readers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _bytes(self) -> int:
        files = (self._path.with_name(self._path.name + end) for end in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def _read(self, ask: Callable[[sqlite3.Connection, State], T]) -> T:
        """The answer from one snapshot of an index that fits; mends it where it does not."""
        for attempt in range(_ATTEMPTS):
            damaged = False
            try:
                with self._readers.snapshot() as db:
                    state = read_state(db)
                    if state is not None and self._writer.fits(state):
                        return ask(db, state)
            except MalformedInput:
                damaged = True  # a packed value that we wrote ourselves
            except sqlite3.Error as error:
                damaged = is_damage(error)
                if self._or_frozen and is_unwritable(error) and self._readers.freeze():
                    continue
                if not damaged and error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN:
                    raise self._readable(error) from error
            self._mend(damaged=damaged, pause=attempt > 0)
        # Whoever holds the lock tries in vain, too.
        if shutil.disk_usage(self._path.parent).free < _LITTLE:
            raise disk_full(self._path)
        raise Unavailable(
            "the search index cannot be read",
            hint="End other fedretail programs and run `fedretail reindex`.",
        )

    def _mend(self, *, damaged: bool, pause: bool) -> None:
        self._sites = None
        if pause:
            time.sleep(_PAUSE_S)
        # Following at once makes the first answer of a new index whole in most shops.
        deadline_ms = self._clock.now_ms() + MEND_MS
        self._spoken(lambda: self._writer.mend(damaged=damaged, deadline_ms=deadline_ms))

    def _spoken(self, deed: Callable[[], T]) -> T:
        """What `deed` gives; errors of the disk as ones that a shopkeeper can act on."""
        try:
            return deed()
        except sqlite3.Error as error:
            raise self._readable(error) from error
        except OSError as error:
            # Not even the file of the lock can be opened.
            raise Unavailable(
                f"{self._path} cannot be written: {error.strerror}.",
                hint="Check who owns the data directory, and that the disk is not write-protected.",
            ) from error

    def _readable(self, error: sqlite3.Error) -> Unavailable:
        return reason_of(error, self._path) or Unavailable(
            f"The search index {self._path} cannot be used: {error}.",
            hint="Make it anew: `fedretail reindex`.",
        )

    def _search(self, db: sqlite3.Connection, state: State, query: Query) -> Answer:
        sites = self._sites
        if sites is None or sites.generation != state.sites:
            sites = self._sites = load_sites(db, state.sites)
        judge = Judge(query, sites, self._store, now_ms=self._clock.now_ms())
        return answer(db, state, query, sites=sites, judge=judge)


def _owner(db: sqlite3.Connection, site: str) -> bytes | None:
    """Whose site this is: the owner from whom its id follows; None when it is not known."""
    for owner, packed in db.execute("SELECT owner, fields FROM site WHERE id = ?", (site,)):
        nonce = Site.from_fields(unpack(packed, max_bytes=MAX_FACTS_BYTES)).nonce
        if site_id(owner, nonce) == site:
            return bytes(owner)
    return None
