"""Undo: what was done goes back, but for what somebody has changed since."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.head import SignedHead
from fedretail.domain.geo import Position, area, to_e7
from fedretail.domain.ids import collection_of
from fedretail.errors import Refused
from fedretail.node.import_report import ImportOptions
from fedretail.node.node import Node
from fedretail.node.undo import Kept, deeds, find, undo
from fedretail.store.commits import Edit
from fedretail.store.deeds import Deed
from fedretail.testing.clock import ManualClock
from fedretail.testing.nodes import new_shop

KEYS = ["a", "b", "c"]
FIELDS = ["name", "brand", "sku", "cost", "note"]
EDIT = st.one_of(
    st.builds(
        lambda key, fields: Edit("offer", key, fields),
        st.sampled_from(KEYS),
        st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(["1", "2", None]), min_size=1),
    ),
    st.builds(lambda key: Edit("offer", key, is_deletion=True), st.sampled_from(KEYS)),
)
EDITS = st.lists(st.lists(EDIT, min_size=1, max_size=4), max_size=3)
State = dict[str, dict[str, Any]]


def state(node: Node, mark: str = "") -> State:
    """The offers of a mark with their own fields, without those that say nothing."""
    found: State = {}
    for place, value in node.records("offer"):
        if place.key.startswith(mark):
            fields = {**value.fields, **node.store.own(place)}
            said = {name: value for name, value in fields.items() if value is not None}
            found[place.key.removeprefix(mark)] = said
    return found


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Iterator[int]]]:
    """A shop for all examples, and numbers, so that each has articles of its own."""
    path = tmp_path_factory.mktemp("undo") / "shop"
    with new_shop(path, clock=ManualClock()) as node:
        yield node, count()


def do(node: Node, mark: str, commits: list[list[Edit]], deed: Deed | None) -> None:
    for edits in commits:
        marked = [replace(edit, key=mark + edit.key) for edit in edits]
        node.commit(node.site().id, marked, deed=deed)


@given(earlier=EDITS, done=EDITS)
def test_undo_and_undo_of_undo(
    street: tuple[Node, Iterator[int]], earlier: list[list[Edit]], done: list[list[Edit]]
) -> None:
    node, mark = street[0], f"{next(street[1])}-"
    do(node, mark, earlier, None)
    before, deed = state(node, mark), Deed.new()
    do(node, mark, done, deed)
    middle = state(node, mark)
    undone = undo(node, deed)
    assert undone.kept == []
    assert state(node, mark) == before
    if undone.records:
        assert undo(node, node.store.deeds.newest(1)[0]).kept == []
        assert state(node, mark) == middle


@given(earlier=EDITS, done=EDITS, later=EDITS)
def test_what_nobody_changed_since_is_as_before(
    street: tuple[Node, Iterator[int]],
    earlier: list[list[Edit]],
    done: list[list[Edit]],
    later: list[list[Edit]],
) -> None:
    node, mark = street[0], f"{next(street[1])}-"
    do(node, mark, earlier, None)
    before, deed = state(node, mark), Deed.new()
    do(node, mark, done, deed)
    middle = state(node, mark)
    do(node, mark, later, None)
    after = state(node, mark)
    undo(node, deed)
    now = state(node, mark)
    since = [edit for edits in later for edit in edits]
    for key in KEYS:
        edits = [edit for edit in since if edit.key == key]
        if not edits:
            assert now.get(key) == before.get(key)
            continue
        named = {name for edit in edits for name in edit.fields}
        mixed = {
            name: value
            for name in FIELDS
            if (value := (after if name in named else before).get(key, {}).get(name)) is not None
        }
        is_plain = key in before and key in middle and not any(e.is_deletion for e in edits)
        if not is_plain or any(e.is_deletion and e.key == key for es in done for e in es):
            # What came or went as a whole, then or since: all as it was, or all as it is; field by
            # field where it was made again with all the fields that it had.
            assert now.get(key) in (before.get(key), after.get(key), mixed) or key not in after
            continue
        assert now[key] == mixed


def offer(node: Node, key: str, **fields: Any) -> Deed:
    node.write("offer", key, fields)
    return find(node)


def test_an_edit_goes_back_and_forth(shops) -> None:
    node = shops("farm")
    first = offer(node, "a", name="Milk", prices=[[129]], stock_count=5)
    offer(node, "a", prices=[[139]], stock_count=4)
    undone = undo(node, find(node))
    assert (undone.records, undone.kept) == (1, [])
    assert state(node)["a"]["prices"] == [[129]]
    assert state(node)["a"]["stock_count"] == 5
    listed = deeds(node, limit=9)
    assert [one.undone_ms is None for one in listed] == [True, False, True]
    undo(node, listed[0].deed)
    assert state(node)["a"]["prices"] == [[139]]
    assert [one.undone_ms is None for one in deeds(node, limit=9)] == [True, False, True, True]
    assert undo(node, first).kept == [Kept("Milk", "")]
    assert "a" in state(node)


@pytest.mark.parametrize("later", [{"name": "3"}, {"note": "3"}])
def test_what_is_changed_at_that_very_moment_stays(
    shops, monkeypatch: pytest.MonkeyPatch, later: dict[str, Any]
) -> None:
    node = shops("one", ManualClock())
    node.write("offer", "a", {"name": "1", "note": "1"})
    node.write("offer", "a", {"name": "2", "note": "2"})
    look, others = node.store.deeds.own_stamps, iter([later])

    def looked(places: Any) -> Any:
        found = look(places)
        for fields in others:
            node.write("offer", "a", fields)
        return found

    monkeypatch.setattr(node.store.deeds, "own_stamps", looked)
    done = undo(node, find(node))
    assert (done.records, [kept.field for kept in done.kept]) == (1, [*later])
    assert state(node) == {"a": {"name": "1", "note": "1", **later}}


def test_nothing_is_written_by_a_look(shops) -> None:
    node = shops("farm")
    offer(node, "a", name="Milk", prices=[[129]])
    deed = offer(node, "a", prices=[[139]])
    before = node.store.feed_end()
    assert undo(node, deed, dry_run=True).records == 1
    assert node.store.feed_end() == before


def test_a_whole_import_at_once(shops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedretail.node.undo._BATCH", 2)
    node, path = shops("farm"), tmp_path / "prices.csv"
    path.write_text("SKU,Name,Price\n1,Milk,1.29\n2,Tea,2.10\n3,Rye,3.00\n", encoding="utf-8")
    node.import_file(path, ImportOptions(node.site()))
    before = state(node)
    path.write_text("SKU,Name,Price\n1,Milk,1.39\n2,Tea,2.20\n4,Oats,1.00\n", encoding="utf-8")
    node.import_file(path, ImportOptions(node.site(), complete=True))
    deed = find(node)
    assert deed.what["import"] == "prices.csv"
    assert (deed.what["new"], deed.what["changed"], deed.what["withdrawn"]) == (1, 2, 1)
    node.write("offer", "2", {"prices": [[250]]})
    undone = undo(node, deed)
    assert undone.kept == [Kept("Tea", "prices")]
    before["2"]["prices"] = [[250]]
    assert state(node) == before


def test_a_place_that_was_moved_moves_back(shops) -> None:
    node = shops("farm")
    own = node.site()
    lat_e7, lon_e7 = to_e7(Position(48.0, 9.0))
    node.set_site(own, {"lat_e7": lat_e7, "lon_e7": lon_e7})
    assert _area(node) == area(Position(48.0, 9.0))
    undo(node, find(node))
    assert node.site().site.position == own.site.position
    assert own.site.position is not None
    assert _area(node) == area(own.site.position)


def _area(node: Node) -> tuple[int, int]:
    (log,) = node.store.logs_of(node.identity.author().owner, collection_of(node.site().id))
    assert log.head is not None
    return SignedHead.parse(log.head).head.area


def test_what_there_is_not(shops) -> None:
    node = shops("farm")
    with pytest.raises(Refused, match="nothing to undo"):
        find(node)
    with pytest.raises(Refused, match="no change 'abc'"):
        find(node, "abc")
