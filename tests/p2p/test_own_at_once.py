"""Two shops that ask each other about their own logs at the same time."""

from contextlib import ExitStack
from pathlib import Path

from fedretail.p2p import wire
from fedretail.p2p.own import Own
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import Conversation, Neighbour


def test_two_that_start_at_once_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Each is asked for a state that it has shown, when it holds a newer one that is hidden yet."""
    with ExitStack() as stack:
        nodes = []
        for name in ("one", "two"):
            shop = builders.shop(name)
            store = builders.shop_store(tmp_path, shop)
            stack.callback(store.close)
            own = Own(store, shop.author(), is_asking=False)
            nodes.append((shop, Neighbour(store, name, own=own)))
        for number, (shop, node) in enumerate(nodes):
            node.store.commit(shop.author(), SITE, builders.offer_edits([number]))
            node.store.add_auth(nodes[1 - number][0].grants)
        one, two = (node for _, node in nodes)
        Conversation(one, two).settle()
        for shop, node in nodes:
            node.store.commit(shop.author(), SITE, builders.offer_edits([5]))
            node.mirror.refresh()
        again = [
            Neighbour(node.store, node.name, own=Own(node.store, shop.author(), is_asking=True))
            for shop, node in nodes
        ]
        talk = Conversation(again[0], again[1], 3)
        while not any(side.first(wire.Ranges) for side in talk.sides):
            assert talk.deliver(0) | talk.deliver(1)
        for (shop, _), node in zip(nodes, again, strict=True):
            node.store.commit(shop.author(), SITE, builders.offer_edits([6]))
            node.mirror.refresh()
        talk.settle()
        assert [side.session.owes() for side in talk.sides] == [True, True]
        for node, side in zip(again, talk.sides, strict=True):
            assert node.own is not None
            assert node.own.settle(0)
            node.own.is_asking = False
            node.mirror.refresh()
            side.take(side.session.make_good())
        talk.settle()
        assert talk.is_live
        assert [side.session.owes() for side in talk.sides] == [False, False]
        assert again[0].state() == again[1].state()
