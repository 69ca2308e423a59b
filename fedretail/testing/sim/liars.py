"""Nodes that say what is not so; their stores are honest."""

from collections.abc import Callable
from typing import Any

from fedretail.crdt.changes import Changes
from fedretail.crdt.codec import pack, sorted_value, unpack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.keys import SigningKey
from fedretail.errors import MalformedInput
from fedretail.p2p import wire
from fedretail.p2p.messages import Message
from fedretail.p2p.ranges import END, Answer, Body, Listed, Range
from fedretail.testing.builders import shop
from fedretail.testing.sim.world import World

# Of the shop that every liar is.
_OWN_KEY = shop("last").devices[0]
_FORGER = SigningKey.from_seed(b"forger".ljust(32, b"."))


class Liar:
    """What a liar says on one stream: some of it true."""

    def __init__(self, world: World, place: tuple[str, str], lies: list[str]) -> None:
        self._world = world
        self._place = place
        self._lies = lies
        self._decoder = wire.Decoder()
        self._heads: list[bytes] = []
        self._is_stuck = False

    def __call__(self, data: bytes) -> bytes:
        """The bytes that go out instead of `data`."""
        out = bytearray()
        for received in self._decoder.feed(data):
            if received.message is not None:
                for message in self._instead(received.message):
                    out += wire.encode(message)
        said = self._mangled(bytes(out))
        self._world.carried(*self._place, said)
        return said

    def _mangled(self, data: bytes) -> bytes:
        """The bytes as a broken or malicious line would leave them."""
        world = self._world
        if self._is_stuck or not data:
            return b""
        if "garble" in self._lies and world.happens(0.05):
            world.counts["lie garble"] += 1
            at = world.choose.randrange(len(data))
            return data[:at] + bytes([data[at] ^ 1 << world.choose.randrange(8)]) + data[at + 1 :]
        if "stall" in self._lies and world.happens(0.05):
            world.counts["lie stall"] += 1
            self._is_stuck = True
            return data[: world.choose.randrange(len(data))]
        return data

    def _instead(self, message: Message) -> list[Message]:
        if not self._world.happens(self._world.knobs.lying):
            return [message]
        name = self._world.choose.choice(self._lies)
        lie: Callable[[Message], list[Message]] = getattr(self, f"_{name}")
        told = lie(message)
        if told != [message]:
            self._world.counts[f"lie {name}"] += 1
        return told

    def _garble(self, message: Message) -> list[Message]:
        """Bits that are not as they were sent: see `_mangled`."""
        return [message]

    def _stall(self, message: Message) -> list[Message]:
        """Half a message, and then nothing more: see `_mangled`."""
        return [message]

    def _stutter(self, message: Message) -> list[Message]:
        """Everything twice, rows that were asked for once and greetings too."""
        return [message, message]

    def _beg(self, message: Message) -> list[Message]:
        """Ask for everything from its beginning, again and again."""
        match message:
            case wire.Heads(items):
                logs = [SignedHead.parse(raw).head.log for raw in items if _is_raw(raw)]
                return [message, *[wire.Since([wire.Wish(log, 0, 0, None) for log in logs])] * 5]
        return [message]

    def _withhold(self, message: Message) -> list[Message]:
        return [] if isinstance(message, wire.Advance) else [message]

    def _forge(self, message: Message) -> list[Message]:
        """Another value in one row."""
        return self._with_changes(message, _forged)

    def _swap(self, message: Message) -> list[Message]:
        """The values of two records the other way round."""
        return self._with_changes(message, _swapped)

    def _anagram(self, message: Message) -> list[Message]:
        """The letters of one value in another order: sums and lengths stay as they are."""
        return self._with_changes(message, _reversed)

    def _vacate(self, message: Message) -> list[Message]:
        """One vacant row more than there is."""
        return self._with_changes(
            message, lambda changes: [*changes, ["offer", [], [["none", 0, 0, 0]]]]
        )

    def _forget(self, message: Message) -> list[Message]:
        """One record less than has changed."""
        return self._with_changes(message, lambda changes: changes[1:])

    def _boast(self, message: Message) -> list[Message]:
        """Hold more than there is."""
        match message:
            case wire.Heads(items):
                more = [[SignedHead.parse(raw).head.log, 99] for raw in items[:1] if _is_raw(raw)]
                return [wire.Heads([*items, *more])]
        return [message]

    def _sign(self, message: Message) -> list[Message]:
        """A later head over rows that the other holds, signed by somebody else."""
        match message:
            case wire.Heads(items):
                new = [raw for raw in items if _is_raw(raw)]
            case wire.Push(head=raw) | wire.Advance(head=raw):
                new = [raw]
            case _:
                return [message]
        told, self._heads = self._heads[-20:], [*self._heads, *new]
        return [message, wire.Heads([_resigned(raw) for raw in told])] if told else [message]

    def _renew(self, message: Message) -> list[Message]:
        """A lease extended: the same rows under a later head, signed by itself for another."""
        match message:
            case wire.Heads(items):
                new = [_renewed(raw) for raw in items if _is_raw(raw)]
                return [message, wire.Heads(new)] if new else [message]
            case wire.Push(head=raw):
                return [message, wire.Push(_renewed(raw), 0, None)]
        return [message]

    def _repeat(self, message: Message) -> list[Message]:
        """The same heads again, old ones too."""
        match message:
            case wire.Heads(items):
                self._heads += [raw for raw in items if _is_raw(raw)]
                return [message, wire.Heads(self._heads[:50])]
            case wire.Push(raw, _, _):
                self._heads.append(raw)
                return [message, message, wire.Push(self._heads[0], 0, None)]
        return [message]

    def _muddle(self, message: Message) -> list[Message]:
        """Fingerprints of what nobody has, and ids that nobody asked for."""
        match message:
            case wire.Ranges(about, is_answer, ranges):
                told = [one._replace(body=self._other(one.body)) for one in ranges]
                return [wire.Ranges(about, is_answer, told)]
        return [message]

    def _other(self, body: Body) -> Body:
        noise = self._world.choose.randbytes(16)
        match body:
            case bytes():
                return noise
            case Listed(ids):
                return Listed(ids + noise)
            case Answer(lacked, ids):
                return Answer(lacked, ids + noise)
        return None

    def _flood(self, message: Message) -> list[Message]:
        """More than anybody can use, now and then."""
        if isinstance(message, wire.Hello) or not self._world.happens(0.1):
            return [message]
        noise: list[Message] = [
            wire.Ranges(wire.HEADS_AND_AUTH, False, [Range(END, Listed(bytes(8 * 500)))]),
            wire.Credit(1 << 20),
        ]
        return [message, *noise * 60]

    def _with_changes(
        self, message: Message, change: Callable[[Changes], Changes]
    ) -> list[Message]:
        match message:
            case wire.Advance(changes=raw) | wire.Push(changes=raw) if raw:
                lines = unpack(raw, max_bytes=wire.MAX_PAYLOAD_BYTES)
                return [message._replace(changes=pack(sorted_value(change(lines))))]
        return [message]


