"""The store as sessions see it: what is public, what is at hand, what is refused."""

from pathlib import Path

import pytest

from fedretail.crdt.access import renewal
from fedretail.crdt.changes import START
from fedretail.crdt.charter import Charter
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.transfer import Incoming, Outcome
from fedretail.errors import PeerError, Unavailable
from fedretail.p2p.heads import is_public
from fedretail.p2p.mirror import Mirror
from fedretail.p2p.replica import WrongRows
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import neighbour

SHOP = builders.shop()
LOG = SHOP.log()
NETWORK = b"n" * 32


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return builders.shop_store(tmp_path, SHOP)


def incoming(source: Store, *, changes: bytes | None = None) -> Incoming:
    (part,) = builders.parts(source, LOG)
    packed = pack(part.changes) if changes is None else changes
    return Incoming(SignedHead.parse(part.head), 0, packed, None)


@pytest.mark.parametrize(
    ("collection", "public"),
    [("member", True), (SITE, True), ("own/x", False), ("list/x", False), ("members", False)],
)
def test_what_is_for_everyone(collection: str, public: bool) -> None:
    assert is_public(collection) == public


def test_every_move_is_reported_once_whoever_looked_before(store: Store) -> None:
    mirror = Mirror(store, NETWORK)
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    store.commit(SHOP.author(), "own/x", builders.offer_edits([1]))
    mirror.items()
    mirror.own_heads(SHOP.owner)
    assert mirror.refresh() == [(LOG, 1)]
    assert mirror.refresh() == []
    store.commit(SHOP.author(), SITE, builders.offer_edits([2]))
    store.commit(SHOP.author(), SITE, builders.offer_edits([3]))
    assert mirror.refresh() == [(LOG, 3)]


def test_a_head_moved_by_a_session_is_at_hand_at_once(store: Store, tmp_path: Path) -> None:
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    peer = Mirror(builders.peer_store(tmp_path, "peer", SHOP), NETWORK)
    assert peer.head(LOG) is None
    assert peer.advance([incoming(store)]) == [Outcome.MOVED]
    head = peer.head(LOG)
    assert head is not None
    assert head.seq == 1
    assert peer.refresh() == [(LOG, 1)]
    assert peer.advance([incoming(store)]) == [Outcome.OLD]


def test_only_the_newest_renewal_is_an_item(store: Store) -> None:
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    mirror = Mirror(store, NETWORK)
    for day in (1, 2, 3):
        later = renewal(SHOP.grants[0].record, SHOP.devices[0], now_ms=ManualClock.START_MS + day)
        store.add_auth([later])
        records = {item.raw for item in mirror.items() if item.head is None}
        assert records == {SHOP.grants[0].raw, later.raw}
    assert set(mirror.items()) == set(Mirror(store, NETWORK).items())


def test_names_cost_their_inventor_nothing_and_are_not_kept(tmp_path: Path) -> None:
    store = builders.new_store(tmp_path)
    mirror = Mirror(store, NETWORK)
    name = SHOP.log_name()
    mirror.learn([], [name])
    assert mirror.name(LOG) is None
    bad = [LogName(SHOP.owner, SITE, b"d" * 32, 1), name._replace(collection="own/x")]
    mirror.learn(SHOP.grants, [bad[0], name, bad[1]])
    assert mirror.name(LOG) == name
    assert [mirror.name(log_id(one)) for one in bad] == [None, None]
    assert mirror.name(b"unknown log.....") is None


def test_nothing_private_is_served(store: Store) -> None:
    store.commit(SHOP.author(), "own/x", builders.offer_edits([1]))
    mirror = Mirror(store, NETWORK)
    assert store.changes_since(SHOP.log("own/x"), START, None) is not None
    assert mirror.changes(SHOP.log("own/x"), START, None) is None
    assert mirror.signed(SHOP.log("own/x")) is None
    assert mirror.items() == []


def test_records_of_an_owner_without_a_head_go_no_further(store: Store, tmp_path: Path) -> None:
    peer = Mirror(builders.peer_store(tmp_path, "peer", SHOP), NETWORK)
    assert peer.items() == []
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    peer.advance([incoming(store)])
    assert {item.raw for item in peer.items()} == {
        SHOP.grants[0].raw, peer.signed(LOG).raw  # type: ignore[union-attr]
    }  # fmt: skip
    # One that is let go takes its owner's records with it, a proof keeps them.
    peer._drop(LOG)
    assert peer.items() == []


def test_own_logs_and_large_ones_are_not_taken(store: Store, tmp_path: Path) -> None:
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    signed = Mirror(store, NETWORK).signed(LOG)
    assert signed is not None
    peer = Mirror(builders.peer_store(tmp_path, "peer", SHOP), NETWORK)
    assert peer.takes(signed)
    for big in ({"size": 1 << 40}, {"count": 1 << 30}):
        assert not peer.takes(signed._replace(head=signed.head._replace(**big)))
    assert not Mirror(store, NETWORK).takes(signed)


def test_wrong_rows_and_a_full_disk(store: Store, tmp_path: Path) -> None:
    store.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    part = incoming(store)
    peer = builders.peer_store(tmp_path, "peer", SHOP)
    forged = part._replace(changes=part.changes.replace(b"Organic", b"Poisons"))
    (error,) = Mirror(peer, NETWORK).advance([forged])
    assert isinstance(error, WrongRows)
    full = Mirror(peer, NETWORK, has_space=lambda: False)
    with pytest.raises(Unavailable):
        full.advance([part])
    assert peer.heads() == []


def test_the_charter_of_another_network(store: Store) -> None:
    charter = Charter("Bakers", ())
    mirror = Mirror(store, charter.id)
    with pytest.raises(PeerError):
        mirror.set_charter(Charter("Others", ()).pack())
    assert mirror.charter() is None
    mirror.set_charter(charter.pack())
    assert mirror.charter() == charter.pack()


def test_a_log_begun_anew_since_is_not_asked_for(tmp_path: Path) -> None:
    source = builders.shop_store(tmp_path, SHOP)
    heads = [
        source.commit(SHOP.author(), SITE, builders.offer_edits([1])),
        source.own_logs.open_next(SHOP.author(), SITE),
    ]
    node = neighbour(tmp_path, "peer", SHOP)
    names = [SHOP.log_name(), source.own_logs.written(SHOP.log_name())]
    for name in names:
        builders.add_log(node.store, name)
    assert [node.mirror.takes(one) for one in heads] == [True, True]
    newer = log_id(names[1])
    builders.fetch(node.store, source, newer)
    node.mirror.refresh()
    assert [node.mirror.takes(one) for one in heads] == [False, True]
    assert SignedHead.parse(node.store.heads()[0][2]).head.log == newer
    node.store.close()
    source.close()
