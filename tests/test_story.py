"""The main job, with real processes: the catalogs of three shops, two of them killed.

Each shop is a daemon of its own on 127.0.0.1. What one has been told is saved is never lost, and
search needs none of the others.
"""

import csv
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fedretail.domain.geo import Position
from fedretail.domain.listings import Listing
from fedretail.index.query import Query
from fedretail.node.import_report import ImportOptions
from fedretail.node.node import Node
from fedretail.node.setup import Shop, create_shop

FIXTURES = Path(__file__).resolve().parent / "fixtures" / "connectors"
ROWS = 10_000
# Reached only when something hangs; the whole story takes some ten seconds.
PATIENCE_S = 40.0
SEED = 4817
GOODS = ("Bread", "Milk", "Soap", "Candle", "Apron", "Honey", "Juice", "Cheese", "Tea", "Rice")

pytestmark = pytest.mark.process


@dataclass
class Daemon:
    """One shop: its folder and, while it runs, its process."""

    path: Path
    position: Position
    process: subprocess.Popen[str] | None = None
    told: dict[str, Any] = field(default_factory=dict)

    def start(self) -> None:
        """Run `fedretail serve` and wait for what it prints when neighbours can call."""
        command = [sys.executable, "-m", "fedretail", "--data-dir", str(self.path), "serve"]
        command += ["--listen", "/ip4/127.0.0.1/tcp/0", "--json"]
        with (self.path / "daemon.txt").open("a", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
            )
        assert self.process.stdout is not None
        text = ""
        while line := self.process.stdout.readline():
            text += line
            if line.rstrip() == "}" or (line.startswith("{") and line.rstrip().endswith("}")):
                self.told = json.loads(text)
                return
        pytest.fail(f"no daemon at {self.path.name}: {self.said()}")

    def kill(self) -> None:
        """End it without a word, as a power cut does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def said(self) -> str:
        """What it has printed for people."""
        return (self.path / "daemon.txt").read_text(encoding="utf-8")


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[list[Daemon]]:
    started: list[Daemon] = []
    for n, name in enumerate(("Village shop", "Town house", "Corner store")):
        path = tmp_path / f"shop{n}"
        # 3 km from one to the next, on one line.
        position = Position(48.52 + n * 0.027, 9.05)
        create_shop(path, Shop(name, position, "24/7", "EUR", "Europe/Berlin")).close()
        started.append(Daemon(path, position))
    yield started
    for one in started:
        if one.process is not None:
            one.process.kill()
            one.process.communicate()


def price_list(path: Path) -> Path:
    """10,000 rows, the same ones each time."""
    chance = random.Random(SEED)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["SKU", "Name", "Price", "Stock", "Category"])
        for n in range(ROWS):
            price = f"{chance.randrange(100, 2000) / 100:.2f}"
            name = f"{chance.choice(GOODS)} of the village {n}"
            writer.writerow([f"V{n:05}", name, price, chance.randrange(30), "food"])
    return path


def until(what: str, holds: Callable[[], Any], shops: list[Daemon]) -> None:
    """Look again and again until something holds; fails with what the daemons said."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline_s:
            said = "\n".join(f"--- {one.path.name}\n{one.said()}" for one in shops)
            pytest.fail(f"in {PATIENCE_S:.0f} s not: {what}\n{said}")
        time.sleep(0.05)


def catalog(node: Node) -> dict[str, tuple[str, int | None]]:
    """Every offer that search finds: its name and its price."""
    page = node.search(Query(words="", near=node.position, limit=20_000))
    return {one.offer: (one.name, one.amount_minor) for one in page.results}


def find(node: Node, words: str) -> list[Listing]:
    return node.search(Query(words=words, near=node.position, sort="nearest", limit=50)).results


