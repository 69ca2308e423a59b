"""Frames: any bytes give messages or PeerError, any messages survive, however the stream is cut."""

import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.row import RowKey
from fedretail.errors import PeerError
from fedretail.p2p import wire
from fedretail.p2p.ranges import END, Answer, Listed, Range
from fedretail.testing.strategies import values

LOGS = st.binary(min_size=16, max_size=16)
SEQS = st.integers(0, (1 << 53) - 1)
KEYS = st.none() | st.builds(RowKey, st.just("offer"), st.sampled_from(["a", "ä", "x" * 64]))
RAW = st.binary(max_size=600)
IDS = st.lists(LOGS.map(lambda log: log[:8]), max_size=5).map(b"".join)
SAID = LOGS | st.builds(Listed, IDS) | st.builds(Answer, st.just(b"\x05"), IDS)
RANGES = SAID.map(lambda said: [Range(b"\x07", None), Range(END, said)])
MESSAGES: st.SearchStrategy[wire.Message] = st.one_of(
    st.builds(
        wire.Hello,
        version=st.integers(0, 9),
        min_version=st.integers(0, 9),
        network=st.binary(min_size=32, max_size=32),
        store=LOGS,
        nonce=LOGS,
        now_ms=SEQS,
        capabilities=st.lists(st.text(max_size=64), max_size=32),
        areas=st.lists(st.just([3, 5]), max_size=64),
    ),
    st.builds(wire.Auth, st.lists(st.builds(lambda raw: [0, raw], RAW), max_size=20)),
    st.builds(wire.Ranges, st.sampled_from([b"", b"l" * 16]), st.booleans(), RANGES),
    st.builds(
        wire.Heads,
        st.lists(RAW | st.tuples(LOGS, st.integers(1, (1 << 53) - 1)).map(list), max_size=20),
    ),
    st.builds(wire.Since, st.lists(st.builds(wire.Wish, LOGS, SEQS, SEQS, KEYS), max_size=20)),
    st.builds(wire.Offer, st.lists(st.tuples(LOGS, SEQS, SEQS), max_size=20)),
    st.builds(wire.Advance, LOGS, SEQS, RAW, RAW, KEYS),
    st.builds(wire.Push, RAW, SEQS, st.none() | RAW),
    st.builds(wire.Credit, st.integers(0, 1 << 32)),
    st.builds(
        wire.Done,
        st.text("abc-", max_size=64),
        st.text("abc ä", max_size=300),
        st.integers(0, 86400),
    ),
)


def read(data: bytes, cuts: list[int] | None = None) -> Iterator[wire.Received]:
    """What a decoder makes of `data`, handed over in pieces."""
    decoder = wire.Decoder()
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts or [])})
    for start, end in pairwise(places):
        yield from decoder.feed(data[start:end])


def frame(payload: bytes) -> bytes:
    """A frame by the definition, for payloads that `encode` would not make."""
    length, head = len(payload), b""
    while length >= 128:
        head, length = head + bytes([length % 128 + 128]), length // 128
    return head + bytes([length]) + payload


@given(MESSAGES)
def test_a_message_survives(message: wire.Message) -> None:
    data = wire.encode(message)
    (received,) = read(data)
    assert received.message == message
    assert received.size == len(data)
    assert received.unfolded == len(pack([0, *wire.values(message)]))


@given(st.lists(MESSAGES, max_size=6), st.lists(st.integers(0, 1 << 16), max_size=20))
def test_where_a_stream_is_cut_does_not_matter(
    messages: list[wire.Message], cuts: list[int]
) -> None:
    frames = [wire.encode(message) for message in messages]
    received = list(read(b"".join(frames), cuts))
    assert [one.message for one in received] == messages
    assert [one.size for one in received] == [len(one) for one in frames]


def test_byte_by_byte() -> None:
    messages = [wire.Credit(5), wire.Push(b"i" * 1000, 1, None), wire.Done("bye", "Good night", 0)]
    data = b"".join(map(wire.encode, messages))
    assert [one.message for one in read(data, list(range(len(data))))] == messages


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_are_messages_or_the_neighbours_fault(data: bytes, cuts: list[int]) -> None:
    try:
        for received in read(data, cuts):
            assert received.size > 0
    except PeerError as error:
        assert error.message.startswith("A neighbour")


