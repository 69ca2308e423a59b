"""`fedretail search … --json` as a cold process: what a shopper at a terminal waits for.

100,000 offers of 20 shops in a store and index on disk, in the page cache as on any machine in
use. The floor is the interpreter that starts and does nothing; imports are the modules that the
command loads, and nothing else. OFFERS=10000 measures a smaller federation.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles

from _report import Figure, report
from _shops import copy_into, make_shop

from fedretail.domain.geo import Position
from fedretail.node.setup import create_reader

OFFERS = int(os.environ.get("OFFERS", "100000"))
SHOPS = 20
ROUNDS = 15
QUERIES = {
    "common word": ["milk"],
    "two words within 5 km": ["bio", "milk", "--within", "5km"],
    "cheapest in stock": ["milk", "--sort", "cheapest", "--in-stock"],
}
# Never needed for a search in a town; each costs more than the search.
HEAVY = ("libp2p", "fastapi", "numpy", "trio", "rich")
# Parts of extension modules cannot be imported by their own names; the whole has loaded them.
IMPORT = """
import sys
for name in sys.argv[1:]:
    if name not in sys.modules:
        try:
            __import__(name)
        except ImportError:
            pass
"""


def main() -> None:
    """Measure, print and write everything."""
    with tempfile.TemporaryDirectory() as name:
        path = federation(Path(name))
        command = [sys.executable, "-m", "fedretail", "--data-dir", str(path), "search", "--json"]
        modules = loaded(path)
        bare = [sys.executable, "-c", "pass"]
        imports = [sys.executable, "-c", IMPORT, *modules]
        # Taken in turns, so that a noisy minute falls on all alike.
        commands = [bare, imports, *([*command, *words] for words in QUERIES.values())]
        taken = [[cold_ms(one) for one in commands] for _ in range(ROUNDS)]
    start, ready, *rest = zip(*taken, strict=True)
    figures = [
        *both("interpreter alone", start),
        *both(f"... and the imports of search ({len(modules)})", ready, aim="<= 200 more"),
    ]
    floor = median(wall for wall, _ in ready)
    for kind, times in zip(QUERIES, rest, strict=True):
        figures += both(kind, times, floor, aim="<= 350")
    report("search_cold", figures)


def both(
    what: str, taken: Sequence[tuple[float, float]], floor: float | None = None, *, aim: str = ""
) -> list[Figure]:
    """Median and p95 of the time waited; mean processor time, which a busy machine blurs less.

    0 where the system does not tell what its children used.
    """
    walls, cpus = zip(*taken, strict=True)
    floor_is = "interpreter and imports" if floor else ""
    return [
        Figure(f"{what}, median", median(walls), "ms", len(walls), floor, floor_is, aim),
        Figure(f"{what}, p95", quantiles(walls, n=20)[-1], "ms", len(walls)),
        Figure(f"{what}, processor", sum(cpus) / len(cpus), "ms", len(cpus)),
    ]


def federation(folder: Path) -> Path:
    """The data directory of a reader that holds every shop, its index up to date."""
    with create_reader(folder / "reader", Position(48.5, 9.0)) as reader:
        for number in range(SHOPS):
            with make_shop(folder, number, OFFERS // SHOPS) as shop:
                copy_into(reader, shop)
        reader.reindex()
        # Real lists hold a few rows twice or without a name.
        assert reader.index.statistics()["offers"] > 0.95 * OFFERS
        return reader.path


def loaded(path: Path) -> list[str]:
    """The modules that a search loads and a bare interpreter does not, in a fit order."""
    code = (
        "import sys; known = set(sys.modules); from fedretail.cli import main;"
        f"main(['--data-dir', {str(path)!r}, 'search', 'milk', '--json']);"
        "print(*(name for name in sys.modules if name not in known), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["total"] > 0, "the search found nothing"
    modules = done.stderr.split()
    heavy = [name for name in modules if name.partition(".")[0] in HEAVY]
    assert not heavy, f"a search loads {heavy}"
    return modules


def cold_ms(command: list[str]) -> tuple[float, float]:
    """(wall, processor) time of a process from its start to its end."""
    started, before = time.perf_counter(), os.times()
    subprocess.run(command, capture_output=True, check=True)
    wall, after = time.perf_counter() - started, os.times()
    used = after.children_user - before.children_user
    used += after.children_system - before.children_system
    return wall * 1000, used * 1000


if __name__ == "__main__":
    main()
