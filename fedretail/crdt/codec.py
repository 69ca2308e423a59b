"""Canonical msgpack: one value has one encoding, and only that is accepted in signed bytes.

Canonical means: shortest integers, no floats, no extension types, map keys sorted by their UTF-8
bytes, text in UTF-8. Every holder of a row therefore makes the same bytes, and the digest of the
rows is the same everywhere. The only module that imports msgpack.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import msgpack

from fedretail.errors import MalformedInput

# Deeper values than a price list inside a list inside a record have no use and cost stack.
MAX_DEPTH = 6
_SCALARS = frozenset({int, str, bytes, bool, type(None)})

pack: Callable[[Any], bytes] = msgpack.Packer(use_bin_type=True, autoreset=True).pack


def unpack(data: bytes | memoryview, *, max_bytes: int) -> Any:
    """The value in `data` (whole, nothing behind it).

    Any legal msgpack without extension types; floats and unsorted maps pass, see `check_value`.
    Raises MalformedInput where the bytes are longer than `max_bytes` or no such value.
    """
    if len(data) > max_bytes:
        raise MalformedInput(f"{len(data)} bytes where at most {max_bytes} are allowed")
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False, ext_hook=_no_extension)
    except MalformedInput:
        raise
    # msgpack signals bad input with its own classes, all of them ValueErrors, and a map key
    # that cannot be hashed with TypeError.
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        raise MalformedInput(f"not a message: {type(error).__name__}") from None


def unpack_canonical(data: bytes, *, max_bytes: int) -> Any:
    """The value in `data`, which must be its only encoding.

    Raises MalformedInput for everything that `pack` would have written differently.
    """
    value = unpack(data, max_bytes=max_bytes)
    check_value(value)
    if pack(value) != bytes(data):
        raise MalformedInput("not the shortest encoding of its value")
    return value


def check_value(value: Any, depth: int = MAX_DEPTH) -> None:
    """Raise MalformedInput unless `value` may stand in a row.

    Allowed: None, bool, int (64 bit), text, bytes, lists, and maps from text in sorted order.
    """
    kind = type(value)
    if kind is int:
        if not -(1 << 63) <= value < 1 << 64:
            raise MalformedInput("a number of more than 64 bits")
    elif kind not in _SCALARS:
        _check_nested(value, depth)


def check_fields(values: list[Any]) -> None:
    """Raise MalformedInput unless each of `values` may stand in a row; scalars cost one look."""
    for value in values:
        if type(value) not in _SCALARS:
            _check_nested(value, MAX_DEPTH)


def check_column(values: Iterable[Any]) -> None:
    """Raise MalformedInput unless each of many unpacked values may stand in a row.

    As `check_fields`, but all lists of one depth are looked into at once: a catalog holds many
    price lists of one number. Numbers are not looked at, as msgpack holds none of more than 64
    bits.
    """
    for depth in range(MAX_DEPTH, -1, -1):
        values = tuple(values)
        kinds = set(map(type, values)) - _SCALARS
        if not kinds:
            return
        if depth == 0 or kinds != {list}:
            break
        values = chain.from_iterable(value for value in values if type(value) is list)
    for value in values:
        check_value(value, depth)


def sorted_value(value: Any) -> Any:
    """`value` with every map inside in canonical key order, ready for `pack`."""
    if type(value) in _SCALARS:
        return value
    if isinstance(value, dict):
        # Fields are mostly scalars: a call for each would take longer than all the rest.
        return {
            name: item if type(item := value[name]) in _SCALARS else sorted_value(item)
            for name in sorted(value)
        }
    if isinstance(value, list | tuple):
        return [sorted_value(item) for item in value]
    return value


def _check_nested(value: Any, depth: int) -> None:
    if depth == 0:
        raise MalformedInput("a value nested too deeply")
    if type(value) is list:
        for item in value:
            if type(item) not in _SCALARS:
                _check_nested(item, depth - 1)
            elif type(item) is int:
                check_value(item)
    elif type(value) is dict:
        _check_map(value, depth)
    else:
        raise MalformedInput(f"a value of type {type(value).__name__} has no place in a record")


def _check_map(value: dict[Any, Any], depth: int) -> None:
    names = list(value)
    if not all(type(name) is str for name in names) or names != sorted(names):
        raise MalformedInput("a map whose keys are not text in order")
    for item in value.values():
        check_value(item, depth - 1)


def _no_extension(code: int, data: bytes) -> Any:
    raise MalformedInput(f"extension type {code} has no place in a message")
