"""Logs that are put right: whatever rows were changed, lost or added, and whoever lies."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.row import RowKey
from fedretail.errors import PeerError, Unavailable
from fedretail.p2p import repairs, serving, wire
from fedretail.p2p.ranges import END, Listed, Range
from fedretail.p2p.session import IDLE_MS, State
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import Conversation, Neighbour, Side, neighbour

SHOP = builders.shop()
LOG = SHOP.log()
Rot = Callable[[Store], None]


def shop_and_peer(folder: Path, offers: int = 40) -> tuple[Neighbour, Neighbour]:
    """A shop, and a neighbour that holds its catalog."""
    store = builders.shop_store(folder, SHOP)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(offers)))
    pair = Neighbour(store, "shop"), neighbour(folder, "peer", SHOP)
    Conversation(*pair).settle().drop()
    assert pair[0].state() == pair[1].state()
    return pair


def run(store: Store, sql: str, *values: object) -> None:
    with store._write.transaction(durable=True):
        store._write.execute(sql, values)


def change_row(store: Store, number: int = 3) -> None:
    """Bits flip in a price."""
    query = "SELECT row FROM row WHERE key = ?"
    ((packed,),) = store._read.execute(query, (f"sku{number}",)).fetchall()
    run(store, "UPDATE row SET row = ? WHERE key = ?", _dearer(packed), f"sku{number}")


def _dearer(packed: bytes) -> bytes:
    seq, born, groups = unpack(packed, max_bytes=1 << 20)
    groups[0][1]["prices"] = [[groups[0][1]["prices"][0][0] + 7]]
    return pack([seq, born, groups])


def break_row(store: Store, number: int = 4) -> None:
    """A row that is none any more."""
    run(store, "UPDATE row SET row = ? WHERE key = ?", b"\xff" * 50, f"sku{number}")


def lose_row(store: Store, number: int = 5) -> None:
    run(store, "DELETE FROM row WHERE key = ?", f"sku{number}")


def add_row(store: Store, number: int = 99) -> None:
    query = "INSERT INTO row SELECT log, kind, ?, seq, row FROM row WHERE kind = 'offer' LIMIT 1"
    run(store, query, f"sku{number}")


def spoil_sums(store: Store, number: int = 0) -> None:
    """The digest kept beside the rows is another."""
    run(store, "UPDATE log SET state = zeroblob(2048), count = count + 1")


ROTS: list[Rot] = [change_row, break_row, lose_row, add_row, spoil_sums]


@pytest.mark.parametrize("rot", ROTS)
@pytest.mark.parametrize("side", [0, 1])
def test_damage_is_put_right_by_a_neighbours_copy(tmp_path: Path, rot: Rot, side: int) -> None:
    pair = shop_and_peer(tmp_path)
    whole = [one.folds() for one in pair]
    rot(pair[side].store)
    assert builders.problems(pair[side].store)
    pair[side].store.repairs.set_damaged([LOG])
    Conversation(*pair, nonce=1).settle().drop()
    assert builders.problems(pair[side].store) == []
    assert pair[side].store.repairs.damaged() == []
    assert [one.folds() for one in pair] == whole
    assert builders.rows(pair[0].store, LOG) == builders.rows(pair[1].store, LOG)


@given(
    damage=st.lists(st.tuples(st.sampled_from(ROTS[:4]), st.integers(0, 39)), max_size=12),
    edits=st.sets(st.integers(0, 45), max_size=5),
)
def test_any_damage_under_any_later_head(damage: list[tuple[Rot, int]], edits: set[int]) -> None:
    """Nobody has noticed it: changes that do not lead to the head begin the repair."""
    with tempfile.TemporaryDirectory() as folder:
        shop, peer = shop_and_peer(Path(folder))
        with closing(shop.store), closing(peer.store):
            lost: set[int] = set()
            for rot, number in damage:
                if number not in lost:
                    rot(peer.store, number + 100 if rot is add_row else number)  # type: ignore[call-arg]
                    lost.add(number)
            changes = builders.offer_edits(sorted(edits), amount_minor=7)
            shop.store.commit(SHOP.author(), SITE, changes)
            shop.mirror.refresh()
            peer.store.repairs.set_damaged([LOG])
            talk = Conversation(shop, peer, nonce=1).settle()
            assert [side.failure for side in talk.sides] == [None, None]
            assert builders.rows(shop.store, LOG) == builders.rows(peer.store, LOG)
            assert builders.problems(peer.store) == []


def test_changes_that_do_not_lead_to_the_head_begin_a_repair(tmp_path: Path) -> None:
    shop, peer = shop_and_peer(tmp_path)
    spoil_sums(peer.store)
    shop.store.commit(SHOP.author(), SITE, builders.offer_edits([1], amount_minor=7))
    shop.mirror.refresh()
    talk = Conversation(shop, peer, nonce=1).settle()
    assert talk.sides[1].failure is None
    assert shop.state() == peer.state()
    assert builders.problems(peer.store) == []
    # What is the same does not travel: one row and the ids around it.
    assert talk.carried[1] < 5000


def test_only_what_differs_is_told_to_followers(tmp_path: Path) -> None:
    shop, peer = shop_and_peer(tmp_path)
    end = peer.store.feed_end()
    change_row(peer.store)
    add_row(peer.store)
    peer.store.repairs.set_damaged([LOG])
    Conversation(shop, peer, nonce=1).settle()
    assert sorted(place.key for _, place in peer.store.feed(end, 99)) == ["sku3", "sku99"]


def test_rows_of_many_parts(tmp_path: Path) -> None:
    shop, peer = shop_and_peer(tmp_path, 3000)
    run(peer.store, "DELETE FROM row WHERE key > 'sku15'")
    peer.store.repairs.set_damaged([LOG])
    talk = Conversation(shop, peer, nonce=1).settle()
    assert sum(isinstance(message, wire.Advance) for message in talk.sides[0].sent) > 1
    assert builders.problems(peer.store) == []


@pytest.mark.parametrize("wrong", [[], [["offer", [], 7]]])
def test_a_liar_costs_one_repair(tmp_path: Path, wrong: list[Any]) -> None:
    shop, peer = shop_and_peer(tmp_path)
    lose_row(peer.store)
    peer.store.repairs.set_damaged([LOG])
    talk = Conversation(shop, peer, nonce=1)
    source = shop.mirror.whole_rows

    def lying(log: bytes, keys: list[RowKey]) -> object:
        part = source(log, keys)
        assert part is not None
        return part._replace(changes=wrong)

    shop.mirror.whole_rows = lying  # type: ignore[assignment, method-assign]
    talk.settle()
    assert isinstance(talk.sides[1].failure, PeerError)
    assert talk.sides[1].session.state is State.ENDED
    assert peer.store.repairs.damaged() == [LOG]
    shop.mirror.whole_rows = source  # type: ignore[method-assign]
    Conversation(shop, peer, nonce=2).settle()
    assert builders.problems(peer.store) == []


def test_who_goes_back_while_it_compares_is_a_liar(tmp_path: Path) -> None:
    """Who has moved on may have sent other rows; nobody goes back."""
    shop, peer = shop_and_peer(tmp_path)
    older = shop.state()[SHOP.log_name()]
    shop.store.commit(SHOP.author(), SITE, builders.offer_edits([1], amount_minor=7))
    shop.mirror.refresh()
    lose_row(peer.store)
    peer.store.repairs.set_damaged([LOG])
    source, given = shop.mirror.whole_rows, []

    def lying(log: bytes, keys: list[RowKey]) -> object:
        part = source(log, keys)
        assert part is not None
        given.append(keys)
        return part._replace(head=older, changes=[])

    shop.mirror.whole_rows = lying  # type: ignore[assignment, method-assign]
    talk = Conversation(shop, peer, nonce=1).settle()
    assert isinstance(talk.sides[1].failure, PeerError)
    assert len(given) == 1


def test_rows_before_they_were_asked_for(tmp_path: Path) -> None:
    shop, peer = shop_and_peer(tmp_path)
    lose_row(peer.store)
    peer.store.repairs.set_damaged([LOG])
    talk = Conversation(shop, peer, nonce=1)
    hear = talk.sides[1]
    while not hear.first(wire.Ranges) or hear.session.state is not State.LIVE:
        assert talk.deliver(0) | talk.deliver(1)
    hear.hear(wire.Advance(LOG, 0, shop.state()[SHOP.log_name()], pack([]), None))
    assert isinstance(hear.failure, PeerError)


def test_answers_to_a_repair_that_nobody_began(tmp_path: Path) -> None:
    talk = Conversation(*shop_and_peer(tmp_path), nonce=1).settle()
    talk.sides[1].hear(wire.Ranges(LOG, True, [Range(END, None)]))
    assert isinstance(talk.sides[1].failure, PeerError)


def test_who_is_behind_cannot_repair(tmp_path: Path) -> None:
    shop, _ = shop_and_peer(tmp_path)
    lose_row(shop.store)
    shop.store.repairs.set_damaged([LOG])
    talk = Conversation(shop, neighbour(tmp_path, "new", SHOP), nonce=1).settle()
    assert not any(
        isinstance(message, wire.Ranges) and message.about for message in talk.sides[0].sent
    )
    assert shop.store.repairs.damaged() == [LOG]


def test_logs_too_large_to_compare_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedretail.p2p.mirror.MAX_ROWS", 10)
    shop, peer = shop_and_peer(tmp_path)
    lose_row(peer.store)
    peer.store.repairs.set_damaged([LOG])
    talk = Conversation(shop, peer, nonce=1).settle()
    assert talk.is_live
    assert peer.store.repairs.damaged() == [LOG]
    talk.sides[0].hear(wire.Ranges(LOG, False, [Range(END, b"f" * 16)]))
    assert talk.sides[0].sent[-1] == wire.Ranges(LOG, True, [Range(END, None)])


def test_a_repair_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairs, "MAX_BYTES", 100)
    shop, peer = shop_and_peer(tmp_path)
    run(peer.store, "DELETE FROM row")
    peer.store.repairs.set_damaged([LOG])
    talk = Conversation(shop, peer, nonce=1).settle()
    assert isinstance(talk.sides[1].failure, PeerError)


def test_many_logs_are_repaired_one_after_the_other(tmp_path: Path) -> None:
    """Three comparisons at once would be three times the memory, and answers to the wrong one."""
    owners = [builders.shop(f"shop {number}") for number in range(3)]
    store = builders.new_store(tmp_path)
    for owner in owners:
        store.add_auth(owner.grants)
        store.commit(owner.author(), SITE, builders.offer_edits(range(1500)))
    pair = Neighbour(store, "street"), neighbour(tmp_path, "peer", *owners)
    Conversation(*pair).settle().drop()
    peer = pair[1]
    run(peer.store, "DELETE FROM row WHERE key IN ('sku3', 'sku700', 'sku1400')")
    peer.store.repairs.set_damaged([owner.log() for owner in owners])
    talk = Conversation(*pair, nonce=1).settle()
    assert [side.failure for side in talk.sides] == [None, None]
    assert peer.store.repairs.damaged() == []
    assert builders.problems(peer.store) == []


def asking(node: Neighbour, nonce: int = 1) -> Side:
    """A side whose neighbour is played by the test, and has greeted."""
    side = Side(node, nonce)
    side.start()
    side.hear(wire.Hello(1, 1, node.network, b"s" * 16, b"n" * 16, 5, [], []))
    return side


NOTHING = [Range(END, Listed(b""))]


def test_rows_for_repairs_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each comparison would leave the keys of a whole catalog here, for who takes no rows."""
    shop, _ = shop_and_peer(tmp_path, 3000)
    monkeypatch.setattr(serving, "CREDIT_BYTES", 1)
    side = asking(shop)
    side.hear(wire.Ranges(LOG, False, NOTHING))
    assert sum(isinstance(message, wire.Advance) for message in side.sent) == 1
    side.hear(wire.Ranges(LOG, False, NOTHING))
    assert isinstance(side.failure, PeerError)


