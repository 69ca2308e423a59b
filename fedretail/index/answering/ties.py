"""Rows of one site that stand alike: told apart by their offers' keys, no further than asked.

A shop that is asked for all it has answers with thousands of rows whose order their ids alone
decide. The index holds the keys of each site in order.
"""

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import groupby

from fedretail.domain.ids import offer_id
from fedretail.index.answering.details import Details
from fedretail.index.answering.rough import Rough
from fedretail.index.layout.schema import SEQUENCE_BITS
from fedretail.index.rules.orders import Order

# As many or fewer are read one by one.
MOST_READ = 64


def merged(runs: Iterable[tuple[Order, Iterator[Rough]]]) -> Iterator[Rough]:
    """The rows of runs, lower bounds ascending; as those of each run do, from the one given on.

    The runs' own must ascend.
    """
    waiting: list[tuple[Order, int, Rough, Iterator[Rough]]] = []

    def wait(number: int, run: Iterator[Rough]) -> None:
        rough = next(run, None)
        if rough is not None:
            heappush(waiting, (rough.low, number, rough, run))

    for number, (low, run) in enumerate(runs):
        while waiting and waiting[0][0] < low:
            _, before, rough, its_run = heappop(waiting)
            yield rough
            wait(before, its_run)
        wait(number, run)
    while waiting:
        _, before, rough, its_run = heappop(waiting)
        yield rough
        wait(before, its_run)


def apart(
    roughs: Iterable[Rough], details: Details, site_of: Callable[[int], str]
) -> Iterator[Rough]:
    """Rows with ascending lower bounds; where many of one site have the same, by their ids.

    site_of: the id of the site with a base. The bounds must be all of their orders but the id, or
    never less than that.
    """

    def run_of(low: Order, base: int, some: list[Rough]) -> Iterator[Rough]:
        if len(some) <= MOST_READ:
            return iter(some)
        named, site = {one.row: one for one in some}, site_of(base)
        return (
            named[row]._replace(low=(*low, offer_id(site, key)))
            for row, key in details.by_key(base, named)
        )

    groups = groupby(roughs, key=lambda one: (one.low, one.row >> SEQUENCE_BITS))
    return merged((low, run_of(low, base, list(some))) for (low, base), some in groups)
