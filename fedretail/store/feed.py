"""The feed as its followers read it: records that changed, and none that a power cut takes back.

Rows of others are written without waiting for the disk, since neighbours have them too. But who has
read that a record changed, and lost power, must not go on behind an entry that then says something
else. So what is read here is on the disk itself.
"""

from fedretail.clock import Clock
from fedretail.domain.kind import RecordId
from fedretail.store import forgetting, records
from fedretail.store.database import Connection


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
        if self._early is not None or now_ms < records.entered_ms(self._read):
            self._note_early(now_ms)
        entries = records.feed(self._read, cursor, limit)
        if entries and entries[-1][0] > self._durable:
            end = records.feed_end(self._read)
            self._read.flush()
            self._durable = end
        return entries

    def refold_due(self) -> int:
        """Enter the records whose early stamps are in force by now; how many.

        Those whose stamps are early again, after the clock was set back, are entered uncounted.
        """
        now_ms = self._clock.now_ms()
        self._note_early(now_ms)
        return records.refold_due(self._write, now_ms=now_ms)

    def forget(self) -> None:
        """Forget some entries of what has gone long ago."""
        now_ms = self._clock.now_ms()
        self._swept = forgetting.forget(self._write, self._swept, now_ms=now_ms)

    def _note_early(self, now_ms: int) -> None:
        """Enter the records of logs whose heads are early and were not when last looked at.

        Whoever wrote them, their clock may have been ahead then, as ours.
        """
        early = records.early_heads(self._read, now_ms=now_ms)
        # Of a log whose head was early all the time, older stamps were in force in between.
        is_set_back = now_ms < max(self._looked_ms, records.refolded_ms(self._read))
        new = early if is_set_back else early - (self._early or set())
        if new or is_set_back:
            records.refold_early(self._write, sorted(new), now_ms=now_ms)
        self._early, self._looked_ms = early, now_ms
