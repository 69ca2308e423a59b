"""Records in memory with the reading side of a store: a feed, present values, when last heard.

Stands in for a Store where nothing is signed or kept: tests of the index, benchmarks.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from fedretail.crdt.registers import Folded
from fedretail.domain.kind import RecordId
from fedretail.store.last_seen import Seen


class MemoryRecords:
    """A store's reading side over a dict; `put` and `delete` change it."""

    def __init__(self, store_id: str = "memory") -> None:
        self.id = store_id
        self.present: dict[RecordId, Folded] = {}
        self.heard: dict[tuple[bytes, str], int] = {}
        # (owner, collection) that were signed twice.
        self.twice: set[tuple[bytes, str]] = set()
        self._feed: dict[RecordId, int] = {}
        self._sorted: list[tuple[int, RecordId]] | None = None
        self._end = 0
        self._marks = 0

    def put(self, place: RecordId, fields: Mapping[str, Any], *, stamp: int) -> None:
        """Make `fields` the record's value; those that changed bear `stamp` (ms)."""
        old = self.present.get(place)
        stamps = dict.fromkeys(fields, stamp)
        if old is not None:
            same = [name for name in fields if old.fields.get(name) == fields[name]]
            stamps |= {name: old.stamps[name] for name in same if name in old.stamps}
        self.present[place] = Folded(dict(fields), stamps)
        self._changed(place)
        self.hear(place.owner, place.collection, stamp)

    def delete(self, place: RecordId) -> None:
        """End the record, if it is there."""
        if self.present.pop(place, None) is not None:
            self._changed(place)

    def hear(self, owner: bytes, collection: str, at_ms: int) -> None:
        """Note that the owner signed this collection at a time (ms)."""
        self.heard[owner, collection] = max(at_ms, self.heard.get((owner, collection), 0))
        self._marks += 1

    def feed(self, after: int, limit: int) -> list[tuple[int, RecordId]]:
        """Up to `limit` (cursor, record) behind the cursor `after`, in order."""
        entries = self._entries()
        start = bisect_right(entries, after, key=lambda entry: entry[0])
        return entries[start : start + limit]

    def feed_end(self) -> int:
        """The newest cursor; 0 where nothing was ever written."""
        return self._end

    def feed_start(self) -> int:
        """The newest cursor that was forgotten; nothing is, here."""
        return 0

    def feed_behind(self, after: int) -> int:
        """How many feed entries stand behind the cursor `after`."""
        entries = self._entries()
        return len(entries) - bisect_right(entries, after, key=lambda entry: entry[0])

    def record(self, place: RecordId, /) -> Folded | None:
        """The present value of a record; None where it does not exist."""
        return self.present.get(place)

    def records_of(self, places: Iterable[RecordId], /) -> dict[RecordId, Folded]:
        """The present values of many records; those that do not exist are left out."""
        return {place: self.present[place] for place in places if place in self.present}

    def signed_twice(self, owner: bytes, collection: str) -> bool:
        """Whether the owner's machine has signed two states of this collection at once."""
        return (owner, collection) in self.twice

    def seen_at(self, owner: bytes, collection: str) -> int | None:
        """When the owner's machine last signed this collection, ms; None where never."""
        return self.heard.get((owner, collection))

    def all_seen(self, known: Seen | None, /) -> Seen:
        """`seen_at` of all collections; `known` itself where nothing changed since."""
        if known is not None and known.mark == (self._marks,):
            return known
        return Seen((self._marks,), dict(self.heard))

    def _entries(self) -> list[tuple[int, RecordId]]:
        # A key moves to the end of the dict when it changes: the dict is in cursor order.
        if self._sorted is None:
            self._sorted = [(cursor, place) for place, cursor in self._feed.items()]
        return self._sorted

    def _changed(self, place: RecordId) -> None:
        self._end += 1
        self._feed.pop(place, None)
        self._feed[place] = self._end
        self._sorted = None
