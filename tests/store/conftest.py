"""The store of a shop with three commits, a peer that has none of them yet, and restored stores."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.restores import World

SHOP = builders.shop()


@pytest.fixture
def source(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    """A shop's store with three commits: three offers, a price, a deletion."""
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(3)))
    store.commit(SHOP.author(), SITE, [Edit("offer", "sku1", {"prices": [[99]]})])
    store.commit(SHOP.author(), SITE, [Edit("offer", "sku2", is_deletion=True)])
    yield store
    store.close()


@pytest.fixture
def target(tmp_path: Path, clock: ManualClock, source: Store) -> Iterator[Store]:
    """A peer's store that knows the name of the shop's log."""
    store = builders.peer_store(tmp_path, "target", SHOP, clock=clock)
    yield store
    store.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A shop's store that can be put back from copies, and a neighbour; closed at the end."""
    with ExitStack() as stack:

        def closing(store: Store) -> Store:
            stack.callback(store.close)
            return store

        yield World(tmp_path, closing)
