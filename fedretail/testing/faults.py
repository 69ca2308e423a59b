"""Connections that fail where a test likes: killed between two statements, or on a full disk."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fedretail.store.database import Connection, Rows, SqliteConnection, translated


class Killed(BaseException):
    """The process ended here, as far as the store is concerned."""


class FaultyConnection:
    """A Connection that calls `before` ahead of every statement, commit and answer.

    What `before` raises leaves the file as a killed process would: nothing is rolled back, and
    whatever was committed stays. Connections made by one `Faults` share its count.
    """

    def __init__(self, path: Path, before: Callable[[str], None]) -> None:
        self._inner = SqliteConnection(path)
        self._path = path
        self._before = before

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        """Run one statement, unless it is the one that fails."""
        self._tell(sql)
        return self._inner.execute(sql, values)

    def executemany(self, sql: str, values: Iterable[Sequence[Any]]) -> Rows:
        """Run one statement for each of `values`, unless it is the one that fails."""
        self._tell(sql)
        return self._inner.executemany(sql, values)

    @contextmanager
    def transaction(self, *, durable: bool) -> Iterator[None]:
        """All or nothing; a fault may come before the commit, or between it and the answer."""
        self._inner.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._tell("COMMIT")
            self._inner.execute("COMMIT")
        except Exception:
            self._inner.execute("ROLLBACK")
            raise
        self._tell("answer")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads inside see one state."""
        with self._inner.snapshot():
            yield

    def flush(self) -> None:
        """Put on the disk what was committed, unless that is what fails."""
        self._tell("flush")
        self._inner.flush()

    def close(self) -> None:
        """End the connection."""
        self._inner.close()

    def _tell(self, what: str) -> None:
        with translated(self._path):
            self._before(what)


class Faults:
    """Makes connections of which the `at`-th call from `arm` on raises; 0 and before: none."""

    def __init__(self, error: Callable[[], BaseException]) -> None:
        self._error = error
        self._left = 0

    def arm(self, at: int) -> None:
        """Let the `at`-th call from now on fail."""
        self._left = at

    def connect(self, path: Path) -> Connection:
        """A connection to the store at `path`."""
        return FaultyConnection(path, self._tick)

    def _tick(self, what: str) -> None:
        if self._left > 0:
            self._left -= 1
            if not self._left:
                raise self._error()


def sqlite_error(name: str) -> sqlite3.OperationalError:
    """An error as SQLite reports it: SQLITE_FULL, SQLITE_IOERR_WRITE, ..."""
    error = sqlite3.OperationalError(f"{name}, as a test wants it")
    error.sqlite_errorname = name
    return error
