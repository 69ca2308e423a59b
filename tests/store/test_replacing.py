"""A whole log in the place of what is held: below the floor, for feed, journal and memory too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fedretail.crdt.changes import START
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Outcome
from fedretail.domain.kind import RecordId
from fedretail.errors import PeerError
from fedretail.store import logs
from fedretail.store.commits import Edit
from fedretail.store.floors import BEHIND_MS, DAY_MS
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

PAIR = builders.shop("pair", devices=2)
LOG = PAIR.log()


@pytest.fixture
def source(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    """The first device: offers 0 to 3."""
    store = builders.shop_store(tmp_path, PAIR, clock=clock)
    store.commit(PAIR.author(), SITE, builders.offer_edits(range(4)))
    yield store
    store.close()


@pytest.fixture
def sister(tmp_path: Path, clock: ManualClock, source: Store) -> Iterator[Store]:
    """The second device, which has the log of the first as it is now."""
    store = builders.shop_store(tmp_path, PAIR, clock=clock, device=1)
    builders.add_log(store, PAIR.log_name())
    builders.fetch(store, source, LOG)
    yield store
    store.close()


def place(key: str) -> RecordId:
    return RecordId(PAIR.owner, SITE, "offer", key)


def versions(store: Store, key: str) -> list[list[Any]]:
    return [[list(group) for group in groups] for groups in store.versions(place(key))]


def go(source: Store, clock: ManualClock) -> None:
    """sku0 is deleted and goes for ever; sku1 has a new price, sku2 is written anew as it was."""
    clock.advance(DAY_MS)
    source.commit(PAIR.author(), SITE, [Edit("offer", "sku0", is_deletion=True)])
    source.commit(PAIR.author(), SITE, builders.offer_edits([1], amount_minor=5))
    builders.empty(source, PAIR.author(), [("offer", "sku0")])
    clock.advance(DAY_MS)
    source.renew(PAIR.author(), SITE)
    clock.advance(BEHIND_MS)
    signed = source.renew(PAIR.author(), SITE)
    assert signed is not None
    assert signed.head.floor > 1


def test_a_holder_answers_with_the_whole_log_below_its_floor(
    source: Store, sister: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "PART_BYTES", 1)
    state = sister.log(LOG)
    assert state is not None
    go(source, clock)
    part = source.changes_since(LOG, state.point, None)
    again = source.changes_since(LOG, state.point, RowKey("offer", "sku2"))
    assert part == again == source.changes_since(LOG, START, None)
    assert part is not None
    assert part.base == START
    newest = source.log(LOG)
    assert newest is not None
    above = newest.point._replace(seq=newest.point.seq - 1)
    part = source.changes_since(LOG, above, None)
    assert part is not None
    assert part.base == above


@pytest.mark.parametrize("part_bytes", [1, 10**6])
def test_rows_that_have_gone_vanish_and_readers_hear_of_it(
    source: Store, sister: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch,
    part_bytes: int,
) -> None:  # fmt: skip
    go(source, clock)
    end = sister.feed_end()
    monkeypatch.setattr(logs, "PART_BYTES", part_bytes)
    builders.fetch(sister, source, LOG)
    assert builders.rows(sister, LOG) == builders.rows(source, LOG)
    assert builders.problems(sister) == []
    assert sister.record(place("sku0")) is None
    told = [record.key for _, record in sister.feed(end, 100)]
    assert sorted(told) == ["sku0", "sku1"]


def test_what_stood_there_is_journalled(source: Store, sister: Store, clock: ManualClock) -> None:
    before = {key: versions(sister, key) for key in ("sku0", "sku1", "sku3")}
    go(source, clock)
    builders.fetch(sister, source, LOG)
    assert versions(sister, "sku0") == before["sku0"]
    assert versions(sister, "sku1")[1:] == before["sku1"]
    assert versions(sister, "sku3") == before["sku3"]
    assert versions(sister, "never") == []


def test_changes_since_a_place_below_the_floor_are_never_taken(
    source: Store, sister: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a holder that says less than it should: nothing of it is kept, wherever it arrives."""
    held = sister.log(LOG)
    assert held is not None
    go(source, clock)
    monkeypatch.setattr(logs, "START", held.point)
    part = source.changes_since(LOG, held.point, None)
    assert part is not None
    assert part.base == held.point
    head, changes = SignedHead.parse(part.head), pack(part.changes)
    for more in ({"is_push": True}, {}, {"after": RowKey("offer", "sku1")}):
        given: dict[str, Any] = dict(more)
        assert sister.advance(head, held.point.seq, changes, **given) is Outcome.GAP
    assert sister.log(LOG) == held
    assert sister.wanted(LOG) == (held.point, None)


def test_a_transfer_that_the_floor_overtakes_begins_anew(
    source: Store, sister: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.commit(PAIR.author(), SITE, builders.offer_edits(range(4), amount_minor=7))
    monkeypatch.setattr(logs, "PART_BYTES", 1)
    assert builders.fetch_part(sister, source, LOG) is Outcome.STAGED
    wanted = sister.wanted(LOG)
    assert wanted is not None
    assert wanted.base.seq == 1
    go(source, clock)
    assert builders.fetch_part(sister, source, LOG) is Outcome.STAGED
    wanted = sister.wanted(LOG)
    assert wanted is not None
    assert wanted.base == START
    builders.fetch(sister, source, LOG)
    assert builders.rows(sister, LOG) == builders.rows(source, LOG)


def test_a_false_whole_log_costs_nothing(
    source: Store, sister: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even that the rows held are put aside, which takes a second in a large log."""
    go(source, clock)
    monkeypatch.delattr("fedretail.store.replacing.set_aside")
    part = source.changes_since(LOG, START, None)
    assert part is not None
    before = builders.rows(sister, LOG)
    for is_push in (True, False):
        with pytest.raises(PeerError):
            sister.advance(SignedHead.parse(part.head), 0, pack(part.changes[:-1]), is_push=is_push)
        assert builders.rows(sister, LOG) == before
        assert builders.problems(sister) == []


def test_a_renewal_over_the_rows_held_is_taken_at_any_place(
    source: Store, sister: Store, clock: ManualClock
) -> None:
    """A row that came and went while nobody looked: the floor has passed, and nothing differs."""
    clock.advance(DAY_MS)
    source.commit(PAIR.author(), SITE, [Edit("offer", "passing", {"name": "x"})])
    builders.empty(source, PAIR.author(), [("offer", "passing")])
    clock.advance(DAY_MS)
    source.renew(PAIR.author(), SITE)
    clock.advance(BEHIND_MS)
    signed = source.renew(PAIR.author(), SITE)
    held = sister.log(LOG)
    assert signed is not None
    assert held is not None
    assert signed.head.floor > held.point.seq
    outcome = sister.advance(signed, held.point.seq, pack([]), is_push=True)
    assert outcome is Outcome.MOVED
    assert builders.rows(sister, LOG) == builders.rows(source, LOG)


def test_a_damaged_row_is_replaced_like_any_other(
    source: Store, sister: Store, clock: ManualClock
) -> None:
    go(source, clock)
    connection = builders.QuickConnection(sister.path)
    connection.execute("UPDATE row SET row = X'C1' WHERE key IN ('sku0', 'sku1')")
    connection.close()
    end = sister.feed_end()
    builders.fetch(sister, source, LOG)
    assert builders.rows(sister, LOG) == builders.rows(source, LOG)
    assert builders.problems(sister) == []
    assert sorted(record.key for _, record in sister.feed(end, 100)) == ["sku0", "sku1"]
