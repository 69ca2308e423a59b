"""The feed as its followers read it: records that changed, and none that a power cut takes back.

Rows of others are written without waiting for the disk, since neighbours have them too. But who has
read that a record changed, and lost power, must not go on behind an entry that then says something
else. So what is read here is on the disk itself.
"""

from fedretail.clock import Clock
from fedretail.domain.kind import RecordId
from fedretail.store import early, forgetting
from fedretail.store.database import Connection
from fedretail.store.log import CURSORS_A_MS


class Feed:
    """Reads the feed of a store, and enters what time alone has changed."""

    def __init__(self, write: Connection, read: Connection, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock
        # The early heads that were there at the last look; None: before the first.
        self._early: set[tuple[int, int, int]] | None = None
        # When that was.
        self._looked_ms = 0
        # Up to which cursor entries are known to be on the disk.
        self._durable = 0
        # Up to which cursor the feed was looked through for what has gone.
        self._swept = 0

    def after(self, cursor: int, limit: int) -> list[tuple[int, RecordId]]:
        """Up to `limit` (cursor, record) whose value changed after the cursor, in order."""
        # Who reads on just after the clock was set back must hear of these records again later;
        # where nobody has looked yet, the newest entry tells what the clock has shown before.
        now_ms = self._clock.now_ms()
        if self._early is not None or now_ms < self.end() // CURSORS_A_MS:
            self._note_early(now_ms)
        entries = self._entries(cursor, limit)
        if entries and entries[-1][0] > self._durable:
            end = self.end()
            self._read.flush()
            self._durable = end
        return entries

    def _entries(self, cursor: int, limit: int) -> list[tuple[int, RecordId]]:
        rows = self._read.execute(
            "SELECT cursor, owner, name, kind, key FROM feed JOIN collection"
            " ON collection.id = feed.collection WHERE cursor > ? ORDER BY cursor LIMIT ?",
            (cursor, limit),
        )
        return [(row[0], RecordId(*row[1:])) for row in rows]

    def end(self) -> int:
        """The newest cursor, be it forgotten; 0 where nothing was ever written."""
        return end_of_feed(self._read)

    def behind(self, cursor: int) -> int:
        """How many records a follower at the cursor has to read."""
        query = "SELECT count(*) FROM feed WHERE cursor > ?"
        (behind,) = self._read.execute(query, (cursor,)).fetchone()
        return int(behind)

    def refold_due(self) -> int:
        """Enter the records whose early stamps are in force by now; how many.

        Those whose stamps are early again, after the clock was set back, are entered uncounted.
        """
        now_ms = self._clock.now_ms()
        self._note_early(now_ms)
        return early.enter_due(self._write, now_ms=now_ms)

    def forget(self) -> None:
        """Forget some entries of what has gone long ago."""
        now_ms = self._clock.now_ms()
        self._swept = forgetting.forget(self._write, self._swept, now_ms=now_ms)

    def _note_early(self, now_ms: int) -> None:
        """Enter the records of logs whose heads are early and were not when last looked at.

        Whoever wrote them, their clock may have been ahead then, as ours.
        """
        heads = early.heads(self._read, now_ms=now_ms)
        # Of a log whose head was early all the time, older stamps were in force in between.
        is_set_back = now_ms < max(self._looked_ms, early.looked_ms(self._read))
        new = heads if is_set_back else heads - (self._early or set())
        if new or is_set_back:
            early.enter_again(self._write, sorted(new), now_ms=now_ms)
        self._early, self._looked_ms = heads, now_ms


def end_of_feed(connection: Connection) -> int:
    """The newest cursor, be it forgotten; 0 where nothing was ever written."""
    (end,) = connection.execute("SELECT ifnull(max(cursor), 0) FROM feed").fetchone()
    return max(int(end), forgetting.start(connection))
