"""Silence: who is let go and when, what stays, and that a later word brings all back."""

from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from fedretail.domain.kind import RecordId
from fedretail.errors import Refused
from fedretail.store import check, logs
from fedretail.store.commits import Edit
from fedretail.store.database import Connection
from fedretail.store.store import Store
from fedretail.store.upkeep import EVICT_MS, RETURN_MS
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.restores import take

SHOP, OTHER = builders.shop("silent"), builders.shop("other")
DAY_MS = 24 * 3600 * 1000
KEY = SITE.removeprefix("site/")


@pytest.fixture
def silent(tmp_path: Path, clock: ManualClock) -> Store:
    """The store of a shop that will not be heard of any more."""
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(2500)))
    store.commit(SHOP.author(), "member", [Edit("member", "self", {"name": "Silent"})])
    return store


@pytest.fixture
def other(tmp_path: Path, clock: ManualClock) -> Store:
    """A shop that goes on."""
    store = builders.shop_store(tmp_path, OTHER, clock=clock)
    store.commit(OTHER.author(), SITE, builders.offer_edits([1]))
    return store


@pytest.fixture
def holder(tmp_path: Path, clock: ManualClock, silent: Store, other: Store) -> Store:
    """A stranger that holds all of both."""
    store = builders.peer_store(tmp_path, "holder", OTHER, clock=clock)
    store.add_auth(SHOP.grants)
    # The last log is the one that will go: its number must not be given again.
    builders.add_log(store, SHOP.log_name("member"))
    builders.add_log(store, SHOP.log_name())
    for source, log in ((silent, SHOP.log()), (silent, SHOP.log("member")), (other, OTHER.log())):
        builders.fetch(store, source, log)
    return store


def renewed(store: Store, source: Store) -> None:
    source.renew(OTHER.author(), SITE)
    builders.fetch(store, source, OTHER.log())


def evicted(store: Store) -> list[bytes]:
    gone = store.upkeep.evict()
    while store.upkeep.sweep():
        pass
    return gone


def offers(store: Store, owner: bytes) -> int:
    return sum(1 for _ in store.records("offer", owner=owner))


def test_after_half_a_year_a_collection_goes_as_a_whole(
    holder: Store, other: Store, clock: ManualClock
) -> None:
    clock.advance(EVICT_MS)
    renewed(holder, other)
    assert evicted(holder) == []
    clock.advance(DAY_MS)
    renewed(holder, other)
    assert evicted(holder) == [SHOP.log()]
    assert (offers(holder, SHOP.owner), offers(holder, OTHER.owner)) == (0, 1)
    assert holder.seen_at(SHOP.owner, SITE) is None
    assert builders.rows(holder, SHOP.log()) == {}
    assert holder._read.execute("SELECT count(*) FROM row").fetchone() == (2,)
    assert holder.record(RecordId(SHOP.owner, "member", "member", "self")) is not None
    assert [one.record.owner for _, one in holder.auth_records()].count(SHOP.owner) == 1
    assert builders.problems(holder) == []
    assert evicted(holder) == []


def test_followers_of_the_feed_hear_of_all_that_went(
    holder: Store, other: Store, clock: ManualClock
) -> None:
    after = holder.feed_end()
    clock.advance(EVICT_MS + DAY_MS)
    renewed(holder, other)
    evicted(holder)
    told = {place for _, place in holder.feed(after, 10_000) if place.owner == SHOP.owner}
    assert len(told) == 2500


def test_a_sweep_that_was_cut_off_goes_on(holder: Store, other: Store, clock: ManualClock) -> None:
    clock.advance(EVICT_MS + DAY_MS)
    renewed(holder, other)
    holder.upkeep.evict()
    assert holder.upkeep.sweep()
    assert offers(holder, SHOP.owner) == 0
    assert builders.problems(holder) == []
    assert holder._read.execute("SELECT count(*) FROM row").fetchone()[0] > 1000
    evicted(holder)
    assert holder._read.execute("SELECT count(*) FROM row").fetchone() == (2,)


def test_who_comes_back_is_fetched_anew(
    holder: Store, silent: Store, other: Store, clock: ManualClock
) -> None:
    clock.advance(EVICT_MS + DAY_MS)
    renewed(holder, other)
    holder.upkeep.evict()
    # Even while the old rows are still on their way out.
    silent.commit(SHOP.author(), SITE, builders.offer_edits([7], amount_minor=5))
    builders.fetch(holder, silent, SHOP.log())
    evicted(holder)
    assert builders.rows(holder, SHOP.log()) == builders.rows(silent, SHOP.log())
    assert offers(holder, SHOP.owner) == 2500
    assert builders.problems(holder) == []


