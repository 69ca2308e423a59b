"""What a neighbour's messages cost this computer, in tokens of about a millisecond's work."""

from collections.abc import Iterable, Sequence

from fedretail.p2p import wire
from fedretail.p2p.effects import Effect, Send

# Items of a comparison, of rows or of heads, that are made in a millisecond or two.
_ITEMS_A_TOKEN = 250
# What is stated is verified and kept in one transaction, however little it is.
_STATING_TOKENS, _STATEMENT_TOKENS = 2, 1 / 4
# The signature of each head is verified.
_HEAD_TOKENS = 1 / 4
# A head and keys, beside the rows of a part.
_FRAME_BYTES = 2048
# A part that is not the last is 240 KiB long; of one that is shorter the store has the same work,
# which grows with their number.
_SMALL_PART, _SMALL_PART_TOKENS = 128 * 1024, 20


def reading(received: wire.Received) -> float:
    """For the work that a message makes by what it is."""
    cost = 1 + received.unfolded / 1024
    match received.message:
        case wire.Ranges():
            return cost + 50
        case wire.Since(wishes):
            return cost + len(wishes)
        case wire.Auth(items):
            return cost + _STATING_TOKENS + len(items) * _STATEMENT_TOKENS
        case wire.Heads(items):
            return cost + len(items) * _HEAD_TOKENS
    return cost


def taking(received: Sequence[wire.Received], useful: int) -> float:
    """For rows that came, of which `useful` bytes were: what was asked for is free.

    So is what stands around it, but not many parts where one would do.
    """
    idle = sum(one.unfolded for one in received) - useful - _FRAME_BYTES * len(received)
    small = sum(_is_small(one) for one in received)
    return max(0, idle) / 1024 + small * _SMALL_PART_TOKENS


def _is_small(received: wire.Received) -> bool:
    match received.message:
        case wire.Advance(changes=changes, after=after):
            return after is not None and len(changes) < _SMALL_PART
    return False


def comparing(items: int) -> float:
    """For making so many items."""
    return items / _ITEMS_A_TOKEN


def answering(effects: Iterable[Effect]) -> float:
    """For what is sent: to read and pack a KiB takes a quarter of a millisecond."""
    return sum(len(effect.frame) for effect in effects if isinstance(effect, Send)) / 4096
