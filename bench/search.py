"""The search index alone: how fast it follows, how large it is, how long queries take.

100,000 offers of 200 shops, names from FEDRETAIL_TEST_DATA where it is set. The floor beside a
query is the same words asked of a plain FTS5 table in memory, without places, prices or age.
OFFERS=1000000 measures a larger federation.
"""

import gc
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from _report import Figure, report
from _shops import make_shop, products

from fedretail.crdt.names import site_id
from fedretail.domain.geo import Position
from fedretail.domain.kind import RecordId
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.index.text import match_all, query_words
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

OFFERS = int(os.environ.get("OFFERS", "100000"))
SHOPS = 200
ROUNDS = 100
CLOCK = ManualClock()
SHELVES = ("Food > Dairy", "Food > Drinks", "Home > Kitchen")


def main() -> None:
    """Measure, print and write everything."""
    chance = random.Random(1)
    names = [name for _, name in products(min(OFFERS, 200_000))]
    with tempfile.TemporaryDirectory() as folder:
        figures = [new_shop(Path(folder))]
        store = MemoryRecords()
        for number in range(SHOPS):
            fill(store, number, names, chance)
        with Index.open(Path(folder) / "index.db", store, clock=CLOCK) as index:
            figures += catch_up(index)
            figures += updates(index, store, names)
            figures += queries(index, names, chance)
        figures += cold(Path(folder))
    report("search", figures)


