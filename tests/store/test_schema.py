"""The tables and their number."""

from pathlib import Path

import pytest

from fedretail.errors import Refused
from fedretail.store import schema
from fedretail.testing.builders import QuickConnection


def test_tables_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    connection = QuickConnection(path)
    assert schema.number(connection) is None
    with pytest.raises(Refused):
        schema.check(connection, path)
    schema.create(connection, store_id="one", now_ms=5)
    schema.create(connection, store_id="two", now_ms=6)
    schema.check(connection, path)
    assert schema.number(connection) == schema.SCHEMA
    found = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    assert found == {"store_id": "one", "created_ms": 5, "last_stamp": 0}
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_what_is_never_replicated_has_a_name_that_says_so(tmp_path: Path) -> None:
    connection = QuickConnection(tmp_path / "s.db")
    schema.create(connection, store_id="one", now_ms=5)
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    names = {name for (name,) in connection.execute(query)}
    connection.close()
    shared = {"meta", "auth", "collection", "log", "row", "feed", "staging", "head_seen", "proof"}
    assert {name for name in names if not name.startswith("local_")} == shared
