"""Honest nodes with ways of their own: one of a version to come, one that says things twice."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from fedretail.crdt.codec import pack
from fedretail.p2p import wire
from fedretail.p2p.messages import TYPES, Message, values
from fedretail.testing.sim.world import World

Say = Callable[[bytes], bytes]
# A message of a type that no version has yet.
_UNKNOWN = 99
# What may be said again at any time: it tells something, and asks or answers nothing.
_TELLING = (wire.Auth, wire.Heads, wire.Offer, wire.Push, wire.Credit)


class _Speaker(ABC):
    """Says its own frames for each message that an honest node would send."""

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

    @abstractmethod
    def _frames(self, message: Message) -> bytes:
        """What it says in the place of this message."""


class Newer(_Speaker):
    """A version to come: items behind the known ones, messages nobody knows, all else honest."""

    def _frames(self, message: Message) -> bytes:
        if isinstance(message, wire.Hello):
            message = message._replace(version=2, capabilities=["zstd", "areas"])
        known = _frame([TYPES[type(message)], *values(message), {"later": 1}, None])
        return known + _frame([_UNKNOWN, b"?"]) if self._world.happens(0.2) else known


class Stutterer(_Speaker):
    """Some of what it tells goes out twice; the second time says nothing new."""

    def _frames(self, message: Message) -> bytes:
        is_twice = isinstance(message, _TELLING) and self._world.happens(0.3)
        self._world.counts["said twice"] += is_twice
        return wire.encode(message) * (1 + is_twice)


def _frame(items: list[Any]) -> bytes:
    payload = pack(items)
    length, number = bytearray(), len(payload)
    while number >= 0x80:
        length.append(number & 0x7F | 0x80)
        number >>= 7
    length.append(number)
    return bytes(length) + payload
