"""Frames and messages of /fedretail/sync/1.

    frame   = uvarint length of payload, payload (at most 256 KiB)
    payload = msgpack array [type, item, ...]
            | msgpack array [0, length, zlib bytes]     a payload of at most 1 MiB, compressed

    1 HELLO    version, min version, network id (32), store id (16), nonce (16), now (ms),
               capabilities [text], areas [[n, bits]]
    2 AUTH     [[0, auth record] | [1, owner, collection, device, incarnation] | [2, charter]
               | [3, address]]
    3 RANGES   scope, bytes        scope 0: ids of what I have, answer with yours;
                                   1: ids of what I have; 2: fingerprint of what I have
    4 HEADS    [head | [log, seq]] the second form says: I hold what you have shown me
    5 SINCE    [[log, seq, stamp, [kind, key] | nil]]
    6 OFFER    [[log, rows, bytes]]
    7 ADVANCE  log, base seq, head, changes, [kind, key] | nil
    9 PUSH     head, base seq, changes | nil
    10 CREDIT  bytes
    11 DONE    code, text, seconds to wait before trying again

Trailing items of later versions are ignored, so are messages of unknown type (8 WANT, 12 BLOB are
kept for repair and pictures). Lists are bounded. Everything here is a pure function of bytes.
"""

import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.row import RowKey, check_key
from fedretail.errors import MalformedInput, PeerError

VERSION = 1
MIN_VERSION = 1
MAX_FRAME_BYTES = 256 * 1024
# A compressed payload may unfold to this: a part of 240 KiB with every row in a list of its own.
MAX_PAYLOAD_BYTES = 1024 * 1024
# Below this deflate saves nothing worth its time.
_COMPRESS_FROM = 200
# Level 6 leaves a tenth less than level 1 (52 against 57 kB a part) for 2.5 ms more a part.
_LEVEL = 6
MAX_ITEMS = 4096


class Hello(NamedTuple):
    """Who is there, of which network, with which clock."""

    version: int
    min_version: int
    network: bytes
    store: bytes
    nonce: bytes
    now_ms: int
    capabilities: list[str]
    areas: list[list[int]]


class Auth(NamedTuple):
    """Statements that must be known before heads: see AUTH above; each a tagged list."""

    items: list[list[Any]]


class Ranges(NamedTuple):
    """What the sender has, as ids or as one fingerprint."""

    scope: int
    data: bytes


class Heads(NamedTuple):
    """Heads as bytes, or [log, seq] for heads that the receiver has shown."""

    items: list[Any]


class Wish(NamedTuple):
    """One line of SINCE: a log, the verified place in it, and the last key staged."""

    log: bytes
    seq: int
    stamp: int
    after: RowKey | None


class Since(NamedTuple):
    """What the sender wants to be told."""

    wishes: list[Wish]


class Offer(NamedTuple):
    """What is about to be sent, so that the receiver can show how far it is."""

    items: list[tuple[bytes, int, int]]


class Advance(NamedTuple):
    """A part of the changes of one log; after: the key to go on from, None at the end."""

    log: bytes
    base_seq: int
    head: bytes
    changes: bytes
    after: RowKey | None


class Push(NamedTuple):
    """A new head, unasked, with its changes where they are small."""

    head: bytes
    base_seq: int
    changes: bytes | None


class Credit(NamedTuple):
    """So many more bytes of ADVANCE may be sent."""

    count: int


class Done(NamedTuple):
    """The end of the session, and why."""

    code: str
    text: str
    retry_s: int


Message: TypeAlias = Hello | Auth | Ranges | Heads | Since | Offer | Advance | Push | Credit | Done

_TYPES: dict[type, int] = {
    Hello: 1,
    Auth: 2,
    Ranges: 3,
    Heads: 4,
    Since: 5,
    Offer: 6,
    Advance: 7,
    Push: 9,
    Credit: 10,
    Done: 11,
}


def encode(message: Message) -> bytes:
    """The frame of a message."""
    payload = pack([_TYPES[type(message)], *message])
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise PeerError(f"A message of {len(payload)} bytes is too long to be sent.")
    if len(payload) >= _COMPRESS_FROM:
        packed = pack([0, len(payload), zlib.compress(payload, _LEVEL)])
        payload = min(payload, packed, key=len)
    return _uvarint(len(payload)) + payload


