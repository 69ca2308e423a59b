"""A store that was put back from a copy: nothing newer is beaten, nothing done since is lost."""

import pytest

from fedretail.crdt.changes import START, Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.crdt.transfer import Outcome
from fedretail.domain.kind import RecordId
from fedretail.errors import Refused
from fedretail.store.commits import Author, Edit
from fedretail.store.copies import NewDevice
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.restores import AUTHOR, LOG, MINUTE_MS, SHOP, World, amounts, take


def test_what_was_lost_comes_back_and_what_was_done_since_stands(world: World) -> None:
    copy = world.copy()
    world.sell(1, 2, amount_minor=500)
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku3", is_deletion=True)])
    world.sell(30)
    world.show()
    world.put_back(copy)
    # Before the neighbours are asked: one new price, one withdrawn, one that is new in the copy.
    world.sell(2, amount_minor=90)
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku4", is_deletion=True)])
    world.fetch_lost()
    # And while it is fetched: nothing waits.
    world.sell(31, amount_minor=7)
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku30", {"stock": "few"})])
    signed = world.store.own_logs.open_next(AUTHOR, SITE)
    assert signed is not None
    assert signed.head.parent is not None
    assert signed.head.parent[:2] == (SHOP.incarnation, 4)
    assert signed.head.seq == 5
    name = world.store.own_logs.written(SHOP.log_name())
    assert name.incarnation > SHOP.incarnation
    for _ in range(2):
        assert amounts(world.store, 0, 1, 2, 3, 4, 30, 31) == [129, 500, 90, None, None, 129, 7]
        assert builders.problems(world.store) == []
        take(world.peer, world.store, name)
        world.store = world.peer


def test_only_the_fields_that_were_set_since_are_done_again(world: World) -> None:
    copy = world.copy()
    world.sell(1, amount_minor=500)
    world.show()
    world.put_back(copy)
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku1", {"stock": "few"})])
    world.fetch_lost()
    assert world.store.own_logs.open_next(AUTHOR, SITE) is not None
    found = world.store.record(RecordId(SHOP.owner, SITE, "offer", "sku1"))
    assert found is not None
    assert (found.fields["prices"], found.fields["stock"]) == ([[500]], "few")


def test_versions_of_the_last_days_come_along(world: World) -> None:
    place = RecordId(SHOP.owner, SITE, "offer", "sku1")
    world.sell(1, amount_minor=500)
    world.show()
    before = world.store.versions(place)
    assert len(before) == 2
    assert world.store.own_logs.open_next(AUTHOR, SITE) is not None
    assert world.store.versions(place) == before


def test_a_parent_below_the_floor_is_no_beginning(world: World) -> None:
    signed = world.store.own_logs.open_next(AUTHOR, SITE)
    assert signed is not None
    name = world.store.own_logs.written(SHOP.log_name())
    builders.add_log(world.peer, name)
    assert world.peer.wanted(log_id(name), signed) == (Point(1, signed.head.stamp - 1), None)
    purged = SignedHead.sign(signed.head._replace(seq=9, floor=2), AUTHOR.key)
    assert world.peer.wanted(log_id(name), purged) == (START, None)


def test_what_a_later_clock_had_believed_is_told_again(world: World) -> None:
    """Of a log that is let go, a record may have shown what no other log says."""
    year_ms = 365 * 24 * 3600 * 1000
    ahead = ManualClock()
    ahead.advance(2 * year_ms)
    peer = world.closing(builders.peer_store(world.folder, "ahead", SHOP, clock=ahead))
    world.clock.advance(year_ms)
    world.sell(1, amount_minor=500)
    world.clock.advance(-year_ms)
    take(peer, world.store, SHOP.log_name())
    assert world.store.own_logs.restamp(AUTHOR, SITE) is not None
    world.sell(1, amount_minor=4)
    end = peer.feed_end()
    take(peer, world.store, world.store.own_logs.written(SHOP.log_name()))
    assert amounts(peer, 1) == [4]
    assert "sku1" in {place.key for _, place in peer.feed(end, 100)}


