"""One value, one encoding; nothing else is taken."""

import threading
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.codec import (
    MAX_DEPTH,
    check_fields,
    check_value,
    pack,
    sorted_value,
    unpack,
    unpack_canonical,
)
from fedretail.errors import MalformedInput

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_comes_back(value: Any) -> None:
    value = sorted_value(value)
    data = pack(value)
    assert unpack(data, max_bytes=len(data)) == value
    try:
        check_value(value)
    except MalformedInput:
        return
    assert unpack_canonical(data, max_bytes=len(data)) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_malformed(data: bytes) -> None:
    try:
        value = unpack_canonical(data, max_bytes=50)
    except MalformedInput:
        return
    assert pack(value) == data


@given(VALUES, VALUES)
def test_two_values_never_share_bytes(one: Any, two: Any) -> None:
    one, two = sorted_value(one), sorted_value(two)
    assert (pack(one) == pack(two)) == (repr(one) == repr(two))


@pytest.mark.parametrize(
    "data",
    [
        msgpack.packb(1.5),
        msgpack.packb([{"a": 0.0}]),
        msgpack.packb(msgpack.Timestamp(1, 2)),
        msgpack.packb(msgpack.ExtType(5, b"x")),
        msgpack.packb({"b": 1, "a": 2}),
        msgpack.packb({1: 2}),
        b"\x82\xa1a\x01\xa1a\x02",
        b"\xcc\x01",
        b"\xcd\x00\x01",
        b"\xd9\x01a",
        b"\xdc\x00\x01\x01",
        b"\xa1\xff",
        b"\xa2\xed\xa0",
        b"\x81\x90\x01",
        b"\x01\x01",
        b"",
        b"\xc1",
        b"\x91" * (MAX_DEPTH + 1) + b"\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ],
)
def test_what_is_not_canonical(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        unpack_canonical(data, max_bytes=10_000)


def test_the_deepest_value() -> None:
    data = b"\x91" * MAX_DEPTH + b"\x01"
    assert unpack_canonical(data, max_bytes=100)


def test_too_many_bytes() -> None:
    with pytest.raises(MalformedInput, match="at most 3"):
        unpack(b"\x94\x01\x01\x01\x01", max_bytes=3)


@pytest.mark.parametrize("value", [1.5, {1, 2}, (1,), bytearray(b"x"), 2**64, -(2**63) - 1, {1: 2}])
def test_what_has_no_place_in_a_record(value: Any) -> None:
    with pytest.raises(MalformedInput):
        check_value([value])
    if type(value) is not int:
        with pytest.raises(MalformedInput):
            check_fields([value])


def test_names_are_sorted_by_their_utf8_bytes() -> None:
    names = ["\U0001f95b", "\uffee", "ä", "a", "B"]
    assert list(sorted_value(dict.fromkeys(names, 1))) == sorted(names, key=str.encode)


def test_a_failed_pack_leaves_nothing_behind() -> None:
    for wrong in ([1, object()], ["x", "\ud800"], [2**64]):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            pack(wrong)
        assert pack(1) == b"\x01"


def test_threads_share_the_packer() -> None:
    values = [{"n": number, "text": str(number) * 500} for number in range(8)]
    wrong: list[Any] = []

    def work(value: Any) -> None:
        expected = msgpack.packb(value)
        wrong.extend(value for _ in range(500) if pack(value) != expected)

    threads = [threading.Thread(target=work, args=(value,)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
