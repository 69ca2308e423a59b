"""Own logs among neighbours: what is shown before the answer, and how a copy finds out."""

from typing import Any

import pytest

from fedretail.crdt.changes import START
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.crdt.transfer import Part
from fedretail.errors import Refused
from fedretail.p2p import wire
from fedretail.p2p.asking import PATIENCE_MS
from fedretail.p2p.view import AUTH_LOG, seen_lines
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import Conversation, Neighbour
from fedretail.testing.own_street import (
    AUTHOR,
    LOG,
    SHOP,
    Street,
    answered,
    overtaken,
    prices,
    sell,
    seq,
)


def test_before_the_answer_only_what_was_seen_is_shown(street: Street) -> None:
    peer = street.peer("peer")
    shop = street.shop()
    sell(shop, 1)
    talk = street.meet(shop, peer)
    assert talk.is_live
    assert (seq(peer), shop.mirror.head(LOG)) == (0, None)
    assert answered(shop)
    street.meet(shop, peer)
    assert seq(peer) == 1
    # The next start: what was seen is shown at once, what was not waits.
    again = street.shop()
    other = street.peer("other")
    street.meet(again, other)
    assert seq(other) == 1
    sell(again, 2)
    for node in (other, street.peer("third")):
        talk = street.meet(again, node)
        talk.sides[0].push_moves()
        talk.settle()
        assert seq(node) < 2
    assert not any(isinstance(one, wire.Push) for one in talk.sides[0].sent)
    answered(again)
    street.meet(again, other)
    assert seq(other) == 2


def test_rows_behind_a_head_that_was_seen_are_not_served_before_the_answer(
    street: Street,
) -> None:
    shop, peer = street.shop(is_asking=False), street.peer("peer")
    sell(shop, 1)
    shop.mirror.refresh()
    again = street.shop()
    talk = Conversation(again, peer, 9)
    # The head has been shown, and is asked for, when a command commits.
    while not talk.sides[1].first(wire.Since):
        assert talk.deliver(0) | talk.deliver(1)
    sell(again, 2)
    talk.settle()
    assert seq(peer) == 0
    talk.drop()
    answered(again)
    again.mirror.refresh()
    street.meet(again, peer)
    assert seq(peer) == 2


def test_a_copy_that_was_put_back(street: Street) -> None:
    peer, late = street.peer("peer"), street.peer("late")
    shop = street.shop(is_asking=False)
    sell(shop, 1, 2, 3)
    street.meet(shop, late)
    copy = street.copy()
    shop = street.shop(is_asking=False)
    sell(shop, 2, amount_minor=500)
    street.meet(shop, peer)
    restored = street.shop(street.opened(copy))
    sell(restored, 3, amount_minor=300)
    # The first neighbour knows no more than the copy; the second does.
    street.meet(restored, late)
    assert not restored.mirror.is_restoring()
    talk = street.meet(restored, peer)
    assert restored.mirror.is_restoring()
    assert seq(restored) == 2
    assert answered(restored)
    assert not restored.mirror.is_restoring()
    name = restored.store.own_logs.written(SHOP.log_name())
    talk.sides[0].push_moves()
    talk.settle()
    street.meet(restored, late)
    for node in (restored, peer, late):
        state = node.store.log(log_id(name))
        assert state is not None
        assert state.point.seq == 3
        assert prices(node) == [("sku1", [[129]]), ("sku2", [[500]]), ("sku3", [[300]])]
    assert restored.state() == peer.state() == late.state()


def test_what_was_announced_and_never_comes_is_not_waited_for(street: Street) -> None:
    peer, copy = overtaken(street)
    restored = street.shop(street.opened(copy))
    sell(restored, 3)
    talk = Conversation(restored, peer, 5)
    while not talk.sides[0].first(wire.Since):
        assert talk.deliver(0, 1) | talk.deliver(1, 1)
    talk.drop()
    assert not answered(restored, 0)
    assert not answered(restored, PATIENCE_MS - 1)
    assert answered(restored, PATIENCE_MS)
    # It comes later, and loses nothing.
    street.meet(restored, peer)
    street.meet(restored, peer)
    assert answered(restored)
    street.meet(restored, peer)
    for node in (restored, peer):
        assert [key for key, _ in prices(node)] == ["sku1", "sku2", "sku3"]
    assert restored.state() == peer.state()


def test_more_than_was_written_after_something_was_shown_is_a_clone(street: Street) -> None:
    peer, other = street.peer("peer"), street.peer("other")
    shop = street.shop(is_asking=False)
    sell(shop, 1)
    street.meet(shop, peer)
    twin = street.opened(street.copy())
    shop = street.shop(is_asking=False)
    for number in (2, 3):
        sell(shop, number)
    street.meet(shop, peer)
    clone = street.shop(twin, is_asking=False)
    sell(clone, 4)
    street.meet(clone, other)
    street.meet(clone, peer)
    assert clone.store.own_logs.stopped is not None
    with pytest.raises(Refused, match="copied"):
        sell(clone, 5)
    # Nobody else is kept from anything by it.
    sell(shop, 6)
    street.meet(shop, peer)
    assert seq(peer) == 4


def test_a_draft_is_shown_to_nobody_and_opened_by_nobody_who_may_not_write(
    street: Street,
) -> None:
    peer, copy = overtaken(street)
    restored = street.shop(street.opened(copy), is_asking=False)
    street.meet(restored, peer)
    assert restored.mirror.is_restoring()
    sell(restored, 3)
    restored.mirror.refresh()
    shown = {item.head.log for item in restored.mirror.items() if item.head is not None}
    assert shown <= {LOG}
    restored.store.own_logs.stop("neighbours have met both")
    assert not answered(restored)
    assert restored.store.own_logs.drafts() == [SITE]


