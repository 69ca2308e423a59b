"""Read-only connections to index.db for many threads, and how a missing or new file is noticed."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fedretail.index.layout.schema import connect_for_reading

# As many idle connections are kept as a shop PC has threads that search at once.
_KEPT = 8


class Readers:
    """Lends connections; each is used by one thread at a time.

    A file that was replaced (after damage) has another inode; connections to the old one are
    dropped when they come back or are asked for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._idle: list[tuple[tuple[int, int], sqlite3.Connection]] = []
        self._is_frozen = False

    def freeze(self) -> bool:
        """Read the file as it stands from now on; False where that was so already, or is none."""
        if self._is_frozen or not self._path.exists():
            return False
        self._is_frozen = True
        return True

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a read transaction: all its reads see one state."""
        identity, db = self._take()
        try:
            db.execute("BEGIN")
            yield db
            db.execute("COMMIT")
        except BaseException:
            db.close()
            raise
        self._give_back(identity, db)

    def close(self) -> None:
        """Close what is not in use."""
        with self._turn:
            idle, self._idle = self._idle, []
        for _, db in idle:
            db.close()

    def _take(self) -> tuple[tuple[int, int], sqlite3.Connection]:
        identity = self._identity()
        with self._turn:
            while self._idle:
                known, db = self._idle.pop()
                if known == identity:
                    return identity, db
                db.close()
        return identity, connect_for_reading(self._path, is_frozen=self._is_frozen)

    def _give_back(self, identity: tuple[int, int], db: sqlite3.Connection) -> None:
        with self._turn:
            if len(self._idle) < _KEPT:
                self._idle.append((identity, db))
                return
        db.close()

    def _identity(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return (0, 0)
        return (status.st_dev, status.st_ino)
