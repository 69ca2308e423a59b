"""Transfers in parts: they go on from any holder, at any head, and never grow without end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Outcome
from fedretail.errors import MalformedInput
from fedretail.store import logs, staging
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE

SHOP = builders.shop()
LOG = SHOP.log()


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A shop's store with six offers, served one row a part."""
    monkeypatch.setattr(logs, "PART_BYTES", 1)
    store = builders.shop_store(tmp_path, SHOP)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(6)))
    yield store
    store.close()


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Store]:
    store = builders.peer_store(tmp_path, "target", SHOP)
    yield store
    store.close()


@pytest.fixture
def other(tmp_path: Path, source: Store) -> Iterator[Store]:
    """A neighbour who holds the first commit."""
    store = builders.peer_store(tmp_path, "other", SHOP)
    builders.fetch(store, source, LOG)
    yield store
    store.close()


def edit(store: Store, number: int, amount_minor: int) -> None:
    store.commit(SHOP.author(), SITE, builders.offer_edits([number], amount_minor=amount_minor))


def take(target: Store, source: Store, count: int = 1) -> list[Outcome | None]:
    return [builders.fetch_part(target, source, LOG) for _ in range(count)]


def test_a_transfer_goes_on_with_another_holder(source: Store, other: Store, target: Store) -> None:
    assert take(target, source, 3) == [Outcome.STAGED] * 3
    assert target.wanted(LOG) == (Point(0, 0), RowKey("offer", "sku2"))
    assert take(target, other, 3) == [Outcome.STAGED, Outcome.STAGED, Outcome.MOVED]
    assert builders.rows(target, LOG) == builders.rows(source, LOG)
    assert target.wanted(LOG) == (target.log(LOG).point, None)  # type: ignore[union-attr]


def test_the_owner_goes_on_committing_meanwhile(source: Store, target: Store) -> None:
    take(target, source, 2)
    edit(source, 0, 1)
    take(target, source, 2)
    edit(source, 3, 2)
    edit(source, 5, 3)
    assert take(target, source, 2) == [Outcome.STAGED] * 2
    # All keys are here, at three heads: what changed since the oldest completes them.
    place = target.wanted(LOG)
    assert place is not None
    assert (place.base.seq, place.after) == (1, None)
    assert target.heads() == []
    edit(source, 0, 4)
    assert take(target, source, 3) == [Outcome.STAGED, Outcome.STAGED, Outcome.MOVED]
    assert builders.rows(target, LOG) == builders.rows(source, LOG)
    assert builders.problems(target) == []


def test_parts_out_of_order_and_again(source: Store, target: Store) -> None:
    served = list(builders.parts(source, LOG))
    head = SignedHead.parse(served[0].head)

    def send(index: int) -> Outcome:
        part = served[index]
        return target.advance(head, 0, pack(part.changes), after=part.after)

    assert send(1) is Outcome.STAGED
    place = target.wanted(LOG)
    assert [send(0), send(1)] == [Outcome.GAP] * 2
    assert target.wanted(LOG) == place
    assert [send(index) for index in (2, 3, 4)] == [Outcome.STAGED] * 3
    with pytest.raises(Exception, match="signed"):
        send(5)
    assert target.wanted(LOG) == (Point(0, 0), None)
    builders.fetch(target, source, LOG)
    assert builders.rows(target, LOG) == builders.rows(source, LOG)


def test_who_is_behind_what_is_staged_begins_anew(
    source: Store, other: Store, target: Store
) -> None:
    """The holder of the newer head may never come back."""
    edit(source, 0, 1)
    take(target, source, 3)
    assert take(target, other, 7) == [Outcome.GAP, *[Outcome.STAGED] * 5, Outcome.MOVED]
    assert builders.rows(target, LOG) == builders.rows(other, LOG)
    builders.fetch(target, source, LOG)
    assert builders.rows(target, LOG) == builders.rows(source, LOG)


