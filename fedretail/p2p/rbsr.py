"""Range-based set reconciliation: two sides find what either of them lacks.

The bytes follow the differences, the messages the logarithm of the items.

One side says the fingerprint of all its items. Where a fingerprint is not one's own, the answer
cuts the range into up to 16 parts, each with a fingerprint, or names the items where they are
few. Who is named items answers which of them it lacks, and what else it has. After that both
know which of their items the other lacks, and the ids of what they lack themselves.

A round is what one side says of the whole space, in one frame or several; each frame goes on
where the one before ended. A reply may only speak of what was asked, and must be narrower:

    asked          may be answered by
    fingerprint    nothing (the same), fingerprints of narrower ranges, ids
    ids            nothing (the same), the answer for the whole range, ids of narrower ranges

So the two ends are done after a few rounds whatever one of them does, and no item is found lacked
twice. Ranges of a round do not overlap: the work for it is that of two searches and a hash for
each range told, of 16 fingerprints for each that differs, and of an id an item; the bytes said in
answer are at most 12 an item and 50 a range told.

After Aljoscha Meyer, "Range-Based Set Reconciliation" (2023), and Negentropy. No sockets, clocks
or chance in here.
"""

from collections import deque
from itertools import pairwise
from typing import NamedTuple

from fedretail.errors import PeerError
from fedretail.p2p.blocks import ID_BYTES, BlockList
from fedretail.p2p.ranges import END, MAX_IDS, MAX_RANGES, Answer, Body, Listed, Range

# Into so many parts a range that differs is cut; one of so few items is not: they are named.
# Where three ranges of four differ, their parts would too. Then more are named at once, at the
# same bytes and a message fewer: 1,000 items in 16 ranges are 63 in each, give or take 30.
FAN_OUT = 16
LEAF = 32
DENSE_LEAF = 3 * LEAF
# A fingerprint takes the bytes of two ids; parts of fewer items than this would not pay.
_LEAST_PART = LEAF // 2
# So few ids are no longer than a fingerprint.
_TINY = 2
# Rounds of one neighbour. Half a million items on both sides take 6, at the very worst 10.
MAX_ROUNDS = 12
# What one neighbour may say in a round, in ranges, and at all, in ids: honest ones stay below,
# as they stop cutting at MAX_RANGES, and a log has at most 500,000 rows, each named once or twice.
MAX_ROUND_RANGES = 4 * MAX_RANGES
MAX_TOLD_IDS = 1 << 20
# Of ranges in a frame, with all that msgpack adds; a frame takes 256 KiB.
_FRAME_BYTES = 192 * 1024
_RANGE_BYTES = 12


class Step(NamedTuple):
    """What came of a frame.

    frames: what to say, a list of ranges each; lacked: items of mine that the other side lacks;
    unknown: ids of items that it has and this side lacks.
    """

    frames: list[list[Range]]
    lacked: list[bytes]
    unknown: list[bytes]


class _Asked(NamedTuple):
    """A range that the neighbour was told of; listed: the ranks named, None for a fingerprint."""

    lower: bytes
    upper: bytes
    listed: range | None


class _Heard(NamedTuple):
    """A range that the neighbour told of; ranks: of the items here; asked: what it answers.

    body: None also for a fingerprint that is the same here.
    """

    lower: bytes
    upper: bytes
    body: Body
    ranks: range
    asked: _Asked | None


