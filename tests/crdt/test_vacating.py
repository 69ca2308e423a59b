"""What may leave a row is what the fold does not miss, and what nobody's copy can bring back."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.registers import fold
from fedretail.crdt.row import Groups, replaced
from fedretail.crdt.stamp import MATURITY_MS
from fedretail.crdt.vacating import NOTHING, Beside, Spent, spent, without

ME, OTHER = b"m" * 32, b"t" * 32
NOW_MS = 10
EARLY = NOW_MS + MATURITY_MS + 1
FAR_MS = 1 << 52
STAMPS = st.sampled_from([1, 2, 3, 4, 5, EARLY])
FIELDS = st.dictionaries(st.sampled_from("fg"), st.integers(0, 1), max_size=2)
MARKS = st.sampled_from([{}, {}, {"!": True}, {"!": True}, {"!": False}])
GROUPS = st.lists(
    st.tuples(STAMPS, st.builds(lambda mark, fields: {**mark, **fields}, MARKS, FIELDS)),
    max_size=3,
    unique_by=lambda group: group[0],
).map(lambda groups: replaced(groups, seq=1).groups)
DEVICES = st.sampled_from([b"a" * 32, ME, OTHER])
OTHERS = st.lists(st.builds(Beside, DEVICES, st.integers(0, 6), GROUPS), max_size=3)


def edits(device: bytes, groups: Groups) -> list[tuple[tuple[int, bytes], str, Any]]:
    """(place, name, value) of everything that a row says."""
    return [
        ((stamp, device), name, value) for stamp, fields in groups for name, value in fields.items()
    ]


def is_beaten(place: tuple[int, bytes], by: tuple[int, bytes]) -> bool:
    """Whether the fold leaves out a field for a deletion, at a time when both are in force."""
    deletion, edit = (by[1], [(by[0], {"!": True})]), (place[1], [(place[0], {"f": 1})])
    return fold([deletion, edit], now_ms=FAR_MS) is None


def by_the_rule(groups: Groups, others: list[Beside], *, is_complete: bool) -> Spent:
    """The rule of the protocol, word by word."""
    mine = edits(ME, groups)
    theirs = [(one, edit) for one in others for edit in edits(one.device, one.groups)]
    marks = [edit for edit in [*mine, *(edit for _, edit in theirs)] if edit[1] == "!"]
    if any(value is not True for _, _, value in marks):
        return Spent(None, None)
    deletions = [place for place, name, _ in mine if name == "!" and place[0] != EARLY]
    deletion = None
    for place in deletions:
        has_later_heads = all(one.stamp > place[0] for one in others)
        has_older = any(name != "!" and is_beaten(at, place) for _, (at, name, _) in theirs)
        if is_complete and has_later_heads and not has_older:
            deletion = place[0]
    beating = [place for _, (place, name, _) in theirs if name == "!" and place[0] != EARLY]
    beaten_by = None
    if beating and any(name != "!" and is_beaten(at, max(beating)) for at, name, _ in mine):
        beaten_by = max(beating)
    return Spent(deletion, beaten_by)


@given(GROUPS, OTHERS, st.booleans())
def test_what_is_spent_is_what_the_rule_says(
    groups: Groups, others: list[Beside], is_complete: bool
) -> None:
    found = spent((ME, groups), others, is_complete=is_complete, now_ms=NOW_MS)
    assert found == by_the_rule(groups, others, is_complete=is_complete)


@given(GROUPS, OTHERS)
def test_nobody_misses_what_has_gone(groups: Groups, others: list[Beside]) -> None:
    found = spent((ME, groups), others, is_complete=True, now_ms=NOW_MS)
    beside = [(one.device, one.groups) for one in others]
    for gone in (found, found._replace(deletion=None), found._replace(beaten_by=None)):
        left = without((ME, groups), gone)
        assert replaced(left, seq=1).groups == left
        for now_ms in (NOW_MS, FAR_MS):
            before = fold([(ME, groups), *beside], now_ms=now_ms)
            assert fold([(ME, left), *beside], now_ms=now_ms) == before


@given(GROUPS, OTHERS)
def test_what_has_gone_is_all_that_was_spent_and_nothing_else(
    groups: Groups, others: list[Beside]
) -> None:
    found = spent((ME, groups), others, is_complete=True, now_ms=NOW_MS)
    reasons = [] if found.beaten_by is None else [found.beaten_by]
    reasons += [] if found.deletion is None else [(found.deletion, ME)]
    kept = [
        edit
        for edit in edits(ME, groups)
        if (
            edit[0][0] != found.deletion
            if edit[1] == "!"
            else not any(is_beaten(edit[0], reason) for reason in reasons)
        )
    ]
    assert edits(ME, without((ME, groups), found)) == kept


def test_a_value_that_was_overwritten_stays() -> None:
    row: Groups = [(1, {"f": 1})]
    newer = Beside(OTHER, 9, [(5, {"f": 2})])
    assert spent((ME, row), [newer], is_complete=True, now_ms=NOW_MS) == NOTHING
    assert without((ME, row), NOTHING) == row


def test_a_later_edit_beside_a_deletion_stays() -> None:
    row: Groups = [(3, {"f": 1}), (2, {"!": True})]
    found = spent((ME, row), [], is_complete=True, now_ms=NOW_MS)
    assert found == Spent(deletion=2)
    assert without((ME, row), found) == [(3, {"f": 1})]


def test_a_head_of_the_very_stamp_is_not_a_later_one() -> None:
    row: Groups = [(3, {"!": True})]
    for stamp, expected in ((3, NOTHING), (4, Spent(deletion=3))):
        beside = [Beside(OTHER, stamp, [])]
        assert spent((ME, row), beside, is_complete=True, now_ms=NOW_MS) == expected


def test_a_field_of_the_very_stamp_is_beaten() -> None:
    """Of an older incarnation it may be, whose device is the same."""
    row: Groups = [(3, {"!": True})]
    same = Beside(ME, 9, [(3, {"f": 1})])
    assert spent((ME, row), [same], is_complete=True, now_ms=NOW_MS) == NOTHING
    both: Groups = [(3, {"!": True, "f": 1})]
    assert without((ME, both), Spent(deletion=3)) == []
