"""What a node asks about itself when it starts, and what it concludes: pure decisions.

A store may have been restored from a copy. What it signed after the copy was made it does not
know any more; its neighbours do. So nothing that they have not seen yet is shown before they were
asked.
"""

from enum import Enum

# One neighbour may have been away when the newest head was pushed; two rarely both.
ENOUGH = 2
# Longer than the first round of a slow neighbour; a shop's news waits no longer for the absent.
WAIT_MS = 10_000
# A newer state that was shown and does not come: who had it may have gone for good.
PATIENCE_MS = 60_000


class Finding(Enum):
    """What a head of an own log that a neighbour shows means."""

    NOTHING = "it is known here"
    OLDER = "a log that was begun anew since: fetched as any other"
    LOST = "this store is a copy of an earlier one: begin anew from what they have"
    CLONE = "another computer writes with this key: stop"


def is_answered(answered: int, known: int, met_ms: int | None) -> bool:
    """Whether enough neighbours have answered, of so many that are known.

    met_ms: how long ago the first was met, None: none yet. Who knows neighbours and meets nobody
    waits on: there is nobody to whom anything could be shown.
    """
    return answered >= min(ENOUGH, known) or (met_ms is not None and met_ms >= WAIT_MS)


def finding(shown: tuple[int, int], written: int, *, seen_seq: int, has_exposed: bool) -> Finding:
    """What (incarnation, seq) of an own log means to a node that writes this incarnation.

    seen_seq: the seq up to which neighbours have seen the log that is written; has_exposed:
    whether one beyond what they had seen at the start has been shown since.
    """
    incarnation, seq = shown
    if incarnation < written:
        return Finding.OLDER
    if incarnation == written and seq <= seen_seq:
        return Finding.NOTHING
    return Finding.CLONE if has_exposed else Finding.LOST


def is_due(missing: int, quiet_ms: int) -> bool:
    """Whether to begin anew now: nothing is missing any more, or has come for long."""
    return not missing or quiet_ms >= PATIENCE_MS
