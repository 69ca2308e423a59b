"""The journal: row versions that a later commit of this owner replaced, kept for 30 days.

It serves undo, the lowest price of the last 30 days, and the state of a log at an earlier head. An
entry holds what must be put back into rows that one step has changed, compressed: a changed price
takes 10 bytes that way where the whole row would take 250. Versions are read from the present row
backwards, entry by entry.

    entry   = zlib of msgpack [[[kind, [field, ...], [line, ...]], ...], [missing, ...]]
    missing = [kind, key, [field, ...]]
    line    = [key, value, ..., stamp back, seq back, born back, next seq back]
    ... back: how far the stamp of the group, seq and born of the version, and the seq of the row
    that took its place, lie before the head that the step led to

`missing` names the fields that the older version did not have. A line without fields stands
for a row of which nothing else has changed, or for a vacant one. Where a row was taken away, the
next seq is 0.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.head import MAX_SEQ
from fedretail.crdt.row import Fields, Groups, Row, stored_row
from fedretail.domain.kind import RecordId
from fedretail.store.database import Connection

# As long as undo and a late discovery of a stolen device reach back.
KEPT_MS = 30 * 24 * 3600 * 1000
# Rows an entry: what is unfolded at once stays below 4 MiB and 64 groups a row.
_ROWS = 500
_MAX_BYTES = 16 * 1024 * 1024
# Compressing takes 15 us a row at level 6 and 5 at level 1, which leaves a fifth more.
_LEVEL = 6
# Below this many keys an entry is searched for them before it is read.
_FEW = 20
Key = tuple[str, str]
# What stands where no row stands any more.
_NO_ROW = Row(0, 0, [])


class Kept(NamedTuple):
    """What an entry says of one row: groups to put back, fields to leave out, its old place."""

    seq: int
    born: int
    next_seq: int
    groups: Groups
    absent: tuple[str, ...]


def keep(
    connection: Connection,
    log: int,
    rows: Iterable[tuple[Key, bytes, bytes | None]],
    *,
    head: Point,
    now_ms: int,
) -> None:
    """Journal rows (key, before, after) that a step to `head` replaces (in its transaction).

    after: None where the row is gone.
    """
    wanted = list(rows)
    query = "INSERT INTO local_journal (log, seq, stamp, at, entry) VALUES (?, ?, ?, ?, ?)"
    for start in range(0, len(wanted), _ROWS):
        entry = zlib.compress(_entry(wanted[start : start + _ROWS], head), _LEVEL)
        connection.execute(query, (log, *head, now_ms, entry))


def prune(connection: Connection, *, now_ms: int) -> None:
    """Forget versions that were replaced more than 30 days ago."""
    with connection.transaction(durable=False):
        connection.execute("DELETE FROM local_journal WHERE at < ?", (now_ms - KEPT_MS,))


def versions(connection: Connection, places: Iterable[RecordId]) -> dict[RecordId, list[Groups]]:
    """The groups of every row version of records that is held or journalled, newest first."""
    result: dict[RecordId, list[Groups]] = {}
    by_collection: dict[tuple[bytes, str], set[Key]] = {}
    for place in places:
        by_collection.setdefault(place[:2], set()).add(place[2:])
    query = (
        "SELECT log.id FROM log JOIN collection ON collection.id = log.collection"
        " WHERE owner = ? AND name = ?"
    )
    with connection.snapshot():
        for collection, keys in by_collection.items():
            found: dict[Key, list[tuple[int, Groups]]] = {}
            for (log,) in connection.execute(query, collection).fetchall():
                _collect(connection, log, keys, found)
            for key, dated in found.items():
                dated.sort(key=lambda item: item[0], reverse=True)
                result[RecordId(*collection, *key)] = [groups for _, groups in dated]
    return result


def _collect(
    connection: Connection, log: int, keys: set[Key], found: dict[Key, list[tuple[int, Groups]]]
) -> None:
    """Add (seq up to which it stood, groups) of every version of some rows of one log."""
    rows = _present(connection, log, keys)
    # Newer than all, whatever its seq: a neighbour's log may be many commits further by now.
    dated = {key: [(MAX_SEQ, row.groups)] for key, row in rows.items()}
    for key in keys - rows.keys():
        rows[key], dated[key] = _NO_ROW, []
    last = dict.fromkeys(rows, 0)
    query = "SELECT seq, stamp, entry FROM local_journal WHERE log = ? ORDER BY id DESC"
    for seq, stamp, packed in connection.execute(query, (log,)):
        for key, kept in _read(packed, Point(seq, stamp), rows.keys()):
            if rows[key].seq != kept.next_seq:
                continue
            rows[key] = _earlier(rows[key], kept)
            # Of a row that several parts of one transfer changed, the oldest stood at a head.
            if last[key] == seq and dated[key]:
                dated[key].pop()
            dated[key].append((seq - 1, rows[key].groups))
            last[key] = seq
    for key, more in dated.items():
        if more:
            found.setdefault(key, []).extend(more)


def _present(connection: Connection, log: int, keys: Iterable[Key]) -> dict[Key, Row]:
    query = "SELECT row FROM row WHERE log = ? AND kind = ? AND key = ?"
    rows = {key: connection.execute(query, (log, *key)).fetchone() for key in keys}
    return {key: stored_row(row[0]) for key, row in rows.items() if row is not None}


def _entry(rows: Iterable[tuple[Key, bytes, bytes | None]], head: Point) -> bytes:
    lists: dict[tuple[str, ...], list[list[Any]]] = {}
    absent: list[list[Any]] = []
    for (kind, key), before, after in rows:
        old, new = stored_row(before), _NO_ROW if after is None else stored_row(after)
        groups, missing = _difference(old, new)
        tail = [head.seq - old.seq, head.seq - old.born, head.seq - new.seq]
        for stamp, fields in groups or [(head.stamp, {})]:
            line = [key, *fields.values(), head.stamp - stamp, *tail]
            lists.setdefault((kind, *fields), []).append(line)
        if missing:
            absent.append([kind, key, missing])
    return pack([[[kind, names, lines] for (kind, *names), lines in lists.items()], absent])


def _difference(old: Row, new: Row) -> tuple[Groups, list[str]]:
    """What must be put back into `new` to have `old`: groups, and names of fields to leave out."""
    there = dict(new.groups)
    groups: Groups = []
    for stamp, fields in old.groups:
        present = there.get(stamp)
        if present is not None:
            fields = _changed(fields, present)
        if fields:
            groups.append((stamp, fields))
    names = {name for _, fields in old.groups for name in fields}
    return groups, [name for _, fields in new.groups for name in fields if name not in names]


def _changed(fields: Fields, present: Fields) -> Fields:
    """Those of `fields` that do not stand in `present` as they are, to the byte."""
    return {
        name: value
        for name, value in fields.items()
        if name not in present or not _is_same(value, present[name])
    }


def _is_same(one: Any, other: Any) -> bool:
    if type(one) is type(other) is str:
        return bool(one == other)
    # Python takes True for 1, also in a list; the row does not.
    return one is other or pack(one) == pack(other)


def _read(packed: bytes, head: Point, keys: Iterable[Key]) -> Iterator[tuple[Key, Kept]]:
    """What an entry says of some of its rows."""
    data = zlib.decompress(packed)
    wanted = set(keys)
    if len(wanted) < _FEW and not any(pack(key) in data for _, key in wanted):
        return
    lists, missing = unpack(data, max_bytes=_MAX_BYTES)
    absent = {(kind, key): tuple(names) for kind, key, names in missing}
    found: dict[Key, Kept] = {}
    for kind, names, lines in lists:
        for line in lines:
            key = (kind, line[0])
            if key in wanted:
                *values, stamp_back, seq_back, born_back, next_back = line[1:]
                place = (head.seq - seq_back, head.seq - born_back, head.seq - next_back)
                kept = found.setdefault(key, Kept(*place, [], absent.get(key, ())))
                kept.groups.append((head.stamp - stamp_back, dict(zip(names, values, strict=True))))
    yield from found.items()


def _earlier(row: Row, kept: Kept) -> Row:
    """The version that stood before `row`."""
    by_name = {
        name: (stamp, value) for stamp, fields in row.groups for name, value in fields.items()
    }
    for name in kept.absent:
        del by_name[name]
    for stamp, fields in kept.groups:
        by_name.update((name, (stamp, value)) for name, value in fields.items())
    by_stamp: dict[int, Fields] = {}
    for name in sorted(by_name):
        stamp, value = by_name[name]
        by_stamp.setdefault(stamp, {})[name] = value
    groups = [(stamp, by_stamp[stamp]) for stamp in sorted(by_stamp, reverse=True)]
    return Row(kept.seq, kept.born, groups)
