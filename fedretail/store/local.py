"""This node's own notes: what the daemon tells the commands, neighbours' addresses, profiles."""

import json
from typing import Any, NamedTuple

from fedretail.store.database import Connection


class Note(NamedTuple):
    """Something noted at a time (ms)."""

    value: Any
    at_ms: int


def note(connection: Connection, key: str, value: Any, *, now_ms: int) -> None:
    """Write down a value (anything JSON holds) under a key; None removes it."""
    with connection.transaction(durable=False):
        if value is None:
            connection.execute("DELETE FROM local_status WHERE key = ?", (key,))
        else:
            text = json.dumps(value, ensure_ascii=False)
            query = "INSERT OR REPLACE INTO local_status VALUES (?, ?, ?)"
            connection.execute(query, (key, text, now_ms))


def noted(connection: Connection, key: str) -> Note | None:
    """What was written down under a key, or None."""
    query = "SELECT value, at FROM local_status WHERE key = ?"
    row = connection.execute(query, (key,)).fetchone()
    return None if row is None else Note(json.loads(row[0]), row[1])


def notes(connection: Connection, prefix: str) -> list[tuple[str, Note]]:
    """All that was written down under keys that begin so, by key."""
    query = "SELECT key, value, at FROM local_status WHERE substr(key, 1, ?) = ? ORDER BY key"
    rows = connection.execute(query, (len(prefix), prefix)).fetchall()
    return [(key, Note(json.loads(value), at_ms)) for key, value, at_ms in rows]


def meta(connection: Connection, key: str) -> Any:
    """A value of the table meta, or None."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def set_meta(connection: Connection, key: str, value: Any) -> None:
    """Write a value of the table meta (inside a transaction)."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


# As many addresses as a node tries; a peer that names thousands gets no further.
MAX_ADDRESSES = 1000


def addresses(connection: Connection) -> list[tuple[str, str, int]]:
    """(address, source, heard ms) of all known neighbours: typed ones first, last heard first."""
    query = (
        "SELECT address, source, heard FROM local_address"
        " ORDER BY source = 'peer', heard DESC, address"
    )
    return connection.execute(query).fetchall()


def add_address(connection: Connection, address: str, source: str) -> None:
    """Remember an address to dial; one that is known stays as it is.

    Where there are enough, what a neighbour has told and what never answered gives way first.
    """
    with connection.transaction(durable=False):
        values = (address, source)
        new = connection.execute("INSERT OR IGNORE INTO local_address VALUES (?, ?, 0)", values)
        (count,) = connection.execute("SELECT count(*) FROM local_address").fetchone()
        if new.rowcount and count > MAX_ADDRESSES:
            connection.execute(
                "DELETE FROM local_address WHERE address = (SELECT address FROM local_address"
                " WHERE address != ? ORDER BY source != 'peer', heard LIMIT 1)",
                (address,),
            )


def heard(connection: Connection, address: str, *, now_ms: int) -> None:
    """Note that a session over this address has worked."""
    with connection.transaction(durable=False):
        query = "UPDATE local_address SET heard = ? WHERE address = ?"
        connection.execute(query, (now_ms, address))


def profile(
    connection: Connection, collection: tuple[bytes, str], source: str
) -> dict[str, Any] | None:
    """How files of this source were read the last time, or None."""
    query = (
        "SELECT value FROM local_profile JOIN collection ON id = collection"
        " WHERE owner = ? AND name = ? AND source = ?"
    )
    row = connection.execute(query, (*collection, source)).fetchone()
    return None if row is None else json.loads(row[0])


def set_profile(
    connection: Connection, collection: int, source: str, value: dict[str, Any]
) -> None:
    """Keep how files of this source are read (inside a transaction)."""
    query = "INSERT OR REPLACE INTO local_profile VALUES (?, ?, ?)"
    connection.execute(query, (collection, source, json.dumps(value, ensure_ascii=False)))
