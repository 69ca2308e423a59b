"""When every collection was last signed by its owner's machine, kept up to date cheaply."""

from collections.abc import Mapping
from typing import NamedTuple

from fedretail.store.database import Connection

_EMPTY: Mapping[tuple[bytes, str], int] = {}


class Seen(NamedTuple):
    """When every collection was last signed by its owner's machine.

    at: ms by (owner, collection). mark: another one means that something changed; since, changed:
    what `at` has that it had not at an earlier mark (None: nothing known).
    """

    mark: tuple[int, ...]
    at: Mapping[tuple[bytes, str], int]
    since: tuple[int, ...] | None = None
    changed: Mapping[tuple[bytes, str], int] = _EMPTY


def all_seen(connection: Connection, known: Seen | None) -> Seen:
    """The newest stamp of a head of every collection; `known` itself where no head moved.

    Heads that move are read alone; where a log went or came, everything is read.
    """
    mark: tuple[int, ...] = connection.execute(
        "SELECT coalesce(max(moved), 0), coalesce(max(id), 0), count(*) FROM log"
    ).fetchone()
    if known is not None and known.mark == mark:
        return known
    is_same_logs = known is not None and known.mark[1:] == mark[1:]
    rows = connection.execute(
        "SELECT owner, name, max(stamp) FROM log JOIN collection ON collection.id = log.collection"
        " WHERE head IS NOT NULL"
        " AND log.collection IN (SELECT collection FROM log WHERE moved > ?)"
        " GROUP BY log.collection",
        (known.mark[0] if known is not None and is_same_logs else -1,),
    )
    changed = {(bytes(owner), name): int(stamp) for owner, name, stamp in rows.fetchall()}
    if known is None or not is_same_logs:
        return Seen(mark, changed)
    return Seen(mark, {**known.at, **changed}, known.mark, changed)