def test_two_of_three_shops_are_killed_and_nothing_is_lost(
    shops: list[Daemon], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        nodes = [stack.enter_context(Node.open(one.path)) for one in shops]
        first, second, _ = shops
        files = [price_list(tmp_path / "village.csv")]
        exports = ("shopify-old.csv", "woocommerce-de.csv")
        files += [Path(shutil.copy(FIXTURES / name, tmp_path)) for name in exports]

        # Each joins, each imports its own file, while the daemons run.
        first.start()
        for node, one in zip(nodes[1:], shops[1:], strict=True):
            node.join(first.told["ticket"])
            one.start()
        reports = [
            node.import_file(path, ImportOptions(node.site()))
            for node, path in zip(nodes, files, strict=True)
        ]
        assert [report.reading.format for report in reports] == ["csv", "shopify", "woocommerce"]
        total = sum(report.new for report in reports)
        assert reports[0].new == ROWS
        assert all(report.new > 1 for report in reports)

        def hold_all() -> bool:
            return all(node.status()["offers"] == total for node in nodes)

        until(f"all hold {total} offers", hold_all, shops)
        whole = catalog(nodes[0])
        assert [catalog(node) == whole for node in nodes] == [True] * 3

        # Written and acknowledged, then at once the power goes, at two shops.
        sites = [node.site() for node in nodes]
        for n, node in enumerate(nodes[:2]):
            key = next(place.key for place, _ in own_offers(node))
            node.write("offer", key, {"prices": [[4242 + n]], "note": f"last word {n}"},
                       site=sites[n])  # fmt: skip
        first.kill()
        second.kill()
        assert first.process is not None
        assert sys.platform == "win32" or first.process.returncode == -signal.SIGKILL

        # The third answers, over all shops, nearest first, with prices and ages.
        here = nodes[2]
        assert len(catalog(here)) == total
        found = find(here, "milk")
        assert found
        assert all(one.site_name == "Village shop" for one in found)
        assert all(one.amount_minor and one.seen_at_ms and one.confirmed_at_ms for one in found)
        everything = here.search(Query(near=here.position, sort="nearest", limit=total))
        names = [one.site_name for one in everything.results]
        counts = (reports[2].new, reports[1].new, reports[0].new)
        assert names == [
            *["Corner store"] * counts[0],
            *["Town house"] * counts[1],
            *["Village shop"] * counts[2],
        ]
        distances = [one.distance_m or 0.0 for one in everything.results]
        assert distances == sorted(distances)
        assert distances[-1] == pytest.approx(6000, rel=0.01)
        until("the third sees that it is alone", lambda: here.status()["peers"] == [], shops)
        assert "neighbour" in here.sentence()

        # Meanwhile the third goes on selling, and what it writes is found by the others later.
        fields = {"name": "Umbrella for the rain", "currency": "EUR", "prices": [[1290]]}
        here.write("offer", "umbrella", fields, site=sites[2])

        # The two come back: what they had been told is saved is there, and they catch up.
        for node in nodes[:2]:
            assert 4242 + nodes.index(node) in {price for _, price in own_prices(node)}
        first.start()
        second.start()
        expected = {place: 4242 + n for n, node in enumerate(nodes[:2])
                    for place, price in own_prices(node) if price == 4242 + n}  # fmt: skip
        assert len(expected) == 2

        def caught_up() -> bool:
            return all(
                find(node, "umbrella")
                and all(
                    (shown := node.show(offer)) is not None and shown.amount_minor == price
                    for offer, price in expected.items()
                )
                for node in nodes
            )

        until("all have the last prices of all", caught_up, shops)

        # What a shop shows comes from its store; its index follows a moment later.
        def one_catalog() -> bool:
            first, *others = [catalog(node) for node in nodes]
            prices = {place: first[place][1] for place in expected}
            return prices == expected and all(other == first for other in others)

        until("search finds the same at all, with the last prices", one_catalog, shops)
        for n, node in enumerate(nodes[:2]):
            notes = [node.store.own(place).get("note") for place, _ in own_offers(node)]
            assert f"last word {n}" in notes

        # Stopped in order, they say so; and every log is what its head says.
        for one in shops:
            assert one.process is not None
            if sys.platform == "win32":
                one.kill()
                continue
            one.process.send_signal(signal.SIGTERM)
            assert one.process.wait(PATIENCE_S) == 0, one.said()
            assert "Traceback" not in one.said()
        for node in nodes:
            assert not [problem for _, found in node.check() for problem in found]
            assert not node.status()["daemon"] or sys.platform == "win32"


def own_offers(node: Node) -> Iterator[tuple[Any, Any]]:
    return node.store.records("offer", owner=node.owner)


def own_prices(node: Node) -> Iterator[tuple[str, int]]:
    """(offer id, first amount) of this shop's own offers."""
    for place, value in own_offers(node):
        prices: Any = value.fields["prices"]
        yield f"{place.collection.removeprefix('site/')}/{place.key}", prices[0][0]
