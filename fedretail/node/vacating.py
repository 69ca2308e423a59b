"""What has been deleted long enough leaves this member's logs: the daemon's part of it.

A device may let go of a deletion when it has seen all others clean for 30 days. The days count
only while it could have seen otherwise: while the daemon runs, and has had a neighbour in the last
week.
"""

from fedretail.node.base import DAEMON, STALE_MS, BaseNode

# Two looks further apart than this: the computer has slept, or no daemon ran.
LONGEST_MS = 10 * 60 * 1000
SYNCED_MS = 7 * 24 * 3600 * 1000
# Under these keys the store notes when a neighbour was there, and when rows were looked at.
SYNCED = "synced"
LOOKED = "looked"
# So long after the daemon's start all neighbours have said what they have.
SETTLED_MS = 60 * 1000
# The note of the last neighbour is good enough if it is so old.
_NOTE_MS = 3600 * 1000


def vacate_due(node: BaseNode) -> int:
    """Count the time since the last call and look at some own rows; how many were emptied."""
    if node.owner is None:
        return 0
    now_ms = node.clock.now_ms()
    last = node.store.noted(LOOKED)
    node.store.note(LOOKED, True)
    ran_ms = 0 if last is None else now_ms - last.at_ms
    is_near = _has_neighbour(node, now_ms)
    if _is_synced(node, now_ms, is_near=is_near) and 0 < ran_ms <= LONGEST_MS:
        node.store.vacating.add_running(ran_ms)
    # By then neighbours have said whether they know more of these logs.
    return node.store.vacating.run(node.identity.author()) if is_near else 0


def _is_synced(node: BaseNode, now_ms: int, *, is_near: bool) -> bool:
    """Whether a neighbour was there in the last week."""
    noted = node.store.noted(SYNCED)
    age_ms = None if noted is None else now_ms - noted.at_ms
    if is_near:
        if age_ms is None or not 0 <= age_ms < _NOTE_MS:
            node.store.note(SYNCED, True)
        return True
    return age_ms is not None and 0 <= age_ms <= SYNCED_MS


def _has_neighbour(node: BaseNode, now_ms: int) -> bool:
    """Whether the daemon has said just now that it is in sync with somebody, and not since now."""
    state = node.store.noted(DAEMON)
    if state is None or not 0 <= now_ms - state.at_ms <= STALE_MS:
        return False
    if state.at_ms - state.value["started_ms"] < SETTLED_MS:
        return False
    return any(peer["last_sync_ms"] is not None for peer in state.value["peers"])
