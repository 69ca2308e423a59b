"""The store's only way to its SQLite file: execute, executemany, transaction, snapshot, close.

A Connection is small on purpose, so that tests can hand in one that fails where they like.
What SQLite reports is turned into errors that a shopkeeper can act on, here and nowhere else.
"""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from fedretail.errors import FedretailError, Refused, Unavailable

# An import holds the write lock for at most 0.2 s, a cold sync of 200,000 rows for some seconds.
BUSY_MS = 30_000
# 8 MiB of pages hold the upper levels of every tree of a 2 M offer store.
CACHE_KIB = 8 * 1024
# 16 MiB of WAL: pages that many small commits touch are copied back once (12 % of their CPU).
CHECKPOINT_PAGES = 4000


class NoStore(Refused):
    """Something else than fedretail has made this file, or written over it."""


class Rows(Protocol):
    """What a statement gives back; iterates over tuples."""

    rowcount: int
    lastrowid: int | None

    def fetchone(self) -> Any:
        """The next row or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One connection to the store's file; its users take turns through `transaction`."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        """Run one statement."""
        ...

    def executemany(self, sql: str, values: Iterable[Sequence[Any]]) -> Rows:
        """Run one statement for each of `values`."""
        ...

    def transaction(self, *, durable: bool) -> AbstractContextManager[None]:
        """All or nothing, alone among writers; `durable`: on the disk itself before it ends."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Reads inside see one state, whatever others write."""
        ...

    def flush(self) -> None:
        """Put on the disk itself what was committed, by whomever."""
        ...

    def close(self) -> None:
        """End the connection; a second call does nothing."""
        ...


Connect = Callable[[Path], Connection]


class _Rows:
    """Rows of sqlite3, read as they are asked for; a damaged page shows only then."""

    def __init__(self, cursor: sqlite3.Cursor, path: Path) -> None:
        self._cursor = cursor
        self._path = path
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid

    def fetchone(self) -> Any:
        """The next row or None."""
        try:
            return self._cursor.fetchone()
        except sqlite3.Error as error:
            raise _readable(error, self._path) from error

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        with translated(self._path):
            return self._cursor.fetchall()

    def __iter__(self) -> Iterator[Any]:
        with translated(self._path):
            yield from self._cursor


class ReadRows:
    """Rows that are all here."""

    def __init__(self, rows: Iterable[Any], *, rowcount: int, lastrowid: int | None) -> None:
        self._rows = iter(rows)
        self.rowcount = rowcount
        self.lastrowid = lastrowid

    def fetchone(self) -> Any:
        """The next row or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows


def _read(cursor: sqlite3.Cursor) -> ReadRows:
    rows = cursor.fetchall()
    return ReadRows(rows, rowcount=cursor.rowcount, lastrowid=cursor.lastrowid)


class SqliteConnection:
    """A Connection on the standard library's sqlite3, usable from any thread, one at a time."""

    def __init__(self, path: Path, *, uri: str = "") -> None:
        self._path = path
        self._turn = threading.RLock()
        with translated(path):
            self._raw = sqlite3.connect(
                uri or path,
                uri=bool(uri),
                isolation_level=None,
                check_same_thread=False,
                timeout=BUSY_MS / 1000,
            )
            self._raw.execute("PRAGMA foreign_keys=OFF")
            self._raw.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            self._raw.execute("PRAGMA temp_store=MEMORY")
            self._raw.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        """Run one statement."""
        with self._turn, translated(self._path):
            cursor = self._raw.execute(sql, values)
            # Outside of transactions rows are read at once: a statement left open would keep
            # this connection, which threads share, in the past.
            return _Rows(cursor, self._path) if self._raw.in_transaction else _read(cursor)

    def executemany(self, sql: str, values: Iterable[Sequence[Any]]) -> Rows:
        """Run one statement for each of `values`."""
        with self._turn, translated(self._path):
            return _read(self._raw.executemany(sql, values))

    @contextmanager
    def transaction(self, *, durable: bool) -> Iterator[None]:
        """All or nothing, alone among writers; `durable`: on the disk itself before it ends."""
        with self._turn, translated(self._path):
            self._raw.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            yield from self._guarded("BEGIN IMMEDIATE")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads inside see one state, whatever others write."""
        with self._turn, translated(self._path):
            if self._raw.in_transaction:
                yield
            else:
                yield from self._guarded("BEGIN")

    def flush(self) -> None:
        """Put on the disk itself what was committed, by whomever.

        That lies in the write-ahead log; what was copied from there, SQLite has flushed.
        """
        try:
            # For writing: Windows flushes no file that is open for reading alone.
            with log_of(self._path).open("r+b") as log:
                os.fsync(log.fileno())
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno in _PROTECTED:
                # Who may write nothing here has nothing to flush.
                return
            raise Unavailable(
                f"The disk with {self._path} does not answer as it should.", hint=_LOOK
            ) from error

    def _guarded(self, begin: str) -> Iterator[None]:
        try:
            self._raw.execute(begin)
            yield
            self._raw.execute("COMMIT")
        except BaseException:
            # A full disk has rolled back already; a second ROLLBACK would hide its error.
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """End the connection; a second call does nothing."""
        with self._turn:
            self._raw.close()


class FrozenConnection(SqliteConnection):
    """A Connection to a file beside which nothing can be written: it is read as it stands.

    What others write later is not seen, and may be seen by halves: for a short look only.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, uri=frozen_uri(path))

    def flush(self) -> None:
        """There is nothing to be flushed."""