def test_few_are_helped_to_repair_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairs, "MAX_HELPED_ROWS", 100)
    shop, _ = shop_and_peer(tmp_path)
    begun = wire.Ranges(LOG, False, [Range(END, b"f" * 16)])
    sides = [asking(shop, nonce) for nonce in range(3)]
    for side in sides:
        side.hear(begun)
    assert [type(side.failure) for side in sides] == [type(None), type(None), Unavailable]
    # Who ends, and who has been sent the last row, makes room for others.
    sides[0].session.close()
    done, last = asking(shop, 3), asking(shop, 4)
    done.hear(wire.Ranges(LOG, False, NOTHING))
    assert done.first(wire.Advance)
    last.hear(begun)
    assert last.failure is None


def test_who_does_not_go_on_with_a_repair_is_let_go(tmp_path: Path) -> None:
    shop, peer = shop_and_peer(tmp_path)
    side = Conversation(shop, peer, nonce=1).settle().sides[0]
    assert not side.session.is_waiting()
    side.hear(wire.Ranges(LOG, False, [Range(END, b"f" * 16)]), now_ms=1)
    assert not side.session.is_overdue(IDLE_MS)
    side.hear(wire.Heads([]), now_ms=IDLE_MS)
    assert side.session.is_overdue(IDLE_MS + 2)
