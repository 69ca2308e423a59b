"""Which incarnation of an own log is written, and who has seen it.

A row of `local_writing` says for one collection: the incarnation, a place in the log (seq, stamp),
and whether the log is a *draft*. Up to that place others have seen it; rows behind it are edits
that nobody has seen. They need no list of their own: a row changed behind the place holds, as
groups with later stamps, just the fields that were set since. A draft is written and read as any
log and never shown, since the state that it will begin from is still being fetched.
"""

from typing import NamedTuple

from fedretail.crdt.changes import Point
from fedretail.crdt.names import LogName
from fedretail.errors import Refused
from fedretail.store import local, logs
from fedretail.store.database import Connection

# Under this key of `meta` stands why this store writes no more; see `check_may_write`.
STOPPED = "stopped"


class Writing(NamedTuple):
    """What this device writes of one collection; seen: the place up to which others have it."""

    incarnation: int
    seen: Point
    is_draft: bool


def noted(connection: Connection, owner: bytes, collection: str) -> Writing | None:
    """What was noted of a collection; None: nothing, the author's own incarnation counts."""
    row = connection.execute(
        "SELECT incarnation, seq, stamp, is_draft FROM local_writing"
        " JOIN collection ON collection.id = collection WHERE owner = ? AND name = ?",
        (owner, collection),
    ).fetchone()
    return None if row is None else Writing(row[0], Point(*row[1:3]), bool(row[3]))


def written(connection: Connection, name: LogName) -> LogName:
    """The log in which an author of `name` writes now, which may have been begun anew since."""
    found = noted(connection, name.owner, name.collection)
    if found is None or found.incarnation <= name.incarnation:
        return name
    return name._replace(incarnation=found.incarnation)


def drafts(connection: Connection) -> list[str]:
    """The collections of which this device writes a draft, in order."""
    query = (
        "SELECT name FROM local_writing JOIN collection ON collection.id = collection"
        " WHERE is_draft ORDER BY name"
    )
    return [name for (name,) in connection.execute(query)]


def note(connection: Connection, name: LogName, seen: Point, *, is_draft: bool) -> None:
    """Note that this device writes this log (inside a transaction)."""
    collection = logs.collection_number(connection, name.owner, name.collection)
    connection.execute(
        "INSERT OR REPLACE INTO local_writing VALUES (?, ?, ?, ?, ?)",
        (collection, name.incarnation, *seen, is_draft),
    )


def note_seen(connection: Connection, name: LogName, seen: Point) -> bool:
    """Note that others see an own log up to this place (inside a transaction).

    False where the log is no longer the one that is written, or a draft.
    """
    found = noted(connection, name.owner, name.collection)
    if found is not None and (found.incarnation > name.incarnation or found.is_draft):
        return False
    if found is None or found.incarnation < name.incarnation or found.seen.seq < seen.seq:
        note(connection, name, seen, is_draft=False)
    return True


def is_damaged(connection: Connection, number: int) -> bool:
    """Whether the rows of a log were found not to be those of its head."""
    query = "SELECT 1 FROM local_repair WHERE log = ?"
    return connection.execute(query, (number,)).fetchone() is not None


def check_whole(connection: Connection, number: int) -> None:
    """Raise Refused where an own log is damaged: nobody would take what is signed over it."""
    if is_damaged(connection, number):
        raise Refused(
            "What this shop has published is damaged on this disk. Nothing is changed until it is "
            "mended: `fedretail serve` does that as soon as a neighbour is there that holds it.",
            hint="Otherwise put a copy of the data directory back. Where there is none: "
            "`fedretail serve --as original` goes on with what can be read.",
        )


def check_may_write(connection: Connection) -> None:
    """Raise Refused where a copy of this store writes too, and nobody has said which counts."""
    reason = local.meta(connection, STOPPED)
    if reason is not None:
        raise stopped(reason)


def stopped(reason: str) -> Refused:
    """What to say where nothing is written here any more for this reason, and what to do.

    In this order: an original that is started while the copy still works under its key would stop
    again.
    """
    return Refused(
        "This folder was copied, and another computer writes with the same key. Nothing is written "
        f"here until you say which of them is the shop's own ({reason}).",
        hint="If this one is: first, on the other, `fedretail --data-dir … serve --as copy`, or "
        "switch it off for good;\n"
        "then, here, end `serve` and start it once with `fedretail serve --as original`.",
    )
