"""Vacating in the store: own rows are looked at again and again, and emptied when it is time.

What may leave a row is decided by `crdt.vacating`; this module finds the rows, counts the days and
commits. Days count only while the daemon runs and has neighbours: `add_running` moves the clock by
which they are measured. One look takes up to 500 records, so a large log takes some minutes; a
condition that has failed at one look begins anew.
"""

from typing import NamedTuple

from fedretail.clock import Clock
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.names import LogName
from fedretail.crdt.row import Groups, RowKey, stored_groups
from fedretail.crdt.vacating import Beside, EditPlace, Spent, spent, without
from fedretail.store import auth, commits, floors, incarnations, local, logs, writing
from fedretail.store.commits import Author, Commit
from fedretail.store.database import Connection
from fedretail.store.logs import LogState

# Nobody who is heard of within this time can hold a field that comes back: see "Vacating" in
# docs/protocol/wire.md.
WAIT_MS = 30 * 24 * 3600 * 1000
# Records a look: 10 ms of a minute.
_BATCH = 500
_FIRST = RowKey("", "")
_DELETION, _FIELDS = range(2)


class _Seen(NamedTuple):
    """By which deletion something in a row is spent, and since when (running time)."""

    deletion: EditPlace
    since: int


# What was seen of rows: by key, and by what is spent.
_Notes = dict[tuple[RowKey, int], _Seen]