def test_rows_read_just_before_the_next_commit_are_served(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = street.shop(is_asking=False)
    sell(shop, 1)
    shop.mirror.refresh()
    read = shop.store.changes_since

    def interrupted(*place: Any) -> Part | None:
        part = read(*place)
        sell(shop, 2)
        return part

    monkeypatch.setattr(shop.store, "changes_since", interrupted)
    part = shop.mirror.changes(LOG, START, None)
    assert part is not None
    assert SignedHead.parse(part.head).head.seq == 1


def test_a_state_signed_before_a_restore_is_no_proof_against_this_shop(street: Street) -> None:
    """Unshown commits took numbers that neighbours know already."""
    peer, copy = overtaken(street)
    restored = street.shop(street.opened(copy))
    sell(restored, 3)
    sell(restored, 4)
    street.meet(restored, peer)
    assert answered(restored)
    street.meet(restored, peer)
    for node in (restored, peer):
        assert node.store.trust.proofs() == []
        assert [key for key, _ in prices(node)] == ["sku1", "sku2", "sku3", "sku4"]


def test_a_head_that_is_not_ours_means_nothing(street: Street) -> None:
    shop = street.shop(is_asking=False)
    signed = sell(shop, 1)
    shop.mirror.refresh()
    forged = SignedHead.sign(
        signed.head._replace(seq=9, stamp=signed.head.stamp + 9), builders.key("stranger")
    )
    assert not shop.mirror.takes(forged)
    assert not shop.mirror.is_restoring()
    assert shop.store.own_logs.stopped is None


def test_a_node_without_own_logs_takes_none_of_its_device(street: Street) -> None:
    """Somebody who opens the store without its keys."""
    shop = street.shop(is_asking=False)
    signed = sell(shop, 1)
    later = SignedHead.sign(signed.head._replace(seq=2), SHOP.devices[0])
    assert not Neighbour(shop.store, "shop").mirror.takes(later)


@pytest.mark.parametrize("incarnation", [1 << 53, (1 << 63) - 2, (1 << 63) - 1])
def test_a_name_of_a_far_future_keeps_nobody_from_beginning_anew(
    street: Street, incarnation: int
) -> None:
    """A stranger has named a log of this device that it never opened; nobody signs names."""
    shop, peer = street.shop(), street.peer("peer")
    sell(shop, 1)
    answered(shop)
    talk = street.meet(shop, peer)
    name = SHOP.log_name()._replace(incarnation=incarnation)
    talk.sides[0].hear(wire.Auth([[AUTH_LOG, *name]]))
    assert shop.store.log(log_id(name)) is not None
    for amount_minor in (7, 8):
        assert shop.store.own_logs.open_next(AUTHOR, SITE) is not None
        sell(shop, 1, amount_minor=amount_minor)
    street.meet(shop, peer)
    assert prices(peer) == [("sku1", [[8]])]
    assert shop.store.own_logs.written(SHOP.log_name()).incarnation < 1 << 53


def test_an_own_row_that_has_rotted_is_mended_by_a_neighbour(street: Street) -> None:
    peer = street.peer("peer")
    shop = street.shop(is_asking=False)
    sell(shop, 1, 2)
    street.meet(shop, peer)
    shop.store._write.execute("UPDATE row SET row = zeroblob(9) WHERE key = 'sku1'")
    shop = street.shop(street.opened(street.copy()), is_asking=False)
    assert shop.own is not None
    shop.own.look_at_rows()
    with pytest.raises(Refused, match="damaged"):
        sell(shop, 1, amount_minor=99)
    # Nobody is given what may be wrong.
    newcomer = street.peer("newcomer")
    talk = street.meet(shop, newcomer)
    assert talk.is_live
    assert talk.sides[1].failure is None
    assert seq(newcomer) == 0
    street.meet(shop, peer)
    assert shop.store.repairs.damaged() == []
    sell(shop, 1, amount_minor=99)
    street.meet(shop, peer)
    assert prices(peer) == prices(shop) == [("sku1", [[99]]), ("sku2", [[129]])]
    assert builders.problems(shop.store) == []


def test_of_a_state_whose_rows_never_came_the_shop_is_told(street: Street) -> None:
    """Else a copy of before would sign another state of that number."""
    peer, copy = overtaken(street)
    shop = street.shop(is_asking=False)
    lost = sell(shop, 3)
    # Its head came, and its rows did not.
    peer.mirror.saw([lost])
    assert peer.mirror.seen_beyond(AUTHOR.key.public) == [(SHOP.log_name(), lost.raw)]
    assert peer.mirror.seen_beyond(b"d" * 32) == []
    restored = street.shop(street.opened(copy))
    sell(restored, 4)
    talk = Conversation(restored, peer, 7)
    talk.settle()
    told = seen_lines(peer.mirror.seen_beyond(AUTHOR.key.public))
    talk.sides[1].take(talk.sides[1].session.tell(told))
    talk.settle()
    assert restored.mirror.is_restoring()
    assert not answered(restored, 0)
    assert answered(restored, PATIENCE_MS)
    street.meet(restored, peer)
    for node in (restored, peer):
        assert node.store.trust.proofs() == []
        assert [key for key, _ in prices(node)] == ["sku1", "sku2", "sku4"]
