"""Rows: the content of a log, and the two operations that change them.

    Row = [seq, born, groups]       canonical msgpack, at most 8 KiB
    seq     the commit that last changed the row
    born    the commit that created or replaced it
    groups  [[stamp, {field: value}], ...] newest first; a stamp once, a field once, none empty;
            no groups at all: a vacant row

Key of a row: (kind, key), both text. At most 64 fields; a key at most 64 bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from fedretail.crdt.codec import check_fields, pack, unpack
from fedretail.errors import MalformedInput

# One article with its texts in a few languages; a million rows stay below 10 GB at worst.
MAX_ROW_BYTES = 8 * 1024
MAX_FIELDS = 64
MAX_KEY_BYTES = 64
MAX_STAMP = (1 << 53) - 1

Fields = dict[str, Any]
Groups = list[tuple[int, Fields]]


class Row(NamedTuple):
    """One row of a log, decoded."""

    seq: int
    born: int
    groups: Groups

    def pack(self) -> bytes:
        """The canonical bytes of this row."""
        return pack(self)


class RowKey(NamedTuple):
    """The place of a row in its log."""

    kind: str
    key: str


def stored_row(data: bytes) -> Row:
    """The row in bytes that this store has written and checked before."""
    seq, born, groups = unpack(data, max_bytes=MAX_ROW_BYTES)
    return Row(seq, born, groups)


def stored_groups(data: bytes) -> Groups:
    """The groups of such a row alone."""
    groups: Groups = unpack(data, max_bytes=MAX_ROW_BYTES)[2]
    return groups


def digested(key: tuple[str, str], packed: bytes) -> bytes:
    """The bytes that the digest counts for a row (kind, key): canonical [kind, key, row]."""
    kind, name = key
    return b"\x93" + pack(kind) + pack(name) + packed


def sorted_fields(fields: Mapping[str, Any]) -> Fields:
    """`fields` in canonical order."""
    return {name: fields[name] for name in sorted(fields)}


def merged(old: Row | None, groups: Groups, *, seq: int, born: int) -> Row:
    """`old`, in canonical form, after newer groups; `born` counts only where no row stood.

    Every field of `groups` replaces the old one, whatever the stamps: order inside a log is seq.
    """
    new = _normal(groups)
    if old is None:
        return Row(seq, born, new)
    names = {name for _, fields in new for name in fields}
    kept = [(stamp, rest) for stamp, fields in old.groups if (rest := _without(fields, names))]
    # As good as always the new stamps are the later ones, and everything is in order already.
    is_in_order = not new or not kept or new[-1][0] > kept[0][0]
    return Row(seq, old.born, new + kept if is_in_order else _normal(new + kept))


def replaced(groups: Groups, *, seq: int) -> Row:
    """A row that stands whole, with its own stamps; no groups: vacant."""
    return Row(seq, seq, _normal(groups))


def check_row(key: RowKey, row: Row, packed: bytes) -> None:
    """Raise MalformedInput where a row breaks a limit; values are checked where they enter."""
    if len(packed) > MAX_ROW_BYTES:
        raise MalformedInput(f"{key.key}: {len(packed)} bytes, at most {MAX_ROW_BYTES} allowed")
    if sum(len(fields) for _, fields in row.groups) > MAX_FIELDS:
        raise MalformedInput(f"{key.key}: more than {MAX_FIELDS} fields")


def check_key(kind: object, key: object) -> RowKey:
    """The RowKey of two values from outside; MalformedInput where they make none."""
    if type(kind) is str and type(key) is str and key and _fits(kind) and _fits(key):
        return RowKey(kind, key)
    raise MalformedInput("a record key that is not 1 to 64 bytes of text")


def check_keys(kind: object, keys: Sequence[object]) -> list[RowKey]:
    """The RowKeys of many values of one kind; MalformedInput where `check_key` would raise it."""
    if type(kind) is str and _fits(kind) and set(map(type, keys)) == {str}:
        texts = cast("Sequence[str]", keys)
        if all(texts) and max(map(len, texts)) <= MAX_KEY_BYTES and "".join(texts).isascii():
            return [RowKey(kind, text) for text in texts]
    return [check_key(kind, key) for key in keys]


def _fits(text: str) -> bool:
    """Whether a key or kind is text of at most 64 bytes."""
    if text.isascii():
        return len(text) <= MAX_KEY_BYTES
    try:
        return len(text.encode()) <= MAX_KEY_BYTES
    except UnicodeEncodeError:
        return False


def check_names(names: Iterable[object]) -> None:
    """Raise MalformedInput unless `names` are field names in canonical order, each once."""
    last = ""
    for name in names:
        if type(name) is not str or not last < name or len(name.encode("utf-8", "replace")) > 64:
            raise MalformedInput("field names that are not text in order")
        last = name


def parse_row(key: RowKey, data: bytes) -> Row:
    """The row in bytes from outside; MalformedInput unless these are its canonical bytes."""
    value = unpack(data, max_bytes=MAX_ROW_BYTES)
    match value:
        case [seq, born, list(groups)] if type(seq) is type(born) is int and 0 < born <= seq:
            row = Row(seq, born, [_parse_group(group) for group in groups])
        case _:
            raise MalformedInput("not a row")
    if row.groups != _normal(row.groups) or row.pack() != data:
        raise MalformedInput("a row that is not in canonical form")
    check_row(key, row, data)
    return row


def _parse_group(group: object) -> tuple[int, Fields]:
    match group:
        case [stamp, dict(fields)] if fields and type(stamp) is int and 0 <= stamp <= MAX_STAMP:
            check_names(fields)
            check_fields(list(fields.values()))
            return stamp, fields
    raise MalformedInput("not a group of fields")


def _without(fields: Fields, names: set[str]) -> Fields:
    if names.isdisjoint(fields):
        return fields
    return {name: value for name, value in fields.items() if name not in names}


def _normal(groups: Iterable[tuple[int, Fields]]) -> Groups:
    """Newest first, one group a stamp, a field once (in the newest), no empty group."""
    filled = [(stamp, fields) for stamp, fields in groups if fields]
    if len(filled) < 2:
        return [(stamp, sorted_fields(fields)) for stamp, fields in filled]
    by_stamp: dict[int, Fields] = {}
    for stamp, fields in filled:
        by_stamp.setdefault(stamp, {}).update(fields)
    seen: set[str] = set()
    result: Groups = []
    for stamp in sorted(by_stamp, reverse=True):
        fields = _without(by_stamp[stamp], seen)
        seen.update(fields)
        if fields:
            result.append((stamp, sorted_fields(fields)))
    return result
