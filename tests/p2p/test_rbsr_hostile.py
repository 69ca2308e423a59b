"""A neighbour that breaks the rules is refused; one that keeps to them costs what it sends."""

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.codec import pack
from fedretail.errors import PeerError
from fedretail.p2p import rbsr
from fedretail.p2p.blocks import BlockList
from fedretail.p2p.ranges import (
    END,
    MAX_IDS,
    MAX_RANGES,
    Answer,
    Body,
    Listed,
    Range,
    range_values,
)
from fedretail.p2p.rbsr import MAX_ROUNDS, Reconciler

SALT = b"salt" * 8
WRONG = b"\0" * 16
ID = b"12345678"
# 256 times 8 items, the first byte tells which.
ITEMS = BlockList([bytes([first, last]) for first in range(256) for last in range(8)], SALT)
FEW = BlockList([b"aa", b"ab", b"ba"], SALT)


def started(items: BlockList = ITEMS) -> Reconciler:
    """An end that has asked about everything."""
    end = Reconciler(items)
    end.start()
    return end


def listed() -> Reconciler:
    """An end that has listed its items from b"\x10" to before b"\x11", and nothing else."""
    end = started()
    end.answer([Range(b"\x10", None), Range(b"\x11", WRONG), Range(END, None)])
    return end


def asking() -> Reconciler:
    """An end that has sent fingerprints of parts of b"\x10" to b"\x30" (here b"\x12" each)."""
    end = started()
    end.answer([Range(b"\x10", None), Range(b"\x30", WRONG), Range(END, None)])
    return end


def fresh() -> Reconciler:
    return Reconciler(ITEMS)


REFUSED: list[tuple[str, Callable[[], Reconciler], list[Range]]] = [
    ("is no narrower", started, [Range(END, WRONG)]),
    ("is no narrower than a part", asking, [Range(b"\x10", None), Range(b"\x12", WRONG)]),
    ("goes over two parts", asking, [Range(b"\x11", None), Range(b"\x13", WRONG)]),
    ("begins before what was asked", asking, [Range(b"\x0f", None), Range(b"\x11", WRONG)]),
    ("lies before what was asked", asking, [Range(b"\x0f", WRONG)]),
    ("lies behind what was asked", asking, [Range(b"\x30", None), Range(b"\x31", WRONG)]),
    ("lists what was not asked", asking, [Range(b"\x30", None), Range(END, Listed(ID))]),
    ("lists more than was asked", asking, [Range(b"\x10", None), Range(b"\x13", Listed(b""))]),
    ("lists in answer to a list", listed, [Range(b"\x10", None), Range(b"\x11", Listed(b""))]),
    ("sends a sum in answer to a list", listed, [Range(b"\x10", None), Range(b"\x10\3", WRONG)]),
    ("answers half of a list", listed, [Range(b"\x10", None), Range(b"\x10\3", Answer(b"", ID))]),
    ("answers more than a list", listed, [Range(b"\x12", Answer(b"", ID))]),
    ("answers no list", asking, [Range(b"\x10", None), Range(b"\x12", Answer(b"", ID))]),
    ("answers what was never asked", fresh, [Range(END, Answer(b"", ID))]),
    ("lacks a ninth of eight", listed,
     [Range(b"\x10", None), Range(b"\x11", Answer(b"\0\1", b""))]),
    ("goes back", fresh, [Range(b"\x20", WRONG), Range(b"\x10", WRONG)]),
    ("stands still", fresh, [Range(b"\x20", WRONG), Range(b"\x20", WRONG)]),
    ("goes on behind the end", fresh, [Range(END, WRONG), Range(END, WRONG)]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "end", "ranges"), REFUSED, ids=[one[0] for one in REFUSED])
def test_who_breaks_the_rules_is_refused(
    what: str, end: Callable[[], Reconciler], ranges: list[Range]
) -> None:
    with pytest.raises(PeerError):
        end().answer(ranges)


