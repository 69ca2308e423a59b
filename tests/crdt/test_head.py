"""Heads: at most 200 bytes, kept byte for byte, refused where any item is off its limits."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.codec import pack
from fedretail.crdt.head import MAX_SEQ, Head, SignedHead
from fedretail.crdt.keys import SigningKey
from fedretail.crdt.row import MAX_STAMP
from fedretail.errors import MalformedInput

KEY = SigningKey.from_seed(bytes(32))
HEAD = Head(bytes(16), 5, 1767607200000, 7, 3, 500, bytes(32), (30, 5), 0)


def test_golden(golden: Callable[[str], dict[str, Any]]) -> None:
    for vector in golden("heads").values():
        raw = bytes.fromhex(vector["raw"])
        signed = SignedHead.parse(raw)
        assert signed.is_by(bytes.fromhex(vector["device"]))
        assert signed.id.hex() == vector["id"]
        assert signed.body.hex() == vector["body"]
        assert signed.signature.hex() == vector["signature"]
        items = vector["head"]
        absorbed = items["absorbed"] and tuple(tuple(item) for item in items["absorbed"])
        parent = items["parent"] and tuple(items["parent"])
        head = Head(
            **{**items, "area": tuple(items["area"]), "parent": parent, "absorbed": absorbed}
        )
        assert signed.head == head
        assert (signed.body == pack([1, *head])) == (vector["later"] == [])
        if not vector["later"]:
            key = SigningKey.from_seed(bytes.fromhex(vector["device_seed"]))
            assert SignedHead.sign(head, key).raw == raw


def test_the_largest_plain_head_is_within_200_bytes() -> None:
    size = {"count": 500_000, "size": 2**27, "area": (30, 2**30 - 1)}
    full = HEAD._replace(seq=2**31, stamp=2**42, lease=366, floor=2**31 - 1, **size)
    assert len(SignedHead.sign(full, KEY).raw) <= 200
    assert len(SignedHead.sign(HEAD, KEY).raw) <= 180


HEADS = st.builds(
    lambda seq, stamp, count, digest, bits: Head(
        bytes(16), seq, stamp, 7, count, 9 * count, digest, (bits, (1 << bits) - 1), seq - 1
    ),
    st.integers(1, MAX_SEQ),
    st.integers(0, MAX_STAMP),
    st.integers(0, 1000),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 30),
)
SOURCES = st.tuples(st.integers(1, 99), st.binary(min_size=32, max_size=32))


@given(HEADS, st.none() | SOURCES, st.none() | st.lists(SOURCES, max_size=8))
def test_any_head_comes_back(head: Head, parent: Any, absorbed: Any) -> None:
    head = head._replace(parent=parent and (1, *parent))
    if absorbed is not None:
        head = head._replace(absorbed=tuple((bytes(16), *item) for item in absorbed))
    signed = SignedHead.sign(head, KEY)
    assert SignedHead.parse(signed.raw) == signed


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("log", bytes(15)), ("log", "x" * 16), ("seq", 0), ("seq", -1), ("seq", MAX_SEQ + 1),
        ("seq", True), ("stamp", -1), ("stamp", MAX_STAMP + 1), ("stamp", None), ("lease", 367),
        ("lease", -1), ("lease", False), ("count", -1), ("count", 501), ("size", -1), ("size", 2),
        ("digest", bytes(31)), ("area", (31, 0)), ("area", (1, 2)), ("area", (0, 1)),
        ("area", (True, 0)), ("area", (1,)), ("area", None), ("floor", 5), ("floor", -1),
        ("parent", ()), ("parent", (1, 1, bytes(31))), ("parent", (-1, 1, bytes(32))),
        ("parent", (1, 0, bytes(32))), ("parent", (True, 1, bytes(32))), ("parent", 0),
        ("absorbed", 1), ("absorbed", ((bytes(15), 1, bytes(32)),)), ("absorbed", ((1,),)),
        ("absorbed", ((bytes(16), 0, bytes(32)),)), ("absorbed", ((bytes(16), 1, bytes(32)),) * 9),
    ],
)  # fmt: skip
def test_an_item_off_its_limits(item: str, value: Any) -> None:
    wrong = SignedHead.sign(HEAD._replace(**{item: value}), KEY)
    with pytest.raises(MalformedInput):
        SignedHead.parse(wrong.raw)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_bent_head_is_refused_or_not_by_the_device(at: int, by: int) -> None:
    raw = bytearray(SignedHead.sign(HEAD, KEY).raw)
    raw[at % len(raw)] ^= by
    try:
        assert not SignedHead.parse(bytes(raw)).is_by(KEY.public)
    except MalformedInput:
        pass


@pytest.mark.parametrize(
    "raw", [None, "x", b"", b"\x90", b"\xc4\x00", pack([b"", bytes(64)]), bytes(2000)]
)
def test_what_is_no_head(raw: Any) -> None:
    with pytest.raises(MalformedInput):
        SignedHead.parse(raw)


def test_an_older_version_and_a_shorter_head() -> None:
    for body in (pack([0, *HEAD]), pack([1, *HEAD[:-1]]), pack([True, *HEAD]), pack(list(HEAD))):
        with pytest.raises(MalformedInput):
            SignedHead.parse(pack([body, KEY.sign(b"fedretail/head/1" + body)]))