class Decoder:
    """Cuts a stream of bytes into messages; holds at most one frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Message | None, int]]:
        """(message, bytes of its frame) for each frame completed; None: an unknown type.

        PeerError where the bytes break the rules; the stream is of no use then.
        """
        self._buffer += data
        while (payload := self._next_payload()) is not None:
            yield decode(payload), len(payload)

    def _next_payload(self) -> bytes | None:
        length, start = _read_uvarint(self._buffer)
        if length > MAX_FRAME_BYTES:
            raise PeerError("A neighbour sent a message that is too long.")
        if not start or len(self._buffer) < start + length:
            return None
        payload = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return payload


def decode(payload: bytes) -> Message | None:
    """The message in a payload; None for a type of a later version. PeerError for bad bytes."""
    try:
        match _unfolded(payload):
            case [int(number), *items] if number in _PARSERS:
                return _PARSERS[number](items)
            case [int(number), *_] if number > 0:
                return None
    except MalformedInput as error:
        raise PeerError(f"A neighbour sent a broken message: {error.message}.") from None
    raise PeerError("A neighbour sent something that is no message.")


def _unfolded(payload: bytes) -> Any:
    value = unpack(payload, max_bytes=MAX_FRAME_BYTES)
    match value:
        case [0, int(length), bytes(packed)] if 0 < length <= MAX_PAYLOAD_BYTES:
            return unpack(_inflated(packed, length), max_bytes=MAX_PAYLOAD_BYTES)
        case [0, *_]:
            raise MalformedInput("a compressed message too large")
    return value


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


def _hello(items: list[Any]) -> Hello:
    match items:
        case [int(version), int(lowest), bytes(network), bytes(store), bytes(nonce), int(now),
              list(capabilities), list(areas), *_] if (
            len(network) == 32
            and len(store) == len(nonce) == 16
            and 0 <= now < 1 << 53
            and len(capabilities) <= 32
            and all(type(name) is str and len(name) <= 64 for name in capabilities)
            and len(areas) <= 64
        ):  # fmt: skip
            return Hello(version, lowest, network, store, nonce, now, capabilities, areas)
    raise MalformedInput("HELLO")


def _auth(items: list[Any]) -> Auth:
    match items:
        case [list(entries), *_] if len(entries) <= MAX_ITEMS:
            if all(type(entry) is list and entry and type(entry[0]) is int for entry in entries):
                return Auth(entries)
    raise MalformedInput("AUTH")


def _ranges(items: list[Any]) -> Ranges:
    match items:
        case [int(scope), bytes(data), *_]:
            return Ranges(scope, data)
    raise MalformedInput("RANGES")


def _heads(items: list[Any]) -> Heads:
    match items:
        case [list(heads), *_] if len(heads) <= MAX_ITEMS and all(map(_is_head, heads)):
            return Heads(heads)
    raise MalformedInput("HEADS")


def _is_head(item: Any) -> bool:
    match item:
        case bytes():
            return True
        case [bytes(log), int(seq)]:
            return len(log) == 16 and type(seq) is int and seq > 0
    return False


def _since(items: list[Any]) -> Since:
    match items:
        case [list(wishes), *_] if len(wishes) <= MAX_ITEMS:
            return Since([_wish(wish) for wish in wishes])
    raise MalformedInput("SINCE")


def _wish(item: Any) -> Wish:
    match item:
        case [bytes(log), int(seq), int(stamp), after, *_] if (
            len(log) == 16 and 0 <= seq < 1 << 53 and 0 <= stamp < 1 << 53
        ):
            return Wish(log, seq, stamp, _row_key(after))
    raise MalformedInput("a line of SINCE")


def _row_key(value: Any) -> RowKey | None:
    match value:
        case None:
            return None
        case [kind, key]:
            return check_key(kind, key)
    raise MalformedInput("a key")


def _offer(items: list[Any]) -> Offer:
    match items:
        case [list(lines), *_] if len(lines) <= MAX_ITEMS:
            return Offer([_offered(line) for line in lines])
    raise MalformedInput("OFFER")


def _offered(line: Any) -> tuple[bytes, int, int]:
    match line:
        case [bytes(log), int(rows), int(size), *_] if len(log) == 16 and rows >= 0 <= size:
            return log, rows, size
    raise MalformedInput("a line of OFFER")


def _advance(items: list[Any]) -> Advance:
    match items:
        case [bytes(log), int(base), bytes(head), bytes(changes), after, *_] if (
            len(log) == 16 and 0 <= base < 1 << 53
        ):
            return Advance(log, base, head, changes, _row_key(after))
    raise MalformedInput("ADVANCE")


def _push(items: list[Any]) -> Push:
    match items:
        case [bytes(head), int(base), changes, *_] if 0 <= base < 1 << 53 and (
            changes is None or isinstance(changes, bytes)
        ):
            return Push(head, base, changes)
    raise MalformedInput("PUSH")


def _credit(items: list[Any]) -> Credit:
    match items:
        case [int(count), *_] if 0 <= count <= 1 << 32:
            return Credit(count)
    raise MalformedInput("CREDIT")


def _done(items: list[Any]) -> Done:
    match items:
        case [str(code), str(text), int(retry), *_] if len(code) <= 64 and 0 <= retry <= 86400:
            return Done(code, text[:300], retry)
    raise MalformedInput("DONE")


_PARSERS = {
    1: _hello,
    2: _auth,
    3: _ranges,
    4: _heads,
    5: _since,
    6: _offer,
    7: _advance,
    9: _push,
    10: _credit,
    11: _done,
}
