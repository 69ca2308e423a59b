"""A shop in a folder of its own, with a clock to turn by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fedretail.node.node import Node
from fedretail.testing.clock import ManualClock
from fedretail.testing.nodes import new_shop


@pytest.fixture
def shop(tmp_path: Path, clock: ManualClock) -> Iterator[Node]:
    with new_shop(tmp_path / "shop", clock=clock) as node:
        yield node