def test_a_copy_brings_all_along_and_lets_the_old_log_go(world: World) -> None:
    world.sell(1, amount_minor=500)
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku2", is_deletion=True)])
    world.store.own_logs.stop("neighbours have met both")
    key = builders.key("another device")
    grant = builders.grant(SHOP.root, key.public, number=2, now_ms=world.clock.now_ms())
    author = Author(SHOP.owner, key, world.clock.now_ms())
    world.store.own_logs.go_on_as_copy(AUTHOR, NewDevice(author, grant, "1" * 32))
    assert [name for _, name, _ in world.store.heads()] == [author.log(SITE)]
    assert world.store.log(LOG) is None
    assert amounts(world.store, 0, 1, 2) == [129, 500, None]
    assert builders.problems(world.store) == []
    # Beside the old device's log, which has gone on elsewhere, newer stamps win.
    take(world.store, world.peer, SHOP.log_name())
    assert amounts(world.store, 0, 1, 2) == [129, 500, None]
    world.store.commit(author, SITE, builders.offer_edits([1], amount_minor=8))
    assert amounts(world.store, 1) == [8]


def test_the_rows_are_the_parents_to_the_byte(world: World) -> None:
    copy = world.copy()
    world.sell(1, amount_minor=500)
    world.show()
    world.put_back(copy)
    world.fetch_lost()
    before = builders.rows(world.store, LOG)
    signed = world.store.own_logs.open_next(AUTHOR, SITE)
    assert signed is not None
    assert builders.rows(world.store, signed.head.log) == before
    # The older log is done with: one copy of the catalog, here and there.
    assert builders.rows(world.store, LOG) == {}
    take(world.peer, world.store, world.store.own_logs.written(SHOP.log_name()))
    assert builders.rows(world.peer, LOG) == {}
    assert len(world.peer.heads()) == len(world.store.heads()) == 1
    assert builders.problems(world.peer) == []


def test_who_does_not_hold_the_very_parent_fetches_all(world: World) -> None:
    late = world.stranger("late")
    take(late, world.store, SHOP.log_name())
    world.sell(1, amount_minor=500)
    assert world.store.own_logs.open_next(AUTHOR, SITE) is not None
    # It stands before the parent.
    assert take(late, world.store, world.store.own_logs.written(SHOP.log_name())) == 1
    assert amounts(late, 0, 1) == [129, 500]
    # It holds a parent of that seq, which is another: the head id decides.
    state = late.log(log_id(late.heads()[0][1]))
    assert state is not None
    twin = world.opened(world.copy())
    for one, amount_minor in ((twin, 7), (world.store, 8)):
        one.commit(AUTHOR, SITE, builders.offer_edits([2], amount_minor=amount_minor))
    take(late, twin, state.name)
    assert world.store.own_logs.open_next(AUTHOR, SITE) is not None
    assert take(late, world.store, world.store.own_logs.written(SHOP.log_name())) == 1
    assert amounts(late, 1, 2) == [500, 8]
    assert builders.problems(late) == []


def test_a_holder_of_the_parent_is_sent_the_difference_alone(world: World) -> None:
    world.show()
    signed = world.store.own_logs.open_next(AUTHOR, SITE)
    assert signed is not None
    world.sell(1, amount_minor=7)
    name = world.store.own_logs.written(SHOP.log_name())
    assert take(world.peer, world.store, name) == 0
    assert amounts(world.peer, 0, 1) == [129, 7]
    assert builders.problems(world.peer) == []


def test_a_transfer_that_went_on_from_a_parent_begins_again_when_that_has_moved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedretail.store.logs.PART_BYTES", 1500)
    world.show()
    world.sell(1, amount_minor=5)
    head = world.store.log(LOG)
    assert head is not None
    # Another process of the old log's time has written on elsewhere: one more state of it.
    twin = world.opened(world.copy())
    world.store.own_logs.note_seen([(SHOP.log_name(), Point(2, head.point.stamp))])
    take(world.peer, world.store, SHOP.log_name())
    signed = world.store.own_logs.open_next(AUTHOR, SITE)
    assert signed is not None
    world.sell(*range(20), amount_minor=6)
    name = world.store.own_logs.written(SHOP.log_name())
    log = log_id(name)
    builders.add_log(world.peer, name)
    state = world.store.log(log)
    assert state is not None
    newest = SignedHead.parse(state.head or b"")
    place = world.peer.wanted(log, newest)
    assert place is not None
    part = world.store.changes_since(log, place.base, None)
    assert part is not None
    assert part.after is not None
    outcome = world.peer.advance(newest, place.base.seq, pack(part.changes), after=part.after)
    assert outcome is Outcome.STAGED
    twin.commit(AUTHOR, SITE, builders.offer_edits([40]))
    take(world.peer, twin, SHOP.log_name())
    take(world.peer, world.store, name)
    assert builders.rows(world.peer, log) == builders.rows(world.store, log)
    assert builders.problems(world.peer) == []


