"""The ranges of RANGES: what is said of the items between one bound and the next.

    ranges = [upper, body, upper, body, ...]     the first begins where the frame before ended
    upper  = bytes, exclusive, the last byte is not 0 | nil: the end of all items, only at the end
    body   = nil                 nothing to be said: the same, or not asked
           | fingerprint         16 bytes, of the sender's items in the range
           | [ids]               8 bytes for each of the sender's items in the range, in order
           | [lacked, ids]       the answer to [ids]: bit i (of byte i // 8, 1 << i % 8) is set
                                 where the sender lacks the item that stood at i, zero bytes at the
                                 end left out; and the ids of items that the other did not name

There is one way only to write ranges: two with nothing to be said never follow each other, nor is
an answer empty. Those that differ have been written by no fedretail, and are refused.
"""

from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from fedretail.errors import MalformedInput
from fedretail.p2p.blocks import FINGERPRINT_BYTES, ID_BYTES

# Ranges in a frame, and ids in a range: one that is asked for by mistake costs 32 KiB.
MAX_RANGES = 4096
MAX_IDS = 4096
# Items may have so many bytes; what is greater than each of them is the end.
MAX_ITEM_BYTES = 64
END = b"\xff" * (MAX_ITEM_BYTES + 1)


class Listed(NamedTuple):
    """The ids of all items of the sender in a range, joined."""

    ids: bytes


class Answer(NamedTuple):
    """What the sender lacks of the items listed to it, as bits, and the ids of what it has more."""

    lacked: bytes
    ids: bytes


Body: TypeAlias = bytes | Listed | Answer | None


class Range(NamedTuple):
    """What is said of the items below `upper`, down to the range before."""

    upper: bytes
    body: Body


def range_values(ranges: list[Range]) -> list[Any]:
    """`ranges` as a list for msgpack."""
    values: list[Any] = []
    for upper, body in ranges:
        values.append(None if upper == END else upper)
        values.append(list(body) if isinstance(body, Listed | Answer) else body)
    return values


def parse_ranges(value: Any, item_bytes: int) -> list[Range]:
    """The ranges in an unpacked value, over items of `item_bytes` bytes.

    MalformedInput for whatever `range_values` would have written differently.
    """
    if type(value) is not list or len(value) % 2 or not 2 <= len(value) <= 2 * MAX_RANGES:
        raise MalformedInput("ranges")
    uppers = [_bound(item, item_bytes) for item in value[::2]]
    bodies = [_body(item) for item in value[1::2]]
    if any(low >= high for low, high in pairwise(uppers)):
        raise MalformedInput("ranges out of order")
    if any(one is None and other is None for one, other in pairwise(bodies)):
        raise MalformedInput("ranges with nothing to be said")
    return [Range(upper, body) for upper, body in zip(uppers, bodies)]


def _bound(item: Any, item_bytes: int) -> bytes:
    match item:
        case None:
            return END
        case bytes() if 0 < len(item) <= item_bytes and item[-1]:
            return item
    raise MalformedInput("the bound of a range")


def _body(item: Any) -> Body:
    match item:
        case None:
            return None
        case bytes() if len(item) == FINGERPRINT_BYTES:
            return item
        case [bytes(ids)] if _are_ids(ids):
            return Listed(ids)
        case [bytes(lacked), bytes(ids)] if (
            _are_ids(ids)
            and len(lacked) <= MAX_IDS // 8
            and (lacked or ids)
            and not lacked.endswith(b"\0")
        ):
            return Answer(lacked, ids)
    raise MalformedInput("what is said of a range")


def _are_ids(ids: bytes) -> bool:
    return len(ids) % ID_BYTES == 0 and len(ids) <= MAX_IDS * ID_BYTES
