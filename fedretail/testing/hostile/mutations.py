"""Bytes broken in the ways that decoders fall for; everything follows from the chance handed in.

Two kinds: `spoiled` knows nothing of what the bytes mean; `Msgpack` takes a message apart, down to
heads and changes packed inside it, breaks one value, and puts it together again. Where a value
cannot be packed (a length that lies, an extension), its encoding is written by hand.
"""

import random  # noqa: TID251 - only its type: the chance is handed in, seeded
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from fedretail.crdt.codec import pack, unpack
from fedretail.errors import MalformedInput
from fedretail.p2p import wire

# Numbers next to which off-by-one mistakes and overflows lie.
NUMBERS = sorted(
    {sign * (1 << bits) + more for bits in (0, 5, 7, 8, 15, 16, 31, 32, 53, 63) for sign in (1, -1)
     for more in (-1, 0, 1) if sign * (1 << bits) + more >= -(1 << 63)}
    | {(1 << 64) - 1, 0}
)  # fmt: skip
# Text that means something to a file system, a terminal, a database, or to nobody.
TEXTS = (
    "", "\0", "/", "../x", "site/../x", "member", "!", "\u202e", "\x1b[2J", "a" * 65, "a" * 9000,
    "é" * 40, "\U0001f34e", "'; DROP TABLE row; --", "offer", "site",
)  # fmt: skip
# Encodings that no packer of ours makes: floats, extensions, text that is none, lengths that lie.
ODD = (
    b"\xca\x7f\x80\x00\x00", b"\xcb\x7f\xf8" + bytes(6), b"\xcb\x3f\xf0" + bytes(6), b"\xd4\x01x",
    b"\xc7\x08\xff" + bytes(8), b"\xd6\xff" + bytes(4), b"\xa2\xff\xfe", b"\xa3\xed\xa0\x80",
    b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xdc\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xde\xff\xff",
    b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc9\x7f\xff\xff\xff\x01", b"\xd9\xff",
    b"\xcf" + bytes(8), b"\xd3" + bytes(8), b"\xcd\x00\x01", b"\xda\x00\x01x", b"\xdc\x00\x00",
    b"\x82\xa1a\x01\xa1a\x02", b"\x82\xa1b\x01\xa1a\x02", b"\x81\x90\x01", b"\x81\x80\x01",
    b"\x81\xc0\x01", b"\x81\x01\x02", b"\x82\xcf\x1f\xff\xff\xff\xff\xff\xff\xff\x01\x00\x02",
)  # fmt: skip
_MARK = b"\x00put the odd one in here\xff"
# Deeper than a stack of C calls likes, and than codec.MAX_DEPTH.
_DEPTHS = (2, 7, 64, 600, 5000)
_PARTS = 4096
# Packed inside messages: heads, changes, auth records, charters; a bomb of text inside is none.
_INNER_BYTES = 512 * 1024


