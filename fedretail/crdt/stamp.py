"""Stamps: the hybrid logical time of an edit, in milliseconds since 1970.

A stamp follows the wall clock where it can, is later than every stamp this device gave before,
and later than every stamp in force that it has seen of the same owner: what one sees, one can
overwrite, whatever the clocks say.
"""

# Stamps further ahead than this take effect only when the clock reaches them: a device whose
# clock runs a year ahead must not win every conflict of that year. Ten minutes is more than the
# drift of any clock that a person would call right.
MATURITY_MS = 10 * 60 * 1000

# 2025-11-01: before this program was written. A clock that says so is wrong.
EARLIEST_MS = 1_761_955_200_000


def next_stamp(now_ms: int, last_own: int, newest_seen: int = 0) -> int:
    """The stamp of the next commit.

    `last_own`: the last stamp of this device, renewals included; `newest_seen`: the newest stamp
    in force in any log of the same owner held here (0: none).
    """
    return max(now_ms, last_own + 1, newest_seen + 1)


def is_in_force(stamp: int, now_ms: int) -> bool:
    """Whether a stamp takes effect at `now_ms` (corrected clock)."""
    return stamp <= now_ms + MATURITY_MS


def is_timely(stamp: int, now_ms: int) -> bool:
    """Whether a stamp that this device gives tells the time, as far as it can know."""
    return now_ms >= EARLIEST_MS and is_in_force(stamp, now_ms)
