"""A shop, its neighbours, and copies of its store that were put back."""

import shutil
from contextlib import ExitStack
from pathlib import Path

from fedretail.crdt.head import SignedHead
from fedretail.domain.kinds import registry
from fedretail.p2p.own import Own
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE, QuickConnection
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import Conversation, Neighbour, neighbour

SHOP = builders.shop()
AUTHOR = SHOP.author()
LOG = SHOP.log()


class Street:
    """A shop, its neighbours, and copies of its store."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.clock = ManualClock()
        self.store = self.kept(builders.shop_store(folder, SHOP, clock=self.clock))
        self.talks = 0

    def kept(self, store: Store) -> Store:
        """Close this store at the end."""
        self.stack.callback(store.close)
        return store

    def shop(self, store: Store | None = None, *, is_asking: bool = True) -> Neighbour:
        """The shop's node, just started."""
        store = store or self.store
        return Neighbour(store, "shop", own=Own(store, AUTHOR, is_asking=is_asking))

    def peer(self, name: str) -> Neighbour:
        """A neighbour that holds nothing yet."""
        node = neighbour(self.folder, name, SHOP)
        self.kept(node.store)
        return node

    def copy(self) -> Path:
        """A copy of the shop's store as it is now."""
        target = self.folder / "copy.db"
        self.store.close()
        shutil.copyfile(self.store.path, target)
        self.store = self.opened(self.store.path)
        return target

    def opened(self, path: Path) -> Store:
        """The store in this file, a minute later."""
        self.clock.advance(60_000)
        kinds = registry()
        return self.kept(Store.open(path, clock=self.clock, kinds=kinds, connect=QuickConnection))

    def meet(self, one: Neighbour, other: Neighbour) -> Conversation:
        """Let two nodes say all that they have to say."""
        self.talks += 1
        return Conversation(one, other, self.talks).settle()


def sell(node: Neighbour, *numbers: int, amount_minor: int = 129) -> SignedHead:
    """Let the shop commit these offers."""
    edits = builders.offer_edits(numbers, amount_minor=amount_minor)
    signed = node.store.commit(AUTHOR, SITE, edits)
    assert signed is not None
    return signed


def answered(node: Neighbour, now_ms: int = 0) -> bool:
    """Neighbours have answered: what `settle_own` does then."""
    assert node.own is not None
    is_done = node.own.settle(now_ms)
    if is_done:
        node.own.is_asking = False
    return is_done


def prices(node: Neighbour) -> list[tuple[str, object]]:
    """The offers and their prices, as a shopper would find them."""
    return [(place.key, one.fields["prices"]) for place, one in node.store.records("offer")]


def seq(node: Neighbour, log: bytes = LOG) -> int:
    """How far a node holds a log; 0: not at all."""
    state = node.store.log(log)
    return 0 if state is None else state.point.seq


def overtaken(street: Street) -> tuple[Neighbour, Path]:
    """A neighbour that has seen two commits, and a copy of the shop from between them."""
    peer, shop = street.peer("peer"), street.shop(is_asking=False)
    sell(shop, 1)
    street.meet(shop, peer)
    copy = street.copy()
    shop = street.shop(is_asking=False)
    sell(shop, 2)
    street.meet(shop, peer)
    return peer, copy
