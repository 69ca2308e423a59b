"""Nodes that say what is not so, or say it as another version would; their stores are honest."""

from collections.abc import Callable
from typing import Any

from fedretail.crdt.changes import Changes
from fedretail.crdt.codec import pack, sorted_value, unpack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.keys import SigningKey
from fedretail.errors import MalformedInput
from fedretail.p2p import wire
from fedretail.p2p.messages import TYPES, Message
from fedretail.p2p.ranges import END, Listed, Range
from fedretail.testing.sim.world import World

Say = Callable[[bytes], bytes]
# A message of a type that no version has yet.
_UNKNOWN = 99
_FORGER = SigningKey.from_seed(b"forger".ljust(32, b"."))


class Liar:
    """What a liar says on one stream: some of it true."""

    def __init__(self, world: World, place: tuple[str, str], lies: list[str]) -> None:
        self._world = world
        self._place = place
        self._lies = lies
        self._decoder = wire.Decoder()
        self._heads: list[bytes] = []

    def __call__(self, data: bytes) -> bytes:
        """The bytes that go out instead of `data`."""
        out = bytearray()
        for received in self._decoder.feed(data):
            if received.message is not None:
                for message in self._instead(received.message):
                    out += wire.encode(message)
        self._world.carried(*self._place, bytes(out))
        return bytes(out)

    def _instead(self, message: Message) -> list[Message]:
        if not self._world.happens(0.5):
            return [message]
        name = self._world.choose.choice(self._lies)
        lie: Callable[[Message], list[Message]] = getattr(self, f"_{name}")
        told = lie(message)
        if told != [message]:
            self._world.counts[f"lie {name}"] += 1
        return told

    def _withhold(self, message: Message) -> list[Message]:
        return [] if isinstance(message, wire.Advance) else [message]

    def _forge(self, message: Message) -> list[Message]:
        """Another value in one row."""
        return self._with_changes(message, _forged)

    def _swap(self, message: Message) -> list[Message]:
        """The values of two records the other way round."""
        return self._with_changes(message, _swapped)

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
        """A later head, signed by somebody else."""
        match message:
            case wire.Heads(items) if items and _is_raw(items[0]):
                return [wire.Heads([_resigned(items[0]), *items[1:]])]
            case wire.Push(raw, base, changes):
                return [wire.Push(_resigned(raw), base, changes)]
            case wire.Advance(head=raw) if raw:
                return [message._replace(head=_resigned(raw))]
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

    def _flood(self, message: Message) -> list[Message]:
        """More than anybody can use."""
        if isinstance(message, wire.Hello):
            return [message]
        noise: list[Message] = [
            wire.Ranges(wire.HEADS_AND_AUTH, False, [Range(END, Listed(bytes(8 * 500)))]),
            wire.Credit(1 << 20),
        ]
        return [message, *noise * 20]

    def _with_changes(
        self, message: Message, change: Callable[[Changes], Changes]
    ) -> list[Message]:
        match message:
            case wire.Advance(changes=raw) | wire.Push(changes=raw) if raw:
                lines = unpack(raw, max_bytes=wire.MAX_PAYLOAD_BYTES)
                return [message._replace(changes=pack(sorted_value(change(lines))))]
        return [message]


LIES = ("withhold", "forge", "swap", "vacate", "forget", "boast", "sign", "repeat", "flood")


def any_lie(world: World) -> list[str]:
    """One sort of lie, or some of all."""
    return list(world.choose.choice([*((name,) for name in LIES), LIES, LIES]))


class Newer:
    """A version to come: items behind the known ones, messages nobody knows, all else honest."""

    def __init__(self, world: World, tap: Say) -> None:
        self._world = world
        self._tap = tap
        self._decoder = wire.Decoder()

    def __call__(self, data: bytes) -> bytes:
        """The bytes that go out instead of `data`."""
        self._tap(data)
        out = bytearray()
        for received in self._decoder.feed(data):
            if received.message is not None:
                out += self._frames(received.message)
        return bytes(out)

    def _frames(self, message: Message) -> bytes:
        if isinstance(message, wire.Hello):
            message = message._replace(version=2, capabilities=["zstd", "areas"])
        known = _frame([TYPES[type(message)], *message, {"later": 1}, None])
        return known + _frame([_UNKNOWN, b"?"]) if self._world.happens(0.2) else known


def _frame(items: list[Any]) -> bytes:
    payload = pack(items)
    length, number = bytearray(), len(payload)
    while number >= 0x80:
        length.append(number & 0x7F | 0x80)
        number >>= 7
    length.append(number)
    return bytes(length) + payload


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


def _resigned(raw: bytes) -> bytes:
    try:
        head = SignedHead.parse(raw).head
    except MalformedInput:
        return raw
    return SignedHead.sign(head._replace(seq=head.seq + 3, stamp=head.stamp + 9), _FORGER).raw
