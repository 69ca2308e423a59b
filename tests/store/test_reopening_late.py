"""Logs begun anew, and what turns up long after: nothing lost, nothing deleted comes back."""

from pathlib import Path
from typing import Any

import pytest

from fedretail.crdt.changes import Point
from fedretail.crdt.names import LogName, log_id
from fedretail.domain.kind import RecordId
from fedretail.store.commits import Author, Edit
from fedretail.store.copies import NewDevice
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.restores import AUTHOR, SHOP, World, amounts, take

DAY_MS = 24 * 3600 * 1000
PAIR = builders.shop("pair", devices=2)


def fields(store: Store, number: int) -> dict[str, Any]:
    found = store.record(RecordId(SHOP.owner, SITE, "offer", f"sku{number}"))
    assert found is not None
    return found.fields


def edit(world: World, number: int, **values: str) -> None:
    world.store.commit(AUTHOR, SITE, [Edit("offer", f"sku{number}", values)])


def show(world: World, name: LogName) -> None:
    """The neighbour has the log as it is."""
    state = world.store.log(log_id(name))
    assert state is not None
    world.store.own_logs.note_seen([(name, Point(*state.point))])
    take(world.peer, world.store, name)


def begin_anew(world: World, copy: Path, name: LogName) -> LogName:
    """An older copy is put back; it begins anew from what the neighbour has of this log."""
    world.put_back(copy)
    return begin_from_neighbour(world, name)


def begin_from_neighbour(world: World, name: LogName) -> LogName:
    world.store.own_logs.begin_draft(AUTHOR, SITE, known=name.incarnation)
    take(world.store, world.peer, name)
    assert world.store.own_logs.open_next(AUTHOR, SITE) is not None
    return world.store.own_logs.written(SHOP.log_name())


def with_a_smaller_row(world: World) -> Path:
    """A copy from when the deletion of sku1 had left its row: a name of later stands there."""
    again = [Edit("offer", "sku1", is_deletion=True), Edit("offer", "sku1", {"name": "old"})]
    world.store.commit(AUTHOR, SITE, again)
    world.show()
    world.store.vacating.run(AUTHOR)
    world.clock.advance(30 * DAY_MS)
    world.store.vacating.add_running(30 * DAY_MS)
    assert world.store.vacating.run(AUTHOR) == 1
    copy = world.copy()
    world.clock.advance(1)
    return copy


def test_two_older_logs_that_turn_up_at_once_are_both_taken_over(world: World) -> None:
    copy = world.copy()
    edit(world, 1, stock="few")
    edit(world, 2, stock="few")
    first = world.stranger("first")
    take(first, world.store, SHOP.log_name())
    between = begin_anew(world, copy, SHOP.log_name())
    show(world, between)
    copy = world.copy()
    edit(world, 1, brand="B")
    second = world.stranger("second")
    take(second, world.store, between)
    begin_anew(world, copy, between)
    take(world.store, first, SHOP.log_name())
    take(world.store, second, between)
    assert world.store.own_logs.take_over(AUTHOR, SITE) is not None
    assert len(world.store.heads()) == 1
    assert (fields(world.store, 1)["stock"], fields(world.store, 1)["brand"]) == ("few", "B")
    assert fields(world.store, 2)["stock"] == "few"
    assert builders.problems(world.store) == []


def test_a_row_that_was_made_smaller_is_no_edit(world: World) -> None:
    """Its fields are old; done again with a new stamp, they would beat what is newer."""
    copy = with_a_smaller_row(world)
    edit(world, 1, name="new")
    world.show()
    begin_anew(world, copy, SHOP.log_name())
    assert fields(world.store, 1) == {"name": "new"}


def season(world: World, name: LogName) -> None:
    """So long that what is deleted leaves the log for ever."""
    for _ in range(16):
        world.clock.advance(5 * DAY_MS)
        world.store.vacating.add_running(5 * DAY_MS)
        world.store.vacating.run(AUTHOR)
        show(world, name)
        world.store.renew(AUTHOR, SITE)
        show(world, name)