def mutated(data: bytes, where: int, by: int) -> bytes:
    place = where % len(data)
    return data[:place] + bytes([data[place] ^ by]) + data[place + 1 :]


@given(MESSAGES, st.integers(0, 1 << 16), st.integers(1, 255), st.integers(0, 1 << 16))
def test_a_flipped_byte_or_a_torn_frame(
    message: wire.Message, where: int, by: int, end: int
) -> None:
    data = wire.encode(message)
    for bad in (mutated(data, where, by), data[: end % len(data)]):
        try:
            list(read(bad))
        except PeerError:
            pass


@given(st.integers(-5, 20), st.lists(values, max_size=10))
def test_any_items_are_a_message_or_refused(number: int, items: list[Any]) -> None:
    try:
        payload = pack([number, *items])
    except (ValueError, OverflowError):  # Text that is no Unicode, integers of 65 bits.
        return
    try:
        message = wire.decode(payload)
    except PeerError:
        return
    if message is None:
        assert number not in {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11}
    else:
        (again,) = read(wire.encode(message))
        assert again.message == message


def test_later_versions_may_add_messages_and_items() -> None:
    assert wire.decode(pack([8, "what", "ever"])) is None
    assert wire.decode(pack([200])) is None
    assert wire.decode(pack([10, 7, "new", {"more": 1}])) == wire.Credit(7)
    assert wire.decode(pack([5, [[b"l" * 16, 1, 2, None, "new"]]])) == wire.Since(
        [wire.Wish(b"l" * 16, 1, 2, None)]
    )


@pytest.mark.parametrize(
    "items",
    [
        [],
        [True],
        [1.0],
        ["1"],
        [0],
        [0, 5],
        [-1],
        {"a": 1},
        [1, 1, 1, b"n" * 31, b"s" * 16, b"n" * 16, 0, [], []],
        [1, True, 1, b"n" * 32, b"s" * 16, b"n" * 16, 0, [], []],
        [1, 1, 1, b"n" * 32, b"s" * 16, b"n" * 16, -1, [], []],
        [1, 1, 1, b"n" * 32, b"s" * 16, b"n" * 16, 0, [7], []],
        [1, 1, 1, b"n" * 32, b"s" * 16, b"n" * 16, 0, ["x"] * 33, []],
        [1, 1, 1, b"n" * 32, b"s" * 16, b"n" * 16, 0, [], [[31, 0]]],
        [1, 1, 1, b"n" * 32, b"s" * 16, b"n" * 16, 0, [], [[3, 8]]],
        [2, [[]]],
        [2, [["0", b""]]],
        [2, [[0, b""]] * 4097],
        [3, 0],
        [3, "0", b""],
        [4, [[b"l" * 16, 0]]],
        [4, [[b"l" * 15, 1]]],
        [4, [[b"l" * 16, True]]],
        [4, [[b"l" * 16, 1 << 53]]],
        [4, [b""] * 4097],
        [5, [[b"l" * 16, 1, 2]]],
        [5, [[b"l" * 16, -1, 2, None]]],
        [5, [[b"l" * 16, 1, 2, ["offer"]]]],
        [5, [[b"l" * 16, 1, 2, ["offer", "x" * 65]]]],
        [6, [[b"l" * 16, 1, -1]]],
        [7, b"l" * 16, 0, b"", "changes", None],
        [9, b"", 0, "changes"],
        [10, -1],
        [10, (1 << 32) + 1],
        [11, "x" * 65, "", 0],
        [11, "x", "", 86401],
        [11, "x", "", False],
    ],
)
def test_what_is_no_message(items: Any) -> None:
    with pytest.raises(PeerError):
        wire.decode(pack(items))


