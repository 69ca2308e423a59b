"""Parts made ready on arrival: what is ready is what the part says, whenever it is made."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt import digest
from fedretail.crdt.changes import START, Point, encode
from fedretail.crdt.codec import pack
from fedretail.crdt.head import Head
from fedretail.crdt.row import Row, RowKey, digested, replaced
from fedretail.errors import MalformedInput
from fedretail.store import arrivals
from fedretail.store.arrivals import Arrivals, BrokenPart, arrived

HEAD = Head(bytes(16), 9, 90, 7, 0, 0, bytes(32))
POINT = Point(9, 90)
ROWS = st.dictionaries(
    st.builds(RowKey, st.just("offer"), st.text(min_size=1, max_size=9)),
    st.builds(
        lambda born, stamps: Row(
            9, born, [(at, {f"f{at}": [at]}) for at in sorted(stamps, reverse=True)]
        ),
        st.integers(1, 9),
        st.sets(st.integers(50, 90), max_size=3),
    ),
    max_size=5,
)


def part(rows: dict[RowKey, Row], base: Point = START) -> bytes:
    return pack(encode(sorted(rows.items()), base=base, head=POINT))


@given(ROWS)
def test_whole_rows_are_packed_and_summed(rows: dict[RowKey, Row]) -> None:
    ready = arrived(part(rows), 0, HEAD)
    items = [digested(key, row.pack()) for key, row in rows.items()]
    found = {RowKey(kind, key): (seq, packed) for kind, key, seq, packed in ready.whole}
    assert found == {key: (row.seq, row.pack()) for key, row in rows.items()}
    assert ready.merges == []
    assert ready.state == digest.updated_by_integers(digest.EMPTY_STATE, items, [])
    assert ready.size == sum(map(len, items))


def test_changes_to_rows_held_wait_for_them() -> None:
    rows = {RowKey("offer", "a"): Row(9, 3, [(90, {"f": 1})])}
    ready = arrived(part(rows, Point(5, 50)), 5, HEAD)
    assert [key.key for key, _ in ready.merges] == ["a"]
    assert (ready.whole, ready.state, ready.size) == ([], digest.EMPTY_STATE, 0)


def test_a_row_that_is_too_long() -> None:
    for groups in ([(90, {"f": "x" * 8192})], [(90, {"f": "x" * 8000}), (80, {"g": "x" * 200})]):
        raw = part({RowKey("offer", "a"): Row(9, 9, groups)})
        with pytest.raises(MalformedInput):
            arrived(raw, 0, HEAD)
        with pytest.raises(BrokenPart):
            Arrivals().keep(raw, 0, HEAD)


@given(
    st.lists(
        st.tuples(st.integers(1, 90), st.sets(st.sampled_from("abc"), min_size=1)),
        min_size=1,
        max_size=4,
        unique_by=lambda item: item[0],
    )
)
def test_groups_in_any_order_and_with_fields_twice(groups: Any) -> None:
    """What a neighbour may send all the same: the row is what the reference makes of it."""
    lists = [
        ["offer", sorted(names), [["a", *[stamp] * len(names), 90 - stamp, 0, 0]]]
        for stamp, names in groups
    ]
    expected = replaced([(stamp, dict.fromkeys(names, stamp)) for stamp, names in groups], seq=9)
    assert arrived(pack(lists), 0, HEAD).whole == [("offer", "a", 9, expected.pack())]


def test_more_fields_than_a_row_may_have() -> None:
    names = [f"f{n:02}" for n in range(65)]
    lists = [["offer", names[:40], [["a", *[1] * 40, 0, 0, 0]]],
             ["offer", names[40:], [["a", *[1] * 25, 1, 0, 0]]]]  # fmt: skip
    with pytest.raises(MalformedInput, match="fields"):
        arrived(pack(lists), 0, HEAD)


def test_what_is_remembered_is_given_once_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def counted(raw: bytes, base_seq: int, head: Head) -> Any:
        made.append(raw)
        return arrived(raw, base_seq, head)

    monkeypatch.setattr(arrivals, "arrived", counted)
    raws = [part({RowKey("offer", f"{n}"): Row(9, 9, [(90, {"f": n})])}) for n in range(4)]
    monkeypatch.setattr(arrivals, "MAX_KEPT_BYTES", 3 * len(raws[0]))
    kept = Arrivals()
    for raw in raws:
        kept.keep(raw, 0, HEAD)
    kept.keep(raws[3], 0, HEAD)
    assert len(made) == 4
    assert [kept.take(raw, 0, HEAD) for raw in raws] == [arrived(raw, 0, HEAD) for raw in raws]
    # The first had to make room for the others.
    assert made == [*raws, raws[0]]
    # Under another head, or from another base, the same bytes say something else.
    kept.keep(raws[1], 0, HEAD)
    other = HEAD._replace(seq=10, stamp=100)
    assert kept.take(raws[1], 0, other) == arrived(raws[1], 0, other)
    assert kept.take(raws[1], 0, other) != kept.take(raws[1], 0, HEAD)
