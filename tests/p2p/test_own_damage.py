"""Damaged rows of own logs: while they are restored, mended, recounted; and heads replayed."""

import pytest

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.p2p import wire
from fedretail.p2p.asking import PATIENCE_MS
from fedretail.p2p.view import AUTH_LOG, AUTH_SEEN
from fedretail.store.store import Store
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


def rot(store: Store, key: str, log: bytes) -> None:
    query = "UPDATE row SET row = zeroblob(9) WHERE key = ? AND log IN"
    store._write.execute(f"{query} (SELECT id FROM log WHERE log_id = ?)", (key, log))


def recounted(node: Neighbour) -> Neighbour:
    assert node.own is not None
    node.own.look_at_rows()
    return node


def keys(node: Neighbour) -> list[str]:
    return [key for key, _ in prices(node)]


def test_a_copy_with_a_rotten_row_waits_until_that_is_mended(street: Street) -> None:
    peer, copy = overtaken(street)
    store = street.opened(copy)
    rot(store, "sku1", LOG)
    restored = recounted(street.shop(store))
    talk = Conversation(restored, peer, 9)
    while seq(restored) < 2:
        assert talk.deliver(0, 1) | talk.deliver(1, 1)
    assert store.repairs.damaged() == [LOG]
    assert not answered(restored)
    talk.settle()
    assert answered(restored)
    street.meet(restored, peer)
    assert keys(peer) == keys(restored) == ["sku1", "sku2"]


@pytest.mark.parametrize("is_said", [False, True])
def test_a_rotten_edit_that_nobody_has_seen_is_all_that_is_lost(
    street: Street, is_said: bool
) -> None:
    peer, copy = overtaken(street)
    store = street.opened(copy)
    for number in (3, 4):
        sell(street.shop(store), number)
    rot(store, "sku3", LOG)
    restored = recounted(street.shop(store))
    street.meet(restored, peer)
    assert restored.mirror.is_restoring()
    if is_said:
        store.own_logs.go_on_as_original(AUTHOR)
    else:
        assert answered(restored)
    assert keys(restored) == ["sku1", "sku2", "sku4"]
    assert store.repairs.damaged() == []


@pytest.mark.parametrize("is_said", [False, True])
def test_an_older_log_that_rots_before_it_is_taken_over(street: Street, is_said: bool) -> None:
    peer, copy = overtaken(street)
    restored = street.shop(street.opened(copy))
    sell(restored, 3)
    talk = Conversation(restored, peer, 5)
    while not talk.sides[0].first(wire.Since):
        assert talk.deliver(0, 1) | talk.deliver(1, 1)
    talk.drop()
    assert not answered(restored, 0)
    assert answered(restored, PATIENCE_MS)
    for _ in range(2):
        street.meet(restored, peer)
    rot(restored.store, "sku2", LOG)
    recounted(restored)
    assert restored.store.repairs.damaged() == [LOG]
    if is_said:
        restored.store.own_logs.go_on_as_original(AUTHOR)
        assert restored.store.repairs.damaged() == []
        assert keys(restored) == ["sku1", "sku3"]
        return
    assert answered(restored)
    assert restored.store.repairs.damaged() == [LOG]
    street.meet(restored, peer)
    assert answered(restored)
    assert keys(restored) == ["sku1", "sku2", "sku3"]


def edited_after_rot(street: Street, rotten: str, edited: list[int]) -> tuple[Neighbour, Neighbour]:
    """A shop whose row rots; whoever edits offers then does not know; and a neighbour, behind."""
    shop, peer = street.shop(is_asking=False), street.peer("peer")
    sell(shop, 1, 2, 3)
    street.meet(shop, peer)
    rot(shop.store, rotten, LOG)
    sell(shop, *edited, amount_minor=77)
    assert shop.store.repairs.damaged() == []
    return recounted(shop), peer


