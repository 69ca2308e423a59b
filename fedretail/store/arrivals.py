"""Parts of a log made ready to be written, as they arrive and not when the last one is here.

What a part makes ready follows from its bytes, its base and its head alone: rows that stand whole
are packed and summed up, changes to rows that are held wait for these. A log of 10,000 rows then
has little left to do at its end but to be written, and a part that breaks the form is refused at
once. What is remembered here is a help only: the table `staging` holds the bytes.
"""

from collections import OrderedDict
from operator import itemgetter
from typing import NamedTuple

from fedretail.crdt import digest
from fedretail.crdt.changes import Point, RowChange, decode
from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.head import Head
from fedretail.crdt.row import MAX_FIELDS, MAX_ROW_BYTES, Groups, Row, RowKey, check_row, digested
from fedretail.errors import MalformedInput

# A part as sent: it came in one frame.
MAX_PART_BYTES = 256 * 1024
# Bytes of parts as sent whose rows are remembered: 40,000 offers, 30 MB of memory. Of longer
# logs the first parts are made ready a second time.
MAX_KEPT_BYTES = 8 * 1024 * 1024
_STAMP = itemgetter(0)


class BrokenPart(MalformedInput):
    """A part that breaks the form by itself, whatever came before it."""


class Arrived(NamedTuple):
    """The rows of one part.

    whole: (kind, key, seq, canonical bytes) of rows that take the place of what is held;
    merges: what changes in rows that are held; state, size: digest state and lengths of the items
    of the whole rows.
    """

    whole: list[tuple[str, str, int, bytes]]
    merges: list[tuple[RowKey, RowChange]]
    state: bytes
    size: int


def arrived(raw: bytes, base_seq: int, head: Head) -> Arrived:
    """The rows in the bytes of a part; MalformedInput where they break the form or a limit."""
    base, place = Point(base_seq, 0), Point(head.seq, head.stamp)
    changes = decode(unpack(raw, max_bytes=MAX_PART_BYTES), base=base, head=place)
    whole: list[tuple[str, str, int, bytes]] = []
    merges: list[tuple[RowKey, RowChange]] = []
    for key, change in changes.items():
        seq, born, groups = change
        if born is None:
            merges.append((key, change))
        elif len(groups) == 1:
            whole.append((*key, seq, pack((seq, born, groups))))
        elif _is_plain(groups):
            groups.sort(key=_STAMP, reverse=True)
            whole.append((*key, seq, pack((seq, born, groups))))
        else:
            whole.append((*key, seq, packed_row(key, change.applied(None))))
    if max((len(row[3]) for row in whole), default=0) > MAX_ROW_BYTES:
        raise MalformedInput("a row that is too long")
    items = [digested((kind, key), packed) for kind, key, _, packed in whole]
    state = digest.updated(digest.EMPTY_STATE, items, [])
    return Arrived(whole, merges, state, sum(map(len, items)))


def _is_plain(groups: Groups) -> bool:
    """Whether groups as decoded make a row once they are sorted: no field stands twice."""
    names: set[str] = set()
    for _, fields in groups:
        if not names.isdisjoint(fields):
            return False
        names.update(fields)
    return len(names) <= MAX_FIELDS


def packed_row(key: RowKey, row: Row) -> bytes:
    """The canonical bytes of a row; MalformedInput where it cannot be or breaks a limit."""
    try:
        packed = pack(row)
    except (ValueError, OverflowError, TypeError) as error:
        raise MalformedInput(f"{key.key}: {error}") from None
    check_row(key, row, packed)
    return packed


class Arrivals:
    """The parts that arrived last, made ready; asked for under the store's write lock only."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bytes, int, int, int], Arrived] = OrderedDict()
        self._bytes = 0

    def take(self, raw: bytes, base_seq: int, head: Head) -> Arrived:
        """`arrived` of this part, made anew where it is not remembered; forgotten here."""
        place = (raw, base_seq, head.seq, head.stamp)
        found = self._kept.pop(place, None)
        if found is None:
            return arrived(raw, base_seq, head)
        self._bytes -= len(raw)
        return found

    def keep(self, raw: bytes, base_seq: int, head: Head) -> None:
        """Make this part ready, to be taken later; BrokenPart where it breaks the form."""
        place = (raw, base_seq, head.seq, head.stamp)
        try:
            ready = self.take(raw, base_seq, head)
        except MalformedInput as error:
            raise BrokenPart(error.message) from None
        self._kept[place] = ready
        self._bytes += len(raw)
        while self._bytes > MAX_KEPT_BYTES:
            (oldest, *_), _ = self._kept.popitem(last=False)
            self._bytes -= len(oldest)
