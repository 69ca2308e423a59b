"""What a daemon does every minute and every day: stamps, renewals, silence, a look at rows."""

import logging
from collections.abc import Callable, Iterator

from fedretail.node.base import BaseNode
from fedretail.node.renewals import renew_due
from fedretail.p2p.mirror import Mirror

log = logging.getLogger(__name__)

# One log of all is recounted a day: 10,000 rows take 0.3 s, and bits rot over months.
CHECK_MS = 24 * 3600 * 1000
# Under this key the store notes when the last look was.
CHECKED = "checked"


def steps(
    node: BaseNode, mirror: Mirror | None, *, choice: float
) -> Iterator[Callable[[], object]]:
    """What is to be done, one after the other; `choice`: from 0 to below 1, which log is looked at.

    `mirror`: what sessions know of the store, None before there are any.
    """
    yield node.store.refold_due
    yield lambda: renew_due(node)
    yield node.store.prune
    yield node.store.trust.prune
    if mirror is not None:
        yield mirror.evict
    yield lambda: check_daily(node, choice)


def check_daily(node: BaseNode, choice: float) -> bool:
    """Recount one log, if that was last done a day ago; whether it was done.

    A damaged one is marked, and mended as soon as a neighbour shows that it holds it.
    """
    last = node.store.noted(CHECKED)
    if last is not None and 0 <= node.clock.now_ms() - last.at_ms < CHECK_MS:
        return False
    node.store.note(CHECKED, choice)
    for problem in node.store.upkeep.check_one(choice):
        log.warning("%s: %s", problem.place, problem.what)
    return True
