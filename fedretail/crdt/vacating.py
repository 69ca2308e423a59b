"""Vacating: what a device's own row need not say any more, given the copies of the other logs.

A deletion may go when no copy of another log can bring back what it beats; an own field, when
another's deletion has beaten it. Either must have been so for 30 days; who counts them is the
store's business. A value that another has merely overwritten stays: should that other device be
revoked, it is the one that counts.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from fedretail.crdt.registers import DELETED
from fedretail.crdt.row import Groups
from fedretail.crdt.stamp import is_in_force

# Of an edit, as the fold compares them: stamp, device key.
EditPlace = tuple[int, bytes]


class Beside(NamedTuple):
    """The verified copy of another log of the collection.

    stamp: of its head; groups: of its row of the record (none: no such row, or a vacant one).
    """

    device: bytes
    stamp: int
    groups: Groups


class Spent(NamedTuple):
    """What may leave a row after 30 days.

    deletion: stamp of the row's own `!`; beaten_by: the place of the newest deletion of another
    that beats fields of the row. None: nothing.
    """

    deletion: int | None = None
    beaten_by: EditPlace | None = None


NOTHING = Spent()


def spent(
    own: tuple[bytes, Groups], others: Iterable[Beside], *, is_complete: bool, now_ms: int
) -> Spent:
    """What may leave the row of a record.

    `own`: the device key of the row's log, and the row's groups; `others`: all other logs of the
    collection that count. is_complete: a log of each device with a grant is among them.
    """
    device, groups = own
    beside = list(others)
    mine = _marks(device, groups)
    theirs = [mark for one in beside for mark in _marks(one.device, one.groups)]
    # Only a later version of this program takes a deletion back; then nothing here is spent.
    if not all(value is True for _, value in [*mine, *theirs]):
        return NOTHING
    deletion = _newest(mine, now_ms)
    if deletion and not (is_complete and all(_is_past(one, deletion) for one in beside)):
        deletion = None
    beaten_by = _newest(theirs, now_ms)
    if beaten_by and not has_older(device, groups, beaten_by):
        beaten_by = None
    return Spent(deletion[0] if deletion else None, beaten_by)


def without(own: tuple[bytes, Groups], gone: Spent) -> Groups:
    """The groups of a row (see `spent`) without what is spent; what goes with it goes too."""
    device, groups = own
    limits = [] if gone.beaten_by is None else [gone.beaten_by]
    if gone.deletion is not None:
        limits.append((gone.deletion, device))
    limit = max(limits, default=(-1, b""))
    kept = [
        (
            stamp,
            {
                name: value
                for name, value in fields.items()
                if (stamp != gone.deletion if name == DELETED else (stamp, device) > limit)
            },
        )
        for stamp, fields in groups
    ]
    return [(stamp, fields) for stamp, fields in kept if fields]


def _marks(device: bytes, groups: Groups) -> list[tuple[EditPlace, Any]]:
    """Place and value of the `!` of a row; there is one at most."""
    return [((stamp, device), fields[DELETED]) for stamp, fields in groups if DELETED in fields]


def _newest(marks: list[tuple[EditPlace, Any]], now_ms: int) -> EditPlace | None:
    """The newest place that is in force."""
    places = [place for place, _ in marks if is_in_force(place[0], now_ms)]
    return max(places, default=None)


def _is_past(other: Beside, deletion: EditPlace) -> bool:
    """Whether a log has gone on after a deletion and holds nothing that it beats."""
    return other.stamp > deletion[0] and not has_older(other.device, other.groups, deletion)


def has_older(device: bytes, groups: Groups, deletion: EditPlace) -> bool:
    """Whether a row has a field that a deletion beats."""
    return any(
        (stamp, device) <= deletion and (len(fields) > 1 or DELETED not in fields)
        for stamp, fields in groups
    )
