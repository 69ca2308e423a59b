"""Offers that lie near, ring by ring: most of a federation's are never looked at.

The offers of a site are counted once; how many there are in all is the sum over the sites. Each
ring holds the sites up to some distance, and says from which order on others may come.
"""

from collections.abc import Callable, Iterator

import numpy as np

from fedretail.index.answering.judge import Judge
from fedretail.index.answering.ranked import Ranked
from fedretail.index.answering.reach import Reach
from fedretail.index.answering.rough import Rough
from fedretail.index.memory.arrays import Array, distinct
from fedretail.index.memory.columns import SiteCounts
from fedretail.index.rules.orders import Order
from fedretail.index.rules.ranking import HALF_DISTANCE_M

# So many offers are looked at first; then eight times as many, and so on.
_FIRST = 500
_MORE = 8
# So many sites are put in order at first; all, where they have too few offers.
_NEAREST = 1_000
# Sums of floats in another order differ by less.
_DOUBT = 1 + 1e-12

# Ranked of the offers at the sites with these numbers.
RankedAt = Callable[[Array], Ranked]


class Rings:
    """All offers of a query without words, or with a common one; first those that may be first."""

    def __init__(
        self, judge: Judge, reach: Reach, counts: SiteCounts, *, windowed: int, ranked_at: RankedAt
    ) -> None:
        """windowed: how many of those that begin or end are there."""
        self._judge, self._reach, self._ranked_at = judge, reach, ranked_at
        self._shown, self._lasting = reach.shown(), counts.lasting
        self._total = int(counts.lasting[self._shown].sum()) + windowed
        near = judge.query.near
        self._sort(None if near is None else reach.sites.nearest(near, _NEAREST))

    def __len__(self) -> int:
        return self._total

    def _count(self, wanted: int) -> int:
        """How many sites have as many offers, and one more."""
        return int(np.searchsorted(self._sums, wanted)) + 1

    def _sort(self, some: Array | None) -> None:
        """Put the sites with these numbers in order, nearer than all others; None: all."""
        self._has_all = some is None
        numbers = np.flatnonzero(self._shown) if some is None else some[self._shown[some]]
        numbers = numbers[np.argsort(self._reach.distance(numbers))]
        self._numbers = numbers
        # What begins or ends is counted as if it were not there: it only makes rings larger.
        self._sums = np.cumsum(self._lasting[numbers])

    def sample(self) -> Rough | None:
        """Any row; None where there is none."""
        some = self._ranked_at(np.sort(self._numbers[: self._count(1)])).roughs()
        return next(some, None) or next(self.roughs(None), None)

    def roughs(self, after: Order | None) -> Iterator[Rough]:
        """The rows that may stand behind `after` (None: all), lower bounds ascending."""
        wanted, told = _FIRST, set[int]()
        while True:
            count = self._count(wanted)
            if count >= len(self._numbers) and not self._has_all:
                self._sort(None)
                count = self._count(wanted)
            end = self._low(count)
            if after is None or end is None or end > after:
                yield from self._ring(count, end, after, told)
            if end is None:
                return
            wanted *= _MORE

    def _ring(
        self, count: int, end: Order | None, after: Order | None, told: set[int]
    ) -> Iterator[Rough]:
        """Those at the first `count` sites that stand before `end`, but for what was told."""
        ranked = self._ranked_at(np.sort(self._with_own(self._numbers[:count])))
        for rough in ranked.roughs(None if after is None else ranked.left(after)):
            if end is not None and rough.low >= end:
                return
            # The bound of a row that was read since may have come behind the last ring's end.
            if rough.row not in told:
                told.add(rough.row)
                yield rough

    def _with_own(self, numbers: Array) -> Array:
        """Own offers come first, however far they are."""
        view = self._judge.query.view
        if view is None or view.own != "first" or view.owner is None:
            return numbers
        own = self._reach.sites.of_retailers([view.owner.hex()])
        mine = np.array(own, np.int64)
        return distinct(np.concatenate((numbers, mine[self._reach.mask[mine]])))

    def _low(self, count: int) -> Order | None:
        """What no offer behind the first `count` sites stands before; None: there is none."""
        if count >= len(self._numbers):
            return None
        query = self._judge.query
        away_m = float(self._reach.distance(self._numbers[count : count + 1])[0])
        is_owned = query.view is not None and query.view.own == "first"
        start = (False, True, False) if is_owned else (False, False)
        if query.sort == "nearest":
            return (*start, away_m)
        return (*start, -_DOUBT * _DOUBT / (1 + away_m / HALF_DISTANCE_M))
