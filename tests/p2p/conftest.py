"""Two nodes that have not met yet, a large catalog, and a neighbour that keeps its rows back."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fedretail.p2p import wire
from fedretail.testing import builders
from fedretail.testing.conversations import Conversation, Neighbour, Side, neighbour, stocked
from fedretail.testing.own_street import Street

SHOP = builders.shop("first")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Neighbour, Neighbour]:
    """A shop with three offers, and a node that knows nobody."""
    return stocked(tmp_path, "a", SHOP, 3), neighbour(tmp_path, "b")


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Neighbour:
    """A shop whose catalog takes several parts; only read."""
    folder = tmp_path_factory.mktemp("large")
    return stocked(folder, "large", builders.shop("second"), 4000)


@pytest.fixture
def withheld(pair: tuple[Neighbour, Neighbour]) -> tuple[Neighbour, Side]:
    """(the shop of `pair`, the side of a node that was shown its catalog and has asked for it)."""
    talk = Conversation(*pair)
    while not talk.sides[1].first(wire.Since):
        talk.deliver(0)
        talk.deliver(1)
    return pair[0], talk.sides[1]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """A shop whose store is copied and put back, and its neighbours."""
    with ExitStack() as stack:
        yield Street(tmp_path, stack)
