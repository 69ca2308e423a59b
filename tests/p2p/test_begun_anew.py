"""Logs that their device begins anew while somebody fetches the older one."""

from pathlib import Path

import pytest

from fedretail.crdt.names import log_id
from fedretail.p2p import wire
from fedretail.store import intake
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import Conversation, Neighbour, neighbour

SHOP = builders.shop()


def test_who_has_let_a_log_go_since_it_was_asked_for_says_so(tmp_path: Path) -> None:
    source = builders.shop_store(tmp_path, SHOP)
    holder, node = (neighbour(tmp_path, name, SHOP) for name in ("holder", "node"))
    source.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    builders.add_log(holder.store, SHOP.log_name())
    builders.fetch(holder.store, source, SHOP.log())
    talk = Conversation(holder, node)
    while not talk.sides[1].first(wire.Since):
        assert talk.deliver(0) | talk.deliver(1)
    # Before the question arrives the holder hears of the newer log.
    source.own_logs.open_next(SHOP.author(), SITE)
    newer = source.own_logs.written(SHOP.log_name())
    builders.add_log(holder.store, newer)
    builders.fetch(holder.store, source, log_id(newer))
    holder.mirror.refresh()
    talk.settle()
    assert not talk.sides[1].session.is_waiting()
    talk.sides[0].take(talk.sides[0].session.push(log_id(newer), None))
    talk.settle()
    assert [side.failure for side in talk.sides] == [None, None]
    assert node.store.heads()[0][1] == newer
    source.close()
    for one in (holder, node):
        one.store.close()


def test_nobody_is_to_blame_for_a_log_that_was_given_up_while_it_came(tmp_path: Path) -> None:
    source = builders.shop_store(tmp_path, SHOP)
    holder, node = (neighbour(tmp_path, name, SHOP) for name in ("holder", "node"))
    for one in (holder, node):
        builders.add_log(one.store, SHOP.log_name())
    for number, stores in enumerate(((holder.store, node.store), (holder.store,))):
        source.commit(SHOP.author(), SITE, builders.offer_edits([number]))
        for store in stores:
            builders.fetch(store, source, SHOP.log())
    source.own_logs.open_next(SHOP.author(), SITE)
    newer = source.own_logs.written(SHOP.log_name())
    builders.add_log(node.store, newer)
    talk = Conversation(holder, node)
    while not talk.sides[1].first(wire.Since):
        assert talk.deliver(0) | talk.deliver(1)
    # The newer log comes from another neighbour, while this one answers.
    builders.fetch(node.store, source, log_id(newer))
    assert node.store.log(SHOP.log()) is None
    talk.settle()
    assert talk.is_live
    assert [side.failure for side in talk.sides] == [None, None]
    Conversation(holder, node, nonce=1).settle()
    assert holder.store.log(log_id(newer)) is not None
    source.close()
    for one in (holder, node):
        one.store.close()


def test_what_the_store_refuses_is_not_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = builders.shop_store(tmp_path, SHOP)
    source.commit(SHOP.author(), SITE, builders.offer_edits([1]))
    node = neighbour(tmp_path, "node", SHOP)
    # Known to the store alone, as where the quota is that of a later version.
    monkeypatch.setattr(intake, "MAX_LOG_ROWS", 0)
    talk = Conversation(Neighbour(source, "shop"), node).settle()
    asked = [one for one in talk.sides[1].sent if isinstance(one, wire.Since)]
    assert len(asked) == 1
    assert not talk.sides[1].session.is_waiting()
    assert [side.failure for side in talk.sides] == [None, None]
    source.close()
    node.store.close()
