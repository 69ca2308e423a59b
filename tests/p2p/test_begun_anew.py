"""Logs that their device begins anew while somebody fetches the older one."""

from pathlib import Path

from fedretail.crdt.names import log_id
from fedretail.p2p import wire
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import Conversation, neighbour

SHOP = builders.shop()


def test_nobody_is_to_blame_for_a_log_that_was_given_up_while_it_came(tmp_path: Path) -> None:
    source = builders.shop_store(tmp_path, SHOP)
    holder, node = (neighbour(tmp_path, name, SHOP) for name in ("holder", "node"))
    for one in (holder, node):
        one.store.add_log(SHOP.log_name())
    for number, stores in enumerate(((holder.store, node.store), (holder.store,))):
        source.commit(SHOP.author(), SITE, builders.offer_edits([number]))
        for store in stores:
            builders.fetch(store, source, SHOP.log())
    source.own_logs.open_next(SHOP.author(), SITE)
    newer = source.own_logs.written(SHOP.log_name())
    node.store.add_log(newer)
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
