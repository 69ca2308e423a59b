"""What a daemon does every minute and every day: stamps, renewals, silence, a look at rows."""

import logging
from collections.abc import Callable, Iterator

from fedretail.crdt.head import SignedHead
from fedretail.crdt.stamp import EARLIEST_MS, MATURITY_MS
from fedretail.node.base import BaseNode
from fedretail.node.naming import damaged_name
from fedretail.node.renewals import renew_due
from fedretail.node.vacating import vacate_due
from fedretail.p2p.mirror import Mirror

log = logging.getLogger(__name__)

# Own logs and one of all are recounted a day: 10,000 rows take 0.3 s, and bits rot over months.
CHECK_MS = 24 * 3600 * 1000
# Under this key the store notes when the last look was.
CHECKED = "checked"


def steps(
    node: BaseNode, mirror: Mirror | None, *, choice: float, offset_ms: int = 0
) -> Iterator[Callable[[], object]]:
    """What is to be done, one after the other; `choice`: from 0 to below 1, which log is looked at.

    `mirror`: what sessions know of the store, None before there are any; `offset_ms`: how far this
    clock is behind its neighbours'.
    """
    yield node.store.refold_due
    yield lambda: put_stamps_right(node, clock_offset_ms=offset_ms)
    yield lambda: renew_due(node)
    yield lambda: vacate_due(node)
    yield node.store.prune
    yield node.store.trust.prune
    if mirror is not None:
        yield mirror.evict
    yield lambda: check_daily(node, choice)


def check_daily(node: BaseNode, choice: float) -> bool:
    """Recount own logs and one more, if that was last done a day ago; whether it was done.

    A damaged one is marked, and mended as soon as a neighbour shows that it holds it.
    """
    last = node.store.noted(CHECKED)
    if last is not None and 0 <= node.clock.now_ms() - last.at_ms < CHECK_MS:
        return False
    node.store.note(CHECKED, choice)
    upkeep = node.store.upkeep
    for problem in dict.fromkeys((*upkeep.check_one(choice), *upkeep.check_own())):
        log.warning("%s: %s", damaged_name(node, problem) or problem.place, problem.what)
    return True


def put_stamps_right(node: BaseNode, *, clock_offset_ms: int) -> int:
    """Begin own logs anew whose stamps are more than 10 minutes ahead of the time; how many.

    A clock that ran ahead and was set right leaves them behind: until they are reached, every
    neighbour would pass over what this shop writes. The later of this clock and that of its
    neighbours counts: while this one runs ahead still, new stamps would be no better, and
    neighbours who say that it is earlier than it is make nobody begin anew. So does no clock that
    is known to be early.
    """
    now_ms = node.clock.now_ms() + max(0, clock_offset_ms)
    if node.owner is None or node.store.own_logs.stopped or _is_early(node, now_ms):
        return 0
    latest = now_ms + MATURITY_MS
    author, own_logs = node.identity.author(), node.store.own_logs
    ahead = {
        name.collection
        for _, name, raw in node.store.heads()
        if own_logs.written(author.log(name.collection)) == name
        and SignedHead.parse(raw).head.stamp > latest
    }
    return sum(own_logs.restamp(author, one) is not None for one in sorted(ahead))


def _is_early(node: BaseNode, now_ms: int) -> bool:
    """Whether this time is known to be wrong: most of the others have signed something later."""
    newest: dict[bytes, int] = {}
    for _, name, raw in node.store.heads():
        if name.owner != node.owner:
            stamp = SignedHead.parse(raw).head.stamp
            newest[name.owner] = max(stamp, newest.get(name.owner, 0))
    later = sum(stamp > now_ms + MATURITY_MS for stamp in newest.values())
    return now_ms < EARLIEST_MS or 2 * later > len(newest)