def spoiled(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """`data` with its bytes broken once; `others` are there to be spliced in."""
    return _BREAKS[chance.randrange(len(_BREAKS))](data, chance, others)


def _flip(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    result = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 8)) if data else 0):
        result[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(result)


def _overwrite(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    new = bytes([chance.choice((0x00, 0x7F, 0x80, 0x90, 0xC0, 0xC4, 0xDD, 0xFF))])
    return data[:at] + new * chance.choice((1, 2, 4)) + data[at + 1 :]


def _truncate(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _cut(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + data[end:]


def _repeat(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:end] + data[start:end] * chance.choice((1, 1, 2, 20)) + data[end:]


def _splice(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others) if others else data
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _insert(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return (
        data[:at]
        + chance.choice((chance.randbytes(chance.randrange(1, 40)), chance.choice(ODD)))
        + data[at:]
    )


_BREAKS: tuple[Callable[[bytes, random.Random, Sequence[bytes]], bytes], ...] = (
    _flip, _overwrite, _truncate, _cut, _repeat, _splice, _insert,
)  # fmt: skip


class Msgpack:
    """Breaks packed values; `signer` signs again what has been broken inside [body, signature]."""

    def __init__(
        self, chance: random.Random, *, signer: Callable[[list[Any]], list[Any]] | None = None
    ) -> None:
        self._chance = chance
        self._signer = signer
        self._odd = b""
        self._donors: list[Any] = [0, b"", "", None, True]

    def broken(self, packed: bytes) -> bytes:
        """The packed value with one thing broken somewhere in it; MalformedInput where none is."""
        value = unpack(packed, max_bytes=1 << 20)
        self._odd = b""
        changed = self._anywhere(value)
        try:
            return self._with_odd(pack(changed))
        except (ValueError, OverflowError, TypeError):
            # Half a surrogate, or nested more deeply than the packer goes.
            return packed[:-1]

    def _anywhere(self, value: Any) -> Any:
        """The value with one thing changed, at some depth: each step down is as likely as not."""
        inner = self._unpacked(value) if isinstance(value, bytes) else None
        if inner is not None and self._chance.random() < 0.8:
            return self._repacked(self._anywhere(inner))
        if isinstance(value, list) and value and self._chance.random() < 0.85:
            at = self._chance.choice(self._packed_in(value) or range(len(value)))
            self._donors[self._chance.randrange(5)] = value[at]
            changed = [*value]
            changed[at] = self._anywhere(value[at])
            return changed
        if isinstance(value, dict) and value and self._chance.random() < 0.85:
            name = self._chance.choice(list(value))
            if self._chance.random() < 0.8:
                return {**value, name: self._anywhere(value[name])}
            other = self._chance.choice(TEXTS)
            return {other if one == name else one: value[one] for one in value}
        return self._instead(value)

    def _packed_in(self, value: list[Any]) -> list[int]:
        """Where heads, records and changes stand in a list: worth half of all tries."""
        if self._chance.random() < 0.5:
            return []
        return [at for at, one in enumerate(value) if isinstance(one, bytes) and _is_list(one)]

    @staticmethod
    def _unpacked(data: bytes) -> list[Any] | None:
        if not _is_list(data):
            return None
        try:
            value = unpack(data, max_bytes=_INNER_BYTES)
        except MalformedInput:
            return None
        return value if isinstance(value, list) else None

    def _repacked(self, value: Any) -> Any:
        """Packed again; what carries a signature is signed anew half of the time."""
        match value:
            case [bytes(), bytes(signature)] if len(signature) == 64 and self._signer is not None:
                if self._chance.random() < 0.5:
                    value = self._signer(value)
        try:
            return self._with_odd(pack(value))
        except (ValueError, OverflowError, TypeError):
            return b"\x91"

    def _with_odd(self, packed: bytes) -> bytes:
        if not self._odd:
            return packed
        result, self._odd = packed.replace(pack(_MARK), self._odd, 1), b""
        return result

    def _instead(self, value: Any) -> Any:
        """Something else in a value's place, near to it or far away."""
        chance = self._chance
        if isinstance(value, bool) or value is None:
            near: list[Callable[[], Any]] = [lambda: 0, lambda: 1, list]
        elif isinstance(value, int):
            near = [lambda: _number(value + chance.choice((-2, -1, 1, 2, 1000, -1000)))] * 2
        elif isinstance(value, str):
            near = [
                lambda: value + "x",
                lambda: value[:-1],
                value.encode,
                lambda: value * 2,
            ]
        elif isinstance(value, bytes):
            near = [lambda: spoiled(value, chance, ()), lambda: value[:-1], lambda: value + b"\0"]
        else:
            near = [lambda: self._other_list(value)] * 6
        far: list[Callable[[], Any]] = [
            lambda: chance.choice(NUMBERS), lambda: chance.choice(TEXTS), self._put_odd,
            self._nested, lambda: chance.choice(self._donors), lambda: chance.randbytes(32),
            list, dict, lambda: None, lambda: chance.random() < 0.5, lambda: {"a": value},
            lambda: [value],
        ]  # fmt: skip
        choose = near if chance.random() < 0.7 else far
        return choose[chance.randrange(len(choose))]()

    def _other_list(self, value: Any) -> Any:
        items = list(value.items()) if isinstance(value, dict) else list(value)
        some = [*items]
        match self._chance.randrange(7):
            case 0:
                self._chance.shuffle(some)
            case 1:
                some = some[:-1]
            case 2:
                some = some + some[-1:]
            case 3:
                some = (some or [0]) * (_PARTS // max(1, len(some)) + 1)
            case 4:
                some = some[1:]
            case 5:
                some = [*some, None]
            case 6:
                some = some[: len(some) // 2]
        return dict(some[:64]) if isinstance(value, dict) and all(some) else some

    def _put_odd(self) -> Any:
        self._odd = self._chance.choice(ODD)
        return _MARK

    def _nested(self) -> Any:
        """So deep that it is written by hand: no packer goes there."""
        depth = self._chance.choice(_DEPTHS)
        self._odd = self._chance.choice((b"\x91", b"\x81\xa1a")) * depth + b"\xc0"
        return _MARK


def _is_list(data: bytes) -> bool:
    """Whether bytes may be a packed list."""
    return len(data) > 2 and (0x90 <= data[0] <= 0x9F or data[0] == 0xDC)


def _number(value: int) -> int:
    return min(max(value, -(1 << 63)), (1 << 64) - 1)


def framed(payload: bytes) -> bytes:
    """A frame of this payload, whatever it is."""
    length, result = len(payload), bytearray()
    while length >= 0x80:
        result.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*result, length]) + payload


def payload_of(frame: bytes) -> bytes:
    """The payload of a whole frame, unfolded where it was compressed."""
    start = 1
    while frame[start - 1] >= 0x80:
        start += 1
    payload = frame[start:]
    match unpack(payload, max_bytes=wire.MAX_FRAME_BYTES):
        case [0, int(), bytes(folded)]:
            return zlib.decompress(folded)
    return payload


def folded(payload: bytes, chance: random.Random) -> bytes:
    """The payload compressed, with a lie about it, or as a bomb."""
    packed, says = zlib.compress(payload, 1), len(payload)
    match chance.randrange(10):
        case 0:
            says += chance.choice((-1, 1, 1000, 1 << 40, -(1 << 40)))
        case 1:
            packed = packed[: chance.randrange(len(packed))]
        case 2:
            packed += b"more"
        case 3:
            says, packed = wire.MAX_PAYLOAD_BYTES, BOMB
        case 4:
            packed = zlib.compress(pack([0, says, packed]), 1)
        case 5:
            says = True
    return pack([0, says, packed])


# A thousandth of what it unfolds to, which is four times as much as it may be.
BOMB = zlib.compress(bytes(4 * wire.MAX_PAYLOAD_BYTES), 9)
