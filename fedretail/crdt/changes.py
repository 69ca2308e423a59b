"""Changes: the one form in which rows travel, in a push, a catch-up and a commit.

    Changes = [[kind, [field, ...], [line, ...]], ...]
    line = [key, value, ..., stamp back, seq back, born back | nil]

Grouped by kind and set of fields, keys in order. Stamps and seqs are differences to those of the
head they belong to. A key with several groups stands in several lists; a vacant row stands under
an empty list of fields. `born back` stands only where the row was created or replaced after the
base: then the row is sent whole and takes the place of the old one.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from fedretail.crdt.codec import check_fields
from fedretail.crdt.row import (
    MAX_FIELDS,
    Groups,
    Row,
    RowKey,
    check_key,
    check_names,
    merged,
    replaced,
)
from fedretail.errors import MalformedInput

Changes = list[list[Any]]


class Point(NamedTuple):
    """A place in the life of a log: commits so far, and the stamp of the last one."""

    seq: int
    stamp: int


START = Point(0, 0)


class RowChange(NamedTuple):
    """What changed in one row: born is None where the groups are merged into the row held."""

    seq: int
    born: int | None
    groups: Groups

    def applied(self, old: Row | None) -> Row:
        """The row after this change.

        MalformedInput where a merge meets no row: the sender took us for someone further on.
        """
        if self.born is not None:
            # One group came with its names in order; more may have come in any.
            is_plain = len(self.groups) == 1
            groups = self.groups if is_plain else replaced(self.groups, seq=0).groups
            return Row(self.seq, self.born, groups)
        if old is None:
            raise MalformedInput("changes to a row that is not here")
        return merged(old, self.groups, seq=self.seq, born=old.born)


def encode(rows: Iterable[tuple[RowKey, Row]], *, base: Point, head: Point) -> Changes:
    """The changes since `base` in `rows`, all of which have seq > base.seq.

    Rows in key order give lists in key order.
    """
    lists: dict[tuple[str, tuple[str, ...]], list[list[Any]]] = {}
    for (kind, key), (seq, born, groups) in rows:
        is_whole = born > base.seq
        tail = [head.seq - seq, head.seq - born if is_whole else None]
        sent = groups if is_whole else [group for group in groups if group[0] > base.stamp]
        if not sent:
            lists.setdefault((kind, ()), []).append([key, 0, *tail])
        for stamp, fields in sent:
            line = [key, *fields.values(), head.stamp - stamp, *tail]
            lists.setdefault((kind, tuple(fields)), []).append(line)
    return [[kind, list(names), lines] for (kind, names), lines in lists.items()]


def decode(changes: object, *, base: Point, head: Point) -> dict[RowKey, RowChange]:
    """The rows changed, by key; MalformedInput where the bytes break the form.

    Values, names, keys and numbers are checked; the meaning of the fields is not.
    """
    if type(changes) is not list:
        raise MalformedInput("changes that are not a list")
    result: dict[RowKey, RowChange] = {}
    for part in changes:
        for key, change in _decode_part(part, base, head):
            present = result.setdefault(key, change)
            if present is not change:
                _join(present, change)
    return result


def _decode_part(part: object, base: Point, head: Point) -> Iterator[tuple[RowKey, RowChange]]:
    match part:
        case [kind, list(names), list(lines)] if len(names) <= MAX_FIELDS:
            check_names(names)
            length = len(names) + 4
            for line in lines:
                if type(line) is not list or len(line) != length:
                    raise MalformedInput("a changed row of the wrong length")
                yield check_key(kind, line[0]), _decode_line(names, line, base, head)
        case _:
            raise MalformedInput("changes that are not grouped by kind and fields")


def _decode_line(names: list[str], line: list[Any], base: Point, head: Point) -> RowChange:
    values = line[1:-3]
    check_fields(values)
    change = _change(line[-3:], base, head)
    if names:
        change.groups.append((head.stamp - line[-3], dict(zip(names, values, strict=True))))
    elif change.born is None:
        raise MalformedInput("a vacant row that was not replaced")
    return change


def _change(tail: list[Any], base: Point, head: Point) -> RowChange:
    stamp_back, seq_back, born_back = tail
    if not type(stamp_back) is type(seq_back) is int:
        raise MalformedInput("a changed row with a broken place in its log")
    seq = head.seq - seq_back
    if not base.seq < seq <= head.seq or not 0 <= stamp_back <= head.stamp:
        raise MalformedInput("a changed row from outside the changes")
    if born_back is None:
        return RowChange(seq, None, [])
    if type(born_back) is not int or not base.seq < head.seq - born_back <= seq:
        raise MalformedInput("a row created outside the changes")
    return RowChange(seq, head.seq - born_back, [])


def _join(present: RowChange, more: RowChange) -> None:
    """Add a further group of one row, which must agree on everything else."""
    if present[:2] != more[:2] or not present.groups or not more.groups:
        raise MalformedInput("one row with two places in its log")
    # Checked here, so that a million lines for one row cost no more than those of 64 groups.
    if len(present.groups) == MAX_FIELDS:
        raise MalformedInput("one row with more groups than fields")
    if any(stamp == more.groups[0][0] for stamp, _ in present.groups):
        raise MalformedInput("one row with a stamp twice")
    present.groups.extend(more.groups)
