"""docs/how-to/build-a-service.md: the price watch, run as the page has it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fedretail.clock import SystemClock
from fedretail.node import tokens
from fedretail.node.node import Node
from fedretail.testing.faces import Face, shown
from fedretail.testing.nodes import finds

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "build-a-service.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
GTIN = "04001842100121"

pytestmark = pytest.mark.process


@pytest.fixture
def shop(shops: Any) -> Node:
    node: Node = shops("Brook Farm", SystemClock())
    sell(node, 349)
    return node


def sell(node: Node, amount_minor: int) -> None:
    fields: dict[str, Any] = {"name": "Muesli", "gtin": GTIN, "currency": "EUR"}
    node.write("offer", "muesli", {**fields, "prices": [[amount_minor]]})


def watched(folder: Path, face: Face) -> str:
    (folder / "watch.py").write_text(BLOCKS[0], encoding="utf-8")
    command = [sys.executable, "watch.py", face.url, "watch.json", GTIN]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_watch_says_when_a_price_has_fallen(shop: Node, tmp_path: Path) -> None:
    with shown(shop) as face:
        assert watched(tmp_path, face) == "Muesli: 3.49 EUR at Brook Farm\n"
        assert watched(tmp_path, face) == ""
        sell(shop, 399)
        assert watched(tmp_path, face) == ""
    # Both were off for a while.
    sell(shop, 299)
    with shown(shop) as face:
        assert watched(tmp_path, face) == "Muesli: 2.99 EUR at Brook Farm\n"


def test_the_watch_begins_anew_with_another_node(shop: Node, shops: Any, tmp_path: Path) -> None:
    with shown(shop) as face:
        watched(tmp_path, face)
    other = shops("Hill Farm", SystemClock())
    sell(other, 199)
    with shown(other) as face:
        watched(tmp_path, face)
        assert json.loads((tmp_path / "watch.json").read_text())["cursor"] is None
        assert watched(tmp_path, face) == "Muesli: 1.99 EUR at Hill Farm\n"


def test_the_other_parts_of_the_page(shop: Node, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for block in BLOCKS[1:3]:
        exec(block, names)  # noqa: S102 - it is our own page
    with shown(shop) as face:
        client = names["Client"](face.url)
        cursor = client.cursor()
        sell(shop, 1)
        assert next(names["listen"](client, cursor)).kind == "offer"
        token = tokens.add(shop, "till", [tokens.WRITE_OFFERS])
        names["sold_out"](face.url, token, f"{shop.site().id}/muesli")
    assert finds(shop, "muesli") == [("Muesli", 349)]


def test_a_node_in_a_thread(shop: Node) -> None:
    command = [sys.executable, "-c", BLOCKS[3], str(shop.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("0 offers\n", "")
