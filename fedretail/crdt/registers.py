"""The fold: the present value of a record over all logs of its owner.

Each field is a last-writer-wins register: the newest stamp wins, then the device key, then the
greater canonical bytes of the value. Deleting is the register `!`: it beats every older field of
its record in all logs; a later edit may stand beside it. A pure function of the rows and the
time: any order, any repetition, any split of the changes gives the same value.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from fedretail.crdt.codec import pack
from fedretail.crdt.row import Fields, Groups
from fedretail.crdt.stamp import is_in_force

DELETED = "!"


class Folded(NamedTuple):
    """The present value of a record: its fields, and for each the stamp of its last edit (ms)."""

    fields: Fields
    stamps: dict[str, int]


def fold(parts: Iterable[tuple[bytes, Groups]], *, now_ms: int) -> Folded | None:
    """The value of a record, or None where it does not exist (never did, deleted, or vacant).

    `parts`: (device key, groups of its row) for each log that holds the record, fields in
    canonical order, as they are in the result. `now_ms`: the
    corrected clock; stamps that are not in force yet are passed over.
    """
    rows = list(parts)
    if len(rows) == 1:
        sole = _sole(rows[0][1], now_ms)
        if sole is not None:
            return sole
    winners: dict[str, tuple[int, bytes, Any]] = {}
    for device, groups in rows:
        for stamp, fields in groups:
            if is_in_force(stamp, now_ms):
                for name, value in fields.items():
                    present = winners.get(name)
                    if present is None or _beats((stamp, device, value), present):
                        winners[name] = (stamp, device, value)
    return _living(winners)


def _sole(groups: Groups, now_ms: int) -> Folded | None:
    """The value of a record's only row where it holds one edit: no field is contended.

    Most records are so, and this is a fourth of the work. None where the rules must decide.
    """
    if len(groups) != 1:
        return None
    stamp, fields = groups[0]
    if not fields or DELETED in fields or not is_in_force(stamp, now_ms):
        return None
    return Folded(fields, dict.fromkeys(fields, stamp))


def _beats(new: tuple[int, bytes, Any], old: tuple[int, bytes, Any]) -> bool:
    if new[:2] != old[:2]:
        return new[:2] > old[:2]
    return pack(new[2]) > pack(old[2])


def _living(winners: dict[str, tuple[int, bytes, Any]]) -> Folded | None:
    deletion = winners.pop(DELETED, None)
    if deletion is not None and deletion[2] is True:
        winners = {name: won for name, won in winners.items() if won[:2] > deletion[:2]}
    if not winners:
        return None
    names = sorted(winners)
    return Folded(
        {name: winners[name][2] for name in names}, {name: winners[name][0] for name in names}
    )
