"""A set of items in order that knows the fingerprint of every range of it.

Items are byte strings of one length; their order is that of their bytes. They lie in blocks of
some hundreds with running sums, so that adding or removing one costs a block (30 us), and the
fingerprint of a range costs two searches and a hash, however many items it has.

    summand(item)      = blake2b-32 keyed with the salt, as a little-endian number
    id(item)           = the first 8 bytes of the same hash
    fingerprint(range) = blake2b-16 keyed with the salt
                         (sum of the summands mod 2^256, 32 bytes || count, 8 bytes; little-endian)

Fingerprints and ids are hints: a sum can be forged by who chooses enough items and knows the
salt. So the salt belongs to one session, and nothing is ever committed because of them.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple, Self

ID_BYTES = 8
FINGERPRINT_BYTES = 16
# Adding to a block copies it; finding one takes a search over all. 256 is near the root of what
# a node of a large city holds, and twice that is still cut in two in 30 us.
_BLOCK = 256
_SUM_MASK = (1 << 256) - 1
_ID_MASK = (1 << 8 * ID_BYTES) - 1


class _Block(NamedTuple):
    """Some items in order, never changed in place; sums[i]: of the summands of the first i."""

    items: tuple[bytes, ...]
    sums: tuple[int, ...]


class BlockList:
    """Items in order, under one salt; places in it are ranks, 0 for the smallest item."""

    def __init__(self, items: Iterable[bytes], salt: bytes) -> None:
        self._salt = salt
        self._hash = hashlib.blake2b(digest_size=32, key=salt)
        ordered = sorted(set(items))
        starts = range(0, len(ordered), _BLOCK)
        self._blocks = [self._made(ordered[start : start + _BLOCK]) for start in starts]
        # The first item of each block.
        self._firsts = [block.items[0] for block in self._blocks]
        # How many items lie before each block, and their sum; of all, at the end.
        self._starts: list[int] = []
        self._totals: list[int] = []
        self._count_up()

    def copy(self) -> Self:
        """The same items, which no later `add` or `discard` here changes; costs no hash."""
        twin = type(self)((), self._salt)
        twin._blocks = self._blocks.copy()
        twin._firsts = self._firsts.copy()
        twin._starts, twin._totals = self._starts, self._totals
        return twin

    def __len__(self) -> int:
        return self._starts[-1]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.items(0, len(self)))

    def add(self, item: bytes) -> bool:
        """Put an item in; False where it is there already."""
        at = self._block_of(item)
        block = self._blocks[at] if self._blocks else self._made([])
        index = bisect_left(block.items, item)
        if item in block.items[index : index + 1]:
            return False
        items = (*block.items[:index], item, *block.items[index:])
        summand = self._summand(item)
        later = (total + summand for total in block.sums[index:])
        block = _Block(items, (*block.sums[: index + 1], *later))
        self._replace(at, 1, _halves(block) if len(items) > 2 * _BLOCK else [block])
        return True

    def discard(self, item: bytes) -> bool:
        """Take an item out; False where it is not there."""
        at = self._block_of(item)
        block = self._blocks[at] if self._blocks else self._made([])
        index = bisect_left(block.items, item)
        if item not in block.items[index : index + 1]:
            return False
        summand = block.sums[index + 1] - block.sums[index]
        sums = (*block.sums[: index + 1], *(one - summand for one in block.sums[index + 2 :]))
        block = _Block((*block.items[:index], *block.items[index + 1 :]), sums)
        self._replace(at, 1, [block] if block.items else [])
        self._join(at)
        self._join(max(0, at - 1))
        return True

    def rank(self, bound: bytes) -> int:
        """How many items are smaller than `bound`, which may be of any length."""
        if not self._blocks:
            return 0
        at = self._block_of(bound)
        return self._starts[at] + bisect_left(self._blocks[at].items, bound)

    def items(self, start: int, stop: int) -> list[bytes]:
        """The items of the ranks from `start` to before `stop`."""
        return [item for block, i, j in self._pieces(start, stop) for item in block.items[i:j]]

    def ids(self, start: int, stop: int) -> list[bytes]:
        """Their 8-byte ids under the salt, in the same order."""
        return [
            (after - before & _ID_MASK).to_bytes(ID_BYTES, "little")
            for block, i, j in self._pieces(start, stop)
            for before, after in pairwise(block.sums[i : j + 1])
        ]

    def fingerprint(self, start: int, stop: int) -> bytes:
        """16 bytes that are the same where the other side has the same items."""
        total = self._sum_below(stop) - self._sum_below(start) & _SUM_MASK
        content = total.to_bytes(32, "little") + (stop - start).to_bytes(8, "little")
        return hashlib.blake2b(content, digest_size=FINGERPRINT_BYTES, key=self._salt).digest()

    def _summand(self, item: bytes) -> int:
        # A copy of a hash that has taken in the key costs half of a new one.
        state = self._hash.copy()
        state.update(item)
        return int.from_bytes(state.digest(), "little")

    def _made(self, items: list[bytes]) -> _Block:
        return _Block(tuple(items), tuple(accumulate(map(self._summand, items), initial=0)))

    def _block_of(self, bound: bytes) -> int:
        """The block where `bound` would stand; the first where it is before all."""
        return max(0, bisect_right(self._firsts, bound) - 1)

    def _pieces(self, start: int, stop: int) -> Iterator[tuple[_Block, int, int]]:
        """The blocks that hold these ranks, and which part of each."""
        at = bisect_right(self._starts, start) - 1
        while start < stop:
            first = self._starts[at]
            end = min(stop, self._starts[at + 1])
            yield self._blocks[at], start - first, end - first
            start, at = end, at + 1

    def _sum_below(self, rank: int) -> int:
        at = bisect_right(self._starts, rank) - 1
        inside = rank - self._starts[at]
        return self._totals[at] + (self._blocks[at].sums[inside] if inside else 0)

    def _join(self, at: int) -> None:
        """Make one block of this and the next, where both are small."""
        pair = self._blocks[at : at + 2]
        if len(pair) < 2 or len(pair[0].items) + len(pair[1].items) >= _BLOCK:
            return
        low, high = pair
        sums = (*low.sums, *(low.sums[-1] + one for one in high.sums[1:]))
        self._replace(at, 2, [_Block(low.items + high.items, sums)])

    def _replace(self, at: int, count: int, blocks: list[_Block]) -> None:
        self._blocks[at : at + count] = blocks
        self._firsts[at : at + count] = [block.items[0] for block in blocks]
        self._count_up()

    def _count_up(self) -> None:
        self._starts = list(accumulate((len(one.items) for one in self._blocks), initial=0))
        self._totals = list(accumulate((one.sums[-1] for one in self._blocks), initial=0))


def _halves(block: _Block) -> list[_Block]:
    middle = len(block.items) // 2
    low = _Block(block.items[:middle], block.sums[: middle + 1])
    base = block.sums[middle]
    return [low, _Block(block.items[middle:], tuple(one - base for one in block.sums[middle:]))]
