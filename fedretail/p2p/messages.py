"""The messages of /fedretail/sync/1, and how each is read from a list of items.

    1 HELLO    version, min version, network id (32), store id (16), nonce (16), now (ms),
               capabilities [text], areas [[n, bits]]
    2 AUTH     [[0, auth record] | [1, owner, collection, device, incarnation] | [2, charter]
               | [3, address]]
    3 RANGES   about, is answer (0 | 1), ranges   about: "" all auth records and heads, a log id
                                   its rows; 1: in a comparison that you have begun; see `ranges`
    4 HEADS    [head | [log, seq]] the second form says: I hold what you have shown me
    5 SINCE    [[log, seq, stamp, [kind, key] | nil]]
    6 OFFER    [[log, rows, bytes]]
    7 ADVANCE  log, base seq, head | "", changes, [kind, key] | nil    "": the head shown last
    9 PUSH     head, base seq, changes | nil
    10 CREDIT  bytes
    11 DONE    code, text, seconds to wait before trying again

A message is the msgpack array [type, item, ...]. Trailing items of later versions are ignored.
Lists are bounded, numbers are integers (true is none). 8 WANT and 12 BLOB are kept for repair and
pictures.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from fedretail.crdt.head import MAX_AREA_BITS
from fedretail.crdt.row import RowKey, check_key
from fedretail.errors import MalformedInput
from fedretail.p2p.items import HEAD_ITEM_BYTES, ROW_ITEM_BYTES
from fedretail.p2p.ranges import Range, parse_ranges, range_values

# What RANGES are about when not about one log.
HEADS_AND_AUTH = b""
# Entries of one list: as many heads as fit into a frame of 256 KiB, more or less.
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
    """What the sender has, range by range, in one of two comparisons of a session.

    about: HEADS_AND_AUTH, or the id of a log whose rows are compared; is_answer: whether the
    receiver began the comparison.
    """

    about: bytes
    is_answer: bool
    ranges: list[Range]


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

    count: int  # type: ignore[assignment] # a field, no longer tuple.count


class Done(NamedTuple):
    """The end of the session, and why."""

    code: str
    text: str
    retry_s: int


Message: TypeAlias = Hello | Auth | Ranges | Heads | Since | Offer | Advance | Push | Credit | Done

TYPES: dict[type, int] = {
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


def values(message: Message) -> list[Any]:
    """The items of a message as they are packed."""
    match message:
        case Ranges(about, is_answer, ranges):
            return [about, int(is_answer), range_values(ranges)]
    return list(message)


def _hello(items: list[Any]) -> Hello:
    match items:
        case [int(version), int(lowest), bytes(network), bytes(store), bytes(nonce), int(now),
              list(capabilities), list(areas), *_] if (
            len(network) == 32
            and len(store) == len(nonce) == 16
            and bool not in {type(version), type(lowest), type(now)}
            and 0 <= now < 1 << 53
            and len(capabilities) <= 32
            and all(type(name) is str and len(name) <= 64 for name in capabilities)
            and len(areas) <= 64
            and all(map(_is_area, areas))
        ):  # fmt: skip
            return Hello(version, lowest, network, store, nonce, now, capabilities, areas)
    raise MalformedInput("HELLO")


def _is_area(item: Any) -> bool:
    match item:
        case [int(n), int(bits)]:
            return 0 <= n <= MAX_AREA_BITS and 0 <= bits < 1 << n
    return False


def _auth(items: list[Any]) -> Auth:
    match items:
        case [list(entries), *_] if len(entries) <= MAX_ITEMS:
            if all(type(entry) is list and entry and type(entry[0]) is int for entry in entries):
                return Auth(entries)
    raise MalformedInput("AUTH")


def _ranges(items: list[Any]) -> Ranges:
    match items:
        case [bytes(about), (0 | 1) as is_answer, ranges, *_] if (
            len(about) in (0, 16) and type(is_answer) is int
        ):
            item_bytes = ROW_ITEM_BYTES if about else HEAD_ITEM_BYTES
            return Ranges(about, bool(is_answer), parse_ranges(ranges, item_bytes))
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
            return len(log) == 16 and type(seq) is int and 0 < seq < 1 << 53
    return False


def _since(items: list[Any]) -> Since:
    match items:
        case [list(wishes), *_] if len(wishes) <= MAX_ITEMS:
            return Since([_wish(wish) for wish in wishes])
    raise MalformedInput("SINCE")


def _wish(item: Any) -> Wish:
    match item:
        case [bytes(log), int(seq), int(stamp), after, *_] if (
            len(log) == 16
            and bool not in {type(seq), type(stamp)}
            and 0 <= seq < 1 << 53
            and 0 <= stamp < 1 << 53
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
        case [bytes(log), int(rows), int(size), *_] if (
            len(log) == 16
            and bool not in {type(rows), type(size)}
            and 0 <= rows < 1 << 53
            and 0 <= size < 1 << 53
        ):
            return log, rows, size
    raise MalformedInput("a line of OFFER")


def _advance(items: list[Any]) -> Advance:
    match items:
        case [bytes(log), int(base), bytes(head), bytes(changes), after, *_] if (
            len(log) == 16 and type(base) is int and 0 <= base < 1 << 53
        ):
            return Advance(log, base, head, changes, _row_key(after))
    raise MalformedInput("ADVANCE")


def _push(items: list[Any]) -> Push:
    match items:
        case [bytes(head), int(base), changes, *_] if (
            type(base) is int
            and 0 <= base < 1 << 53
            and (changes is None or isinstance(changes, bytes))
        ):
            return Push(head, base, changes)
    raise MalformedInput("PUSH")


def _credit(items: list[Any]) -> Credit:
    match items:
        case [int(count), *_] if type(count) is int and 0 <= count <= 1 << 32:
            return Credit(count)
    raise MalformedInput("CREDIT")


def _done(items: list[Any]) -> Done:
    match items:
        case [str(code), str(text), int(retry), *_] if (
            len(code) <= 64 and type(retry) is int and 0 <= retry <= 86400
        ):
            # Shown to people and logged: no line breaks, no orders to a terminal.
            return Done(_printable(code), _printable(text[:300]), retry)
    raise MalformedInput("DONE")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


PARSERS: dict[int, Callable[[list[Any]], Message]] = {
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
