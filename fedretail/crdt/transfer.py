"""What passes between a node that has a log and one that wants it: places, parts, outcomes."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from fedretail.crdt.changes import Changes, Point
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey


class Place(NamedTuple):
    """Where a transfer goes on: changes since `base`, behind the key `after`."""

    base: Point
    after: RowKey | None


class Part(NamedTuple):
    """Changed rows as read in one snapshot, with the head (as sent) they were read at.

    after: key of the last row inside, to go on from; None where nothing is left. base: since when;
    START where the place asked for lies below the floor of the head.
    """

    head: bytes
    changes: Changes
    after: RowKey | None
    base: Point


class Incoming(NamedTuple):
    """A part as it arrives: packed changes since base_seq up to the key `after` (None: the end).

    A push was not asked for: it is taken whole where it fits, and never staged.
    """

    head: SignedHead
    base_seq: int
    changes: bytes
    after: RowKey | None
    is_push: bool = False


class Repair(NamedTuple):
    """The rows by which a log differs from one that has this head.

    removed: keys that do not stand there so; parts: packed changes since the start, rows whole.
    """

    head: SignedHead
    removed: Sequence[RowKey]
    parts: Sequence[bytes]


class Outcome(Enum):
    """What became of a part that arrived."""

    MOVED = "the log stands at the head of this part"
    STAGED = "kept; more is needed"
    OLD = "nothing new"
    GAP = "the changes begin after the place where the log stands"