def test_an_edit_over_a_rotten_row_is_not_lost_and_the_row_is_mended(street: Street) -> None:
    shop, peer = edited_after_rot(street, "sku1", [2, 4])
    assert shop.store.repairs.damaged() == [LOG]
    talk = street.meet(shop, peer)
    assert [side.failure for side in talk.sides] == [None, None]
    assert shop.store.repairs.damaged() == []
    street.meet(shop, peer)
    amounts = [("sku1", 129), ("sku2", 77), ("sku3", 129), ("sku4", 77)]
    assert prices(shop) == prices(peer) == [(key, [[amount]]) for key, amount in amounts]
    assert shop.store.upkeep.check_own() == []


def test_a_row_written_and_rotten_since_is_in_nobodys_copy(street: Street) -> None:
    """Then the neighbour who could not help is not blamed, and asked once."""
    shop, peer = edited_after_rot(street, "sku1", [2])
    rot(shop.store, "sku2", LOG)
    recounted(shop)
    talk = street.meet(shop, peer)
    assert [side.failure for side in talk.sides] == [None, None]
    assert shop.store.repairs.damaged() == [LOG]
    assert talk.sides[0].session.retry() == []


def test_stamps_are_not_put_right_over_damaged_rows(street: Street) -> None:
    shop = street.shop(is_asking=False)
    sell(shop, 1, 2)
    rot(shop.store, "sku1", LOG)
    recounted(shop)
    assert shop.store.own_logs.restamp(AUTHOR, SITE) is None


def test_a_log_that_is_well_again_is_written_again(street: Street) -> None:
    """A disk has read wrongly once, and the shop has no neighbour."""
    shop = street.shop(is_asking=False)
    sell(shop, 1)
    shop.store.repairs.set_damaged([LOG])
    recounted(shop)
    sell(shop, 2)
    assert keys(shop) == ["sku1", "sku2"]


@pytest.mark.parametrize("incarnation", [(1 << 53) + 5, (1 << 63) - 1])
def test_a_stolen_key_does_not_use_up_all_incarnations(street: Street, incarnation: int) -> None:
    shop, peer = street.shop(), street.peer("peer")
    signed = sell(shop, 1)
    name = SHOP.log_name()._replace(incarnation=incarnation)
    evil = SignedHead.sign(signed.head._replace(log=log_id(name), seq=5), AUTHOR.key)
    talk = street.meet(shop, peer)
    talk.sides[0].hear(wire.Auth([[AUTH_LOG, *name], [AUTH_SEEN, evil.raw]]))
    assert answered(shop)
    for number in (2, 3):
        sell(shop, number)
        assert shop.store.own_logs.open_next(AUTHOR, SITE) is not None
    street.meet(shop, peer)
    assert keys(peer) == ["sku1", "sku2", "sku3"]


def test_a_log_that_is_done_with_is_not_waited_for(street: Street) -> None:
    """Anybody may have kept a head of it."""
    peer, shop = street.peer("peer"), street.shop(is_asking=False)
    old = sell(shop, 1)
    street.meet(shop, peer)
    assert shop.store.own_logs.open_next(AUTHOR, SITE) is not None
    street.meet(shop, peer)
    copy = street.copy()
    shop = street.shop(is_asking=False)
    sell(shop, 2)
    street.meet(shop, peer)
    restored = street.shop(street.opened(copy))
    talk = street.meet(restored, peer)
    assert restored.mirror.is_restoring()
    talk.sides[0].hear(wire.Auth([[AUTH_LOG, *SHOP.log_name()], [AUTH_SEEN, old.raw]]))
    assert answered(restored)


def test_an_own_head_of_before_takes_nothing_away(street: Street) -> None:
    """A power cut has taken the note that it was shown."""
    peer, shop = street.peer("peer"), street.shop(is_asking=False)
    for number in (1, 2, 3):
        signed = sell(shop, number)
        if number == 2:
            before = signed
        street.meet(shop, peer)
    shop.store._write.execute("UPDATE local_writing SET seq = 1")
    shop = street.shop()
    talk = street.meet(shop, peer)
    talk.sides[0].hear(wire.Auth([[AUTH_LOG, *SHOP.log_name()], [AUTH_SEEN, before.raw]]))
    assert not shop.mirror.is_restoring()
