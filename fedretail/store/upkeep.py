"""Upkeep: collections that nobody has heard of for half a year go, and rows are recounted.

A collection goes as a whole: of one log alone, its deletions would go too, and what they hide in
the others would come back. What is its owner's word, auth records and proofs, stays; so do member
collections and this node's own. Whoever comes back with a newer head is fetched anew.
"""

from collections.abc import Callable, Iterable
from contextlib import closing
from typing import NamedTuple

from fedretail.clock import Clock
from fedretail.crdt.names import log_id
from fedretail.domain.ids import SITE_COLLECTIONS
from fedretail.domain.kind import RecordId
from fedretail.domain.sites import Site
from fedretail.store import check, local, logs, records, strangers
from fedretail.store.check import Problem
from fedretail.store.database import Connection
from fedretail.store.log import enter
from fedretail.store.repairs import Repairs

_DAY_MS = 24 * 3600 * 1000
# A season and a half: a stall that opens from May to October is back before.
EVICT_MS = 180 * _DAY_MS
# A shop that has said when it comes back is waited for so long after that day,
RETURN_MS = 60 * _DAY_MS
# which is believed within a year: a day in the far future would keep it for ever.
_LONGEST_MS = 366 * _DAY_MS
# Rows that go in one transaction: own edits wait 20 ms for it.
_ROWS = 1000


class Marked(NamedTuple):
    """Logs to be repaired from neighbours' copies: others', and this device's own."""

    others: int
    own: int


class Upkeep:
    """What time brings about in one store."""

    def __init__(
        self,
        write: Connection,
        read: Connection,
        *,
        connect: Callable[[], Connection],
        clock: Clock,
        repairs: Repairs,
    ) -> None:
        self._connect = connect
        self._write = write
        self._read = read
        self._clock = clock
        self._repairs = repairs

    def now_ms(self) -> int:
        """The time by this store's clock."""
        return self._clock.now_ms()

    def evict(self) -> list[bytes]:
        """Let go of collections that are silent for too long; the ids of their logs.

        Their rows are nobody's from then on; `sweep` removes them.
        """
        gone: list[bytes] = []
        for collection in self._silent():
            with self._write.transaction(durable=False):
                gone += _drop(self._write, collection)
        return gone

    def _silent(self) -> list[int]:
        """The numbers of the collections that may go."""
        owner = local.meta(self._read, "owner")
        rows = self._read.execute(
            "SELECT collection.id, owner, name, max(stamp), count(staging.log) FROM log"
            " JOIN collection ON collection.id = log.collection"
            " LEFT JOIN staging ON staging.log = log.id"
            " WHERE log.head IS NOT NULL GROUP BY collection.id"
        ).fetchall()
        others = [row for row in rows if row[1] != owner]
        # Against the last sign of life of anybody: a clock that has run ahead, or a computer that
        # was off for a year, forgets nobody.
        now_ms = min(self.now_ms(), max((row[3] for row in others), default=0))
        return [
            number
            for number, holder, name, seen_ms, parts in others
            if name.startswith(SITE_COLLECTIONS)
            and not parts
            and now_ms - seen_ms > EVICT_MS
            and now_ms > self._expected_ms(holder, name, seen_ms)
        ]

    def _expected_ms(self, owner: bytes, collection: str, seen_ms: int) -> int:
        """Until when a shop that is closed, and has said how long, is waited for."""
        place = RecordId(owner, collection, "site", collection[len(SITE_COLLECTIONS) :])
        found = records.record(self._read, place, now_ms=self.now_ms())
        closed = () if found is None else Site.from_fields(found.fields).closed
        back_ms = max((one.until_ms for one in closed), default=0)
        return min(back_ms, seen_ms + _LONGEST_MS) + RETURN_MS

    def forget_strangers(self, count: int) -> list[bytes]:
        """Make room for at least `count` records of others, as far as strangers have them.

        The owners that were forgotten, oldest first.
        """
        return strangers.forget(self._write, count)

    def sweep(self) -> bool:
        """Remove some rows of logs that are gone; whether there may be more."""
        connection = self._write
        query = "SELECT log, collection FROM local_evicted LIMIT 1"
        found = connection.execute(query).fetchone()
        if found is None:
            return False
        number, collection = found
        with connection.transaction(durable=False):
            query = "SELECT kind, key FROM row WHERE log = ? ORDER BY kind, key LIMIT ?"
            keys = connection.execute(query, (number, _ROWS)).fetchall()
            enter(connection, [(collection, *key) for key in keys], now_ms=self.now_ms())
            if keys:
                query = "DELETE FROM row WHERE log = ? AND (kind, key) <= (?, ?)"
                connection.execute(query, (number, *keys[-1]))
            if len(keys) < _ROWS:
                connection.execute("DELETE FROM local_evicted WHERE log = ?", (number,))
        return True

    def check_one(self, choice: float) -> list[Problem]:
        """What is wrong with one log, recounted from its rows; it is marked for repair then.

        `choice`: from 0 to below 1, which of all logs held.
        """
        (count,) = self._read.execute("SELECT count(*) FROM log WHERE head IS NOT NULL").fetchone()
        query = "SELECT log_id FROM log WHERE head IS NOT NULL ORDER BY id LIMIT 1 OFFSET ?"
        found = self._read.execute(query, (int(choice * count),)).fetchone()
        return [] if found is None else self._recount([found[0]])

    def check_own(self) -> list[Problem]:
        """What is wrong with the logs that this device has written; they are marked then."""
        device = local.meta(self._read, "device")
        own = [log_id(name) for _, name, _ in logs.heads(self._read) if name.device == device]
        return self._recount(own)

    def _recount(self, wanted: Iterable[bytes]) -> list[Problem]:
        """What is wrong with these logs; they are marked, and those that are well no longer.

        A large log takes seconds, in which nobody else is to wait: it has a connection of its own.
        """
        problems: list[Problem] = []
        with closing(self._connect()) as connection:
            for log in wanted:
                found = check.check_log(connection, log)
                if found is not None and not found[1]:
                    self._repairs.set_whole(log)
                problems += found[1] if found else []
        if problems:
            self.mark(problems)
        return problems

    def mark(self, problems: Iterable[Problem]) -> Marked:
        """Note which logs are to be repaired; in own ones nothing is written until they are."""
        device = local.meta(self._read, "device")
        wanted = sorted({problem.log for problem in problems if problem.log})
        states = [state for log in wanted if (state := logs.find(self._read, log)) is not None]
        self._repairs.set_damaged(state.log for state in states)
        own = sum(state.name.device == device for state in states)
        return Marked(len(states) - own, own)


def _drop(connection: Connection, collection: int) -> list[bytes]:
    """Let all logs of a collection be names again (inside a transaction); their ids."""
    query = "SELECT log_id FROM log WHERE collection = ?"
    states = [logs.find(connection, log) for (log,) in connection.execute(query, (collection,))]
    found = [state for state in states if state is not None]
    for table in ("local_due", "local_deletion"):
        connection.execute(f"DELETE FROM {table} WHERE collection = ?", (collection,))
    for state in found:
        connection.execute("INSERT INTO local_evicted VALUES (?, ?)", (state.number, collection))
        for table in ("staging", "head_seen", "local_repair"):
            connection.execute(f"DELETE FROM {table} WHERE log = ?", (state.number,))
        connection.execute("DELETE FROM log WHERE id = ?", (state.number,))
    for state in found:
        logs.enter(connection, state.name)
    return [state.log for state in found]