def test_one_device_that_goes_on_keeps_all_logs_of_its_collection(
    tmp_path: Path, other: Store, clock: ManualClock
) -> None:
    """Of one log alone the deletions would go too, and what they hide would come back."""
    pair = builders.shop("pair", devices=2)
    source = builders.shop_store(tmp_path, pair, clock=clock)
    source.commit(pair.author(1), SITE, builders.offer_edits([1]))
    source.commit(pair.author(0), SITE, [Edit("offer", "sku1", is_deletion=True)])
    holder = builders.peer_store(tmp_path, "holder", pair, OTHER, clock=clock)
    builders.add_log(holder, pair.log_name(device=1))
    clock.advance(EVICT_MS + DAY_MS)
    source.renew(pair.author(1), SITE)
    for log in (pair.log(), pair.log(device=1)):
        builders.fetch(holder, source, log)
    renewed(holder, other)
    assert evicted(holder) == []
    assert offers(holder, pair.owner) == 0


def test_deletions_that_are_remembered_go_with_the_collection(
    tmp_path: Path, other: Store, clock: ManualClock
) -> None:
    """Nothing is left that they could hide."""
    pair = builders.shop("pair", devices=2)
    one, two = (builders.shop_store(tmp_path, pair, clock=clock, device=n) for n in (0, 1))
    two.commit(pair.author(1), SITE, builders.offer_edits([1]))
    clock.advance(1000)
    one.commit(pair.author(0), SITE, [Edit("offer", "sku1", is_deletion=True)])
    holder = builders.peer_store(tmp_path, "holder", pair, OTHER, clock=clock)
    builders.add_log(holder, pair.log_name(device=1))
    builders.fetch(holder, two, pair.log(device=1))
    builders.fetch(holder, one, pair.log())
    builders.empty(one, pair.author(0), [("offer", "sku1")])
    builders.fetch(holder, one, pair.log())
    remembered = "SELECT count(*) FROM local_deletion"
    assert holder._read.execute(remembered).fetchone() == (1,)
    clock.advance(EVICT_MS + DAY_MS)
    renewed(holder, other)
    assert len(holder.upkeep.evict()) == 2
    assert holder._read.execute(remembered).fetchone() == (0,)


def test_a_shop_that_said_when_it_comes_back_is_waited_for(
    holder: Store, silent: Store, other: Store, clock: ManualClock
) -> None:
    back_ms = clock.now_ms() + 200 * DAY_MS
    closed = {"closed": [[clock.now_ms(), back_ms, "round the world"]]}
    silent.commit(SHOP.author(), SITE, [Edit("site", KEY, closed)])
    builders.fetch(holder, silent, SHOP.log())
    clock.advance(back_ms + RETURN_MS - clock.now_ms())
    renewed(holder, other)
    assert evicted(holder) == []
    clock.advance(DAY_MS)
    renewed(holder, other)
    assert evicted(holder) == [SHOP.log()]


def test_a_day_of_return_in_the_far_future_is_believed_for_a_year(
    holder: Store, silent: Store, other: Store, clock: ManualClock
) -> None:
    closed = {"closed": [[clock.now_ms(), clock.now_ms() + 9999 * DAY_MS, ""]]}
    silent.commit(SHOP.author(), SITE, [Edit("site", KEY, closed)])
    builders.fetch(holder, silent, SHOP.log())
    clock.advance(366 * DAY_MS + RETURN_MS + DAY_MS)
    renewed(holder, other)
    assert evicted(holder) == [SHOP.log()]


def test_a_clock_that_has_run_ahead_forgets_nobody(holder: Store, clock: ManualClock) -> None:
    clock.advance(10 * EVICT_MS)
    assert evicted(holder) == []


def test_own_collections_stay_however_old(silent: Store, other: Store, clock: ManualClock) -> None:
    silent.add_auth(OTHER.grants)
    builders.add_log(silent, OTHER.log_name())
    clock.advance(3 * EVICT_MS)
    other.renew(OTHER.author(), SITE)
    builders.fetch(silent, other, OTHER.log())
    assert evicted(silent) == []