def test_the_end_is_told_in_one_plain_line() -> None:
    said = wire.decode(pack([11, "x\n", "bye\x1b[2J\r\nroot: yes\u202e", 1]))
    assert said == wire.Done("x ", "bye [2J  root: yes ", 1)


# --- sizes ---


def test_long_messages_travel_compressed() -> None:
    message = wire.Push(b"same" * 20_000, 1, None)
    data = wire.encode(message)
    assert len(data) < 1000
    (received,) = read(data)
    assert received == (message, len(data), len(pack([9, *message])))


def test_what_cannot_be_compressed_travels_as_it_is() -> None:
    noise = b"".join(zlib.crc32(bytes([n % 256, n // 256])).to_bytes(4, "big") for n in range(9999))
    message = wire.Push(noise, 1, None)
    assert len(wire.encode(message)) == len(pack([9, *message])) + 3


def test_what_is_too_long_is_not_sent() -> None:
    with pytest.raises(PeerError):
        wire.encode(wire.Push(bytes(wire.MAX_PAYLOAD_BYTES), 1, None))


def test_a_frame_of_the_greatest_length_is_read_and_one_longer_is_refused() -> None:
    head = len(pack([9, bytes(wire.MAX_FRAME_BYTES - 100), 1, None])) - (wire.MAX_FRAME_BYTES - 100)
    whole = pack([9, bytes(wire.MAX_FRAME_BYTES - head), 1, None])
    assert len(whole) == wire.MAX_FRAME_BYTES
    (received,) = read(frame(whole))
    assert isinstance(received.message, wire.Push)
    with pytest.raises(PeerError, match="too long"):
        list(read(frame(pack([9, bytes(wire.MAX_FRAME_BYTES - head + 1), 1, None]))[:10]))


@pytest.mark.parametrize("length", [b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\x81\x80\x80\x80"])
def test_a_length_is_at_most_three_bytes(length: bytes) -> None:
    with pytest.raises(PeerError, match="too long"):
        list(read(length))


def test_nothing_is_kept_of_a_frame_that_is_too_long() -> None:
    decoder = wire.Decoder()
    with pytest.raises(PeerError):
        list(decoder.feed(b"\xff\xff\xff\x01" + bytes(1000)))


# --- compressed ones ---


def bomb(unfolded: int, says: int | None = None, level: int = 9) -> bytes:
    """A payload that says it unfolds to `says` bytes."""
    says = unfolded if says is None else says
    return pack([0, says, zlib.compress(bytes(unfolded), level)])


@pytest.mark.parametrize(
    "payload",
    [
        bomb(200 * 1024 * 1024, 1000),
        bomb(wire.MAX_PAYLOAD_BYTES + 1),
        bomb(1000, 1001),
        bomb(1000, 999),
        bomb(0),
        pack([0, 1000, zlib.compress(bytes(1000)) + b"more"]),
        pack([0, 1000, zlib.compress(bytes(1000))[:-1]]),
        pack([0, 1000, b"no zlib"]),
        pack([0, True, zlib.compress(b"\x90")]),
        pack([0, -1, zlib.compress(b"")]),
        pack([0, len(bomb(100)), zlib.compress(bomb(100))]),
    ],
    ids=range(11),
)
def test_bombs_and_lies_in_compressed_messages(payload: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(PeerError):
            list(read(frame(payload)[: wire.MAX_FRAME_BYTES + 3]))
        assert tracemalloc.get_traced_memory()[1] < 4 * wire.MAX_PAYLOAD_BYTES
    finally:
        tracemalloc.stop()


def test_a_million_empty_lists_cost_a_known_amount() -> None:
    inner = b"\x92\x02\xdd" + (1_000_000).to_bytes(4, "big") + b"\x90" * 1_000_000
    data = frame(pack([0, len(inner), zlib.compress(inner)]))
    assert len(data) < 2000
    tracemalloc.start()
    try:
        with pytest.raises(PeerError):
            list(read(data))
        assert tracemalloc.get_traced_memory()[1] < 100 * wire.MAX_PAYLOAD_BYTES
    finally:
        tracemalloc.stop()
    assert unpack(b"\x90", max_bytes=1) == []