@pytest.mark.parametrize("is_late_first", [False, True])
def test_an_older_log_that_turns_up_late_brings_back_nothing(
    world: World, is_late_first: bool
) -> None:
    """It stands beside the newer one for what it holds beyond, and for nothing else."""
    copy = world.copy()
    world.sell(19, amount_minor=5)
    late = world.stranger("late")
    take(late, world.store, SHOP.log_name())
    name = begin_anew(world, copy, SHOP.log_name())
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku1", is_deletion=True)])
    again = [Edit("offer", "sku2", is_deletion=True), Edit("offer", "sku2", {"name": "again"})]
    world.store.commit(AUTHOR, SITE, again)
    world.sell(3, amount_minor=7)
    season(world, name)
    state = world.store.log(log_id(name))
    assert state is not None
    assert state.count == 19
    new = world.stranger("new")
    names = [(late, SHOP.log_name()), (world.store, name)]
    end = 0
    for source, one in names if is_late_first else reversed(names):
        end = new.feed_end()
        take(new, source, one)
    # What was shown for a while, or was about to be.
    assert {"sku1", "sku2"} <= {place.key for _, place in new.feed(end, 100)}
    if not is_late_first:
        take(world.peer, late, SHOP.log_name())
    for store in (new, world.peer):
        assert amounts(store, 0, 1, 3) == [129, None, 7]
        assert fields(store, 2) == {"name": "again"}
    assert amounts(new, 19) == [5]
    take(world.store, late, SHOP.log_name())
    assert amounts(world.store, 1, 19) == [None, 5]
    assert world.store.own_logs.take_over(AUTHOR, SITE) is not None
    for store in (new, world.peer):
        take(store, world.store, name)
        assert amounts(store, 0, 1, 3, 19) == [129, None, 7, 5]
        assert [one for _, one, _ in store.heads()] == [name]
        assert builders.problems(store) == []


def test_a_copy_that_was_restored_itself_brings_all_along(world: World) -> None:
    """What it has fetched, and what was done since in the draft."""
    copy = world.copy()
    world.sell(1, amount_minor=500)
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku5", is_deletion=True)])
    world.show()
    world.put_back(copy)
    world.sell(3, amount_minor=77)
    world.fetch_lost()
    world.sell(4, amount_minor=78)
    author = as_copy(world)
    assert amounts(world.store, 0, 1, 3, 4, 5) == [129, 500, 77, 78, None]
    assert [name for _, name, _ in world.store.heads()] == [author.log(SITE)]
    assert builders.problems(world.store) == []


def test_a_copy_brings_along_what_an_older_log_holds_beyond(world: World) -> None:
    copy = world.copy()
    world.sell(6, amount_minor=66)
    late = world.stranger("late")
    take(late, world.store, SHOP.log_name())
    begin_anew(world, copy, SHOP.log_name())
    world.sell(7, amount_minor=67)
    take(world.store, late, SHOP.log_name())
    author = as_copy(world)
    assert amounts(world.store, 6, 7) == [66, 67]
    late.add_auth([world.store.auth_records()[-1][1]])
    take(late, world.store, author.log(SITE))
    assert amounts(late, 6, 7) == [66, 67]
    assert builders.problems(late) == []


def as_copy(world: World) -> Author:
    world.store.own_logs.stop("neighbours have met both")
    key = builders.key("another device")
    grant = builders.grant(SHOP.root, key.public, number=2, now_ms=world.clock.now_ms())
    author = Author(SHOP.owner, key, world.clock.now_ms())
    world.store.own_logs.go_on_as_copy(AUTHOR, NewDevice(author, grant, "1" * 32))
    return author


def test_a_deletion_from_the_future_is_not_remembered(tmp_path: Path) -> None:
    """Its device has put its stamp right; in a year it must not delete what was written since."""
    clock = ManualClock()
    year_ms = 365 * DAY_MS
    first, second = (
        builders.shop_store(tmp_path, PAIR, clock=clock, device=number) for number in (0, 1)
    )
    for store in (first, second):
        builders.add_log(store, PAIR.log_name(device=1))
        builders.add_log(store, PAIR.log_name())
    second.commit(PAIR.author(1), SITE, builders.offer_edits([1]))
    take(first, second, PAIR.log_name(device=1))
    clock.advance(year_ms)
    first.commit(PAIR.author(), SITE, [Edit("offer", "sku1", is_deletion=True)])
    clock.advance(-year_ms)
    take(second, first, PAIR.log_name())
    assert first.own_logs.restamp(PAIR.author(), SITE) is not None
    take(second, first, first.own_logs.written(PAIR.log_name()))
    place = RecordId(PAIR.owner, SITE, "offer", "sku1")
    assert second.record(place) is None
    clock.advance(1000)
    second.commit(PAIR.author(1), SITE, [Edit("offer", "sku1", {"name": "again"})])
    take(first, second, PAIR.log_name(device=1))
    clock.advance(year_ms)
    for store in (first, second):
        found = store.record(place)
        assert found is not None
        assert found.fields == {"name": "again"}
        store.close()