def fill(store: MemoryRecords, number: int, names: list[str], chance: random.Random) -> None:
    """One shop with its share of the offers, somewhere within some 30 km."""
    site = site_record(number)
    place = (48.5 + chance.gauss(0, 0.3), 9.05 + chance.gauss(0, 0.4))
    fields = {"name": f"Shop {number}", "nonce": b"n", "currency": "EUR", "hours": "24/7"}
    degrees = {"lat_e7": round(place[0] * 1e7), "lon_e7": round(place[1] * 1e7)}
    store.put(site, {**fields, **degrees, "time_zone": "Europe/Berlin"}, stamp=CLOCK.now_ms())
    for item in range(OFFERS // SHOPS):
        record = site._replace(kind="offer", key=f"A{item}")
        store.put(record, offer(names, chance), stamp=CLOCK.now_ms())


def site_record(number: int) -> RecordId:
    """The record of a shop's site."""
    owner = number.to_bytes(16, "big")
    site = site_id(owner, b"n")
    return RecordId(owner, f"site/{site}", "site", site)


def offer(names: list[str], chance: random.Random) -> dict[str, Any]:
    """An offer of eight fields."""
    return {
        "name": chance.choice(names),
        "gtin": f"{chance.randrange(10**13):014}",
        "category": chance.choice(SHELVES),
        "currency": "EUR",
        "prices": [[chance.randrange(50, 2_000)]],
        "stock": chance.choice(["none", "few", "some", "unknown"]),
        "net": ["500", "GRM"],
        "source": "prices.csv",
    }


def new_shop(folder: Path) -> Figure:
    """CPU time from the feed of a real store with 10,000 new offers to their being searchable."""
    taken = []
    with make_shop(folder, 0, 10_000) as shop:
        for number in range(7):
            (folder / f"new{number}").mkdir()
            path = folder / f"new{number}" / "index.db"
            with Index.open(path, shop.store, clock=shop.clock) as index:
                gc.collect()
                started = time.process_time()
                index.follow()
                taken.append(time.process_time() - started)
    aim = "<= 0.30"
    return Figure("follow a new shop of 10,000 offers, CPU", median(taken), "s", 7, aim=aim)


def catch_up(index: Index) -> list[Figure]:
    """Everything, from an empty index."""
    started = time.perf_counter()
    entries = index.follow()
    rate = entries / (time.perf_counter() - started)
    size = index.statistics()["bytes"] / OFFERS
    return [
        Figure("entries followed from empty", rate, "1/s", entries),
        Figure("index.db a offer", size, "B", OFFERS, aim="<= 300"),
    ]


def updates(index: Index, store: MemoryRecords, names: list[str]) -> list[Figure]:
    """Changed prices, changed names, a site that moves with all its offers."""
    chance = random.Random(3)
    found = [record for record in store.present if record.kind == "offer"]
    some = chance.sample(found, 5_000)

    def rate(change: Callable[[dict[str, Any]], None]) -> float:
        for record in some:
            fields = dict(store.present[record].fields)
            change(fields)
            store.put(record, fields, stamp=CLOCK.now_ms())
        started = time.perf_counter()
        return index.follow() / (time.perf_counter() - started)

    prices = rate(lambda fields: fields.update(prices=[[chance.randrange(50, 2_000)]]))
    renamed = rate(lambda fields: fields.update(name=chance.choice(names)))
    site = site_record(0)
    moved = dict(store.present[site].fields) | {"lat_e7": 400_000_000}
    store.put(site, moved, stamp=CLOCK.now_ms())
    started = time.perf_counter()
    index.follow()
    return [
        Figure("price changes followed", prices, "1/s", len(some)),
        Figure("name changes followed", renamed, "1/s", len(some)),
        Figure(f"a site moves with {OFFERS // SHOPS} offers", ms(started), "ms"),
    ]


def queries(index: Index, names: list[str], chance: random.Random) -> list[Figure]:
    """p50 and p95 of each kind of query, beside plain FTS5."""
    plain = plain_table(names, chance)
    common = ["milk", "chocolat", "bio", "sauce"]
    figures = []
    kinds: dict[str, Callable[[Position, str, str], Query]] = {
        "common word, best": lambda here, word, two: Query(words=word, near=here),
        "common word within 5 km": lambda here, word, two: Query(
            words=word, near=here, within_m=5_000.0
        ),
        "common word, nearest": lambda here, word, two: Query(
            words=word, near=here, sort="nearest"
        ),
        "cheapest within 20 km": lambda here, word, two: Query(
            words=word, near=here, within_m=20_000.0, sort="cheapest", in_stock=True
        ),
        "two words of a name, best": lambda here, word, two: Query(words=two, near=here),
        "beginning of a word within 20 km": lambda here, word, two: Query(
            words=word[:3], begun=True, near=here, within_m=20_000.0
        ),
        "category within 5 km": lambda here, word, two: Query(
            category="dairy", near=here, within_m=5_000.0
        ),
    }
    for kind, build in kinds.items():
        taken, floor = [], []
        for _ in range(ROUNDS):
            here = Position(48.5 + chance.gauss(0, 0.3), 9.05 + chance.gauss(0, 0.4))
            two = " ".join(chance.choice(names).split()[:2])
            query = build(here, chance.choice(common), two)
            started = time.perf_counter()
            index.search(query)
            taken.append(ms(started))
            words = query_words(query.words)
            started = time.perf_counter()
            if words:
                match = match_all(words, begun=query.begun)
                plain.execute("SELECT rowid FROM word WHERE word MATCH ?", (match,)).fetchall()
            floor.append(ms(started))
        bare = "plain FTS5, rows only"
        figures += [
            Figure(f"{kind}, p50", median(taken), "ms", ROUNDS, median(floor), bare),
            Figure(f"{kind}, p95", quantiles(taken, n=20)[-1], "ms", ROUNDS),
        ]
    return figures


def plain_table(names: list[str], chance: random.Random) -> sqlite3.Connection:
    """As many names in FTS5 as anybody would make it."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE word USING fts5(words)")
    rows = ((chance.choice(names),) for _ in range(OFFERS))
    db.executemany("INSERT INTO word(words) VALUES(?)", rows)
    return db


def cold(folder: Path) -> list[Figure]:
    """A new process: interpreter and imports, then open and first answer."""
    code = """
import sys, time
begun = time.perf_counter()
from pathlib import Path
from fedretail.domain.geo import Position
from fedretail.index.query import Query
from fedretail.index.search import Index
imported = time.perf_counter()
from fedretail.testing.memory_records import MemoryRecords
from fedretail.testing.clock import ManualClock
store, clock = MemoryRecords(), ManualClock()
store.feed_end = lambda: 1 << 60
store.seen_at = lambda owner, collection: clock.now_ms()
ready = time.perf_counter()
index = Index.open(Path(sys.argv[1]), store, clock=clock)
page = index.search(Query(words="milk", near=Position(48.5, 9.05)))
answered = time.perf_counter()
assert page.total > 0
print((imported - begun) * 1000, (answered - ready) * 1000, "numpy" in sys.modules)
"""
    imports, answers = [], []
    for _ in range(9):
        command = [sys.executable, "-c", code, str(folder / "index.db")]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        imports.append(float(output[0]))
        answers.append(float(output[1]))
        assert output[2] == "False", "a search in a town must not load numpy"
    return [
        Figure("new process: imports of the index", median(imports), "ms", 9),
        Figure("new process: open and first answer", median(answers), "ms", 9),
    ]


def ms(started: float) -> float:
    """Milliseconds since `started`."""
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
