"""How good the order of results is, by judgments: NDCG@10 beside plain FTS5 with porter stems.

The judged names and queries are the project's own: those of tests/index/judged, a home improvement
store's listings (bench/listings), and names made from patterns with what people type for them
(_hardware.py), which nobody looked at word by word.
JUDGED=FOLDER takes others (two files, see fedretail/testing/judged.py). With FEDRETAIL_TEST_DATA
some 20,000 names of real products stand among the first, to be confused with. How long texts take
that are no words at all is measured too.
"""

import os
import random
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from time import perf_counter

from _hardware import hardware
from _report import Figure, report
from _shops import products

from fedretail.crdt.names import site_id
from fedretail.domain.ids import parse_offer_id
from fedretail.domain.kind import RecordId
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.judged import Judged, ndcg, read_judged
from fedretail.testing.memory_records import MemoryRecords

OWN = Path(__file__).resolve().parent.parent / "tests" / "index" / "judged"
LISTINGS = Path(__file__).with_name("listings")
OTHERS = 20_000
DEPTH = 10
ODD_TEXTS = 1_000
ODD = [
    "milk", "of", "white ", " light ", " 1/2 ", '"', "'", " AND ", " OR ", " NOT ", " NEAR(", "*",
    "^", ":", "(", ")", "-", "name:", "\0", "\n", "🍞", "👩‍🌾", "牛乳", "ß", "\u0301", "\ud800",
    "9", "0.", "1,", "ft", " x ", "é", "zzq", "%", ";--", "\\", "{", "\u202e", "\ufeff",
]  # fmt: skip
# How the identifiers of the names begin that answer a query.
KINDS = {"": "all"} if "JUDGED" in os.environ else {"": "all", "e": "English", "g": "German"}
Search = Callable[[str], list[str]]


def main() -> None:
    """Measure, print and write everything; --show lists the queries that went worst."""
    judged = read_judged(Path(os.environ.get("JUDGED", OWN)))
    others = {}
    if os.environ.get("FEDRETAIL_TEST_DATA"):
        others = {f"o{number}": name for number, (_, name) in enumerate(products(OTHERS))}
    figures = measured(judged, others, KINDS)
    if "JUDGED" not in os.environ:
        figures += measured(read_judged(LISTINGS), others, {"": "listing"})
        figures += measured(hardware(), {}, {"": "hardware"})
    report("relevance", figures)


def measured(judged: Judged, others: dict[str, str], kinds: dict[str, str]) -> list[Figure]:
    """The figures of one catalog; others: names that answer nothing; kinds: as KINDS."""
    names = {**judged.names, **others}
    plain = plain_search(names)
    with tempfile.TemporaryDirectory() as folder:
        clock = ManualClock()
        with Index.open(Path(folder) / "index.db", shop(names, clock), clock=clock) as index:
            while index.follow():
                pass
            figures = compare(judged, lambda query: ours(index, query), plain, kinds=kinds)
            return [*figures, odd(index)]


def odd(index: Index) -> Figure:
    """How long the slowest of many texts takes that nobody would type."""
    chance, slowest = random.Random(1), 0.0
    for _ in range(ODD_TEXTS):
        parts = chance.choices(ODD, k=chance.choice((1, 3, 20)))
        text = ("".join(parts) * chance.choice((1, 1, 1, 10_000)))[:10_000]
        started = perf_counter()
        index.search(Query(words=text, limit=DEPTH))
        slowest = max(slowest, (perf_counter() - started) * 1000)
    return Figure("an odd text, slowest", slowest, "ms", ODD_TEXTS, aim="< 100")


def shop(names: dict[str, str], clock: ManualClock) -> MemoryRecords:
    """One shop with an offer for each name."""
    owner = b"o" * 16
    site = site_id(owner, b"n")
    record = RecordId(owner, f"site/{site}", "site", site)
    store = MemoryRecords()
    fields = {"name": "Shop", "nonce": b"n", "lat_e7": 485_000_000, "lon_e7": 90_500_000}
    store.put(record, fields, stamp=clock.now_ms())
    for key, name in names.items():
        store.put(record._replace(kind="offer", key=key), {"name": name}, stamp=clock.now_ms())
    return store


def ours(index: Index, query: str) -> list[str]:
    """The keys that our search finds, best first."""
    page = index.search(Query(words=query, limit=DEPTH))
    return [parse_offer_id(listing.offer)[1] for listing in page.results]


def plain_search(names: dict[str, str]) -> Search:
    """FTS5 as anybody would use it: porter, all words by bm25, then any of the words by bm25."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE word USING fts5(key UNINDEXED, name, tokenize='porter')")
    db.executemany("INSERT INTO word VALUES(?, ?)", names.items())
    select = "SELECT key FROM word WHERE word MATCH ? ORDER BY rank, rowid LIMIT ?"

    def search(query: str) -> list[str]:
        words = [f'"{word}"' for word in re.findall(r"\w+", query)]
        found: dict[str, None] = {}
        for joint in (" AND ", " OR "):
            rows = db.execute(select, (joint.join(words), DEPTH)).fetchall() if words else []
            found.update(dict.fromkeys(key for (key,) in rows))
        return list(found)[:DEPTH]

    return search


def compare(
    judged: Judged, search: Search, plain: Search, *, kinds: dict[str, str]
) -> list[Figure]:
    """NDCG@10 of both, of all queries and by the language they are in."""
    points: dict[str, tuple[float, float]] = {}
    took_ms, empty = [], 0
    for query, grades in judged.queries.items():
        started = perf_counter()
        found = search(query)
        took_ms.append((perf_counter() - started) * 1000)
        empty += not found
        points[query] = ndcg(found, grades), ndcg(plain(query), grades)
    if "--show" in sys.argv:
        for query in sorted(points, key=lambda one: points[one][0])[:25]:
            print(f"{points[query][0]:.2f} {points[query][1]:.2f} {query}: {search(query)}")
    count = len(points)
    name = kinds[""]
    return [
        *(gain(kind, judged, points, called=called) for kind, called in kinds.items()),
        Figure(f"{name} queries without result", 100 * empty / count, "%", count, aim="< 0.5"),
        Figure(f"one of {name} queries, median", median(took_ms), "ms", count),
        Figure(f"one of {name} queries, slowest", max(took_ms), "ms", count),
    ]


def gain(
    kind: str, judged: Judged, points: dict[str, tuple[float, float]], *, called: str
) -> Figure:
    """NDCG@10 of ours beside the plain one's, over the queries that `kind` of names answer."""
    asked = [one for one, grades in judged.queries.items() if max(grades).startswith(kind)]
    mine, theirs = (mean(points[one][i] for one in asked) for i in (0, 1))
    bare, aim = "plain FTS5, porter, AND then OR", ">= 1.035 x"
    return Figure(f"NDCG@10 of {called} queries", mine, "", len(asked), theirs, bare, aim)


if __name__ == "__main__":
    main()