class Vacating:
    """The upkeep of own rows, by the process that runs as the daemon."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        # The last record looked at, by log.
        self._after: dict[int, RowKey] = {}

    def add_running(self, ran_ms: int) -> None:
        """Count time in which the daemon has run and had a neighbour now and then."""
        with self._connection.transaction(durable=False):
            local.set_meta(self._connection, "running_ms", self._running_ms() + ran_ms)

    def _running_ms(self) -> int:
        return local.meta(self._connection, "running_ms") or 0

    def run(self, author: Author) -> int:
        """Look at some rows of each log of this device, and commit what is due; rows vacated.

        Floors that may rise are raised.
        """
        if local.meta(self._connection, writing.STOPPED) is not None:
            return 0
        return sum(self._look(author, name) for name in self._collections(author))

    def _collections(self, author: Author) -> list[str]:
        query = (
            "SELECT DISTINCT name FROM log JOIN collection ON collection.id = collection"
            " WHERE owner = ? AND device = ? AND head IS NOT NULL ORDER BY name"
        )
        place = (author.owner, author.key.public)
        return [name for (name,) in self._connection.execute(query, place).fetchall()]

    def _look(self, author: Author, collection: str) -> int:
        now_ms = self._clock.now_ms()
        with self._connection.transaction(durable=True):
            state = _settled(self._connection, author.log(collection))
            if state is None:
                return 0
            look = _Look(self._connection, state, now_ms)
            rows = look.due(self._after.get(state.number, _FIRST), self._running_ms())
            if rows:
                wanted = Commit(author, collection, [], now_ms)
                commits.vacate(self._connection, wanted, state, rows)
        # Only what is durable is behind us.
        self._after[state.number] = look.end or _FIRST
        if floors.due(self._connection, state, now_ms=now_ms):
            commits.renew(self._connection, author, collection, now_ms=now_ms)
        return len(rows)


def _settled(connection: Connection, name: LogName) -> LogState | None:
    """The log that is written; None: it is a draft or damaged, or others have not seen all of it.

    What nobody has seen may have to be done again upon another state, as the edits it consists of;
    a row that was emptied tells of none.
    """
    name = writing.written(connection, name)
    noted = writing.noted(connection, name.owner, name.collection)
    state = logs.find_name(connection, name)
    if state is None or state.head is None or writing.is_damaged(connection, state.number):
        return None
    is_unseen = noted is not None and (noted.is_draft or noted.seen.seq < state.point.seq)
    return None if is_unseen else state


class _Look:
    """One look at some records of a log, inside a transaction."""

    def __init__(self, connection: Connection, state: LogState, now_ms: int) -> None:
        self._connection = connection
        self._log = state
        self._now_ms = now_ms
        self._others = _others_of(connection, state)
        name = state.name
        held = {other.name.device for other, _ in self._others}
        self._is_complete = not (
            auth.grants_of(connection, name.owner).devices(name.owner) - held - {name.device}
        )
        # The last record looked at; None: there are no more.
        self.end: RowKey | None = None

    def due(self, after: RowKey, running_ms: int) -> dict[RowKey, Groups]:
        """What is left of the rows behind `after` whose time has come; of others it is noted."""
        keys = self._deleted(after)
        seen = self._noted(after)
        notes: _Notes = {}
        rows: dict[RowKey, Groups] = {}
        for key in keys:
            own = (self._log.name.device, self._groups(self._log, key))
            found = spent(
                own, self._beside(key), is_complete=self._is_complete, now_ms=self._now_ms
            )
            new = _noted_now(key, (own[0], found), seen, running_ms)
            ripe = {what for what, note in new.items() if running_ms - note.since >= WAIT_MS}
            notes.update(((key, what), note) for what, note in new.items() if what not in ripe)
            gone = Spent(
                found.deletion if _DELETION in ripe else None,
                found.beaten_by if _FIELDS in ripe else None,
            )
            if ripe:
                rows[key] = without(own, gone)
        self._note(seen, notes)
        return rows

    def _deleted(self, after: RowKey) -> list[RowKey]:
        """The next records that any log of the collection says are deleted, in order."""
        query = (
            "SELECT kind, key FROM row INDEXED BY row_deleted WHERE log = ?"
            " AND instr(row, X'A121C3') AND (kind, key) > (?, ?) ORDER BY kind, key LIMIT ?"
        )
        found: set[RowKey] = set()
        ends = []
        for log in [self._log, *(other for other, _ in self._others)]:
            values = (log.number, *after, _BATCH)
            some = [RowKey(*key) for key in self._connection.execute(query, values)]
            found.update(some)
            if len(some) == _BATCH:
                ends.append(some[-1])
        # Behind the first end some logs have not been read yet.
        self.end = end = min(ends, default=None)
        return sorted(key for key in found if end is None or key <= end)

    def _groups(self, log: LogState, key: RowKey) -> Groups:
        query = "SELECT row FROM row WHERE log = ? AND kind = ? AND key = ?"
        found = self._connection.execute(query, (log.number, *key)).fetchone()
        return [] if found is None else stored_groups(found[0])

    def _beside(self, key: RowKey) -> list[Beside]:
        return [
            Beside(log.name.device, head.stamp, self._groups(log, key))
            for log, head in self._others
        ]

    def _noted(self, after: RowKey) -> _Notes:
        """What was noted of the records looked at."""
        query = (
            "SELECT kind, key, what, stamp, device, since FROM local_spent"
            " WHERE log = ? AND (kind, key) > (?, ?)"
        )
        values: tuple[object, ...] = (self._log.number, *after)
        if self.end is not None:
            query += " AND (kind, key) <= (?, ?)"
            values += self.end
        rows = self._connection.execute(query, values)
        return {(RowKey(*row[:2]), row[2]): _Seen(row[3:5], row[5]) for row in rows}

    def _note(self, before: _Notes, notes: _Notes) -> None:
        """Write down what has changed."""
        number = self._log.number
        gone = [(number, *key, what) for key, what in before.keys() - notes.keys()]
        query = "DELETE FROM local_spent WHERE log = ? AND kind = ? AND key = ? AND what = ?"
        self._connection.executemany(query, gone)
        new = [
            (number, *key, what, *seen.deletion, seen.since)
            for (key, what), seen in notes.items()
            if before.get((key, what)) != seen
        ]
        query = "INSERT OR REPLACE INTO local_spent VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._connection.executemany(query, new)


def _noted_now(
    key: RowKey, spent_by: tuple[bytes, Spent], seen: _Notes, running_ms: int
) -> dict[int, _Seen]:
    """What is spent in a row of a device, and since when it has been without a break."""
    device, found = spent_by
    present: dict[int, EditPlace] = {}
    if found.deletion is not None:
        present[_DELETION] = (found.deletion, device)
    if found.beaten_by is not None:
        present[_FIELDS] = found.beaten_by
    notes = {}
    for what, place in present.items():
        before = seen.get((key, what))
        is_same = before is not None and before.deletion == place
        notes[what] = before if before is not None and is_same else _Seen(place, running_ms)
    return notes


def _others_of(connection: Connection, state: LogState) -> list[tuple[LogState, Head]]:
    """The other logs of a collection that count, with their heads: those that are held.

    Not those whose device is done with them as they are here: nobody takes in more of them.
    """
    name = state.name
    return [
        (log, SignedHead.parse(log.head).head)
        for log in logs.of_collection(connection, name.owner, name.collection)
        if log.head is not None
        and log.number != state.number
        and log.point.seq > incarnations.done_with(connection, log)
    ]
