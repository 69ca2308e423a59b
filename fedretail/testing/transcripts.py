"""Recorded conversations of two nodes, for whoever writes a second implementation.

Everything in them follows from the names of keys and stores: two recordings are the same.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fedretail.crdt.codec import pack
from fedretail.p2p import wire
from fedretail.p2p.messages import TYPES
from fedretail.store.store import Store
from fedretail.testing import builders, vectors
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import NETWORK, Conversation, Neighbour, neighbour

_SHOP = builders.shop()
_NAMES = ("shop", "peer")


def record(folder: Path) -> dict[str, Any]:
    """The content of transcript.json; `folder`: for the stores."""
    store = builders.shop_store(folder, _SHOP)
    store.commit(_SHOP.author(), SITE, builders.offer_edits(range(40)))
    shop, peer = Neighbour(store, "shop"), neighbour(folder, "peer")
    scenes = []
    for number, (name, scene) in enumerate(_SCENES.items()):
        talk = Conversation(shop, peer, nonce=number)
        messages = [*_settled(talk), *scene(talk)]
        scenes.append({"name": name, "messages": messages, "heads": _heads(shop, peer)})
        talk.drop()
    return {
        "about": "Two nodes talk; each scene is a session. `payload`: the msgpack of a message, not"
        " compressed; `items`: the same decoded. `heads`: what both hold in the end.",
        "network": NETWORK.hex(),
        "device_seed": b"shop device 0".ljust(32, b".").hex(),
        "root_seed": b"shop root".ljust(32, b".").hex(),
        "now_ms": ManualClock.START_MS,
        "scenes": scenes,
    }


def _settled(talk: Conversation) -> Iterator[dict[str, Any]]:
    """Everything said until nobody has more to say, in an order in which it may be heard."""
    told = [0, 0]
    while True:
        for number, side in enumerate(talk.sides):
            for message in side.sent[told[number] :]:
                yield _said(_NAMES[number], message)
            told[number] = len(side.sent)
        if not talk.deliver(0) | talk.deliver(1):
            return


def _said(name: str, message: wire.Message) -> dict[str, Any]:
    items = wire.values(message)
    number = TYPES[type(message)]
    return {
        "from": name,
        "type": type(message).__name__.upper(),
        "items": vectors.without_bytes(items),
        "payload": pack([number, *items]).hex(),
    }


def _heads(*nodes: Neighbour) -> list[str]:
    found = [sorted(raw.hex() for raw in node.state().values()) for node in nodes]
    assert found[0] == found[1]
    return found[0]


def _later(talk: Conversation, act: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """What is said after `act`."""
    before = [len(side.sent) for side in talk.sides]
    act()
    for number, side in enumerate(talk.sides):
        del side.sent[: before[number]]
    yield from _settled(talk)


def _nothing_more(talk: Conversation) -> Iterator[dict[str, Any]]:
    return iter(())


def _news(talk: Conversation) -> Iterator[dict[str, Any]]:
    def act() -> None:
        edits = builders.offer_edits([1, 2], amount_minor=99)
        talk.sides[0].node.store.commit(_SHOP.author(), SITE, edits)
        talk.sides[0].push_moves()

    return _later(talk, act)


def _repaired(talk: Conversation) -> Iterator[dict[str, Any]]:
    def act() -> None:
        _lose_rows(talk.sides[1].node.store)
        talk.sides[1].take(talk.sides[1].session.retry())

    return _later(talk, act)


def _lose_rows(store: Store) -> None:
    with store._write.transaction(durable=False):
        store._write.execute("DELETE FROM row WHERE key IN ('sku3', 'sku17')")
    store.repairs.set_damaged([_SHOP.log()])


def _good_bye(talk: Conversation) -> Iterator[dict[str, Any]]:
    return _later(talk, lambda: talk.sides[0].take(talk.sides[0].session.end()))


_SCENES: dict[str, Callable[[Conversation], Iterator[dict[str, Any]]]] = {
    "the peer has nothing": _nothing_more,
    "two prices change, and are pushed": _news,
    "rows of the peer are lost, and repaired": _repaired,
    "nothing differs; the shop ends the session": _good_bye,
}
