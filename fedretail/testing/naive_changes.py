"""The reference for `crdt.changes.decode`: one line of the changes at a time, nothing made fast."""

from typing import Any

from fedretail.crdt.changes import Point, RowChange
from fedretail.crdt.codec import check_value
from fedretail.crdt.row import MAX_FIELDS, RowKey, check_key, check_names
from fedretail.errors import MalformedInput


def naive_decode(changes: Any, *, base: Point, head: Point) -> dict[RowKey, RowChange]:
    """What `decode` answers; MalformedInput where it refuses."""
    result: dict[RowKey, RowChange] = {}
    require(type(changes) is list)
    for part in changes:
        require(type(part) is list and len(part) == 3)
        kind, names, lines = part
        require(type(names) is type(lines) is list and len(names) <= MAX_FIELDS)
        check_names(names)
        for line in lines:
            require(type(line) is list and len(line) == len(names) + 4)
            key, change = check_key(kind, line[0]), _change(names, line, base, head)
            join(result[key], change) if key in result else result.update({key: change})
    return result


def _change(names: list[str], line: list[Any], base: Point, head: Point) -> RowChange:
    _, *values, stamp_back, seq_back, born_back = line
    for value in values:
        check_value(value)
    require(type(stamp_back) is type(seq_back) is int and 0 <= stamp_back <= head.stamp)
    seq, born = head.seq - seq_back, None
    require(base.seq < seq <= head.seq)
    if born_back is not None:
        require(type(born_back) is int)
        born = head.seq - born_back
        require(base.seq < born <= seq)
    if not names:
        require(born is not None)
        return RowChange(seq, born, [])
    fields = dict(zip(names, values, strict=True))
    return RowChange(seq, born, [(head.stamp - stamp_back, fields)])


def join(present: RowChange, more: RowChange) -> None:
    """Add a group to the row it belongs to."""
    require(present[:2] == more[:2] and bool(present.groups) and bool(more.groups))
    require(len(present.groups) < MAX_FIELDS)
    require(more.groups[0][0] not in [stamp for stamp, _ in present.groups])
    present.groups.extend(more.groups)


def require(is_so: bool) -> None:
    """Raise MalformedInput unless it is so."""
    if not is_so:
        raise MalformedInput("changes that break the form")
