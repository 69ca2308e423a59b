"""Rows leave own logs when their 30 days are full, not a day before, and nobody misses them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import stored_row
from fedretail.crdt.transfer import Outcome
from fedretail.domain.kind import RecordId
from fedretail.errors import Unavailable
from fedretail.store import vacating, writing
from fedretail.store.commits import Author, Edit
from fedretail.store.store import Store
from fedretail.store.vacating import WAIT_MS
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

DAY_MS = 24 * 3600 * 1000
SHOP = builders.shop()
PAIR = builders.shop("pair", devices=2)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    """A shop with one device: offers 0 to 4, of which 1 was deleted."""
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(5)))
    store.commit(SHOP.author(), SITE, [deletion("sku1")])
    yield store
    store.close()


@pytest.fixture
def pair(tmp_path: Path, clock: ManualClock) -> Iterator[list[Store]]:
    """Two devices of a shop, each with the other's log: both wrote sku0, the first deleted it."""
    stores = [builders.shop_store(tmp_path, PAIR, clock=clock, device=number) for number in (0, 1)]
    for number, store in enumerate(stores):
        builders.add_log(store, PAIR.log_name(device=1 - number))
        store.commit(PAIR.author(number), SITE, builders.offer_edits([0]))
        clock.advance(1000)
    stores[0].commit(PAIR.author(0), SITE, [deletion("sku0")])
    meet(stores)
    yield stores
    for store in stores:
        store.close()


def meet(stores: list[Store]) -> None:
    """Each device takes what the other has written."""
    for number, store in enumerate(stores):
        builders.fetch(store, stores[1 - number], PAIR.log(device=1 - number))


def deletion(key: str) -> Edit:
    return Edit("offer", key, is_deletion=True)


def groups(store: Store, log: bytes, key: str) -> list[object] | None:
    packed = builders.row(store, log, ("offer", key))
    return None if packed is None else [fields for _, fields in stored_row(packed).groups]


def wait(store: Store, clock: ManualClock, ms: int) -> None:
    clock.advance(ms)
    store.vacating.add_running(ms)


def head(store: Store, log: bytes) -> SignedHead:
    state = store.log(log)
    assert state is not None
    assert state.head is not None
    return SignedHead.parse(state.head)


def test_a_deletion_stays_for_30_days_of_running(store: Store, clock: ManualClock) -> None:
    log = SHOP.log()
    assert store.vacating.run(SHOP.author()) == 0
    wait(store, clock, WAIT_MS - 1)
    assert store.vacating.run(SHOP.author()) == 0
    # Days in which the daemon does not run do not count.
    clock.advance(90 * DAY_MS)
    assert store.vacating.run(SHOP.author()) == 0
    assert groups(store, log, "sku1") == [{"!": True}]
    wait(store, clock, 1)
    assert store.vacating.run(SHOP.author()) == 1
    assert groups(store, log, "sku1") == []
    assert head(store, log).head.seq == 3
    assert head(store, log).head.count == 5
    assert store.vacating.run(SHOP.author()) == 0
    assert builders.problems(store) == []


def test_the_index_hears_nothing_of_it(store: Store, clock: ManualClock) -> None:
    store.vacating.run(SHOP.author())
    wait(store, clock, WAIT_MS)
    end = store.feed_end()
    assert store.vacating.run(SHOP.author()) == 1
    assert store.feed_end() == end
    assert store.record(RecordId(SHOP.owner, SITE, "offer", "sku1")) is None


def test_a_record_begun_anew_keeps_what_it_has(store: Store, clock: ManualClock) -> None:
    store.commit(SHOP.author(), SITE, [Edit("offer", "sku1", {"name": "again"})])
    before = store.record(RecordId(SHOP.owner, SITE, "offer", "sku1"))
    store.vacating.run(SHOP.author())
    wait(store, clock, WAIT_MS)
    assert store.vacating.run(SHOP.author()) == 1
    assert groups(store, SHOP.log(), "sku1") == [{"name": "again"}]
    assert store.record(RecordId(SHOP.owner, SITE, "offer", "sku1")) == before


