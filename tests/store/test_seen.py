"""Heads seen: what is kept of a log, how much of all, and what a flood costs."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.names import log_id
from fedretail.crdt.proof import Proof, proof
from fedretail.errors import PeerError
from fedretail.store import seen, trust
from fedretail.store.seen import DAYS, MAX_BEYOND, NEWEST, worth_keeping
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE, Shop
from fedretail.testing.clock import ManualClock

SHOP = builders.shop()
LOG = SHOP.log()
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Store:
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    return store


def later(store: Store, *, by: int, digest: bytes | None = None) -> SignedHead:
    """A head that the shop's device has signed, so many commits on, its rows nowhere."""
    state = store.log(LOG)
    assert state is not None
    assert state.head is not None
    head = SignedHead.parse(state.head).head
    change = {} if digest is None else {"digest": digest}
    wanted = head._replace(seq=head.seq + by, stamp=head.stamp + by, **change)
    return SignedHead.sign(wanted, SHOP.devices[0])


def seqs(store: Store) -> list[int]:
    return [SignedHead.parse(raw).head.seq for raw in store.trust.heads_seen(LOG)]


def test_every_head_a_log_stood_at_is_kept(store: Store, tmp_path: Path) -> None:
    for _ in range(3):
        store.renew(SHOP.author(), SITE)
    assert seqs(store) == [4, 3, 2, 1]
    peer = builders.peer_store(tmp_path, "peer", SHOP)
    builders.fetch(peer, store, LOG)
    assert seqs(peer) == [4]


def test_the_newest_and_one_a_day(store: Store, clock: ManualClock) -> None:
    for _ in range(300):
        clock.advance(DAY_MS // 4)
        store.renew(SHOP.author(), SITE)
    kept = seqs(store)
    assert kept[:NEWEST] == list(range(301, 301 - NEWEST, -1))
    assert len(kept) <= NEWEST + DAYS + 33
    assert all(first - second >= 4 for first, second in pairwise(kept[NEWEST + 33 :]))


@given(st.lists(st.integers(0, 40 * 24), min_size=1, max_size=200))
def test_what_stays_is_bounded_and_holds_the_newest(hours: list[int]) -> None:
    stamps = sorted((10**12 + hour * 3_600_000 for hour in hours), reverse=True)
    places = [(len(stamps) - index, stamp) for index, stamp in enumerate(stamps)]
    stay = worth_keeping(places)
    assert len(stay) <= NEWEST + DAYS
    assert {seq for seq, _ in places[:NEWEST]} <= stay
    for seq, stamp in places[NEWEST:]:
        day = (stamps[0] - stamp) // DAY_MS
        if day < DAYS:
            assert any((stamps[0] - at) // DAY_MS == day for one, at in places if one in stay), seq


def test_few_heads_beyond_the_place_held(store: Store) -> None:
    assert store.trust.saw([later(store, by=n) for n in range(1, 50)]) == 0
    assert seqs(store) == [*range(MAX_BEYOND + 1, 0, -1)]


def test_a_head_of_another_key_is_the_neighbours_fault(store: Store) -> None:
    forged = SignedHead.sign(later(store, by=1).head, builders.key("forger"))
    with pytest.raises(PeerError):
        store.trust.saw([forged])
    assert seqs(store) == [1]


def test_two_states_shown_freeze_the_log_and_one_state_twice_does_not(store: Store) -> None:
    one, other = later(store, by=1), later(store, by=1, digest=b"o" * 32)
    assert store.trust.saw([one, one]) == 0
    assert store.trust.saw([one]) == 0
    assert not store.signed_twice(SHOP.owner, SITE)
    assert store.trust.saw([other, one]) == 1
    assert store.signed_twice(SHOP.owner, SITE)
    assert not store.signed_twice(SHOP.owner, "member")
    assert store.trust.saw([other]) == 0


def test_the_first_of_too_many_go(store: Store) -> None:
    for _ in range(9):
        store.renew(SHOP.author(), SITE)
    seen.prune(store._write, most=4)
    assert seqs(store) == [10, 9, 8, 7]


# --- proofs ---


def proofs_against(name: str, count: int) -> tuple[Shop, list[Proof]]:
    """A shop, and proofs against its first device in so many collections."""
    shop = builders.shop(name)
    made = []
    for number in range(count):
        log = shop.log_name(f"site/{number}")
        head = Head(log_id(log), 1, 5, 7, 1, 9, b"a" * 32)
        pair = [
            SignedHead.sign(head._replace(digest=one * 32), shop.devices[0]) for one in (b"a", b"b")
        ]
        found = proof(log, *pair)
        assert found is not None
        made.append(found)
    return shop, made


def test_proofs_are_bounded_for_each_owner_and_in_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, many = proofs_against("first", trust.MAX_PROOFS_PER_OWNER + 3)
    second, few = proofs_against("second", 3)
    store.add_auth([*first.grants, *second.grants])
    assert store.trust.prove(many) == trust.MAX_PROOFS_PER_OWNER
    monkeypatch.setattr(trust, "MAX_PROOFS", trust.MAX_PROOFS_PER_OWNER + 1)
    assert store.trust.prove(few) == 1
    assert store.trust.prove([*many, *few]) == 0
    assert len(store.trust.proofs()) == trust.MAX_PROOFS_PER_OWNER + 1


def test_the_first_proof_against_a_device_stays(store: Store) -> None:
    shop, (found,) = proofs_against("first", 1)
    store.add_auth(shop.grants)
    head = found.first.head._replace(seq=2)
    pair = [
        SignedHead.sign(head._replace(digest=one * 32), shop.devices[0]) for one in (b"a", b"b")
    ]
    other = proof(found.name, *pair)
    assert other is not None
    assert store.trust.prove([found, other]) == 1
    assert [one for _, one in store.trust.proofs()] == [found]
    assert store.trust.proofs(moved_after=1) == []


def test_what_was_on_its_way_in_is_dropped(tmp_path: Path, store: Store) -> None:
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(3000)))
    peer = builders.peer_store(tmp_path, "peer", SHOP)
    builders.fetch_part(peer, store, LOG)
    count = "SELECT count(*) FROM staging"
    assert peer._read.execute(count).fetchone() == (1,)
    pair = [later(store, by=1, digest=one * 32) for one in (b"a", b"b")]
    assert peer.trust.saw(pair) == 1
    assert peer._read.execute(count).fetchone() == (0,)


def test_a_device_is_told_of_heads_seen_beyond_what_is_held(store: Store, tmp_path: Path) -> None:
    device = SHOP.devices[0].public
    assert store.trust.seen_beyond(device) == []
    first, second = later(store, by=1), later(store, by=3)
    store.trust.saw([second, first])
    assert store.trust.seen_beyond(device) == [(SHOP.log_name(), second.raw)]
    assert store.trust.seen_beyond(bytes(32)) == []


def test_of_many_logs_a_device_is_told_of_a_few(tmp_path: Path, clock: ManualClock) -> None:
    peer = builders.peer_store(tmp_path, "peer", SHOP, clock=clock)
    name, device = SHOP.log_name(), SHOP.devices[0]
    for number in range(40):
        other = name._replace(collection=f"site/{number:016}")
        builders.add_log(peer, other)
        head = Head(log_id(other), 1, clock.now_ms(), 7, 0, 0, bytes(32))
        peer.trust.saw([SignedHead.sign(head, device)])
    told = peer.trust.seen_beyond(device.public)
    assert [one.collection for one, _ in told] == [f"site/{n:016}" for n in range(39, 23, -1)]