def frozen_uri(path: Path) -> str:
    """The name under which SQLite reads a file without writing anything beside it.

    Unavailable where the newest changes lie in a write-ahead log, which is not read so.
    """
    log = log_of(path)
    if log.exists() and log.stat().st_size:
        raise Unavailable(
            f"{path} cannot be read: its newest changes lie in {log.name}, and nothing can be "
            "written beside it.",
            hint="Copy the whole folder to a disk that can be written; name it with --data-dir.",
        )
    return f"{path.absolute().as_uri()}?immutable=1"


def log_of(path: Path) -> Path:
    """Where SQLite writes what it has not copied into the file yet."""
    return path.with_name(path.name + "-wal")


def is_unwritable(error: BaseException | None) -> bool:
    """Whether SQLite gave up a file because nothing could be written, there or beside it.

    To read a file with a write-ahead log it makes two files beside it, if they are not there.
    """
    name = getattr(error, "sqlite_errorname", "") or ""
    return name.startswith(_UNWRITABLE)


def is_no_store(error: BaseException) -> bool:
    """Whether a file was not opened because it is no store of ours, whatever is in it."""
    name = getattr(error.__cause__, "sqlite_errorname", "") or ""
    return isinstance(error, NoStore) or name.startswith("SQLITE_NOTADB")


@contextmanager
def savepoint(connection: Connection, *, expected: tuple[type[Exception], ...]) -> Iterator[None]:
    """Within a transaction: `expected` errors undo what was done inside, and nothing else.

    Whatever else goes wrong ends the whole transaction; SQLite may have done so already.
    """
    connection.execute("SAVEPOINT part")
    try:
        yield
    except expected:
        connection.execute("ROLLBACK TO part")
        connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite raises inside into errors with a reason and the next thing to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _readable(error, path) from error


def reason_of(error: sqlite3.Error, path: Path | str) -> Unavailable | None:
    """What in the world has stopped SQLite, in words; None where it is no such thing."""
    name = getattr(error, "sqlite_errorname", "") or ""
    for start, message, hint in _REASONS:
        if name.startswith(start):
            return Unavailable(message.format(path=path), hint=hint)
    return None


def disk_full(path: Path | str) -> Unavailable:
    """What to say where the disk has no room for this file."""
    message, hint = _FULL
    return Unavailable(message.format(path=path), hint=hint)


def _readable(error: sqlite3.Error, path: Path) -> FedretailError:
    reason = reason_of(error, path)
    if reason is not None:
        return reason
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.ProgrammingError):
        return Unavailable(f"The store {path} cannot be used: {error}.", hint=_LOOK)
    raise error


_LOOK = "Look at the disk. If it is well, run the same command again."
# What is true of every damaged store, whatever has happened to it.
PUT_BACK = (
    "Keep this folder. Put an earlier copy in its place, then `fedretail serve`: neighbours bring "
    "what changed since.\n"
    "Without a copy: `fedretail --data-dir NEW init`, and import your lists there."
)
_PROTECTED = (errno.EACCES, errno.EPERM, errno.EROFS)
_UNWRITABLE = (
    "SQLITE_READONLY",
    "SQLITE_CANTOPEN",
    "SQLITE_FULL",
    "SQLITE_IOERR_SHM",
    "SQLITE_IOERR_WRITE",
)
_FULL = ("The disk is full: {path} cannot grow.", "Free some space; nothing was lost.")
_REASONS = (
    ("SQLITE_FULL", *_FULL),
    # The memory that processes share lies in a file too, which has no room.
    ("SQLITE_IOERR_SHMSIZE", *_FULL),
    (
        "SQLITE_READONLY",
        "{path} is read-only.",
        "Check who owns the data directory, and that the disk is not write-protected.",
    ),
    (
        "SQLITE_BUSY",
        "Another program has held {path} for too long.",
        "Wait until its import has ended, then try again.",
    ),
    (
        "SQLITE_CANTOPEN",
        "{path} cannot be opened.",
        "Check that the folder is there, is yours, and is not write-protected.",
    ),
    ("SQLITE_NOTADB", "{path} is not a store of fedretail.", "Give another --data-dir."),
    ("SQLITE_CORRUPT", "The store {path} is damaged.", PUT_BACK),
    ("SQLITE_IOERR", "The disk with {path} does not answer as it should.", _LOOK),
)