def test_more_than_the_head_announces(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MAX_PART_BYTES", 2000)
    head = SignedHead.parse(source.heads()[0][2])
    room = (3 * head.head.size + 2000) // 1530

    def send(number: int) -> Outcome:
        name = f"sku{number:04}"
        junk = pack([["offer", ["x"], [[name, "y" * 1500, 0, 0, 0]]]])
        return target.advance(head, 0, junk, after=RowKey("offer", name))

    assert [send(number) for number in range(room)] == [Outcome.STAGED] * room
    with pytest.raises(MalformedInput, match="announces"):
        send(room)
    # What was staged is gone, so that an honest neighbour can begin anew.
    assert target.wanted(LOG) == (Point(0, 0), None)


def test_staging_is_bound_to_its_base(source: Store, other: Store, target: Store) -> None:
    take(target, source, 2)
    builders.fetch(other, source, LOG)
    whole = list(builders.parts(other, LOG))
    changes = [line for part in whole for line in part.changes]
    head = SignedHead.parse(whole[0].head)
    assert target.advance(head, 0, pack(changes), is_push=True) is Outcome.MOVED
    assert target.wanted(LOG) == (Point(head.head.seq, head.head.stamp), None)
    assert take(target, source) == [None]


def test_a_broken_part_is_refused_at_once_and_alone(source: Store, target: Store) -> None:
    take(target, source, 2)
    place = target.wanted(LOG)
    head = SignedHead.parse(source.heads()[0][2])
    broken = pack([["offer", ["f"], [["sku2", 1.5, 0, 0, 0]]]])
    with pytest.raises(MalformedInput):
        target.advance(head, 0, broken, after=RowKey("offer", "sku2"))
    assert target.wanted(LOG) == place
    assert take(target, source, 4)[-1] is Outcome.MOVED
    assert builders.rows(target, LOG) == builders.rows(source, LOG)


def test_a_restart_keeps_what_is_staged(source: Store, target: Store, tmp_path: Path) -> None:
    take(target, source, 4)
    target.close()
    again = builders.new_store(tmp_path, "target")
    assert take(again, source, 2) == [Outcome.STAGED, Outcome.MOVED]
    again.close()


def test_one_row_at_its_limits_fits_into_a_part(source: Store, tmp_path: Path) -> None:
    """64 fields set one by one, long keys: each group is a list of its own."""
    key = "k" * 64
    store = builders.peer_store(tmp_path, "wide", SHOP)
    for number in range(64):
        fields = {f"field-{number:02}": "v" * 90}
        source.commit(SHOP.author(), SITE, [Edit("offer", key, fields, keep_unknown=True)])
    builders.fetch(store, source, LOG)
    assert builders.rows(store, LOG) == builders.rows(source, LOG)
    store.close()


def test_parts_fit_into_a_frame_in_the_worst_case(
    source: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "PART_BYTES", 20_000)
    for number in range(40):
        edits = [
            Edit("offer", f"{shelf:<60}", {f"f{number}": 1}, keep_unknown=True)
            for shelf in range(20)
        ]
        source.commit(SHOP.author(), SITE, edits)
    sizes = [len(pack(part.changes)) for part in builders.parts(source, LOG)]
    assert max(sizes) <= 20_000
    assert len(sizes) > 2


def test_parts_without_rows_end_soon(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would be looked at again with each that follows."""
    monkeypatch.setattr(staging, "_FEW_PARTS", 5)
    state = source.log(LOG)
    assert state is not None
    assert state.head is not None
    head = SignedHead.parse(state.head)
    # Two for the 256 KiB that each transfer may take, however little its head announces.
    outcomes = [
        target.advance(head, 0, pack([]), after=RowKey("a", f"{number}")) for number in range(7)
    ]
    assert outcomes == [Outcome.STAGED] * 7
    with pytest.raises(MalformedInput, match="more parts"):
        target.advance(head, 0, pack([]), after=RowKey("b", ""))
