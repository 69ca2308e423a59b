"""Any two sets: both ends know the difference, in few rounds, in frames that can be sent."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.codec import pack, unpack
from fedretail.errors import PeerError
from fedretail.p2p import rbsr
from fedretail.p2p.blocks import BlockList
from fedretail.p2p.ranges import MAX_RANGES, Range, parse_ranges, range_values
from fedretail.p2p.rbsr import MAX_ROUNDS, Reconciler
from fedretail.p2p.wire import MAX_FRAME_BYTES

SALT = b"salt" * 8


class End(NamedTuple):
    """What one end has learnt."""

    lacked: list[bytes]
    unknown: list[bytes]


class Exchange:
    """A whole exchange between two ends, over the wire and back; `first` starts."""

    def __init__(self, first: BlockList, second: BlockList, item_bytes: int) -> None:
        self.sides = (Reconciler(first), Reconciler(second))
        self.ends = (End([], []), End([], []))
        self.rounds = 0
        self.size = 0
        frames = self.sides[0].start()
        while frames:
            self.rounds += 1
            frames = self._answers(self.rounds % 2, frames, item_bytes)

    def _answers(self, side: int, frames: list[list[Range]], item_bytes: int) -> list[list[Range]]:
        answers: list[list[Range]] = []
        for frame in frames:
            data = pack(range_values(frame))
            assert len(data) < MAX_FRAME_BYTES - 100
            assert len(frame) <= MAX_RANGES
            self.size += len(data)
            read = parse_ranges(unpack(data, max_bytes=MAX_FRAME_BYTES), item_bytes)
            step = self.sides[side].answer(read)
            self.ends[side].lacked.extend(step.lacked)
            self.ends[side].unknown.extend(step.unknown)
            answers += step.frames
        return answers


def assert_reconciled(ours: set[bytes], theirs: set[bytes], item_bytes: int) -> Exchange:
    """Both ends learn what they would from plain sets, nothing twice."""
    exchange = Exchange(BlockList(ours, SALT), BlockList(theirs, SALT), item_bytes)
    assert all(side.is_done for side in exchange.sides)
    for end, mine, other in zip(exchange.ends, (ours, theirs), (theirs, ours)):
        assert sorted(end.lacked) == sorted(mine - other)
        unknown = BlockList(other - mine, SALT)
        assert sorted(end.unknown) == sorted(unknown.ids(0, len(unknown)))
    assert exchange.rounds <= MAX_ROUNDS
    return exchange


@contextmanager
def small_parts() -> Iterator[None]:
    """Deep exchanges over few items: ranges in four, lists of two, four, and at most five ids."""
    sizes = {"FAN_OUT": 4, "LEAF": 2, "DENSE_LEAF": 4, "_LEAST_PART": 1, "MAX_IDS": 5}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sizes.items():
            patch.setattr(rbsr, name, value)
        yield


@st.composite
def two_sets(draw: st.DrawFn, most: int) -> tuple[set[bytes], set[bytes]]:
    """Sets of three bytes; with a small alphabet many share their first bytes."""
    letters = draw(st.sampled_from([b"\0\1", b"\0\1\xff", bytes(range(256))]))
    chance = random.Random(draw(st.integers(0, 1 << 32)))
    sizes = [draw(st.integers(0, most)) for _ in range(3)]
    both, ours, theirs = (
        {bytes(chance.choices(letters, k=3)) for _ in range(size)} for size in sizes
    )
    return both | ours, both | theirs


SMALL = st.sets(st.binary(min_size=2, max_size=2), max_size=12)


@given(SMALL, SMALL, st.booleans())
def test_any_two_small_sets(ours: set[bytes], theirs: set[bytes], is_deep: bool) -> None:
    if is_deep:
        with small_parts():
            assert_reconciled(ours, theirs, 2)
    else:
        assert_reconciled(ours, theirs, 2)


@given(two_sets(60))
def test_any_two_sets_over_many_rounds(pair: tuple[set[bytes], set[bytes]]) -> None:
    with small_parts():
        assert_reconciled(*pair, 3)


@given(two_sets(1500))
def test_any_two_sets(pair: tuple[set[bytes], set[bytes]]) -> None:
    assert_reconciled(*pair, 3)


def numbered(numbers: range) -> set[bytes]:
    """Items that stand close to each other."""
    return {number.to_bytes(6, "big") for number in numbers}


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (numbered(range(0)), numbered(range(20_000))),
        (numbered(range(3)), numbered(range(20_000))),
        (numbered(range(20_000)), numbered(range(20_000, 40_000))),
        (numbered(range(0, 40_000, 2)), numbered(range(1, 40_000, 2))),
        (numbered(range(20_000)), numbered(range(1, 20_001))),
        (numbered(range(20_000)), numbered(range(0, 20_000, 100))),
        # Each cuts where the other has nothing.
        (numbered(range(9000)) | numbered(range(1 << 40, (1 << 40) + 10)),
         numbered(range(10)) | numbered(range(1 << 40, (1 << 40) + 9000))),
    ],
)  # fmt: skip
def test_sets_that_have_little_in_common(
    ours: set[bytes], theirs: set[bytes], is_turned: bool
) -> None:
    assert_reconciled(*((theirs, ours) if is_turned else (ours, theirs)), 6)


def test_more_differences_than_a_round_may_have_ranges() -> None:
    """From 4,096 ranges on the items are named, in several frames."""
    ours = numbered(range(0, 600_000, 6))
    theirs = {item for item in ours if int.from_bytes(item, "big") % 120}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rbsr, "MAX_RANGES", 500)
        assert_reconciled(ours, theirs, 6)


def test_equal_sets_cost_one_fingerprint() -> None:
    items = numbered(range(1000))
    exchange = assert_reconciled(items, items, 6)
    assert (exchange.rounds, exchange.size) == (2, 23)


@pytest.mark.parametrize(("changes", "most_bytes", "most_rounds"), [(1, 1400, 6), (50, 32_000, 6)])
def test_the_cost_follows_the_differences(changes: int, most_bytes: int, most_rounds: int) -> None:
    chance = random.Random(5)
    items = {chance.randbytes(24) for _ in range(50_000)}
    gone = set(chance.sample(sorted(items), changes))
    exchange = assert_reconciled(
        items, (items - gone) | {item[:8] + b"x" * 16 for item in gone}, 24
    )
    assert exchange.size <= most_bytes
    assert exchange.rounds <= most_rounds


def test_where_little_differs_a_range_is_cut_until_it_is_short() -> None:
    """1,000 items in 16 ranges: the one that differs is not named as a whole, 63 ids."""
    chance = random.Random(5)
    items = {chance.randbytes(24) for _ in range(1000)}
    exchange = assert_reconciled(items, set(sorted(items)[1:]), 24)
    assert exchange.rounds == 5
    assert exchange.size < 20 + 16 * 22 + 4 * 22 + 17 * 8 + 50


def test_where_most_differs_the_list_is_sent() -> None:
    """2,000 items, 125 in each of the 16 first ranges: two rounds fewer than for one change."""
    chance = random.Random(5)
    ours, theirs = ({chance.randbytes(24) for _ in range(1000)} for _ in range(2))
    exchange = assert_reconciled(ours, theirs, 24)
    assert exchange.rounds == 4
    assert exchange.size < 2 * 1000 * 8 + 2000


@given(two_sets(300), st.integers(0, 5), st.randoms(use_true_random=False))
def test_a_set_that_changes_meanwhile_is_compared_as_it_was(
    pair: tuple[set[bytes], set[bytes]], at: int, chance: random.Random
) -> None:
    ours, theirs = pair
    live = BlockList(ours, SALT)
    mine, other = Reconciler(live), Reconciler(BlockList(theirs, SALT))
    lacked: list[bytes] = []
    frames, turn = mine.start(), 0
    while frames:
        if turn == at:
            for item in chance.sample(sorted(ours), len(ours) // 2):
                live.discard(item)
            live.add(b"new")
        side = mine if turn % 2 else other
        steps = [side.answer(frame) for frame in frames]
        frames = [frame for step in steps for frame in step.frames]
        if side is mine:
            lacked += [item for step in steps for item in step.lacked]
        turn += 1
    assert sorted(lacked) == sorted(ours - theirs)


def test_the_end_is_the_end() -> None:
    sides = [Reconciler(BlockList([b"aa"], SALT)) for _ in range(2)]
    (frame,) = sides[0].start()
    (answer,) = sides[1].answer(frame).frames
    assert [side.is_done for side in sides] == [False, True]
    assert sides[0].answer(answer).frames == []
    assert [side.is_done for side in sides] == [True, True]
    with pytest.raises(PeerError):
        sides[0].answer(answer)
