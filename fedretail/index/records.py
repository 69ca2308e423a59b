"""What the index reads from a store; `fedretail.store.Store` has it, and so have tests' fakes."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from fedretail.crdt.registers import Folded
from fedretail.domain.kind import RecordId
from fedretail.store.last_seen import Seen


class Records(Protocol):
    """The reading side of a store."""

    @property
    def id(self) -> str:
        """Another store, or one made anew, has another id."""
        ...

    def feed(self, after: int, limit: int) -> list[tuple[int, RecordId]]:
        """Up to `limit` (cursor, record) behind the cursor `after`, in order."""
        ...

    def feed_end(self) -> int:
        """The newest cursor; 0 where nothing was ever written."""
        ...

    def feed_start(self) -> int:
        """The newest cursor that was forgotten; 0: none."""
        ...

    def feed_behind(self, after: int) -> int:
        """How many feed entries stand behind the cursor `after`."""
        ...

    def record(self, place: RecordId, /) -> Folded | None:
        """The present value of a record; None where it does not exist."""
        ...

    def records_of(self, places: Iterable[RecordId], /) -> Mapping[RecordId, Folded]:
        """The present values of many records; those that do not exist are left out."""
        ...

    def signed_twice(self, owner: bytes, collection: str) -> bool:
        """Whether the owner's machine has signed two states of this collection at once."""
        ...

    def seen_at(self, owner: bytes, collection: str) -> int | None:
        """When the owner's machine last signed this collection, ms; None where never."""
        ...

    def all_seen(self, known: Seen | None, /) -> Seen:
        """`seen_at` of all collections; `known` itself where nothing changed since."""
        ...
