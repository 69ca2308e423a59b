"""Three ways of summing rows agree: in bulk, by integers, lane by lane."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt import digest
from fedretail.testing.naive_log import naive_digest, naive_state

ROWS = st.lists(st.binary(max_size=20), max_size=6)


def bulk(state: bytes, added: list[bytes], removed: list[bytes]) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digest, "_BULK", 0)
        patch.setattr(digest, "_BULK_LOADED", 0)
        patch.setattr(digest, "_SLICE", 2)
        return digest.updated(state, added, removed)


def test_golden(golden: Callable[[str], dict[str, Any]]) -> None:
    for vector in golden("digest").values():
        items = [bytes.fromhex(item) for item in vector["items"]]
        for way in (bulk, digest.updated, digest.updated_by_integers):
            assert digest.root(way(digest.EMPTY_STATE, items, [])).hex() == vector["digest"]
        assert naive_digest(items).hex() == vector["digest"]
        if "element_start" in vector:
            assert digest.element(items[0])[:32].hex() == vector["element_start"]


@given(ROWS, ROWS)
def test_bulk_is_integers_is_lane_by_lane(before: list[bytes], more: list[bytes]) -> None:
    state = naive_state(before)
    assert digest.updated_by_integers(digest.EMPTY_STATE, before, []) == state
    both = naive_state([*before, *more])
    for way in (bulk, digest.updated_by_integers):
        assert way(state, more, []) == both
        assert way(both, [], more) == state
        assert way(both, more, more) == both
        assert way(both, [], [*before, *more]) == digest.EMPTY_STATE


@given(ROWS, st.randoms(use_true_random=False))
def test_order_and_split_do_not_matter(rows: list[bytes], random: Any) -> None:
    mixed = random.sample(rows, len(rows))
    at = random.randint(0, len(rows))
    state = digest.updated(digest.EMPTY_STATE, mixed[:at], [])
    assert digest.updated(state, mixed[at:], []) == naive_state(rows)
    assert digest.added(state, naive_state(mixed[at:])) == naive_state(rows)


def test_the_empty_map() -> None:
    assert digest.root(digest.EMPTY_STATE) == naive_digest([])


def test_lanes_wrap_and_do_not_carry_into_each_other() -> None:
    full = b"\xff" * digest.STATE_BYTES
    for way in (bulk, digest.updated_by_integers):
        once = way(full, [b"x"], [])
        element = digest.element(b"x")
        lanes = [int.from_bytes(element[at : at + 2], "little") for at in range(0, 2048, 2)]
        expected = b"".join(((lane - 1) % 65536).to_bytes(2, "little") for lane in lanes)
        assert once == expected
        assert way(once, [], [b"x"]) == full


def test_many_rows_take_the_bulk_way() -> None:
    rows = [bytes([n % 256, n // 256]) for n in range(1000)]
    many = digest.updated(digest.EMPTY_STATE, rows, [])
    assert many == digest.updated_by_integers(digest.EMPTY_STATE, rows, [])
