"""A process of a simulated computer, as far as its store is concerned: connections, and its end."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Never

import apsw

from fedretail.store.database import Connection, ReadRows, Rows, log_of, translated
from fedretail.testing.faults import Killed, sqlite_error
from fedretail.testing.sim.disk import Disk, Vfs

_NAMES = {"IOError": "SQLITE_IOERR"}


class Process:
    """Opens connections through one VFS; `die` ends it without a word to the disk."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        # Statements until this process is killed; None: it is not.
        self.kill_in: int | None = None
        # Called with each statement before it runs: what other processes do meanwhile.
        self.meanwhile: Callable[[str], None] = lambda sql: None
        self.is_writing = False
        self._vfs = Vfs(disk)
        self._raw: list[apsw.Connection] = []

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended."""
        return self._vfs.is_dead

    def connect(self, path: Path) -> Connection:
        """A connection to the store at `path`."""
        self.check()
        with _translated(path):
            raw = apsw.Connection(str(path), vfs=self._vfs.name)
            # As a store's connections do; the simulated disk knows no file without a name.
            raw.execute("PRAGMA temp_store=MEMORY")
        self._raw.append(raw)
        return SimConnection(self, raw, path)

    def closed(self, raw: apsw.Connection) -> None:
        """A connection was closed in good order."""
        if raw in self._raw:
            self._raw.remove(raw)

    def check(self) -> None:
        """Raise Killed where the process has ended."""
        if self.is_dead:
            raise Killed

    def tick(self) -> None:
        """Before each statement, each commit and each answer: the process may end here."""
        self.check()
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in <= 0:
                self.stop()
                raise Killed

    def stop(self) -> None:
        """The process is dead from here on; its files are closed by `bury`."""
        self._vfs.is_dead = True

    def bury(self) -> None:
        """Close what the process had open, as the system does."""
        self.stop()
        for raw in self._raw:
            # One that failed to close in good order is closed all the same.
            with suppress(apsw.ConnectionClosedError):
                raw.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
                raw.close(True)
        self._raw.clear()
        self._vfs.unregister()


class SimConnection:
    """A store.database.Connection on a simulated disk."""

    def __init__(self, process: Process, raw: apsw.Connection, path: Path) -> None:
        self._process = process
        self._raw = raw
        self._path = path
        self._is_durable: bool | None = None

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        """Run one statement."""
        self._process.tick()
        self._process.meanwhile(sql)
        return self._run(sql, values)

    def _run(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        # A run makes 20,000 of these: no context managers here.
        try:
            rows = self._raw.execute(sql, values).fetchall()
        except Exception as error:  # noqa: BLE001 - handed on, as what the store knows
            self._fail(error)
        return self._read(rows)

    def executemany(self, sql: str, values: Iterable[Sequence[Any]]) -> Rows:
        """Run one statement for each of `values`."""
        self._process.tick()
        try:
            rows = self._raw.executemany(sql, values).fetchall()
        except Exception as error:  # noqa: BLE001 - handed on, as what the store knows
            self._fail(error)
        return self._read(rows)

    def _read(self, rows: list[Any]) -> Rows:
        self._process.check()
        raw = self._raw
        return ReadRows(rows, rowcount=raw.changes(), lastrowid=raw.last_insert_rowid())

    @contextmanager
    def transaction(self, *, durable: bool) -> Iterator[None]:
        """All or nothing, alone among writers; `durable`: on the disk itself before it ends."""
        self._process.tick()
        if self._is_durable is not durable:
            self._run(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._is_durable = durable
        self._process.is_writing = True
        try:
            yield from self._inside("BEGIN IMMEDIATE")
        finally:
            self._process.is_writing = False
        self._process.tick()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads inside see one state, whatever others write."""
        if self._raw.in_transaction:
            yield
        else:
            yield from self._inside("BEGIN")

    def flush(self) -> None:
        """Put on the disk itself what was committed, by whomever."""
        self._process.tick()
        self._process.disk.image(str(log_of(self._path))).sync()

    def _inside(self, begin: str) -> Iterator[None]:
        self._run(begin)
        try:
            yield
            self._process.tick()
            self._run("COMMIT")
        except BaseException:
            if not self._process.is_dead and self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """End the connection in good order."""
        if not self._process.is_dead:
            # The checkpoint at the end may fail, as on a full disk: SQLite closes all the same.
            with suppress(apsw.Error):
                self._raw.close()
            self._process.check()
            self._process.closed(self._raw)

    def _fail(self, error: Exception) -> Never:
        """Raise an error as the store knows it; Killed where the process ended in the middle."""
        self._process.check()
        with _translated(self._path):
            raise error


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """What apsw raises as what sqlite3 would have raised, and that as the store knows it."""
    with translated(path):
        try:
            yield
        except apsw.ConstraintError as error:
            raise sqlite3.IntegrityError(str(error)) from error
        except apsw.Error as error:
            name = type(error).__name__
            wanted = _NAMES.get(name, f"SQLITE_{name.removesuffix('Error').upper()}")
            raise sqlite_error(wanted) from error
