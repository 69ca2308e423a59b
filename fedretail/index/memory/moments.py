"""What offers say whose price depends on the moment, kept for as long as they say it.

42 bytes a row, in numpy arrays: a query asks for thousands of them at once.
"""

from collections.abc import Callable

import numpy as np

from fedretail.index.layout.cells import UNIT_BASES
from fedretail.index.memory.arrays import Array, are_among
from fedretail.index.rules.timed import Timed

# More than 1 in 10 of a million offers begin again.
_MOST_KEPT = 100_000
_SAID = np.dtype(
    [("row", "i8"), ("from_ms", "i8"), ("until_ms", "i8"), ("amount", "i8"), ("unit", "i8"),
     ("base", "u1"), ("shown", "?")]
)  # fmt: skip


class Moments:
    """What rows say to one kind of shopper."""

    def __init__(self) -> None:
        self._said = np.zeros(0, _SAID)

    def at(self, rows: Array, at_ms: int, read: Callable[[list[int]], list[Timed]]) -> Array:
        """For ascending rows: shown, amount, unit (-1: none) and base (number in UNIT_BASES).

        read: what rows say at that moment, where that is not known.
        """
        missing = rows[~self._are_known(rows, at_ms)]
        if len(self._said) + len(missing) > _MOST_KEPT:
            self._said, missing = self._said[:0], rows
        if len(missing):
            new = [
                (row, *_packed(one))
                for row, one in zip(missing.tolist(), read(missing.tolist()), strict=True)
            ]
            self._add(missing, np.array(new, _SAID))
        found: Array = self._said[np.searchsorted(self._said["row"], rows)]
        return found

    def forget(self, firsts: Array, count: int) -> None:
        """Rows from each of these on, so many, may say something else."""
        known = self._said["row"]
        starts, ends = np.searchsorted(known, firsts), np.searchsorted(known, firsts + count)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            self._said["until_ms"][start:end] = self._said["from_ms"][start:end]

    def _are_known(self, rows: Array, at_ms: int) -> Array:
        if not len(self._said):
            return np.zeros(len(rows), bool)
        places = np.minimum(np.searchsorted(self._said["row"], rows), len(self._said) - 1)
        said = self._said[places]
        found: Array = (
            (said["row"] == rows) & (said["from_ms"] <= at_ms) & (at_ms < said["until_ms"])
        )
        return found

    def _add(self, rows: Array, new: Array) -> None:
        kept = self._said[~are_among(self._said["row"], rows)]
        joined = np.concatenate((kept, new))
        self._said = joined[np.argsort(joined["row"])]


def _packed(one: Timed) -> tuple[int, int, int, int, int, bool]:
    """Its fields for numpy."""
    amount = -1 if one.amount is None else one.amount
    if one.unit is None:
        return one.from_ms, one.until_ms, amount, -1, 0, one.is_shown
    base = UNIT_BASES.index(one.unit.per)
    return one.from_ms, one.until_ms, amount, one.unit.amount_minor, base, one.is_shown
