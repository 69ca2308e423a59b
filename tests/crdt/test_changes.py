"""Changes: what they hold arrives, and what breaks their form is refused."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.changes import Point, decode, encode
from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.row import Row, RowKey, parse_row, replaced
from fedretail.errors import MalformedInput
from fedretail.testing.naive_changes import naive_decode

HEAD = Point(20, 200)


@st.composite
def rows(draw: st.DrawFn) -> dict[RowKey, Row]:
    """Rows of a log at seq 20: a field changed at seq n has a stamp of 10 n."""
    keys = st.builds(RowKey, st.sampled_from(["offer", "site"]), st.sampled_from("abcdef"))
    result = {}
    for key in draw(st.sets(keys, max_size=6)):
        seq = draw(st.integers(1, 20))
        born = draw(st.integers(1, seq))
        fields = draw(st.dictionaries(st.sampled_from("xyz"), st.integers(born, seq), max_size=3))
        if fields:
            fields["x"] = seq
        groups = [(10 * at, {name: at}) for name, at in fields.items()]
        result[key] = replaced(groups, seq=seq)._replace(born=born if groups else seq)
    return dict(sorted(result.items()))


def test_golden(golden: Callable[[str], dict[str, Any]]) -> None:
    for vector in golden("changes").values():
        base, head = Point(*vector["base"]), Point(*vector["head"])
        held = [
            (RowKey(*key), Row(seq, born, [(stamp, fields) for stamp, fields in groups]))
            for key, (seq, born, groups) in vector["rows"]
        ]
        packed = pack(encode(held, base=base, head=head))
        assert packed.hex() == vector["packed"]
        read = decode(unpack(packed, max_bytes=len(packed)), base=base, head=head)
        for key, row in held:
            if row.born > base.seq:
                assert read[key].applied(None) == row


@given(rows(), st.integers(0, 19))
def test_changes_since_a_base_bring_its_rows_to_the_head(held: Any, at: int) -> None:
    base = Point(at, 10 * at)
    changed = {key: row for key, row in held.items() if row.seq > at}
    sent = encode(changed.items(), base=base, head=HEAD)
    read = decode(unpack(pack(sent), max_bytes=10_000), base=base, head=HEAD)
    assert read.keys() == changed.keys()
    for key, row in changed.items():
        assert read[key].applied(earlier(row, base)) == row


def earlier(row: Row, base: Point) -> Row | None:
    """The row as it may have been at the base: later fields absent, seq somewhere before."""
    if row.born > base.seq:
        return None
    old = [group for group in row.groups if group[0] <= base.stamp]
    return Row(row.born, row.born, old)


@given(rows(), st.integers(0, 19), st.data())
def test_bent_changes_are_read_or_refused(held: Any, at: int, data: st.DataObject) -> None:
    base = Point(at, 10 * at)
    changed = {key: row for key, row in held.items() if row.seq > at}
    packed = bytearray(pack(encode(changed.items(), base=base, head=HEAD)))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = decode(unpack(bytes(packed), max_bytes=10_000), base=base, head=HEAD)
    except MalformedInput:
        return
    assert read == naive_decode(unpack(bytes(packed), max_bytes=10_000), base=base, head=HEAD)
    for change in read.values():
        assert base.seq < change.seq <= HEAD.seq
        assert all(0 <= stamp <= HEAD.stamp for stamp, _ in change.groups)


NUMBERS = st.one_of(st.integers(-1, 12), st.sampled_from([None, True, 1.0, "1", 1 << 60]))
NESTED = st.recursive(
    st.sampled_from([None, 1, "x", b"y", True, 1.5]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["b", "a", 1]), inner, max_size=2),
    ),
    max_leaves=12,
)


def lists_of(names: list[Any]) -> st.SearchStrategy[list[Any]]:
    values = [NESTED] * len(names)
    keys = st.sampled_from(["a", "b", "ä", "", "k" * 64, "ä" * 33, 1])
    line = st.tuples(keys, *values, NUMBERS, NUMBERS, NUMBERS).map(list)
    kinds = st.sampled_from(["offer", "ä", "k" * 65, None])
    return st.tuples(kinds, st.just(names), st.lists(line, max_size=4)).map(list)


@given(
    st.lists(st.sampled_from([[], ["f"], ["f", "g"], ["g", "f"], [1]]).flatmap(lists_of)),
    st.integers(0, 9),
)
def test_what_is_read_by_columns_is_what_is_read_by_lines(lists: Any, at: int) -> None:
    """Lines good and bad: the same rows, or both refuse."""
    places = {"base": Point(at, 10 * at), "head": Point(11, 110)}
    try:
        expected = naive_decode(copy.deepcopy(lists), **places)
    except MalformedInput:
        with pytest.raises(MalformedInput):
            decode(lists, **places)
        return
    assert decode(lists, **places) == expected
    for key, change in expected.items():
        if change.born is not None:
            # What is taken in is later read from the disk, and compared, without a fault.
            row = change.applied(None)
            assert parse_row(key, row.pack()) == row


@pytest.mark.parametrize("depth", [5, 6, 7])
@pytest.mark.parametrize("leaf", [1, 1.5, {"b": 1}, {"b": 1, "a": 2}])
def test_nested_values_in_columns(depth: int, leaf: Any) -> None:
    for _ in range(depth):
        leaf = [leaf]
    lists = [["offer", ["f"], [["a", 1, 0, 0, 0], ["b", leaf, 0, 0, 0], ["c", [], 0, 0, 0]]]]
    places = {"base": Point(0, 0), "head": HEAD}
    try:
        expected = naive_decode(lists, **places)
    except MalformedInput:
        with pytest.raises(MalformedInput):
            decode(lists, **places)
        return
    assert decode(lists, **places) == expected


def test_one_changed_price_is_small() -> None:
    row = Row(7, 1, [(1_000_000, {"prices": [[129]]}), (9, {"name": "Oat drink"})])
    base, head = Point(6, 900_000), Point(7, 1_000_000)
    assert len(pack(encode([(RowKey("offer", "sku12345"), row)], base=base, head=head))) <= 40
