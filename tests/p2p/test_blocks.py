"""The block list against a plain sorted list, and fingerprints against their definition."""

import hashlib
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from fedretail.p2p import blocks
from fedretail.p2p.blocks import BlockList
from fedretail.p2p.ranges import END

SALT = b"salt" * 8
ITEMS = st.binary(min_size=2, max_size=2) | st.sampled_from([b"aa", b"ab", b"ba", b"\xff\xff"])
BOUNDS = st.binary(max_size=3) | st.just(END)


def fingerprint(items: list[bytes]) -> bytes:
    """By the definition, item for item."""
    hashes = [hashlib.blake2b(item, digest_size=32, key=SALT).digest() for item in items]
    total = sum(int.from_bytes(one, "little") for one in hashes) % 2**256
    content = total.to_bytes(32, "little") + len(items).to_bytes(8, "little")
    return hashlib.blake2b(content, digest_size=16, key=SALT).digest()


def assert_same(made: BlockList, plain: list[bytes], low: bytes, high: bytes) -> None:
    """`made` says of a range what `plain`, which is sorted, says."""
    start, stop = sorted((made.rank(low), made.rank(high)))
    assert (start, stop) == tuple(sorted((bisect_left(plain, low), bisect_left(plain, high))))
    some = plain[start:stop]
    assert made.items(start, stop) == some
    assert made.fingerprint(start, stop) == fingerprint(some)
    ids = [hashlib.blake2b(item, digest_size=32, key=SALT).digest()[:8] for item in some]
    assert made.ids(start, stop) == ids


class Changing(RuleBasedStateMachine):
    """Blocks of four, so that they are cut and joined all the time."""

    copies = Bundle("copies")

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(blocks, "_BLOCK", 4)
        self.made = BlockList([], SALT)
        self.plain: set[bytes] = set()

    def teardown(self) -> None:
        self.patch.undo()

    @rule(items=st.lists(ITEMS, max_size=40))
    def begin(self, items: list[bytes]) -> None:
        self.made, self.plain = BlockList(items, SALT), set(items)

    @rule(item=ITEMS)
    def add(self, item: bytes) -> None:
        assert self.made.add(item) == (item not in self.plain)
        self.plain.add(item)

    @rule(items=st.lists(ITEMS, min_size=10, max_size=30))
    def add_many(self, items: list[bytes]) -> None:
        for item in items:
            self.add(item)

    @rule(item=ITEMS)
    def discard(self, item: bytes) -> None:
        assert self.made.discard(item) == (item in self.plain)
        self.plain.discard(item)

    @rule(share=st.integers(1, 5))
    def discard_many(self, share: int) -> None:
        for item in sorted(self.plain)[::share]:
            self.discard(item)

    @rule(target=copies)
    def copy(self) -> tuple[BlockList, list[bytes]]:
        return self.made.copy(), sorted(self.plain)

    @rule(pair=consumes(copies), low=BOUNDS, high=BOUNDS)
    def a_copy_stays(self, pair: tuple[BlockList, list[bytes]], low: bytes, high: bytes) -> None:
        assert_same(*pair, low, high)

    @rule(low=BOUNDS, high=BOUNDS)
    def a_range(self, low: bytes, high: bytes) -> None:
        assert_same(self.made, sorted(self.plain), low, high)

    @invariant()
    def all_are_there_in_few_blocks(self) -> None:
        assert list(self.made) == sorted(self.plain)
        assert len(self.made) == len(self.plain)
        sizes = [len(block.items) for block in self.made._blocks]
        assert all(0 < size <= 8 for size in sizes)
        assert len(sizes) <= 1 + len(self.plain)


TestChanging = Changing.TestCase


@given(st.sets(st.integers(0, 2000), max_size=700), st.data())
def test_ranges_over_blocks_of_the_usual_size(numbers: set[int], data: st.DataObject) -> None:
    items = sorted(number.to_bytes(2, "big") for number in numbers)
    low, high = sorted((data.draw(BOUNDS), data.draw(BOUNDS)))
    assert_same(BlockList(items, SALT), items, low, high)


@pytest.mark.parametrize("step", [1, -1])
def test_blocks_that_lose_their_items_are_joined(step: int) -> None:
    """Those at both ends stay full, so that each is joined when it becomes small, not later."""
    items = [number.to_bytes(3, "big") for number in range(20_480)]
    made = BlockList(items, SALT)
    for item in items[1024:-1024][::step]:
        if item[-1] or item[-2] % 2:
            assert made.discard(item)
    assert len(made) == 2048 + 36
    assert len(made._blocks) <= 8 + 2


def test_another_salt_gives_other_fingerprints_and_ids() -> None:
    one, other = BlockList([b"ab"], SALT), BlockList([b"ab"], b"pepper")
    assert one.fingerprint(0, 1) != other.fingerprint(0, 1)
    assert one.ids(0, 1) != other.ids(0, 1)


def test_a_fingerprint_counts() -> None:
    """Two sums may agree by design; then the count must, too."""
    made = BlockList([], SALT)
    assert made.fingerprint(0, 0) == fingerprint([])
    assert len(made.fingerprint(0, 0)) == blocks.FINGERPRINT_BYTES
