"""Index: the door to index.db. Any number of processes and threads ask; one at a time follows."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from fedretail.clock import Clock
from fedretail.crdt.names import site_id
from fedretail.domain.geo import Position
from fedretail.domain.ids import collection_of, parse_offer_id
from fedretail.domain.kind import RecordId
from fedretail.domain.listings import Listing
from fedretail.domain.sites import Site
from fedretail.errors import MalformedInput, Unavailable
from fedretail.index.answering.answer import Answer, answer
from fedretail.index.answering.cursors import moment_of, read_cursor
from fedretail.index.answering.details import Details
from fedretail.index.answering.finding import Finder
from fedretail.index.answering.judge import Judge
from fedretail.index.answering.stored import stored
from fedretail.index.answering.viewed import of_view, shows_of
from fedretail.index.language.spelling import Spellings
from fedretail.index.language.stems import load_stemmers
from fedretail.index.language.text import load_rules
from fedretail.index.language.vocabulary import IndexVocabulary
from fedretail.index.layout.facts import unpack_site
from fedretail.index.layout.schema import Newer, State, is_damage, is_missing, read_state
from fedretail.index.memory.memory import Memory
from fedretail.index.query import Page, Query, beyond, names_sites
from fedretail.index.readers import Readers
from fedretail.index.records import Records
from fedretail.index.views import View
from fedretail.index.writing.writer import Writer
from fedretail.store.database import disk_full, is_unwritable, reason_of

# As long as a command may spend on catching up before it answers.
MEND_MS = 2_000
# Another process makes a missing index in milliseconds; then it holds the lock while it follows.
_ATTEMPTS = 40
_PAUSE_S = 0.05
# As long as a daemon follows before it looks whether it is to end; the last step comes on top.
_WORK_MS = 500

# Less room than an index needs to be begun.
_LITTLE = 300_000

T = TypeVar("T")


def has_no_room(folder: Path) -> bool:
    """Whether the disk with this folder is full, so that no index can be made there."""
    return shutil.disk_usage(folder).free < _LITTLE


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
        self._memory = Memory(store)
        self._spellings = Spellings()
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

    def work(self) -> bool:
        """Follow for a while, or tidy up and be ready for queries where nothing is to follow.

        Whether more is left to do. It takes two seconds at most: a daemon that ends waits for it.
        """
        deadline_ms = self._clock.now_ms() + _WORK_MS
        if self.follow(deadline_ms=deadline_ms):
            return True
        self.load()
        return self._spoken(lambda: self._writer.tidy(deadline_ms))

    def hold(self) -> bool:
        """Be the one that follows until `close`, as the daemon is; False when another is."""
        return self._writer.keep()

    def lag(self) -> int:
        """How many feed entries the index has not followed yet."""
        return self._read(lambda _, state: self._store.feed_behind(state.followed))

    def reading(self) -> tuple[int, int]:
        """(offers that answers know, feed entries that are still to be read)."""
        return self._read(lambda _, state: (state.offers, self._store.feed_behind(state.followed)))

    def followed(self) -> int:
        """The cursor of the feed up to which answers know what the store holds."""
        return self._read(lambda _, state: state.followed)

    def search(self, query: Query) -> Page:
        """The results of a query. Never waits for a writer."""
        started = time.perf_counter()
        self._searches += 1
        found, further = self._read(lambda db, state: self._search(db, state, query))
        behind = self._store.feed_behind(found.followed)
        took_ms = (time.perf_counter() - started) * 1000
        return Page(
            found.listings,
            found.total,
            found.full,
            took_ms,
            behind,
            next=found.next,
            further=further,
            facets=found.facets,
            groups=found.groups,
            products=found.products,
            reasons=found.reasons,
            instead=found.instead,
        )

    def load(self) -> None:
        """Be ready for queries that many offers answer, as a process that lives long is.

        A command that asks once loads only what its query needs. Once is enough: queries themselves
        take in what changes.
        """
        if not self._memory.is_loaded:
            self._read(self._load)

    def show(
        self,
        offer: str,
        *,
        near: Position | None = None,
        at_ms: int | None = None,
        view: View | None = None,
        owner: bytes | None = None,
    ) -> Listing | None:
        """One offer as it stands in the store, also while its shop is not heard of.

        None when there is none, or not in `view`; MalformedInput when `offer` is no offer id.
        `owner`: whose offers are "own".
        """
        site, key = parse_offer_id(offer)
        of_site = self._read(lambda db, _: _owner(db, site))
        if of_site is None:
            return None
        now_ms = self._clock.now_ms()
        place = RecordId(of_site, collection_of(site), "offer", key)
        found = stored(self._store, place, at_ms=now_ms if at_ms is None else at_ms)
        if found is None or not (view is None or view.shows(found.goods, found.at_ms)):
            return None
        return found.listing(self._store, near=near, now_ms=now_ms, is_own=of_site == owner)

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

    def _load(self, db: sqlite3.Connection, state: State) -> None:
        self._memory.load(db, state)
        vocabulary = IndexVocabulary(db, self._spellings, generation=state.followed)
        load_stemmers(vocabulary.languages())
        self._spellings.load(db, state.followed)
        load_rules()

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
            except Newer:
                continue
            except MalformedInput:
                damaged = True  # a packed value that we wrote ourselves
            except sqlite3.Error as error:
                damaged = is_damage(error)
                if self._or_frozen and is_unwritable(error) and self._readers.freeze():
                    continue
                if not damaged and not is_missing(error):
                    raise self._readable(error) from error
            self._mend(damaged=damaged, pause=attempt > 0)
        # Whoever holds the lock tries in vain, too.
        if has_no_room(self._path.parent):
            raise disk_full(self._path)
        raise Unavailable(
            "the search index cannot be read",
            hint="End other fedretail programs and run `fedretail reindex`.",
        )

    def _mend(self, *, damaged: bool, pause: bool) -> None:
        self._spellings = Spellings()
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

    def _search(
        self, db: sqlite3.Connection, state: State, query: Query
    ) -> tuple[Answer, Listing | None]:
        """The answer; and the nearest offer beyond, where nothing lies in the area asked for."""
        now_ms, cursor = self._clock.now_ms(), read_cursor(query)
        memory, spellings = self._memory, self._spellings
        all_sites = memory.sites if names_sites(query) else memory.sites_for_one
        sites = all_sites(db, state)
        details = Details(db, memory.labels(db, state) if memory.is_loaded else None)

        def judge(asked: Query) -> Judge:
            at_ms = moment_of(asked, cursor, now_ms)
            return Judge(asked, sites, self._store, details=details, now_ms=now_ms, at_ms=at_ms)

        viewed, shows = of_view(query), None
        if viewed is not None:
            shows = shows_of(Finder(db, state, memory, judge(viewed), None))

        def ask(asked: Query) -> Answer:
            return answer(
                db,
                state,
                judge(asked),
                memory=memory,
                spellings=spellings,
                cursor=cursor if asked is query else None,
                shows=shows,
            )

        found, wider = ask(query), beyond(query)
        if found.total or wider is None:
            return found, None
        nearest = ask(wider).listings
        return found, nearest[0] if nearest else None


def _owner(db: sqlite3.Connection, site: str) -> bytes | None:
    """Whose site this is: the owner from whom its id follows; None when it is not known."""
    for owner, packed in db.execute("SELECT owner, fields FROM site WHERE id = ?", (site,)):
        nonce = Site.from_fields(unpack_site(packed)).nonce
        if site_id(owner, nonce) == site:
            return bytes(owner)
    return None
