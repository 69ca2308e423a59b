"""The daemon inside another program (fedretail.running), as docs/how-to/embed.md has it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fedretail
from fedretail.daemon.running import running
from fedretail.errors import Refused
from fedretail.node.node import Node
from fedretail.testing.daemons import until
from fedretail.testing.loopback import LOOPBACK
from fedretail.testing.memory_network import MemoryNetwork
from fedretail.testing.nodes import finds, prices, sell, write_prices


async def test_running_in_a_trio_program(shops: Any) -> None:
    one, two = shops("one"), shops("two")
    sell(one, "bread")
    async with fedretail.running(one, listen=[LOOPBACK]):
        two.join(one.ticket())
        async with fedretail.running(two, listen=[LOOPBACK]):
            await until(lambda: finds(two, "bread"))
    # The nodes go on as they were, without a network.
    sell(two, "rolls")
    assert finds(two, "rolls")
    assert finds(two, "bread")


async def test_an_error_in_the_block_comes_out_as_it_is(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    with pytest.raises(ZeroDivisionError):
        async with running(shop):
            1 / 0  # noqa: B018
    assert shop.daemon_state() is None


async def test_a_daemon_that_cannot_start_says_why(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    async with running(shop):
        with Node.open(shop.path) as again, pytest.raises(Refused, match="already"):
            async with running(again):
                pytest.fail("two daemons on one store")


@pytest.mark.process
def test_importing_fedretail_and_searching_load_no_network(shops: Any) -> None:
    script = (
        "import sys, fedretail\n"
        "from fedretail.index.query import Query\n"
        "assert 'numpy' not in sys.modules\n"
        "fedretail.Node.open(sys.argv[1]).search(Query(words='bread'))\n"
        "print([one for one in sys.modules if one in ('libp2p', 'trio', 'fastapi')])\n"
    )
    command = [sys.executable, "-c", script, str(shops("one").path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def examples() -> list[str]:
    """The Python programs of the page, in order."""
    page = Path(__file__).resolve().parent.parent / "docs" / "how-to" / "embed.md"
    blocks = page.read_text(encoding="utf-8").split("```python\n")[1:]
    return [block.split("```")[0] for block in blocks]


def run_example(program: str, shop: Node) -> str:
    command = [sys.executable, "-c", program, str(shop.path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert not done.stderr, done.stderr
    assert done.returncode == 0
    return done.stdout


@pytest.mark.process
def test_the_examples_of_the_page_on_embedding(shops: Any, tmp_path: Path) -> None:
    shop = shops("one")
    search, take, serve = examples()
    out = run_example(search, shop)
    assert out == f"{shop.site().id}/bread-1000 Rye bread 1 kg 380 EUR\n"
    assert shop.store.own(shop.place("offer", "bread-1000", shop.site())) == {"stock_count": 12}
    names: dict[str, Any] = {}
    exec(take, names)  # noqa: S102 - our own page
    path = write_prices(tmp_path / "list.csv", [*prices(3), ["B", "Bad", "?"]])
    assert names["take"](shop, path) == "3 new, 0 changed, 1 to mend"
    ticket, connections = run_example(serve, shop).splitlines()
    assert ticket.startswith("fr1-")
    assert connections == "0 connections"
    assert shop.daemon_state() is None
