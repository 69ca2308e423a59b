"""This device's own logs: which incarnation is written, who has seen it, beginning anew."""

from collections.abc import Iterable

from fedretail.clock import Clock
from fedretail.crdt.changes import Point
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName
from fedretail.store import copies, local, reopening, writing
from fedretail.store.commits import Author
from fedretail.store.copies import NewDevice
from fedretail.store.database import Connection
from fedretail.store.reopening import Occasion
from fedretail.store.writing import STOPPED, Writing


class OwnLogs:
    """The part of a store that knows its own device; see `writing` and `reopening`."""

    def __init__(self, write: Connection, read: Connection, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    def writing(self, owner: bytes, collection: str) -> Writing | None:
        """Which incarnation this device writes of a collection, where that was noted."""
        return writing.noted(self._read, owner, collection)

    def written(self, name: LogName) -> LogName:
        """The log in which an author of `name` writes now."""
        return writing.written(self._read, name)

    def drafts(self) -> list[str]:
        """The collections of which this device writes a draft."""
        return writing.drafts(self._read)

    def note_seen(self, places: Iterable[tuple[LogName, Point]]) -> None:
        """Note up to where neighbours see own logs, before they do."""
        with self._write.transaction(durable=False):
            for name, seen in places:
                writing.note_seen(self._write, name, seen)

    def begin_draft(self, author: Author, collection: str, *, known: int = 0) -> LogName:
        """Let this device write what nobody sees until `open_next`; the name of that log."""
        return reopening.begin_draft(self._write, self._occasion(author, collection), known=known)

    def open_next(self, author: Author, collection: str) -> SignedHead | None:
        """Begin the next incarnation of an own log with the newest rows held; its head."""
        return reopening.open_next(self._write, self._occasion(author, collection))

    def take_over(self, author: Author, collection: str) -> SignedHead | None:
        """Take over what older incarnations of an own log hold beyond; None: nothing."""
        return reopening.take_over(self._write, self._occasion(author, collection))

    def restamp(self, author: Author, collection: str) -> SignedHead | None:
        """Begin the next incarnation of an own log with stamps of this time; its head."""
        return reopening.restamp(self._write, self._occasion(author, collection))

    @property
    def stopped(self) -> str | None:
        """Why nothing is written here any more; None: it is."""
        reason: str | None = local.meta(self._read, STOPPED)
        return reason

    def stop(self, reason: str) -> None:
        """Write nothing from now on: a copy of this store writes too."""
        with self._write.transaction(durable=True):
            local.set_meta(self._write, STOPPED, reason)

    def go_on_as_original(self, author: Author) -> None:
        """Begin every own log anew, and write again; see `copies`."""
        copies.go_on_as_original(self._write, author, now_ms=self._clock.now_ms())

    def go_on_as_copy(self, author: Author, new: NewDevice, *, is_restated: bool = False) -> None:
        """Become another device of the same shop; see `copies`."""
        now_ms = self._clock.now_ms()
        copies.go_on_as_copy(self._write, author, new, now_ms=now_ms, is_restated=is_restated)

    def _occasion(self, author: Author, collection: str) -> Occasion:
        return Occasion(author, collection, self._clock.now_ms())