class Reconciler:
    """One end of one reconciliation, over the items as they are now."""

    def __init__(self, items: BlockList) -> None:
        self.is_done = False
        self._items = items.copy()
        # What the neighbour's round may speak of; who does not start may be told of everything.
        self._due = deque([_Asked(b"", END, None)])
        # What the round under way here asks.
        self._asking: list[_Asked] = []
        self._round = 0
        self._ranges = 0
        self._ids = 0
        # Up to where the neighbour, and this side, have spoken in this round; in how many ranges.
        self._heard = b""
        self._said = b""
        self._said_ranges = 0
        # Whether the neighbour asks anything in this round.
        self._is_asked = False
        self._step = Step([], [], [])
        self._out: list[Range] = []

    def start(self) -> list[list[Range]]:
        """What to say first; the other side answers without starting."""
        self._round = 1
        if len(self._items) <= _TINY:
            self._list(b"", END, range(len(self._items)))
        else:
            self._fingerprint(b"", END, range(len(self._items)))
        self._turn()
        return _frames(self._out)

    def answer(self, ranges: list[Range]) -> Step:
        """What a frame of the neighbour leads to; nothing to say ends it (see `is_done`).

        PeerError where the neighbour breaks the rules above; this end is of no use then.
        """
        self._out = []
        self._step = Step([], [], [])
        heard = [self._checked(one) for one in ranges]
        told = sum(isinstance(one.body, bytes) for one in ranges)
        differing = sum(isinstance(one.body, bytes) for one in heard)
        leaf = DENSE_LEAF if 4 * differing >= 3 * told else LEAF
        for left, one in zip(range(len(heard), 0, -1), heard):
            self._reply(one, leaf, MAX_RANGES - left)
        if self._heard == END:
            self._end_round()
        return self._step._replace(frames=_frames(self._out))

    def _end_round(self) -> None:
        if self._is_asked and self._said != END:
            self._out.append(Range(END, None))
        self._turn()
        self._round += 1
        self.is_done = not self._due

    def _turn(self) -> None:
        self._due = deque(self._asking)
        self._asking = []
        self._ranges = 0
        self._heard = self._said = b""
        self._said_ranges = 0
        self._is_asked = False

    # --- what the neighbour says ---

    def _checked(self, told: Range) -> _Heard:
        """The next range, found to go on in order and to answer what was asked."""
        lower, self._heard = self._heard, told.upper
        self._ranges += 1
        if self.is_done or self._round >= MAX_ROUNDS or self._ranges > MAX_ROUND_RANGES:
            raise PeerError("A neighbour goes on comparing without an end.")
        if told.upper <= lower:
            raise PeerError("A neighbour compares in no order.")
        asked = None
        if told.body is not None:
            self._is_asked |= not isinstance(told.body, Answer)
            asked = self._asked(lower, told)
        if isinstance(told.body, Listed | Answer):
            self._ids += len(told.body.ids) // ID_BYTES
        if self._ids > MAX_TOLD_IDS:
            raise PeerError("A neighbour claims to have more than there can be.")
        ranks = range(self._items.rank(lower), self._items.rank(told.upper))
        body = told.body
        if isinstance(body, bytes) and body == self._items.fingerprint(ranks.start, ranks.stop):
            body = None
        return _Heard(lower, told.upper, body, ranks, asked)

    def _asked(self, lower: bytes, told: Range) -> _Asked:
        """What a range answers; PeerError where nobody asked, or where it is no narrower."""
        while self._due and self._due[0].upper <= lower:
            self._due.popleft()
        if self._due and self._due[0].lower <= lower and told.upper <= self._due[0].upper:
            asked = self._due[0]
            is_whole = (lower, told.upper) == (asked.lower, asked.upper)
            match told.body:
                case bytes():
                    fits = asked.listed is None and (not is_whole or self._round == 0)
                case Listed():
                    fits = asked.listed is None or not is_whole
                case _:
                    fits = asked.listed is not None and is_whole
            if fits:
                return asked
        raise PeerError("A neighbour compares what nobody asked for.")

    # --- what is said in answer ---

    def _reply(self, one: _Heard, leaf: int, most: int) -> None:
        """Answer one range; `most`: a cut may bring this round to so many ranges."""
        match one.body:
            case bytes():
                self._narrow(one, leaf, most)
            case Listed(ids):
                self._compare(one, _cut(ids))
            case Answer(lacked, ids):
                assert one.asked is not None
                assert one.asked.listed is not None
                self._take(one.asked.listed, _places(lacked), _cut(ids))

    def _narrow(self, one: _Heard, leaf: int, most: int) -> None:
        parts = min(FAN_OUT, len(one.ranks) // _LEAST_PART)
        if len(one.ranks) <= leaf or self._said_ranges + parts > most:
            self._list(one.lower, one.upper, one.ranks)
            return
        for lower, upper, ranks in self._parts(one.lower, one.upper, (one.ranks, parts)):
            self._fingerprint(lower, upper, ranks)

    def _compare(self, one: _Heard, theirs: list[bytes]) -> None:
        """Answer the ids of a range; with narrower lists where here are too many for one."""
        if len(one.ranks) > MAX_IDS:
            self._list(one.lower, one.upper, one.ranks)
            return
        mine = self._items.ids(one.ranks.start, one.ranks.stop)
        named, held = set(theirs), set(mine)
        unnamed = [place for place, item_id in enumerate(mine) if item_id not in named]
        unknown = [place for place, item_id in enumerate(theirs) if item_id not in held]
        items = self._items.items(one.ranks.start, one.ranks.stop)
        self._step.lacked.extend(items[place] for place in unnamed)
        self._step.unknown.extend(theirs[place] for place in unknown)
        if unnamed or unknown:
            answer = Answer(_bits(unknown), b"".join(mine[place] for place in unnamed))
            self._say(one.lower, one.upper, answer)

    def _take(self, listed: range, lacked: list[int], unknown: list[bytes]) -> None:
        """Note the answer to ids that were listed: the places of those lacked, and other ids."""
        if lacked and lacked[-1] >= len(listed):
            raise PeerError("A neighbour lacks more than it was told of.")
        items = self._items.items(listed.start, listed.stop)
        self._step.lacked.extend(items[place] for place in lacked)
        self._step.unknown.extend(unknown)

    def _list(self, lower: bytes, upper: bytes, ranks: range) -> None:
        parts = max(1, -(-len(ranks) // MAX_IDS))
        for low, high, some in self._parts(lower, upper, (ranks, parts)):
            self._say(low, high, Listed(b"".join(self._items.ids(some.start, some.stop))))
            self._asking.append(_Asked(low, high, some))

    def _fingerprint(self, lower: bytes, upper: bytes, ranks: range) -> None:
        self._say(lower, upper, self._items.fingerprint(ranks.start, ranks.stop))
        self._asking.append(_Asked(lower, upper, None))

    def _parts(
        self, lower: bytes, upper: bytes, cut: tuple[range, int]
    ) -> list[tuple[bytes, bytes, range]]:
        """A range cut into so many of the same number of items, by the shortest bounds."""
        ranks, parts = cut
        cuts = [ranks.start + len(ranks) * part // parts for part in range(1, parts)]
        bounds = [lower, *(_between(*self._items.items(at - 1, at + 1)) for at in cuts), upper]
        places = [ranks.start, *cuts, ranks.stop]
        return [
            (low, high, range(start, stop))
            for (low, high), (start, stop) in zip(pairwise(bounds), pairwise(places))
        ]

    def _say(self, lower: bytes, upper: bytes, body: Body) -> None:
        if self._said < lower:
            self._out.append(Range(lower, None))
            self._said_ranges += 1
        self._out.append(Range(upper, body))
        self._said_ranges += 1
        self._said = upper


def _between(before: bytes, after: bytes) -> bytes:
    """The shortest bytes above `before` and not above `after`: the start of it that differs."""
    same = next(place for place, (a, b) in enumerate(zip(before, after)) if a != b)
    return after[: same + 1]


def _cut(ids: bytes) -> list[bytes]:
    return [ids[start : start + ID_BYTES] for start in range(0, len(ids), ID_BYTES)]


def _bits(places: list[int]) -> bytes:
    """Bytes in which the bits at these places, in order, are set."""
    bits = bytearray(places[-1] // 8 + 1 if places else 0)
    for place in places:
        bits[place // 8] |= 1 << place % 8
    return bytes(bits)


def _places(bits: bytes) -> list[int]:
    """The places of the bits that are set, in order."""
    return [8 * at + bit for at, byte in enumerate(bits) for bit in range(8) if byte >> bit & 1]


def _frames(ranges: list[Range]) -> list[list[Range]]:
    """`ranges` in as many frames as they take."""
    frames: list[list[Range]] = []
    room = 0
    for one in ranges:
        size = _RANGE_BYTES + len(one.upper) + sum(map(len, _texts(one.body)))
        room -= size
        if room < 0 or len(frames[-1]) == MAX_RANGES:
            frames.append([])
            room = _FRAME_BYTES - size
        frames[-1].append(one)
    return frames


def _texts(body: Body) -> tuple[bytes, ...]:
    match body:
        case None:
            return ()
        case bytes():
            return (body,)
    return body
