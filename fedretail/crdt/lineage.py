"""Incarnations of one log: which an older one is done with, and how what is left is taken over.

A device begins a log anew, under a later incarnation, when it cannot know any more what it signed
last: its store was restored from a copy, or a copy writes elsewhere. The new log names the head it
was begun from (`parent`, for ever), and what it has taken over since (`absorbed`). An older log is
*done with* up to the seq that is named; what it holds beyond counts until it is taken over too.
"""

from collections.abc import Iterable
from typing import NamedTuple

from fedretail.crdt.codec import pack
from fedretail.crdt.head import Head
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.registers import DELETED
from fedretail.crdt.row import Fields, Groups, Row, sorted_fields

# As many as a head names: one a restore. Of a device restored oftener the oldest are left out,
# and an incarnation that a full list does not name is done with altogether.
MAX_ABSORBED = 8
Absorbed = tuple[tuple[bytes, int, bytes], ...]


class Origin(NamedTuple):
    """Where a log was begun, and what it has taken over: the last two items of its heads."""

    parent: tuple[int, int, bytes] | None = None
    absorbed: Absorbed = ()


def next_incarnation(now_ms: int, known: Iterable[int]) -> int:
    """The incarnation to begin a log under, where these are known of its device."""
    return max(now_ms, *(one + 1 for one in known), 0)


def begun_from(name: LogName, head: Head, head_id: bytes) -> Origin:
    """The origin of a log that begins with the rows of another at this head."""
    absorbed = head.absorbed or ()
    if head.parent is not None:
        incarnation, seq, parent_id = head.parent
        older = log_id(name._replace(incarnation=incarnation))
        absorbed = with_absorbed(absorbed, (older, seq, parent_id))
    return Origin((name.incarnation, head.seq, head_id), absorbed)


def with_absorbed(absorbed: Absorbed, entry: tuple[bytes, int, bytes]) -> Absorbed:
    """`absorbed` with one log more, or with a later place in one, the newest last."""
    others = tuple(one for one in absorbed if one[0] != entry[0])
    return (*others, entry)[-MAX_ABSORBED:]


def done_with(older: LogName, newer: Iterable[Head]) -> float:
    """Up to which seq heads of newer incarnations name this log; 0: not at all.

    Endless where a list is full that may have named it once.
    """
    log = log_id(older)
    found: float = 0
    for head in newer:
        absorbed = head.absorbed or ()
        if head.parent is not None and head.parent[0] == older.incarnation:
            found = max(found, head.parent[1])
        seqs = [seq for other, seq, _ in absorbed if other == log]
        found = max([found, *seqs])
        if len(absorbed) == MAX_ABSORBED and not seqs and not found:
            return float("inf")
    return found


def taken_over(mine: Row | None, theirs: Row, *, is_untouched: bool) -> Groups | None:
    """The groups of a row that takes over what another incarnation holds of it; None: as it is.

    is_untouched: `mine` is what `theirs` was once: theirs as a whole then, be it vacant. Otherwise
    each field with its newer stamp, and what a deletion beats is left out.
    """
    if mine is None or is_untouched:
        new: Groups = theirs.groups
    else:
        new = _newest(mine.groups, theirs.groups)
    return None if mine is not None and pack(new) == pack(mine.groups) else new


def _newest(mine: Groups, theirs: Groups) -> Groups:
    winners: dict[str, tuple[int, bytes, object]] = {}
    for stamp, fields in (*mine, *theirs):
        for name, value in fields.items():
            candidate = (stamp, pack(value), value)
            present = winners.get(name)
            if present is None or candidate[:2] > present[:2]:
                winners[name] = candidate
    deleted = winners.get(DELETED, (0, b"", None))
    by_stamp: dict[int, Fields] = {}
    for name in sorted(winners):
        stamp, _, value = winners[name]
        if name == DELETED or deleted[2] is not True or stamp > deleted[0]:
            by_stamp.setdefault(stamp, {})[name] = value
    return [(stamp, by_stamp[stamp]) for stamp in sorted(by_stamp, reverse=True)]


def newest_common(mine: Groups, theirs: Groups) -> int:
    """The newest stamp of which both rows hold an edit, to the byte; -1: none."""
    there = {
        (stamp, name): pack(value) for stamp, fields in theirs for name, value in fields.items()
    }
    return max(
        (
            stamp
            for stamp, fields in mine
            for name, value in fields.items()
            if there.get((stamp, name)) == pack(value)
        ),
        default=-1,
    )


def beyond(mine: Groups, theirs: Groups) -> Fields:
    """The fields of `mine`, `!` too, that no later edit or deletion in `theirs` has overtaken."""
    stamps = {name: stamp for stamp, fields in theirs for name in fields}
    deleted = stamps.get(DELETED, -1)
    result: Fields = {}
    for stamp, fields in mine:
        if DELETED in fields and (not theirs or min(stamps.values()) < stamp):
            result[DELETED] = fields[DELETED]
        for name, value in fields.items():
            if name != DELETED and stamp >= max(deleted, stamps.get(name, -1)):
                result[name] = value
    return result


def restated(groups: Groups, stamp: int) -> Groups:
    """What `groups` say, as if it were said at `stamp`; a deletion before it just before that."""
    newest = _newest([], groups)
    fields = {name: value for _, group in reversed(newest) for name, value in group.items()}
    is_deleted = fields.pop(DELETED, None) is True
    if not fields:
        return [(stamp, {DELETED: True})] if is_deleted else []
    before: Groups = [(stamp - 1, {DELETED: True})] if is_deleted else []
    return [(stamp, sorted_fields(fields)), *before]


def not_after(groups: Groups, latest: int) -> Groups:
    """`groups` with stamps no later than `latest`, newest first; of a field the newest counts.

    What was written after a deletion stays after it.
    """
    deleted = max((stamp for stamp, fields in groups if DELETED in fields), default=-1)
    is_begun_anew = bool(groups) and groups[0][0] > deleted >= latest
    by_stamp: dict[int, Fields] = {}
    for stamp, fields in groups:
        limit = latest - 1 if is_begun_anew and stamp <= deleted else latest
        held = by_stamp.setdefault(min(stamp, limit), {})
        held.update((name, value) for name, value in fields.items() if name not in held)
    return [(stamp, by_stamp[stamp]) for stamp in sorted(by_stamp, reverse=True)]
