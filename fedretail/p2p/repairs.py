"""Repairing one log: its rows compared with a neighbour's, and what is to be put right.

Who has rows that cannot be right begins: both ends make items of all rows of the log and compare
them by ranges. The one that was asked then sends the rows that the other lacks, whole; that one
removes what the neighbour does not have, and all of it counts only if the head agrees.
"""

from collections.abc import Iterable

from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Repair
from fedretail.errors import PeerError
from fedretail.p2p.reconcile import RangeComparison

# A row takes half a kB while it is compared. Larger logs are fetched anew, part by part.
MAX_ROWS = 100_000
# Rows that are compared for neighbours at once, in all sessions of a node: 100 MB.
MAX_HELPED_ROWS = 2 * MAX_ROWS
# Rows of a repair are held in memory until the last one is here.
MAX_BYTES = 32 * 1024 * 1024


class RowComparison(RangeComparison):
    """One end of a comparison of the rows of one log, as they are now."""

    def __init__(self, rows: Iterable[tuple[RowKey, bytes]], salt: bytes) -> None:
        """`rows`: (key, item), see `items.row_item`."""
        self._keys = {item: key for key, item in rows}
        super().__init__(self._keys, salt)

    def lacked(self) -> list[RowKey]:
        """The rows that the other side has not, or has otherwise, in order; once done."""
        return sorted(self._keys[item] for item in self._lacked)


class Repairing:
    """The end that repairs its own copy: what is compared, then the rows that come."""

    def __init__(self, comparison: RowComparison, seq: int) -> None:
        """`seq`: of the head that the neighbour has shown last."""
        self.comparison = comparison
        self.seq = seq
        self._parts: list[bytes] = []
        self._size = 0

    def take(self, changes: bytes) -> None:
        """Keep a part of the rows; PeerError before the comparison has ended, or for too many."""
        self._size += len(changes)
        if not self.comparison.is_done or self._size > MAX_BYTES:
            raise PeerError("A neighbour sent rows that nobody asked for.")
        self._parts.append(changes)

    def result(self, head: SignedHead) -> Repair:
        """What to put right, to come to this head."""
        return Repair(head, self.comparison.lacked(), self._parts)


class Helped:
    """How many rows the sessions of a node have at hand for neighbours who repair their copies.

    Asking for that costs next to nothing, and what was asked for may never be gone on with.
    """

    def __init__(self) -> None:
        self._rows: dict[object, int] = {}

    def begin(self, helper: object, rows: int) -> bool:
        """Whether a helper may have so many rows at hand, in the place of those it has."""
        others = sum(count for one, count in list(self._rows.items()) if one is not helper)
        if others and others + rows > MAX_HELPED_ROWS:
            return False
        self._rows[helper] = rows
        return True

    def end(self, helper: object) -> None:
        """A helper has let go of them."""
        self._rows.pop(helper, None)
