"""Rows have one form; merging and replacing keep it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.changes import Point, decode
from fedretail.crdt.codec import MAX_DEPTH, check_fields, check_value, pack
from fedretail.crdt.row import (
    MAX_FIELDS,
    Row,
    RowKey,
    check_key,
    check_names,
    check_row,
    digested,
    merged,
    parse_row,
    replaced,
    stored_row,
)
from fedretail.errors import MalformedInput

KEY = RowKey("offer", "k")
FIELDS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3)
GROUPS = st.lists(st.tuples(st.integers(1, 5), FIELDS), max_size=4)


def test_golden(golden: Callable[[str], dict[str, Any]]) -> None:
    for vector in golden("rows").values():
        key = RowKey(vector["kind"], vector["key"])
        seq, born, groups = vector["row"]
        packed = bytes.fromhex(vector["packed"])
        row = parse_row(key, packed)
        assert row == Row(seq, born, [(stamp, fields) for stamp, fields in groups])
        assert row.pack() == packed
        assert digested(key, packed).hex() == vector["item"]
        assert digested(key, packed) == pack([*key, [seq, born, groups]])
        assert stored_row(packed).pack() == packed


@given(GROUPS, GROUPS)
def test_a_merge_is_newest_first_each_field_once(old: Any, new: Any) -> None:
    before = replaced(old, seq=3)
    after = merged(before, new, seq=7, born=7)
    assert after[:2] == (7, 3)
    parsed = parse_row(KEY, after.pack())
    assert parsed == after
    stamps = [stamp for stamp, _ in after.groups]
    assert stamps == sorted(set(stamps), reverse=True)
    names = [name for _, fields in after.groups for name in fields]
    assert len(names) == len(set(names))
    touched = {name for _, fields in new for name in fields}
    assert flat(after) == {**flat(before), **flat(replaced(new, seq=1))}
    assert touched <= flat(after).keys()


def flat(row: Row) -> dict[str, Any]:
    return {name: (stamp, value) for stamp, fields in row.groups for name, value in fields.items()}


def test_a_merge_into_a_vacant_row_keeps_born() -> None:
    vacant = replaced([], seq=4)
    assert vacant == Row(4, 4, [])
    assert merged(vacant, [(9, {"a": 1})], seq=6, born=6) == Row(6, 4, [(9, {"a": 1})])
    assert merged(None, [(9, {"a": 1})], seq=6, born=6) == Row(6, 6, [(9, {"a": 1})])


@pytest.mark.parametrize(
    "value",
    [
        [],
        [1, 1],
        [1, 2, []],
        [0, 0, []],
        [1, 1, {}],
        [True, True, []],
        [1, 1, [[1, {}]]],
        [1, 1, [[1, {"a": 1.5}]]],
        [1, 1, [[-1, {"a": 1}]]],
        [1, 1, [[1 << 53, {"a": 1}]]],
        [1, 1, [[True, {"a": 1}]]],
        [1, 1, [[1, {"": 1}]]],
        [1, 1, [[1, {"b": 1, "a": 1}]]],
        [1, 1, [[1, {1: 1}]]],
        [1, 1, [[1, {"n" * 65: 1}]]],
        [1, 1, [[1, {"a": 1}], [2, {"b": 1}]]],
        [1, 1, [[2, {"a": 1}], [1, {"a": 1}]]],
        [1, 1, [[1, {"a": 1}], [1, {"b": 1}]]],
        [1, 1, [[1, {str(n): n for n in range(65)}]]],
        [1, 1, [[1, {"a": "x" * 9000}]]],
    ],
)
def test_what_is_no_row(value: Any) -> None:
    with pytest.raises(MalformedInput):
        parse_row(KEY, pack(value))


@given(st.binary(max_size=40))
def test_any_bytes_are_a_row_or_malformed(data: bytes) -> None:
    try:
        assert parse_row(KEY, data).pack() == data
    except MalformedInput:
        pass


def test_limits() -> None:
    names = [f"{number:02}" for number in range(MAX_FIELDS + 1)]
    row = Row(1, 1, [(1, dict.fromkeys(names, 1))])
    with pytest.raises(MalformedInput, match="64 fields"):
        check_row(KEY, row, row.pack())
    with pytest.raises(MalformedInput, match="8192"):
        check_row(KEY, Row(1, 1, []), bytes(8193))


@pytest.mark.parametrize("key", ["", "k" * 65, "ä" * 33, "\ud800", b"k", None, 1])
def test_what_is_no_key(key: Any) -> None:
    with pytest.raises(MalformedInput):
        check_key("offer", key)
    assert check_key("", "k" * 64) == ("", "k" * 64)


@pytest.mark.parametrize("names", [[""], ["a", "a"], ["b", "a"], [1], ["n" * 65], [None]])
def test_what_are_no_names(names: list[Any]) -> None:
    with pytest.raises(MalformedInput):
        check_names(names)


@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: {"a": one}])
@pytest.mark.parametrize("depth", range(1, MAX_DEPTH + 3))
def test_values_of_one_depth_pass_all_doors_or_none(depth: int, wrap: Callable[[Any], Any]) -> None:
    """Written, taken from a neighbour, read from the disk: a catalog must not be stuck between."""
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    row = replaced([(5, {"x": value})], seq=1)
    lists = [["offer", ["x"], [["k", value, 0, 0, 0]]]]
    doors: list[Callable[[], object]] = [
        lambda: check_value(value),
        lambda: check_fields([value]),
        lambda: decode(lists, base=Point(0, 0), head=Point(1, 5)),
        lambda: parse_row(KEY, row.pack()),
    ]
    for door in doors:
        if depth <= MAX_DEPTH:
            door()
        else:
            with pytest.raises(MalformedInput):
                door()
