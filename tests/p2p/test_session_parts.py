"""Large catalogs: announced, fetched in parts, by a few at a time, while there is room."""

from pathlib import Path

import pytest

from fedretail.p2p import wire
from fedretail.p2p.serving import CREDIT_BYTES
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import (
    Conversation,
    Neighbour,
    neighbour,
    same,
    sell,
    stocked,
)

SHOP = builders.shop("first")
OTHER = builders.shop("second")
LOG = SHOP.log()


def test_a_large_catalog_is_announced_and_comes_in_parts(large: Neighbour, tmp_path: Path) -> None:
    node = neighbour(tmp_path, "b")
    talk = Conversation(large, node).settle()
    assert same(large, node)
    parts = [one for one in talk.sides[0].sent if isinstance(one, wire.Advance)]
    assert len(parts) > 2
    (offer,) = [one for one in talk.sides[0].sent if isinstance(one, wire.Offer)]
    assert offer.items[0][1] == 4000
    assert any(getattr(effect, "rows", 0) == 4000 for effect in talk.sides[1].effects)


@pytest.mark.parametrize("heard", [1, 2, 3])
def test_a_cold_sync_goes_on_from_what_is_staged(
    large: Neighbour, tmp_path: Path, heard: int
) -> None:
    node = neighbour(tmp_path, "b")
    talk = Conversation(large, node)
    places = {None}
    while len(places) <= heard:
        assert talk.deliver(0) | talk.deliver(1, 500)
        if node.store.log(OTHER.log()):
            staged = node.store.wanted(OTHER.log())
            assert staged is not None
            places.add(staged.after)
    talk.drop()
    again = Conversation(large, node, nonce=1).settle()
    assert same(large, node)
    (asked,) = [one for one in again.sides[1].sent if isinstance(one, wire.Since)]
    assert asked.wishes[0].after == staged.after
    assert again.carried[1] < 50_000 - heard * 8000


def test_a_catalog_that_grows_while_it_is_fetched(tmp_path: Path) -> None:
    shop, node = stocked(tmp_path, "a", SHOP, 3000), neighbour(tmp_path, "b")
    talk = Conversation(shop, node)
    for count in range(400):
        if count % 20 == 0 and count < 120:
            sell(shop, SHOP, range(count, count + 3), amount_minor=count + 1)
            talk.sides[0].push_moves()
        if not talk.deliver(0) | talk.deliver(1, 4000):
            break
    talk.settle()
    assert [side.failure for side in talk.sides] == [None, None]
    assert same(shop, node)


def test_a_push_in_the_middle_of_a_transfer_blames_nobody(tmp_path: Path) -> None:
    """The log moves by way of another neighbour while parts of it are under way from one."""
    shop, node = stocked(tmp_path, "a", SHOP, 3000), neighbour(tmp_path, "b")
    other = neighbour(tmp_path, "c")
    slow = Conversation(shop, node)
    while not slow.sides[0].first(wire.Advance):
        slow.deliver(0)
        slow.deliver(1)
    slow.deliver(1, 70_000)
    Conversation(shop, other).settle()
    builders.fetch(node.store, other.store, LOG)
    slow.settle()
    assert [side.failure for side in slow.sides] == [None, None]
    assert same(shop, node, other)
    assert slow.is_live


def test_all_credit_comes_back(large: Neighbour, tmp_path: Path) -> None:
    """Not a byte may be lost: a long session would run dry."""
    shop, node = stocked(tmp_path, "a", SHOP, 500), neighbour(tmp_path, "b")
    talk = Conversation(shop, node).settle()
    for price in range(40):
        sell(shop, SHOP, range(300), amount_minor=price + 1)
        talk.sides[0].push_moves()
        talk.settle()
    assert same(shop, node)
    assert talk.sides[0].session._serving._credit == CREDIT_BYTES


def test_many_small_shops_cost_little_more_than_one_large(tmp_path: Path) -> None:
    street, node = neighbour(tmp_path, "a"), neighbour(tmp_path, "b")
    for number in range(600):
        shop = builders.shop(f"shop {number}")
        street.store.add_auth(shop.grants)
        street.store.commit(shop.author(), SITE, builders.offer_edits([number]))
    talk = Conversation(street, node).settle()
    assert same(street, node)
    asked = [one for one in talk.sides[1].sent if isinstance(one, wire.Since)]
    assert len(asked) <= 5
    assert all(len(one.wishes) <= 256 for one in asked)
    assert talk.carried[1] < 600 * 800


def test_a_full_disk_keeps_serving(tmp_path: Path) -> None:
    shop = stocked(tmp_path, "a", SHOP, 3)
    full = stocked(tmp_path, "b", OTHER, 3)
    is_full = True
    full = Neighbour(full.store, "b", has_space=lambda: not is_full)
    talk = Conversation(shop, full).settle()
    assert [side.failure for side in talk.sides] == [None, None]
    assert len(shop.folds()) == 6
    assert len(full.folds()) == 3
    is_full = False
    assert talk.sides[1].session.wants_retry()
    talk.sides[1].take(talk.sides[1].session.retry())
    talk.settle()
    assert same(shop, full)


def test_four_sessions_fetch_and_a_fifth_waits(tmp_path: Path) -> None:
    node = neighbour(tmp_path, "node")
    talks = []
    for number in range(5):
        shop = stocked(tmp_path, f"n{number}", builders.shop(f"shop {number}"), 2)
        talk = Conversation(shop, node, nonce=number)
        while talk.deliver(1) or not talk.sides[1].outbox:
            if talk.sides[1].session.wants_retry() or talk.sides[1].first(wire.Since):
                break
            talk.deliver(0)
        talks.append(talk)
    assert [talk.sides[1].first(wire.Since) for talk in talks] == [True] * 4 + [False]
    for talk in talks[:4]:
        talk.settle()
    talks[4].sides[1].take(talks[4].sides[1].session.retry())
    talks[4].settle()
    assert len(node.folds()) == 10