def test_what_is_on_its_way_in_is_not_let_go(
    holder: Store, silent: Store, other: Store, clock: ManualClock
) -> None:
    clock.advance(EVICT_MS + DAY_MS)
    renewed(holder, other)
    silent.commit(SHOP.author(), SITE, builders.offer_edits(range(2500), amount_minor=5))
    builders.fetch_part(holder, silent, SHOP.log())
    assert holder._read.execute("SELECT count(*) FROM staging").fetchone()[0]
    assert evicted(holder) == []


def test_a_stand_in_extends_no_lease(
    tmp_path: Path, holder: Store, silent: Store, clock: ManualClock
) -> None:
    """Whoever hands a catalog on, however late: its age is that of its owner's signature."""
    signed_ms = silent.seen_at(SHOP.owner, SITE)
    assert signed_ms is not None
    clock.advance(20 * DAY_MS)
    late = builders.peer_store(tmp_path, "late", SHOP, clock=clock)
    builders.fetch(late, holder, SHOP.log())
    assert late.seen_at(SHOP.owner, SITE) == holder.seen_at(SHOP.owner, SITE) == signed_ms


# --- the daily look ---


def test_a_log_whose_rows_have_changed_is_found_and_marked(holder: Store) -> None:
    assert holder.upkeep.check_one(0.99) == []
    holder._write.execute("UPDATE row SET row = zeroblob(9) WHERE key = 'sku7'")
    assert holder.upkeep.check_one(0.0) == []
    assert holder.repairs.damaged() == []
    assert holder.upkeep.check_one(0.99)
    assert holder.repairs.damaged() == [SHOP.log()]


def test_over_damaged_rows_of_its_own_a_store_writes_nothing(silent: Store) -> None:
    assert silent.upkeep.check_own() == []
    silent._write.execute("UPDATE row SET row = zeroblob(9) WHERE key = 'sku7'")
    problems = silent.upkeep.check_own()
    assert silent.upkeep.mark(problems) == (0, 1)
    assert silent.repairs.damaged() == [SHOP.log()]
    before = silent.heads()
    with pytest.raises(Refused, match="damaged"):
        silent.commit(SHOP.author(), SITE, builders.offer_edits(range(1)))
    assert silent.renew(SHOP.author(), SITE) is None
    assert silent.own_logs.take_over(SHOP.author(), SITE) is None
    assert silent.heads() == before
    # What is nobody else's business is kept.
    own = Edit("offer", "sku1", {"note": "dear"})
    assert silent.commit(SHOP.author(), SITE, [own]) is None


def test_without_a_better_copy_a_store_goes_on_with_what_can_be_read(
    silent: Store, tmp_path: Path
) -> None:
    silent._write.execute("UPDATE row SET row = zeroblob(9) WHERE key = 'sku7'")
    silent.upkeep.check_own()
    silent.own_logs.go_on_as_original(SHOP.author())
    assert silent.repairs.damaged() == []
    assert builders.problems(silent) == []
    left = {place.key for place, _ in silent.records("offer")}
    assert left == {f"sku{number}" for number in range(len(left) + 1)} - {"sku7"}
    silent.commit(SHOP.author(), SITE, builders.offer_edits([7]))
    late = builders.peer_store(tmp_path, "late", SHOP, clock=ManualClock())
    for _, name, _ in silent.heads():
        take(late, silent, name)
    assert list(late.records("offer")) == list(silent.records("offer"))
    late.close()


def test_nothing_held_is_nothing_wrong(tmp_path: Path) -> None:
    assert builders.new_store(tmp_path).upkeep.check_one(0.5) == []


def test_a_log_that_goes_while_own_ones_are_recounted_is_passed_over(
    silent: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    recount = check.check_log

    def late(connection: Connection, log: bytes) -> Any:
        monkeypatch.undo()
        assert silent.own_logs.open_next(SHOP.author(), SITE) is not None
        return recount(connection, log)

    monkeypatch.setattr(check, "check_log", late)
    assert silent.upkeep.check_own() == []


def test_nobody_waits_while_rows_are_recounted(
    silent: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows_of = logs.rows_of
    found: list[object] = []

    def watched(connection: Connection, number: int) -> Any:
        reader = Thread(target=lambda: found.append(silent.meta("store_id")))
        for row in rows_of(connection, number):
            if reader.ident is None:
                reader.start()
                reader.join(5)
                found.append("recounted on")
            yield row

    monkeypatch.setattr(logs, "rows_of", watched)
    silent.upkeep.check_own()
    assert found[0] == silent.id
