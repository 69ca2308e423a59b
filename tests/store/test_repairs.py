"""Repair from a copy that is behind: what was written since stays, what rotted comes back."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey, stored_row
from fedretail.crdt.transfer import Repair
from fedretail.errors import Refused
from fedretail.store.commits import Edit
from fedretail.store.floors import BEHIND_MS
from fedretail.store.intake import DigestMismatch
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

SHOP = builders.shop()
LOG = SHOP.log()
KEYS = range(5)
# A price, a deletion, a row emptied, or 31 days without an edit.
STEPS = st.tuples(st.sampled_from(["price", "delete", "vacate", "wait"]), st.sampled_from(KEYS))


def step(store: Store, clock: ManualClock, what: str, number: int) -> None:
    clock.advance(1000)
    key = f"sku{number}"
    match what:
        case "price":
            store.commit(SHOP.author(), SITE, [Edit("offer", key, {"prices": [[clock.now_ms()]]})])
        case "delete":
            store.commit(SHOP.author(), SITE, [Edit("offer", key, is_deletion=True)])
        case "vacate":
            if rows_of(store).get(RowKey("offer", key)):
                builders.empty(store, SHOP.author(), [("offer", key)])
        case _:
            clock.advance(BEHIND_MS)
            store.renew(SHOP.author(), SITE)


def rows_of(store: Store) -> dict[RowKey, bytes]:
    return dict(store.repairs.mapped_rows(LOG, lambda key, packed: packed))


def damage(store: Store, key: RowKey, how: str) -> None:
    packed = rows_of(store)[key]
    where = "WHERE kind = ? AND key = ?"
    other = stored_row(packed)._replace(groups=[(1, {"name": "rotten"})]).pack()
    new = {"torn": packed[: len(packed) // 2], "other": other, "gone": None}[how]
    if new is None:
        store._write.execute(f"DELETE FROM row {where}", key)
    else:
        store._write.execute(f"UPDATE row SET row = ? {where}", (new, *key))


def from_copy(store: Store, peer: Store) -> Repair:
    """What comparing the rows of both leads to."""
    ours, theirs = rows_of(store), rows_of(peer)
    part = peer.repairs.whole_rows(LOG, sorted(k for k in theirs if ours.get(k) != theirs[k]))
    assert part is not None
    assert part.after is None
    removed = sorted(key for key in ours if ours[key] != theirs.get(key))
    return Repair(SignedHead.parse(part.head), removed, [pack(part.changes)])


@given(
    st.lists(STEPS, max_size=6),
    st.lists(STEPS, min_size=1, max_size=6),
    st.integers(0, 9),
    st.sampled_from(["torn", "other", "gone"]),
)
def test_a_copy_that_is_behind_mends_what_it_holds_and_loses_nothing(
    before: Sequence[tuple[str, int]], since: Sequence[tuple[str, int]], which: int, how: str
) -> None:
    clock = ManualClock()
    with TemporaryDirectory() as folder:
        store = builders.shop_store(Path(folder), SHOP, clock=clock)
        store.commit(SHOP.author(), SITE, builders.offer_edits(KEYS))
        for one in before:
            step(store, clock, *one)
        peer = builders.peer_store(Path(folder), "peer", SHOP, clock=clock)
        builders.fetch(peer, store, LOG)
        held = peer.log(LOG)
        assert held is not None
        for one in since:
            step(store, clock, *one)
        right, state = rows_of(store), store.log(LOG)
        assert state is not None
        key = sorted(right)[which % len(right)]
        is_known = rows_of(peer).get(key) == right[key]
        floor = SignedHead.parse(state.head or b"").head.floor
        damage(store, key, how)
        store.repairs.set_damaged([LOG])
        rotten = rows_of(store)
        try:
            head = store.repairs.repair(from_copy(store, peer))
        except DigestMismatch:
            # What was purged since looks like what has gone.
            assert not is_known or held.point.seq < floor
            assert rows_of(store) == rotten
            assert store.repairs.damaged() == [LOG]
        else:
            assert is_known
            assert head.raw == state.head
            assert rows_of(store) == right
            assert builders.problems(store) == []
            assert store.repairs.damaged() == []
        store.close()
        peer.close()


def test_a_liar_who_is_behind_changes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    first = store.commit(SHOP.author(), SITE, builders.offer_edits(KEYS))
    assert first is not None
    store.commit(SHOP.author(), SITE, [Edit("offer", "sku1", {"prices": [[99]]})])
    right = rows_of(store)
    forger = builders.new_store(tmp_path, "forger", clock=clock)
    forger.add_auth(SHOP.grants)
    forger.commit(SHOP.author(), SITE, builders.offer_edits([0], amount_minor=1))
    forged = forger.repairs.whole_rows(LOG, [RowKey("offer", "sku0")])
    assert forged is not None
    for parts in ([], [pack(forged.changes)]):
        with pytest.raises(DigestMismatch):
            store.repairs.repair(Repair(first, [RowKey("offer", "sku0")], parts))
        assert rows_of(store) == right
    store.close()
    forger.close()


def test_another_state_of_the_same_number_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    signed = store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    assert signed is not None
    twin = SignedHead.sign(signed.head._replace(stamp=signed.head.stamp + 1), SHOP.devices[0])
    with pytest.raises(Refused):
        store.repairs.repair(Repair(twin, [], []))
    assert store.log(LOG).point == Point(signed.head.seq, signed.head.stamp)  # type: ignore[union-attr]
    store.close()
