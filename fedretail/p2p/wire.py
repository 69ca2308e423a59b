"""Frames of /fedretail/sync/1: bytes to messages, and back; the messages stand in `messages`.

    frame   = uvarint length of payload, payload (at most 256 KiB)
    payload = msgpack array [type, item, ...]
            | msgpack array [0, length, zlib bytes]     a payload of at most 1 MiB, compressed

A message of unknown type is passed over. Everything here is a pure function of bytes.
"""

import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from fedretail.crdt.codec import pack, unpack
from fedretail.errors import MalformedInput, PeerError
from fedretail.p2p.messages import (
    HEADS_AND_AUTH,
    MAX_ITEMS,
    PARSERS,
    TYPES,
    Advance,
    Auth,
    Credit,
    Done,
    Heads,
    Hello,
    Message,
    Offer,
    Push,
    Ranges,
    Since,
    Wish,
    values,
)

__all__ = [
    "HEADS_AND_AUTH", "MAX_ITEMS", "Advance", "Auth", "Credit", "Decoder", "Done", "Heads",
    "Hello", "Message", "Offer", "Push", "Ranges", "Received", "Since", "Wish", "decode", "encode",
    "values",
]  # fmt: skip

VERSION = 1
MIN_VERSION = 1
MAX_FRAME_BYTES = 256 * 1024
# A compressed payload may unfold to this: a part of 240 KiB with every row in a list of its own.
MAX_PAYLOAD_BYTES = 1024 * 1024
# Below this deflate saves nothing worth its time.
_COMPRESS_FROM = 200
# Level 6 leaves a tenth less than level 1 (52 against 57 kB a part) for 2.5 ms more a part.
_LEVEL = 6


class Received(NamedTuple):
    """A message as it came in.

    message: None where its type is one of a later version; size: bytes of its frame, as CREDIT
    counts them; unfolded: bytes of its payload before it was compressed, which it costs to read.
    """

    message: Message | None
    size: int
    unfolded: int


def encode(message: Message) -> bytes:
    """The frame of a message."""
    payload = pack([TYPES[type(message)], *values(message)])
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise PeerError(f"A message of {len(payload)} bytes is too long to be sent.")
    if len(payload) >= _COMPRESS_FROM:
        packed = pack([0, len(payload), zlib.compress(payload, _LEVEL)])
        payload = min(payload, packed, key=len)
    if len(payload) > MAX_FRAME_BYTES:
        raise PeerError(f"A message of {len(payload)} bytes is too long to be sent.")
    return _uvarint(len(payload)) + payload


class Decoder:
    """Cuts a stream of bytes into messages; holds at most one frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Received]:
        """Each message completed by `data`; what is not asked for stays in the buffer.

        PeerError where the bytes break the rules; the stream is of no use then.
        """
        self._buffer += data
        while (frame := self._next_frame()) is not None:
            payload, size = frame
            message, unfolded = _decoded(payload)
            yield Received(message, size, unfolded)

    def _next_frame(self) -> tuple[bytes, int] | None:
        """The next payload, and how long its frame was; None until it is complete."""
        length, start = _read_uvarint(self._buffer)
        if length > MAX_FRAME_BYTES:
            raise PeerError("A neighbour sent a message that is too long.")
        if not start or len(self._buffer) < start + length:
            return None
        payload = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return payload, start + length


def decode(payload: bytes) -> Message | None:
    """The message in a payload; None for a type of a later version. PeerError for bad bytes."""
    return _decoded(payload)[0]


def _decoded(payload: bytes) -> tuple[Message | None, int]:
    """The message in a payload, and the payload's length unfolded."""
    try:
        value, unfolded = _unfolded(payload)
        match value:
            case [number, *items] if type(number) is int and number > 0:
                parser = PARSERS.get(number)
                return (None if parser is None else parser(items)), unfolded
    except MalformedInput as error:
        raise PeerError(f"A neighbour sent a broken message: {error.message}.") from None
    raise PeerError("A neighbour sent something that is no message.")


def _unfolded(payload: bytes) -> tuple[Any, int]:
    value = unpack(payload, max_bytes=MAX_FRAME_BYTES)
    match value:
        case [0, int(length), bytes(packed)] if 0 < length <= MAX_PAYLOAD_BYTES:
            return unpack(_inflated(packed, length), max_bytes=MAX_PAYLOAD_BYTES), length
        case [0, *_]:
            raise MalformedInput("a compressed message too large")
    return value, len(payload)


def _inflated(packed: bytes, length: int) -> bytes:
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(packed, length + 1)
    except zlib.error:
        raise MalformedInput("a compressed message that does not unfold") from None
    if len(data) != length or not inflate.eof or inflate.unused_data:
        raise MalformedInput("a compressed message of another length than it says")
    return data


def _uvarint(number: int) -> bytes:
    result = bytearray()
    while number >= 0x80:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)


def _read_uvarint(buffer: bytearray) -> tuple[int, int]:
    """(number, bytes it took); (0, 0) where it is not complete yet."""
    number = 0
    for index, byte in enumerate(buffer[:4]):
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return number, index + 1
    if len(buffer) >= 4:
        raise PeerError("A neighbour sent a message that is too long.")
    return 0, 0
