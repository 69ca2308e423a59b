"""Items: those of one area together, what has changed next to what it was."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.codec import pack
from fedretail.crdt.head import MAX_AREA_BITS
from fedretail.p2p.items import (
    HEAD_ITEM_BYTES,
    ROW_ITEM_BYTES,
    auth_item,
    head_item,
    row_item,
)

LOGS = st.binary(min_size=16, max_size=16)


@st.composite
def areas(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(0, MAX_AREA_BITS))
    return n, draw(st.integers(0, (1 << n) - 1))


@given(areas(), LOGS, st.binary(max_size=9))
def test_heads_stand_by_area_then_log(area: tuple[int, int], log: bytes, raw: bytes) -> None:
    item = head_item(area, log, raw)
    assert len(item) == HEAD_ITEM_BYTES
    n, bits = area
    assert int.from_bytes(item[:4], "big") >> (32 - n) == bits
    assert int.from_bytes(item[:4], "big") % (1 << 32 - n) == 0
    assert item[4:12] == log[:8]
    assert item[12:] == hashlib.blake2b(raw, digest_size=16).digest()


@given(LOGS, st.binary(max_size=9))
def test_auth_records_have_no_place(owner: bytes, raw: bytes) -> None:
    item = auth_item(owner, raw)
    assert len(item) == HEAD_ITEM_BYTES
    assert item == head_item((0, 0), owner, raw)


@given(st.text(max_size=4), st.text(max_size=4), st.binary(max_size=9), st.binary(max_size=9))
def test_the_rows_of_one_key_are_neighbours(kind: str, key: str, old: bytes, new: bytes) -> None:
    one, other = row_item((kind, key), old), row_item((kind, key), new)
    assert len(one) == ROW_ITEM_BYTES
    assert one[:8] == other[:8] == hashlib.blake2b(pack([kind, key]), digest_size=8).digest()
    assert one[8:] == hashlib.blake2b(old, digest_size=16).digest()
    assert (one == other) == (old == new)


def test_kind_and_key_are_kept_apart() -> None:
    assert row_item(("a", "bc"), b"")[:8] != row_item(("ab", "c"), b"")[:8]