# What only somebody who looks closely finds out, and what disturbs.
SUBTLE = ("withhold", "forge", "swap", "anagram", "vacate", "forget", "boast", "sign", "renew")
RUDE = ("repeat", "flood", "stutter", "beg", "garble", "stall", "muddle")


def any_lie(world: World) -> list[str]:
    """One sort of lie, or a few: some end a conversation before others have been told."""
    return world.choose.sample([*SUBTLE, *RUDE], world.choose.choice((1, 3)))


def _is_raw(item: Any) -> bool:
    return isinstance(item, bytes)


def _forged(changes: Changes) -> Changes:
    for _, names, lines in changes:
        if names:
            lines[0][1] = "forged"
            break
    return changes


def _swapped(changes: Changes) -> Changes:
    for _, names, lines in changes:
        if names and len(lines) > 1:
            lines[0][1], lines[1][1] = lines[1][1], lines[0][1]
    return changes


def _reversed(changes: Changes) -> Changes:
    for _, names, lines in changes:
        for line in lines if names else []:
            if isinstance(line[1], str):
                line[1] = line[1][::-1]
                return changes
    return changes


def _renewed(raw: bytes) -> bytes:
    try:
        signed = SignedHead.parse(raw)
    except MalformedInput:
        return raw
    head = signed.head
    # Its own it may renew; signed anew by one message after the other it would be a cheat.
    if signed.is_by(_OWN_KEY.public):
        return raw
    return SignedHead.sign(head._replace(seq=head.seq + 1, stamp=head.stamp + 9), _OWN_KEY).raw


def _resigned(raw: bytes) -> bytes:
    try:
        head = SignedHead.parse(raw).head
    except MalformedInput:
        return raw
    return SignedHead.sign(head._replace(seq=head.seq + 3, stamp=head.stamp + 9), _FORGER).raw
