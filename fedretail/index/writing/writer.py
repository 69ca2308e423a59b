"""The one writer: holds index.lock, makes and mends index.db, and follows the store's feed."""

import os
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from fedretail.clock import Clock
from fedretail.errors import Unavailable
from fedretail.index.layout.schema import (
    VERSION,
    Damaged,
    State,
    connect_for_writing,
    create,
    is_damage,
    read_state,
    remove,
)
from fedretail.index.records import Records
from fedretail.index.writing.follow import BATCH_ENTRIES, MANY_ENTRIES, Follower
from fedretail.locks import FileLock

# Where much is behind, transactions grow while they take no longer: a daemon that is told to end
# waits for one.
STEP_MS = 1_000


class Writer:
    """Writes the index of one path, when no other process or thread does."""

    def __init__(self, path: Path, store: Records, *, clock: Clock) -> None:
        self._path = path
        self._store = store
        self._clock = clock
        self._lock = FileLock(path.with_name("index.lock"))
        self._turn = threading.Lock()
        self._kept = False
        self._db: sqlite3.Connection | None = None
        self._size = BATCH_ENTRIES
        self._follower: Follower | None = None

    def fits(self, state: State | None) -> bool:
        """Whether an index in this state answers for this store.

        A cursor beyond the feed's end comes from another copy of the store. Where the feed has
        forgotten a record that went after this index was begun, and before it was told, that
        record would stay in it for ever.
        """
        return (
            state is not None
            and state.version == VERSION
            and state.store == self._store.id
            and state.followed <= self._store.feed_end()
            and self._store.feed_start() <= max(state.followed, state.begun)
        )

    def keep(self) -> bool:
        """Hold the lock until `close`, as the daemon does; False when somebody else holds it."""
        with self._turn:
            self._kept = self._lock.acquire_nowait()
            return self._kept

    def follow(self, limit: int | None, deadline_ms: int | None) -> int:
        """Apply the feed up to its end, a limit or a deadline; how many entries.

        0 at once when another process or thread is at it.
        """
        with self._alone() as alone:
            if not alone:
                return 0
            try:
                return self._follow(limit, deadline_ms)
            except (sqlite3.Error, Damaged) as error:
                if not is_damage(error):
                    raise
                self._renew()
                return self._follow(limit, deadline_ms)

    def mend(self, *, damaged: bool, deadline_ms: int) -> bool:
        """Make the index anew unless it fits by now, and follow until the deadline.

        False when another process is at it.
        """
        with self._alone(wait=True) as alone:
            if alone:
                if damaged:
                    self._renew()
                self._follow(None, deadline_ms)
            return alone

    def rebuild(self, progress: Callable[[int, int], None]) -> bool:
        """Make the index anew and follow to the end; `progress` is told (entries, of all).

        False when another process is at it.
        """
        with self._alone(wait=True) as alone:
            if not alone:
                return False
            self._renew()
            total = self._store.feed_behind(0)
            done = 0
            with closing(self._catch_up()) as steps:
                for applied in steps:
                    done += applied
                    progress(done, max(total, done))
            return True

    def close(self) -> None:
        """Give up lock and connection."""
        with self._turn:
            self._kept = False
            self._let_go()

    @contextmanager
    def _alone(self, *, wait: bool = False) -> Iterator[bool]:
        """Yields True when this thread alone writes; `wait`: for other threads of this process."""
        if not self._turn.acquire(blocking=wait):
            yield False
            return
        try:
            yield self._lock.acquire_nowait()
        finally:
            if not self._kept:
                self._let_go()
            self._turn.release()

    def _let_go(self) -> None:
        self._disconnect()
        self._lock.release()

    def _disconnect(self) -> None:
        self._follower = None
        if self._db is not None:
            self._db.close()
            self._db = None

    def _follow(self, limit: int | None, deadline_ms: int | None) -> int:
        if limit is None and deadline_ms is None:
            return sum(self._catch_up())
        follower, done = self._open(), 0
        while limit is None or done < limit:
            begun_ms = self._clock.now_ms()
            most = self._size if limit is None else min(self._size, limit - done)
            applied = follower.step(most)
            now_ms, done = self._clock.now_ms(), done + applied
            self._size = self._next_size(applied, now_ms - begun_ms)
            if self._size == MANY_ENTRIES:
                follower.defer()
            if applied == 0 or (deadline_ms is not None and now_ms >= deadline_ms):
                break
        return done

    def _next_size(self, applied: int, took_ms: int) -> int:
        """How many entries the next transaction is to take."""
        if applied < self._size:
            return BATCH_ENTRIES
        if took_ms > STEP_MS:
            return max(self._size // 2, BATCH_ENTRIES)
        return min(2 * self._size, MANY_ENTRIES) if 2 * took_ms <= STEP_MS else self._size

    def tidy(self, deadline_ms: int) -> bool:
        """Join what a long catch-up left in pieces until the deadline; whether some is left.

        False at once when another process or thread is at it.
        """
        with self._alone() as alone:
            follower = self._follower
            if not alone or follower is None:
                return False
            while follower.tidy():
                if self._clock.now_ms() >= deadline_ms:
                    return True
            follower.spell()
            return False

    def _catch_up(self) -> Generator[int]:
        """Follow to the end, however long it takes; the entries of each transaction."""
        follower = self._open()
        steps = follower.steps(MANY_ENTRIES)
        applied = next(steps, 0)
        if applied < MANY_ENTRIES:
            yield applied
            yield from steps
            return
        try:
            follower.defer()
            yield applied
            yield from steps
            while follower.tidy():
                yield 0
            follower.spell()
        finally:
            follower.settle()

    def _open(self) -> Follower:
        """A follower on an index that fits; made anew where there is none."""
        follower, db = self._follower, self._db
        if follower and db and self._path.exists() and self.fits(read_state(db)):
            return follower
        self._disconnect()
        try:
            self._db = connect_for_writing(self._path)
            if not self.fits(read_state(self._db)):
                self._create(self._db)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            return self._renew()
        self._follower = Follower(self._db, self._store)
        return self._follower

    def _create(self, db: sqlite3.Connection) -> None:
        generation = _new_generation()
        begun = self._store.feed_end()
        create(db, self._store.id, begun=begun, sites=generation, file=generation)

    def _renew(self) -> Follower:
        """A follower on an empty index in a new file."""
        self._disconnect()
        try:
            remove(self._path)
        except OSError as error:
            raise Unavailable(
                f"{self._path.name} is damaged and in use ({error.strerror})",
                hint="End other fedretail programs and run `fedretail reindex`.",
            ) from error
        self._db = connect_for_writing(self._path)
        self._create(self._db)
        self._follower = Follower(self._db, self._store)
        return self._follower


def _new_generation() -> int:
    """A generation that no reader of an earlier file has seen; 43 random bits, 20 to count in."""
    return int.from_bytes(os.urandom(6), "big") >> 5 << 20
