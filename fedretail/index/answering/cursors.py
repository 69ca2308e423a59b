"""Cursors: where a page ended, so that the next one begins there and nowhere else.

A cursor holds the order of the last hit, not its number: what comes or goes on earlier pages
moves nothing on later ones. It also holds the moment that was asked about, so that prices and
hours of page two are those of page one.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import fields
from typing import NamedTuple

from fedretail.errors import UsageError
from fedretail.index.query import Query
from fedretail.index.rules.orders import Order

# A reader of a long list is done within an hour; later, prices and hours are asked anew.
LASTS_MS = 3600 * 1000
# An offer id has at most some 70 characters; the rest are numbers.
_MAX_CHARACTERS = 1000
# What asks for another page, or for more about the same one. `begun` too: who takes the last word
# for a beginning only where nothing holds it whole asks for every page in both ways.
_BESIDE = ("limit", "offset", "cursor", "facets", "explain", "begun")


class Cursor(NamedTuple):
    """The order of the last hit of a page; the moment asked about; the units by their rank."""

    order: Order
    at_ms: int
    units: tuple[str, ...]


def write_cursor(query: Query, cursor: Cursor) -> str:
    """The cursor as text for `query` alone: letters, digits, `-` and `_`."""
    plain = json.dumps([_mark(query), cursor.order, cursor.at_ms, cursor.units])
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_cursor(query: Query) -> Cursor | None:
    """What `query.cursor` says; UsageError where it is none, or another query's."""
    if query.cursor is None:
        return None
    mark, order, at_ms, units = _unpacked(query.cursor)
    # Who writes a cursor by hand knows the mark, but only one order needs the ranks of units.
    if mark != _mark(query) or bool(units) != (query.sort == "cheapest-unit"):
        raise UsageError(
            "This page belongs to another search.",
            hint="Repeat the words and options of the page before it.",
        )
    return Cursor(tuple(order), at_ms, tuple(units))


def moment_of(query: Query, cursor: Cursor | None, now_ms: int) -> int:
    """The moment at which prices and hours are judged."""
    if query.at_ms is not None:
        return query.at_ms
    is_young = cursor is not None and 0 <= now_ms - cursor.at_ms <= LASTS_MS
    return cursor.at_ms if cursor is not None and is_young else now_ms


def fits(cursor: Cursor, order: Order) -> bool:
    """Whether a cursor's order can be compared with those of this query's hits."""
    return [type(part) for part in cursor.order] == [type(part) for part in order]


def _unpacked(text: str) -> tuple[str, list[bool | int | float | str], int, list[str]]:
    try:
        if len(text) > _MAX_CHARACTERS:
            raise ValueError
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True)
        match json.loads(plain.decode("utf-8"), parse_constant=_refused):
            case [str(mark), list(order), int(at_ms), list(units)] if all(
                isinstance(part, bool | int | float | str) for part in order
            ) and sorted(map(str, units)) in ([], ["kg", "l", "m", "piece"]):
                return mark, order, at_ms, units
    except (ValueError, RecursionError, binascii.Error):
        pass
    raise UsageError(
        "That is no page of a search.", hint="Take `next` of the page before as it stands."
    )


def _refused(constant: str) -> float:
    raise ValueError(constant)


def _mark(query: Query) -> str:
    """The same for queries that have the same hits in the same order."""
    asked = {one.name: getattr(query, one.name) for one in fields(query)}
    said = [(name, _plain(value)) for name, value in asked.items() if name not in _BESIDE]
    return hashlib.blake2b(repr(said).encode("utf-8", "replace"), digest_size=6).hexdigest()


def _plain(value: object) -> object:
    """A value whose `repr` is the same in every process: sets have no order."""
    if isinstance(value, frozenset):
        return sorted(value)
    if hasattr(value, "__dataclass_fields__"):
        return [(name, _plain(getattr(value, name))) for name in value.__dataclass_fields__]
    return value