def test_a_second_deletion_begins_the_days_anew(store: Store, clock: ManualClock) -> None:
    store.vacating.run(SHOP.author())
    wait(store, clock, WAIT_MS - 1)
    store.commit(SHOP.author(), SITE, [deletion("sku1")])
    wait(store, clock, 1)
    assert store.vacating.run(SHOP.author()) == 0
    wait(store, clock, WAIT_MS)
    assert store.vacating.run(SHOP.author()) == 1


def test_many_rows_a_batch_at_a_time(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit(SHOP.author(), SITE, [deletion(f"sku{number}") for number in range(5)])
    monkeypatch.setattr(vacating, "_BATCH", 2)
    assert [store.vacating.run(SHOP.author()) for _ in range(6)] == [0] * 6
    wait(store, clock, WAIT_MS)
    assert sorted(store.vacating.run(SHOP.author()) for _ in range(6))[-3:] == [1, 2, 2]
    assert builders.problems(store) == []


def test_a_device_that_was_never_heard_of_keeps_every_deletion(
    pair: list[Store], tmp_path: Path, clock: ManualClock
) -> None:
    (tmp_path / "alone").mkdir()
    alone = builders.shop_store(tmp_path / "alone", PAIR, clock=clock)
    alone.commit(PAIR.author(0), SITE, [deletion("sku0")])
    alone.vacating.run(PAIR.author(0))
    wait(alone, clock, 2 * WAIT_MS)
    assert alone.vacating.run(PAIR.author(0)) == 0
    alone.close()


def test_two_devices_one_after_the_other(pair: list[Store], clock: ManualClock) -> None:
    """The second lets go of its field, then the first of its deletion; 30 days each."""
    first, second = pair
    logs = [PAIR.log(device=0), PAIR.log(device=1)]
    for days, expected in [(0, [0, 0]), (30, [0, 1]), (0, [0, 0]), (29, [0, 0]), (1, [1, 0])]:
        clock.advance(days * DAY_MS + 1000)
        for number, store in enumerate(pair):
            store.vacating.add_running(days * DAY_MS)
            assert store.vacating.run(PAIR.author(number)) == expected[number], days
        for number, store in enumerate(pair):
            store.renew(PAIR.author(number), SITE)
        meet(pair)
    # By now the second's vacant row has gone as well: it is older than 30 days.
    found = [groups(store, log, "sku0") for store in pair for log in logs]
    assert found == [[], None, [], None]
    assert first.record(RecordId(PAIR.owner, SITE, "offer", "sku0")) is None
    assert builders.problems(first) == builders.problems(second) == []


def test_an_older_field_elsewhere_keeps_the_deletion(pair: list[Store], clock: ManualClock) -> None:
    """Later heads alone say nothing: the other has not seen the deletion."""
    for _ in range(4):
        clock.advance(30 * DAY_MS)
        pair[1].renew(PAIR.author(1), SITE)
        builders.fetch(pair[0], pair[1], PAIR.log(device=1))
        pair[0].vacating.add_running(30 * DAY_MS)
        assert pair[0].vacating.run(PAIR.author(0)) == 0


def test_a_silent_device_keeps_the_deletion(pair: list[Store], clock: ManualClock) -> None:
    """No older field, but no later head: it may write one that is older than the deletion."""
    builders.empty(pair[1], PAIR.author(1), [("offer", "sku0")])
    meet(pair)
    pair[0].commit(PAIR.author(0), SITE, [deletion("sku0")])
    for _ in range(4):
        wait(pair[0], clock, WAIT_MS)
        assert pair[0].vacating.run(PAIR.author(0)) == 0
    pair[1].renew(PAIR.author(1), SITE)
    meet(pair)
    assert pair[0].vacating.run(PAIR.author(0)) == 0
    wait(pair[0], clock, WAIT_MS)
    assert pair[0].vacating.run(PAIR.author(0)) == 1


def test_what_ends_in_between_begins_anew(store: Store, tmp_path: Path, clock: ManualClock) -> None:
    """A device that was named late may hold something older, until its log is here."""
    store.vacating.run(SHOP.author())
    wait(store, clock, WAIT_MS - 1)
    late = builders.key("late")
    store.add_auth([builders.grant(SHOP.root, late.public, number=9, now_ms=clock.now_ms())])
    assert store.vacating.run(SHOP.author()) == 0
    author = Author(SHOP.owner, late, SHOP.incarnation)
    other = builders.new_store(tmp_path, "late", clock=clock)
    signed = other.commit(author, SITE, builders.offer_edits([7]))
    assert signed is not None
    builders.add_log(store, author.log(SITE))
    builders.fetch(store, other, signed.head.log)
    other.close()
    assert store.vacating.run(SHOP.author()) == 0
    wait(store, clock, WAIT_MS - 1)
    assert store.vacating.run(SHOP.author()) == 0
    wait(store, clock, 1)
    assert store.vacating.run(SHOP.author()) == 1


@pytest.mark.parametrize("is_absorbed", [True, False])
def test_an_older_incarnation_counts_until_it_is_taken_over(
    pair: list[Store], clock: ManualClock, is_absorbed: bool
) -> None:
    """It never has a later head; its device says up to where it has taken it over."""
    author = PAIR.author(1, incarnation=PAIR.incarnation + 1)
    old = head(pair[1], PAIR.log(device=1))
    signed = pair[1].commit(author, SITE, builders.offer_edits([7]))
    assert signed is not None
    builders.add_log(pair[0], author.log(SITE))
    builders.fetch(pair[0], pair[1], signed.head.log)
    for days in (0, 30, 30):
        wait(pair[0], clock, days * DAY_MS)
        assert pair[0].vacating.run(PAIR.author(0)) == 0
    place = (old.head.seq, old.id)
    named = {
        "absorbed": ((old.head.log, *place),) if is_absorbed else None,
        "parent": None if is_absorbed else (PAIR.incarnation, *place),
    }
    later = signed.head._replace(seq=2, stamp=clock.now_ms(), **named)
    heir = SignedHead.sign(later, PAIR.devices[1])
    assert pair[0].advance(heir, 1, pack([]), is_push=True) is Outcome.MOVED
    for days, expected in [(0, 0), (29, 0), (1, 1)]:
        wait(pair[0], clock, days * DAY_MS)
        assert pair[0].vacating.run(PAIR.author(0)) == expected


def test_nothing_is_lost_where_a_commit_fails(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.vacating.run(SHOP.author())
    wait(store, clock, WAIT_MS)

    def fail(*_: object, **__: object) -> None:
        raise Unavailable("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr("fedretail.store.log.move", fail)
        with pytest.raises(Unavailable):
            store.vacating.run(SHOP.author())
    assert groups(store, SHOP.log(), "sku1") == [{"!": True}]
    assert store.vacating.run(SHOP.author()) == 1


@pytest.mark.parametrize("is_draft", [True, False])
def test_what_nobody_has_seen_is_left_alone(
    store: Store, clock: ManualClock, is_draft: bool
) -> None:
    """It may have to be done again upon another state, and an empty row tells of no edit."""
    store.vacating.run(SHOP.author())
    wait(store, clock, WAIT_MS)
    place = head(store, SHOP.log()).head
    seen = Point(place.seq - (not is_draft), place.stamp)
    with store._write.transaction(durable=False):
        writing.note(store._write, SHOP.log_name(), seen, is_draft=is_draft)
    assert store.vacating.run(SHOP.author()) == 0
    with store._write.transaction(durable=False):
        seen = Point(place.seq, place.stamp)
        writing.note(store._write, SHOP.log_name(), seen, is_draft=False)
    assert store.vacating.run(SHOP.author()) == 1


def test_a_copy_that_writes_no_more_empties_nothing(store: Store, clock: ManualClock) -> None:
    store.vacating.run(SHOP.author())
    wait(store, clock, WAIT_MS)
    store.set_meta({writing.STOPPED: "for a test"})
    assert store.vacating.run(SHOP.author()) == 0
    store.set_meta({writing.STOPPED: None})
    assert store.vacating.run(SHOP.author()) == 1