def test_rows_of_the_older_log_that_turn_up_late_are_taken_over(world: World) -> None:
    """What nobody could bring when the log was begun anew stays in force until it is here."""
    copy = world.copy()
    world.show()
    world.sell(1, amount_minor=500)
    world.store.commit(AUTHOR, SITE, [Edit("offer", "sku5", is_deletion=True)])
    world.sell(6, amount_minor=600)
    late = world.stranger("late")
    take(late, world.store, SHOP.log_name())
    world.put_back(copy)
    # `peer` has the state of the copy only.
    world.sell(6, amount_minor=66)
    world.store.own_logs.begin_draft(AUTHOR, SITE)
    builders.fetch(world.store, world.peer, LOG)
    assert world.store.own_logs.open_next(AUTHOR, SITE) is not None
    name = world.store.own_logs.written(SHOP.log_name())
    take(world.peer, world.store, name)
    assert amounts(world.peer, 1, 5, 6) == [129, 129, 66]
    for one in (world.peer, world.store):
        take(one, late, SHOP.log_name())
        # Beside the new log it counts already: newer stamps win, deletions too.
        assert amounts(one, 1, 5, 6) == [500, None, 66]
        assert len(one.heads()) == 2
    # It stays until it is named, however the newer one moves.
    world.sell(7, amount_minor=700)
    take(world.peer, world.store, name)
    assert amounts(world.peer, 1, 5, 6, 7) == [500, None, 66, 700]
    signed = world.store.own_logs.take_over(AUTHOR, SITE)
    assert signed is not None
    assert signed.head.absorbed is not None
    assert signed.head.absorbed[0][:2] == (LOG, 4)
    assert world.store.own_logs.take_over(AUTHOR, SITE) is None
    take(world.peer, world.store, name)
    for one in (world.peer, world.store):
        assert amounts(one, 1, 5, 6) == [500, None, 66]
        assert [found for _, found, _ in one.heads()] == [name]
        assert builders.problems(one) == []
    # It is done with now, and refused.
    builders.add_log(world.peer, SHOP.log_name())
    state = late.log(LOG)
    assert state is not None
    whole = late.changes_since(LOG, START, None)
    assert whole is not None
    with pytest.raises(Refused):
        world.peer.advance(SignedHead.parse(whole.head), 0, pack(whole.changes))


def test_without_anybody_who_knows_more_the_draft_stands(world: World) -> None:
    world.sell(1, amount_minor=9)
    world.store.own_logs.begin_draft(AUTHOR, SITE, known=SHOP.incarnation + 5)
    world.sell(2, amount_minor=10)
    assert world.store.own_logs.drafts() == [SITE]
    assert world.store.own_logs.open_next(AUTHOR, SITE) is not None
    assert world.store.own_logs.drafts() == []
    assert amounts(world.store, 0, 1, 2) == [129, 9, 10]
    name = world.store.own_logs.written(SHOP.log_name())
    assert name.incarnation > SHOP.incarnation + 5
    assert builders.problems(world.store) == []
    # What others have seen of the older log is kept for that one, and nothing else.
    heads = world.store.trust.heads_seen
    assert [SignedHead.parse(raw).head.seq for raw in heads(LOG)] == [1]
    assert {SignedHead.parse(raw).head.log for raw in heads(log_id(name))} <= {log_id(name)}
    take(world.peer, world.store, name)
    assert amounts(world.peer, 0, 1, 2) == [129, 9, 10]


def test_a_second_hint_while_the_first_is_followed_loses_nothing(world: World) -> None:
    copy = world.copy()
    world.sell(1, amount_minor=500)
    world.show()
    world.put_back(copy)
    world.sell(2, amount_minor=90)
    world.store.own_logs.begin_draft(AUTHOR, SITE)
    world.sell(3, amount_minor=91)
    world.store.own_logs.begin_draft(AUTHOR, SITE, known=world.clock.now_ms() + 7)
    builders.fetch(world.store, world.peer, LOG)
    assert world.store.own_logs.open_next(AUTHOR, SITE) is not None
    assert amounts(world.store, 0, 1, 2, 3) == [129, 500, 90, 91]
    name = world.store.own_logs.written(SHOP.log_name())
    assert name.incarnation > world.clock.now_ms() + 7
    assert builders.problems(world.store) == []


