"""The connection: all or nothing, one at a time, errors that say what to do."""

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fedretail.errors import Unavailable
from fedretail.store import database
from fedretail.store.database import FrozenConnection, SqliteConnection, translated


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[SqliteConnection]:
    connection = SqliteConnection(tmp_path / "a.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (x UNIQUE)")
    yield connection
    connection.close()
    connection.close()


def count(connection: SqliteConnection) -> int:
    (found,) = connection.execute("SELECT count(*) FROM t").fetchone()
    return int(found)


def add(connection: SqliteConnection, value: int) -> None:
    connection.execute("INSERT INTO t VALUES (?)", (value,))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_a_transaction_that_fails_leaves_nothing(
    connection: SqliteConnection, error: type[BaseException]
) -> None:
    def fail() -> None:
        with connection.transaction(durable=True):
            add(connection, 1)
            raise error

    with pytest.raises(error):
        fail()
    assert count(connection) == 0
    with connection.transaction(durable=False):
        connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    assert count(connection) == 2


def test_durable_means_on_the_disk(connection: SqliteConnection) -> None:
    for durable, level in ((True, 2), (False, 1)):
        with connection.transaction(durable=durable):
            assert connection.execute("PRAGMA synchronous").fetchone() == (level,)


def test_a_snapshot_sees_one_state(connection: SqliteConnection, tmp_path: Path) -> None:
    other = SqliteConnection(tmp_path / "a.db")
    with connection.snapshot():
        assert count(connection) == 0
        with connection.snapshot():
            add(other, 1)
            assert count(connection) == 0
    assert count(connection) == 1
    other.close()


def test_a_statement_left_open_does_not_keep_the_past(
    connection: SqliteConnection, tmp_path: Path
) -> None:
    other = SqliteConnection(tmp_path / "a.db")
    with other.transaction(durable=False):
        other.executemany("INSERT INTO t VALUES (?)", [(number,) for number in range(1000)])
    rows = connection.execute("SELECT x FROM t")
    assert rows.fetchone() is not None
    add(other, 5000)
    assert count(connection) == 1001
    assert len(list(rows)) == 999
    assert rows.fetchone() is None
    other.close()


def test_threads_take_turns(connection: SqliteConnection) -> None:
    def work(start: int) -> None:
        for value in range(start, start + 50):
            with connection.transaction(durable=False):
                before = count(connection)
                add(connection, value)
                assert count(connection) == before + 1

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(connection) == 150


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_FULL", "disk is full"),
        ("SQLITE_READONLY_DIRECTORY", "read-only"),
        ("SQLITE_BUSY_SNAPSHOT", "held"),
        ("SQLITE_CANTOPEN_ISDIR", "cannot be opened"),
        ("SQLITE_NOTADB", "not a store"),
        ("SQLITE_CORRUPT_INDEX", "damaged"),
        ("SQLITE_IOERR_FSYNC", "does not answer"),
        ("SQLITE_ERROR", "cannot be used"),
        ("SQLITE_IOERR_SHMSIZE", "disk is full"),
    ],
)
def test_every_error_names_the_file_and_what_to_do(tmp_path: Path, name: str, words: str) -> None:
    error = sqlite3.OperationalError("as SQLite says")
    error.sqlite_errorname = name
    with pytest.raises(Unavailable, match=words) as caught, translated(tmp_path / "s.db"):
        raise error
    assert str(tmp_path / "s.db") in caught.value.message
    assert caught.value.hint


def test_a_mistake_of_ours_stays_what_it_is(connection: SqliteConnection) -> None:
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT ?", (1, 2))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be opened"):
        SqliteConnection(tmp_path / "missing" / "a.db")


def test_a_frozen_file_is_read_without_anything_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(SqliteConnection(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (1)")
        # Its log is not folded in yet: what stands in the file itself is not all.
        with pytest.raises(Unavailable, match=r"newest changes lie in store\.db-wal"):
            FrozenConnection(path)
    with closing(FrozenConnection(path)) as frozen:
        assert frozen.execute("SELECT x FROM t").fetchall() == [(1,)]
        with pytest.raises(Unavailable, match="read-only"), frozen.transaction(durable=True):
            frozen.execute("INSERT INTO t VALUES (2)")
    assert [one.name for one in tmp_path.iterdir()] == ["store.db"]


def test_a_flush_reaches_the_log_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(
        "fedretail.store.database.os.fsync", lambda file: flushed.append(os.fstat(file).st_ino)
    )
    path = tmp_path / "store.db"
    connection = SqliteConnection(path)
    connection.flush()
    assert flushed == []
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (x)")
    connection.flush()
    assert flushed == [database.log_of(path).stat().st_ino]
    connection.close()


def test_a_disk_that_flushes_nothing_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(file: int) -> None:
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr("fedretail.store.database.os.fsync", broken)
    connection = SqliteConnection(tmp_path / "store.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (x)")
    with pytest.raises(Unavailable, match="does not answer"):
        connection.flush()
    connection.close()


@pytest.mark.parametrize(("number", "is_fine"), [(errno.EROFS, True), (errno.EIO, False)])
def test_who_may_write_nothing_has_nothing_to_flush(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_fine: bool
) -> None:
    connection = SqliteConnection(tmp_path / "x.db")

    def refused(*_: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(Path, "open", refused)
    if is_fine:
        connection.flush()
    else:
        with pytest.raises(Unavailable):
            connection.flush()
    connection.close()