def test_what_is_refused_above_is_near_to_what_is_taken() -> None:
    parts = asking()._due
    assert [one.upper for one in parts][:2] == [b"\x12", b"\x14"]
    asking().answer([Range(b"\x10", None), Range(b"\x11", WRONG)])
    asking().answer([Range(b"\x10", None), Range(b"\x12", Listed(ID))])
    step = listed().answer([Range(b"\x10", None), Range(b"\x11", Answer(b"\x81", ID))])
    assert step.lacked == [b"\x10\0", b"\x10\7"]
    assert step.unknown == [ID]
    listed().answer([Range(b"\x10", None), Range(b"\x10\3", Listed(ID))])


def test_order_holds_over_frames() -> None:
    end = Reconciler(ITEMS)
    end.answer([Range(b"\x20", WRONG)])
    with pytest.raises(PeerError):
        end.answer([Range(b"\x20", WRONG)])


def test_who_is_named_too_many_items_says_its_own_once_only() -> None:
    """A list may be answered by narrower lists, and these by no others of the same range."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rbsr, "MAX_IDS", 100)
        end = Reconciler(ITEMS)
        (frame,) = end.answer([Range(END, Listed(b""))]).frames
        assert len(frame) > 20
        with pytest.raises(PeerError):
            end.answer([Range(frame[0].upper, Listed(ID))])


def test_one_that_shrinks_by_a_hair_gets_no_further_than_others() -> None:
    """It says of each part again that it differs, but for one item: 65,536, 4,096, 256, 16."""
    items = BlockList([number.to_bytes(3, "big") for number in range(1 << 16)], SALT)
    end, rounds = Reconciler(items), 1
    end.answer([Range(END, WRONG)])
    while end._due[-1].listed is None:
        lower, upper, _ = end._due[-1]
        (last,) = items.items(items.rank(upper) - 1, items.rank(upper))
        end.answer([Range(lower, None), Range(last, WRONG), Range(END, None)])
        rounds += 1
    assert rounds <= 4


def tell(end: Reconciler, frames: Iterable[list[Range]]) -> None:
    for frame in frames:
        end.answer(frame)


def test_rounds_have_an_end() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rbsr, "MAX_ROUNDS", 2)
        end = Reconciler(ITEMS)
        tell(end, [[Range(END, WRONG)], [Range(b"\x01", WRONG), Range(END, None)]])
        with pytest.raises(PeerError, match="without an end"):
            tell(end, [[Range(END, None)]])


def bounds() -> Iterator[bytes]:
    """Bounds within one range, as many as asked for."""
    return (b"\x01" + number.to_bytes(4, "big") + b"\1" for number in count())


def test_a_round_without_an_end_is_stopped() -> None:
    uppers = bounds()
    frames = ([Range(next(uppers), Listed(b"")) for _ in range(1000)] for _ in count())
    with pytest.raises(PeerError, match="without an end"):
        tell(Reconciler(ITEMS), frames)
    assert next(uppers) < b"\x01" + (rbsr.MAX_ROUND_RANGES + 1000).to_bytes(4, "big") + b"\2"


def test_nobody_has_more_items_than_there_can_be() -> None:
    uppers = bounds()
    with pytest.raises(PeerError, match="claims to have more"):
        tell(Reconciler(FEW), ([Range(upper, Listed(ID * MAX_IDS))] for upper in uppers))
    assert next(uppers)[1:5] == (rbsr.MAX_TOLD_IDS // MAX_IDS + 1).to_bytes(4, "big")


def size(ranges: list[Range]) -> int:
    return len(pack(range_values(ranges)))


@pytest.mark.parametrize("body", [WRONG, Listed(b""), Listed(ID)])
def test_an_answer_takes_bytes_for_what_is_held_and_what_was_told(body: Body) -> None:
    """As many wrong ranges as fit into a frame, over few and many items."""
    chance = random.Random(1)
    uppers = sorted({chance.randbytes(3).rstrip(b"\0") for _ in range(4000)} - {b""})
    told = [*(Range(upper, body) for upper in uppers), Range(END, None)]
    for held in (0, 100, 5000, 40_000):
        items = BlockList([chance.randbytes(24) for _ in range(held)], SALT)
        step = Reconciler(items).answer(told)
        assert sum(map(size, step.frames)) <= 12 * held + 50 * len(told)
        assert all(len(frame) <= MAX_RANGES for frame in step.frames)
        assert all(size(frame) < 256 * 1024 for frame in step.frames)


def test_the_work_for_a_round_is_bounded() -> None:
    """Counted in fingerprints and ids: 17 for each range that differs, one for each item."""
    calls = {"fingerprint": 0, "ids": 0}

    class Counting(BlockList):
        def fingerprint(self, start: int, stop: int) -> bytes:
            calls["fingerprint"] += 1
            return super().fingerprint(start, stop)

        def ids(self, start: int, stop: int) -> list[bytes]:
            calls["ids"] += stop - start
            return super().ids(start, stop)

    chance = random.Random(1)
    items = Counting([chance.randbytes(24) for _ in range(40_000)], SALT)
    uppers = [bytes([number]) for number in range(1, 256)]
    Reconciler(items).answer([*(Range(upper, WRONG) for upper in uppers), Range(END, None)])
    assert calls["fingerprint"] <= 17 * 255
    calls["fingerprint"] = 0
    Reconciler(items).answer([*(Range(upper, Listed(ID)) for upper in uppers), Range(END, None)])
    assert calls["fingerprint"] == 0
    assert calls["ids"] <= len(items)


def test_ranges_are_cut_until_there_are_enough_of_them() -> None:
    """255 ranges, each to be cut in nine; the last ones are listed as they are."""
    chance = random.Random(1)
    items = BlockList([chance.randbytes(24) for _ in range(40_000)], SALT)
    uppers = [bytes([number]) for number in range(1, 256)]
    told = [*(Range(upper, WRONG) for upper in uppers), Range(END, None)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rbsr, "MAX_RANGES", 300)
        frames = Reconciler(items).answer(told).frames
    assert 280 < sum(map(len, frames)) <= 300
    assert sum(isinstance(one.body, Listed) for frame in frames for one in frame) > 240
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rbsr, "MAX_RANGES", 256)
        patch.setattr(rbsr, "MAX_IDS", 50)
        frames = Reconciler(items).answer(told).frames
    assert sum(map(len, frames)) > 900
    assert all(len(frame) <= 256 for frame in frames)


@st.composite
def anything(draw: st.DrawFn, due: list[bytes]) -> list[Range]:
    """Ranges as a neighbour may send them, mostly at bounds that mean something."""
    bounds = st.sampled_from(due) if due else st.nothing()
    near = bounds | st.binary(min_size=1, max_size=2).filter(lambda one: one[-1] > 0)
    uppers = sorted(draw(st.sets(near, max_size=6)) | {END})
    some = st.lists(st.sampled_from(ITEMS.ids(0, 40)), max_size=4).map(b"".join)
    body = st.one_of(
        st.none(),
        st.just(WRONG),
        st.builds(Listed, some),
        st.builds(Answer, st.sampled_from([b"", b"\1", b"\x80"]), some),
    )
    return [Range(upper, draw(body)) for upper in uppers]


@given(st.data(), st.booleans())
def test_whatever_a_neighbour_says_it_ends(data: st.DataObject, starts: bool) -> None:
    end = started() if starts else Reconciler(ITEMS)
    lacked: list[bytes] = []
    rounds = 0
    try:
        while not end.is_done:
            rounds += 1
            due = [bound for one in end._due for bound in (one.lower, one.upper) if bound]
            told = data.draw(anything(due))
            step = end.answer(told)
            lacked += step.lacked
            assert sum(map(size, step.frames)) <= 12 * len(ITEMS) + 50 * len(told)
    except PeerError as error:
        assert error.message.startswith("A neighbour")
    assert rounds <= MAX_ROUNDS + 1
    assert len(lacked) == len(set(lacked))