def test_a_collection_that_the_copy_never_had(world: World) -> None:
    """A place that was added after the copy was made."""
    other = "site/bbbbbbbbbbbbbbbb"
    copy = world.copy()
    signed = world.store.commit(AUTHOR, other, builders.offer_edits([1]))
    assert signed is not None
    take(world.peer, world.store, SHOP.log_name(other))
    world.put_back(copy)
    world.store.own_logs.begin_draft(AUTHOR, other)
    builders.add_log(world.store, SHOP.log_name(other))
    builders.fetch(world.store, world.peer, SHOP.log(other))
    opened = world.store.own_logs.open_next(AUTHOR, other)
    assert opened is not None
    assert opened.head.parent == (SHOP.incarnation, 1, signed.id)
    assert world.store.own_logs.written(SHOP.log_name()) == SHOP.log_name()


def test_stamps_after_a_restore_are_later_than_what_was_lost(world: World) -> None:
    copy = world.copy()
    world.clock.advance(50 * MINUTE_MS)
    lost = world.sell(1, amount_minor=500)
    world.show()
    world.clock.advance(-50 * MINUTE_MS)
    world.put_back(copy)
    world.fetch_lost()
    signed = world.store.own_logs.open_next(AUTHOR, SITE)
    assert signed is not None
    assert signed.head.stamp > lost.head.stamp
    later = world.sell(1, amount_minor=1)
    assert later.head.stamp > signed.head.stamp
    assert later.head.parent == signed.head.parent


def test_a_clock_that_ran_ahead_is_put_right(world: World) -> None:
    """Stamps of next year would hide every price until then."""
    year_ms = 365 * 24 * 3600 * 1000
    world.clock.advance(year_ms)
    world.sell(1, amount_minor=500)
    world.show()
    world.clock.advance(-year_ms)
    assert amounts(world.peer, 0, 1) == [129, None]
    signed = world.store.own_logs.restamp(AUTHOR, SITE)
    assert signed is not None
    assert signed.head.parent is None
    assert signed.head.absorbed is not None
    assert signed.head.stamp <= world.clock.now_ms() + MINUTE_MS
    name = world.store.own_logs.written(SHOP.log_name())
    take(world.peer, world.store, name)
    for one in (world.peer, world.store):
        assert amounts(one, 0, 1) == [129, 500]
        assert [found for _, found, _ in one.heads()] == [name]
        assert builders.problems(one) == []
    assert world.sell(1, amount_minor=4).head.stamp < world.clock.now_ms() + MINUTE_MS
    assert amounts(world.store, 1) == [4]


def test_nothing_is_written_where_a_copy_writes_too(world: World) -> None:
    world.store.own_logs.stop("neighbours have met both")
    for attempt in (
        lambda: world.sell(1),
        lambda: world.store.renew(AUTHOR, SITE),
        lambda: world.store.own_logs.restamp(AUTHOR, SITE),
    ):
        with pytest.raises(Refused, match="copied") as caught:
            attempt()
        assert "--as original" in caught.value.hint
    world.store.own_logs.go_on_as_original(AUTHOR)
    assert world.store.own_logs.stopped is None
    name = world.store.own_logs.written(SHOP.log_name())
    assert name.incarnation > SHOP.incarnation
    world.sell(1, amount_minor=3)
    assert take(world.peer, world.store, name) == 0
    assert amounts(world.peer, 0, 1) == [129, 3]


def test_who_follows_moves_sees_the_log_that_takes_the_place_of_a_draft(world: World) -> None:
    copy = world.copy()
    world.sell(30)
    world.show()
    world.put_back(copy)
    world.fetch_lost()
    world.sell(40)
    followed = max(moved for moved, _, _ in world.store.heads())
    signed = world.store.own_logs.open_next(AUTHOR, SITE)
    assert signed is not None
    later = world.store.heads(moved_after=followed)
    assert [raw for _, _, raw in later] == [signed.raw]