def test_what_was_in_the_copy_already_is_not_done_again(world: World) -> None:
    """A first import, backed up before the daemon has run; neighbours saw it, and what followed."""
    world.sell(*range(20, 40))
    edit(world, 21, name="first")
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku22", is_deletion=True)])
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku23", is_deletion=True)])
    copy = world.copy()
    world.clock.advance(1)
    world.sell(20, amount_minor=500)
    edit(world, 21, name="second")
    edit(world, 23, name="again")
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku24", is_deletion=True)])
    world.show()
    world.put_back(copy)
    world.sell(25, amount_minor=7)
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku26", is_deletion=True)])
    begin_from_neighbour(world, SHOP.log_name())
    assert amounts(world.store, 20, 22, 24, 25, 26, 27) == [500, None, None, 7, None, 129]
    assert fields(world.store, 21)["name"] == "second"
    assert fields(world.store, 23) == {"name": "again"}


def test_an_edit_of_the_copy_that_was_overwritten_leaves_no_trace(world: World) -> None:
    """Then stamps decide, as between any two; the clock of the copy may be behind."""
    edit(world, 1, name="first", stock="few")
    edit(world, 2, name="first")
    copy = world.copy()
    world.clock.advance(1)
    edit(world, 1, name="second", stock="some")
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku2", is_deletion=True)])
    world.show()
    begin_anew(world, copy, SHOP.log_name())
    assert fields(world.store, 1)["name"] == "second"
    assert amounts(world.store, 2) == [None]


def test_what_was_deleted_in_the_copy_goes_where_more_was_written(world: World) -> None:
    copy = world.copy()
    edit(world, 1, stock="few")
    world.show()
    world.put_back(copy)
    gone = [Edit("offer", f"sku{number}", is_deletion=True) for number in (1, 2)]
    world.store.commit(AUTHOR, SITE, [*gone, Edit("offer", "sku2", {"name": "again"})])
    begin_from_neighbour(world, SHOP.log_name())
    assert amounts(world.store, 1) == [None]
    assert fields(world.store, 2) == {"name": "again"}


def test_what_was_in_the_copy_and_left_the_log_since_stays_away(world: World) -> None:
    """Its row is empty by now, or gone: another edit of the same commit tells that it is old."""
    world.sell(30, 31)
    copy = world.copy()
    world.clock.advance(1)
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku30", is_deletion=True)])
    builders.empty(world.store, AUTHOR, [("offer", "sku30")])
    world.show()
    begin_anew(world, copy, SHOP.log_name())
    assert amounts(world.store, 30, 31) == [None, 129]


def test_a_smaller_row_that_left_the_log_since_stays_away(world: World) -> None:
    copy = with_a_smaller_row(world)
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku1", is_deletion=True)])
    builders.empty(world.store, AUTHOR, [("offer", "sku1")])
    world.show()
    begin_anew(world, copy, SHOP.log_name())
    assert world.store.record(RecordId(SHOP.owner, SITE, "offer", "sku1")) is None


def test_a_row_of_the_last_common_commit_that_was_emptied_later_is_emptied_here(
    world: World,
) -> None:
    world.sell(1, amount_minor=5)
    world.show()
    copy = world.copy()
    builders.empty(world.store, AUTHOR, [("offer", "sku1")])
    late = world.stranger("late")
    take(late, world.store, SHOP.log_name())
    world.put_back(copy)
    # What the neighbour has is known here: the next log begins with that.
    assert world.store.own_logs.open_next(AUTHOR, SITE) is not None
    assert amounts(world.store, 1) == [5]
    take(world.store, late, SHOP.log_name())
    assert world.store.own_logs.take_over(AUTHOR, SITE) is not None
    assert amounts(world.store, 0, 1) == [129, None]
