"""Changes: the one form in which rows travel, in a push, a catch-up and a commit.

    Changes = [[kind, [field, ...], [line, ...]], ...]
    line = [key, value, ..., stamp back, seq back, born back | nil]

Grouped by kind and set of fields, keys in order. Stamps and seqs are differences to those of the
head they belong to. A key with several groups stands in several lists; a vacant row stands under
an empty list of fields. `born back` stands only where the row was created or replaced after the
base: then the row is sent whole and takes the place of the old one.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fedretail.crdt.codec import check_column
from fedretail.crdt.row import (
    MAX_FIELDS,
    Groups,
    Row,
    RowKey,
    check_keys,
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


def encode(rows: Iterable[tuple[tuple[str, str], Row]], *, base: Point, head: Point) -> Changes:
    """The changes since `base` in `rows`, all of which have seq > base.seq.

    `rows`: ((kind, key), row); in key order they give lists in key order.
    """
    base_seq, base_stamp = base
    head_seq, head_stamp = head
    # By kind and names of the fields.
    lists: dict[tuple[str, ...], list[list[Any]]] = {}
    for (kind, key), (seq, born, groups) in rows:
        is_whole = born > base_seq
        born_back = head_seq - born if is_whole else None
        seq_back = head_seq - seq
        sent = groups if is_whole else [group for group in groups if group[0] > base_stamp]
        if not sent:
            lists.setdefault((kind,), []).append([key, 0, seq_back, born_back])
        for stamp, fields in sent:
            line = [key, *fields.values(), head_stamp - stamp, seq_back, born_back]
            place = (kind, *fields)
            if place in lists:
                lists[place].append(line)
            else:
                lists[place] = [line]
    return [[kind, names, lines] for (kind, *names), lines in lists.items()]


def decode(changes: object, *, base: Point, head: Point) -> dict[RowKey, RowChange]:
    """The rows changed, by key; MalformedInput where the bytes break the form.

    `changes`: as unpacked. Values, names, keys and numbers are checked, a column at a time (line
    by line takes three times as long); the meaning of the fields is not.
    """
    if type(changes) is not list:
        raise MalformedInput("changes that are not a list")
    result: dict[RowKey, RowChange] = {}
    for part in changes:
        keys, rows = _decode_part(part, base, head)
        if result.keys().isdisjoint(keys) and len(set(keys)) == len(keys):
            result.update(zip(keys, rows))
            continue
        for key, change in zip(keys, rows):
            present = result.setdefault(key, change)
            if present is not change:
                _join(present, change)
    return result


def _decode_part(
    part: object, base: Point, head: Point
) -> tuple[Sequence[RowKey], Sequence[RowChange]]:
    """The keys and the changes of the lines of one list."""
    match part:
        case [kind, list(names), list(lines)] if len(names) <= MAX_FIELDS:
            check_names(names)
            return _decode_lines(kind, names, lines, span=(base, head)) if lines else ((), ())
    raise MalformedInput("changes that are not grouped by kind and fields")


def _decode_lines(
    kind: object, names: list[str], lines: list[Any], *, span: tuple[Point, Point]
) -> tuple[Sequence[RowKey], Sequence[RowChange]]:
    if set(map(type, lines)) != {list} or set(map(len, lines)) != {len(names) + 4}:
        raise MalformedInput("a changed row of the wrong length")
    keys, *columns, stamps_back, seqs_back, borns_back = zip(*lines)
    rows = check_keys(kind, keys)
    for column in columns:
        check_column(column)
    _check_places(stamps_back, seqs_back, span)
    _check_borns(borns_back, seqs_back, span, is_vacant=not names)
    _, (head_seq, head_stamp) = span
    groups: Iterable[Groups] = ([] for _ in keys)
    if names:
        fields = (dict(zip(names, values)) for values in zip(*columns))
        stamps = [head_stamp - back for back in stamps_back]
        groups = ([group] for group in zip(stamps, fields))
    seqs = [head_seq - back for back in seqs_back]
    borns = [None if back is None else head_seq - back for back in borns_back]
    return rows, list(map(RowChange._make, zip(seqs, borns, groups)))


def _check_places(
    stamps_back: Sequence[Any], seqs_back: Sequence[Any], span: tuple[Point, Point]
) -> None:
    if set(map(type, stamps_back)) | set(map(type, seqs_back)) != {int}:
        raise MalformedInput("a changed row with a broken place in its log")
    base, head = span
    is_inside = min(seqs_back) >= 0 and max(seqs_back) < head.seq - base.seq
    if not is_inside or not 0 <= min(stamps_back) <= max(stamps_back) <= head.stamp:
        raise MalformedInput("a changed row from outside the changes")


def _check_borns(
    borns_back: Sequence[Any],
    seqs_back: Sequence[int],
    span: tuple[Point, Point],
    *,
    is_vacant: bool,
) -> None:
    kinds = set(map(type, borns_back))
    if is_vacant and type(None) in kinds:
        raise MalformedInput("a vacant row that was not replaced")
    if not kinds <= {int, type(None)}:
        raise MalformedInput("a row created outside the changes")
    base, head = span
    length = head.seq - base.seq
    pairs = zip(borns_back, seqs_back)
    if not all(born is None or seq <= born < length for born, seq in pairs):
        raise MalformedInput("a row created outside the changes")


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
