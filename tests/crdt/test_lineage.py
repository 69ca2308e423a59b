"""Incarnations: what is done with, what is taken over, and that the record reads as before."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.head import Head
from fedretail.crdt.lineage import (
    MAX_ABSORBED,
    begun_from,
    beyond,
    done_with,
    newest_common,
    next_incarnation,
    not_after,
    restated,
    taken_over,
    with_absorbed,
)
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.registers import fold
from fedretail.crdt.row import Groups, Row, replaced

DEVICE = b"d" * 32
FAR_MS = 1 << 50


def name(incarnation: int) -> LogName:
    return LogName(b"o" * 16, "site/x", DEVICE, incarnation)


def head(incarnation: int, seq: int = 9, **values: Any) -> Head:
    plain = Head(log_id(name(incarnation)), seq, 0, 7, 0, 0, b"d" * 32)
    return plain._replace(**values)


def entry(incarnation: int, seq: int) -> tuple[bytes, int, bytes]:
    return log_id(name(incarnation)), seq, b"i" * 32


def test_what_heads_of_newer_incarnations_name() -> None:
    assert done_with(name(1), []) == 0
    assert done_with(name(1), [head(2)]) == 0
    assert done_with(name(1), [head(2, parent=(1, 5, b"i" * 32))]) == 5
    assert done_with(name(1), [head(3, parent=(2, 9, b"i" * 32), absorbed=(entry(1, 7),))]) == 7
    assert done_with(name(2), [head(3, absorbed=(entry(1, 7),))]) == 0
    # The latest place counts, whichever head names it.
    both = [head(2, parent=(1, 5, b"i" * 32)), head(3, absorbed=(entry(1, 8), entry(2, 3)))]
    assert done_with(name(1), both) == 8


def test_an_incarnation_that_a_full_list_does_not_name_is_done_with() -> None:
    full = tuple(entry(10 + n, 1) for n in range(MAX_ABSORBED))
    assert done_with(name(1), [head(30, absorbed=full)]) == float("inf")
    assert done_with(name(12), [head(30, absorbed=full)]) == 1
    assert done_with(name(1), [head(30, absorbed=full[1:])]) == 0


def test_who_begins_from_a_log_names_all_that_it_had_named() -> None:
    first = begun_from(name(1), head(1, 5), b"1" * 32)
    assert (first.parent, first.absorbed) == ((1, 5, b"1" * 32), ())
    second = head(2, 8, parent=first.parent, absorbed=(entry(7, 2),))
    third = begun_from(name(2), second, b"2" * 32)
    assert third.parent == (2, 8, b"2" * 32)
    assert third.absorbed == (entry(7, 2), (log_id(name(1)), 5, b"1" * 32))
    later = with_absorbed(third.absorbed, entry(7, 4))
    assert later == (third.absorbed[1], entry(7, 4))


@given(st.integers(0, FAR_MS), st.lists(st.integers(0, FAR_MS)))
def test_the_next_incarnation_is_later_than_all(now_ms: int, known: list[int]) -> None:
    found = next_incarnation(now_ms, known)
    assert found >= now_ms
    assert all(found > one for one in known)


_fields = st.dictionaries(
    st.sampled_from(["a", "b", "c", "!"]), st.sampled_from([1, 2, True]), min_size=1
)
_groups = st.lists(st.tuples(st.integers(1, 6), _fields), max_size=4)


def row(groups: Groups, seq: int = 5) -> Row:
    return replaced(groups, seq=seq)


@given(_groups, _groups)
def test_a_record_reads_as_with_both_logs(mine: Groups, theirs: Groups) -> None:
    """No value of either is lost, and none comes back that a deletion had beaten."""
    here, there = row(mine), row(theirs)
    found = taken_over(here, there, is_untouched=False)
    new = row(here.groups if found is None else found)
    both = [(DEVICE, here.groups), (DEVICE, there.groups)]
    assert fold([(DEVICE, new.groups)], now_ms=FAR_MS) == fold(both, now_ms=FAR_MS)
    # The older log may be fetched again, in any state up to this one.
    again = [(DEVICE, new.groups), (DEVICE, there.groups)]
    assert fold(again, now_ms=FAR_MS) == fold(both, now_ms=FAR_MS)
    assert taken_over(new, there, is_untouched=False) is None


@given(_groups, _groups)
def test_what_was_left_alone_here_is_taken_whole(mine: Groups, theirs: Groups) -> None:
    here, there = row(mine), row(theirs)
    found = taken_over(here, there, is_untouched=True)
    assert (here.groups if found is None else found) == there.groups
    assert taken_over(None, there, is_untouched=False) == there.groups


@given(_groups, st.integers(1, 7))
def test_stamps_of_the_future_are_put_right(groups: Groups, latest: int) -> None:
    before = row(groups).groups
    found = not_after(before, latest)
    assert row(found).groups == found
    assert all(stamp <= latest for stamp, _ in found)
    assert {n: v for _, f in reversed(found) for n, v in f.items()} == {
        n: v for _, f in reversed(before) for n, v in f.items()
    }
    earlier = [one for one in before if one[0] < latest - 1]
    assert earlier == [one for one in found if one[0] < latest - 1]


@given(_groups, st.integers(1, 7))
def test_what_was_deleted_and_begun_anew_in_the_future_is_there(
    groups: Groups, latest: int
) -> None:
    """Both stamps come down to the present; the deletion stays the earlier one."""
    before, found = row(groups).groups, not_after(row(groups).groups, latest)
    old, new = (fold([(DEVICE, one)], now_ms=FAR_MS) for one in (before, found))
    assert (old and old.fields) == (new and new.fields)


def test_what_a_later_edit_has_overtaken_is_left_out() -> None:
    deletion: Groups = [(5, {"!": True})]
    assert beyond(deletion, []) == beyond(deletion, [(4, {"a": 1})]) == {"!": True}
    assert beyond(deletion, [(7, {"a": 1})]) == beyond(deletion, [(6, {"!": True})]) == {}
    edit: Groups = [(5, {"a": 1})]
    assert beyond(edit, [(4, {"a": 2})]) == beyond(edit, [(6, {"b": 2})]) == {"a": 1}
    assert beyond(edit, [(6, {"a": 2})]) == beyond(edit, [(6, {"!": True})]) == {}


def test_a_common_edit_is_the_same_to_the_byte() -> None:
    mine: Groups = [(5, {"a": 1}), (4, {"a": 1, "b": 1})]
    assert newest_common(mine, [(6, {"a": 1}), (4, {"b": 1})]) == 4
    assert newest_common(mine, [(5, {"a": True}), (4, {"b": 2})]) == -1


@given(_groups, _groups)
def test_what_is_restated_reads_as_before_and_beats_whatever_stood_beside_it(
    groups: Groups, other: Groups
) -> None:
    found = restated(row(groups).groups, 50)
    assert row(found).groups == found
    assert {stamp for stamp, _ in found} <= {49, 50}
    old, new = (fold([(DEVICE, one)], now_ms=FAR_MS) for one in (row(groups).groups, found))
    assert (old and old.fields) == (new and new.fields)
    beside = fold([(DEVICE, found), (b"e" * 32, row(other).groups)], now_ms=FAR_MS)
    if new is not None:
        assert beside is not None
        assert beside.fields | new.fields == beside.fields
    elif found:
        assert beside is None
