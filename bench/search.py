"""The search index alone: how fast it follows, how large it is, how long queries take.

A million offers at shops as dense as around a city (SET=sparse: as they lie), names, barcodes and
places from FEDRETAIL_TEST_DATA where it is set. Beside each kind of query stand plain FTS5 with a
filter of shops and, where it is installed (`pip install tantivy`), tantivy, asked the same in the
same run. OFFERS=5000000 measures a larger federation; GROWTH=1 all sizes from 10,000 to OFFERS and
draws bench/results/search-growth.svg. RIVALS=0 leaves the others out. ONLY=word asks the kinds of
query with it in their names, and nothing else. KEEP=folder keeps the index for the next run.
"""

import gc
import importlib.util
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median, quantiles

from _asked import Asked
from _federation import Federation
from _plot import plot
from _report import RESULTS, Figure, report
from _rivals import Plain, Rival, Tantivy, fill
from _shops import make_shop

from fedretail.commands._collector import collect_seldom
from fedretail.domain.geo import Position
from fedretail.index.answering.terms import query_terms
from fedretail.index.language.spelling import Spellings
from fedretail.index.language.vocabulary import IndexVocabulary, Vocabulary
from fedretail.index.layout.schema import connect_for_reading
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock

OFFERS = int(os.environ.get("OFFERS", "1000000"))
DENSE = os.environ.get("SET", "dense") != "sparse"
HAS_TANTIVY = importlib.util.find_spec("tantivy") is not None
ROUNDS = int(os.environ.get("ROUNDS", "100"))
# Plain FTS5 takes a third of a second for some of them.
RIVAL_ROUNDS = 30
ONLY = os.environ.get("ONLY", "")
KEEP = os.environ.get("KEEP", "")
CLOCK = ManualClock()
# As many lines as a picture can hold.
DRAWN = (
    "barcode, nearest", "everything, nearest", "category within 7 km",
    "common word within 5 km, best", "common word, best", "two words, best", "as you type, best",
    "slip of the pen, best", "facets", "by product",
)  # fmt: skip


def main() -> None:
    """Measure, print and write everything."""
    # As every command does.
    collect_seldom()
    sizes = [OFFERS]
    if os.environ.get("GROWTH"):
        steps = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000)
        sizes = [*(size for size in steps if size < OFFERS), OFFERS]
    growth: dict[str, list[tuple[float, float]]] = {}
    figures: list[Figure] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            where = Path(KEEP or folder) / str(size)
            where.mkdir(parents=True, exist_ok=True)
            figures = measured(where, size, is_last=size == OFFERS and not ONLY)
        for one in figures:
            if one.figure.removesuffix(", p95") in DRAWN:
                growth.setdefault(one.figure, []).append((size, one.value))
    if len(sizes) > 1:
        RESULTS.mkdir(exist_ok=True)
        picture = plot(growth, across="offers", up="ms")
        (RESULTS / "search-growth.svg").write_text(picture, encoding="utf-8")
    report("search", figures)


def measured(folder: Path, offers: int, *, is_last: bool) -> list[Figure]:
    """Everything of one size; what does not depend on it only where `is_last`."""
    figures = [new_shop(folder)] if is_last else []
    federation = Federation(offers, dense=DENSE, now_ms=CLOCK.now_ms())
    path = folder / "index.db"
    # Asking an index how far behind it is makes a missing one.
    is_kept = path.exists()
    with Index.open(path, federation, clock=CLOCK) as index:
        figures += [] if is_kept else catch_up(index, federation)
        index.load()
        others = rivals(folder, federation) if is_last or ONLY else []
        figures += queries(index, path, federation, others)
        if is_last:
            figures += updates(index, federation)
    return figures + (cold(folder, _town(federation)) if is_last else [])


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


def catch_up(index: Index, federation: Federation) -> list[Figure]:
    """Everything, from an empty index; the time for making up the records is taken off."""
    started = time.process_time()
    for after in range(0, federation.feed_end(), 2_000):
        federation.records_of(record for _, record in federation.feed(after, 2_000))
    made_up = time.process_time() - started
    started, began = time.process_time(), time.perf_counter()
    index.follow()
    taken, waited = time.process_time() - started - made_up, time.perf_counter() - began
    found = index.statistics()
    million = 1e6 / found["offers"]
    return [
        Figure(
            "rebuild, a million offers, CPU without decoding", taken * million, "s", 1, aim="<= 40"
        ),
        Figure("rebuild, a million offers, by the clock, all included", waited * million, "s", 1),
        Figure("index.db a offer", found["bytes"] / found["offers"], "B", aim="<= 300"),
    ]


def rivals(folder: Path, federation: Federation) -> list[Rival]:
    """The others, filled."""
    if os.environ.get("RIVALS") == "0":
        return []
    found: list[Rival] = [Plain(folder / "plain.db", federation)]
    if HAS_TANTIVY:
        found.append(Tantivy(federation))
    else:
        print("tantivy is not installed: without it")
    fill(found, federation)
    return found


def updates(index: Index, federation: Federation) -> list[Figure]:
    """How many changes are followed, and what searches notice of 300 a second."""
    chance = random.Random(3)

    def change(count: int, **fields: object) -> None:
        for _ in range(count):
            shop, item = chance.randrange(len(federation.places)), chance.randrange(5)
            price = [[chance.randrange(50, 2_000)]]
            federation.change(federation.offer(shop, item), prices=price, **fields)

    def rate(**fields: object) -> float:
        change(10_000, **fields)
        started = time.perf_counter()
        return index.follow() / (time.perf_counter() - started)

    prices, names = rate(), rate(name="Milk of another name")
    asked = Asked(federation, index.search)
    quiet = [waited(index, asked.common_near()) for _ in range(ROUNDS)]
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.25):
            change(75)
            index.follow()

    writer = threading.Thread(target=write)
    writer.start()
    busy = [waited(index, asked.common_near()) for _ in range(4 * ROUNDS)]
    stop.set()
    writer.join()
    return [
        Figure("price changes followed", prices, "1/s", 10_000, aim=">= 5,000"),
        Figure("name changes followed", names, "1/s", 10_000),
        Figure(
            "common word within 5 km, p95 at 300 updates/s",
            p(95, busy), "ms", len(busy), p(95, quiet), "without", "< 2 x",
        ),
    ]  # fmt: skip


def queries(index: Index, path: Path, federation: Federation, others: list[Rival]) -> list[Figure]:
    """p50, p95 and p99 of each kind of query, beside the others' p50; time of the processor."""
    figures = []
    asked = Asked(federation, index.search)
    rivalled = asked.rivalled()
    for kind, build in (rivalled | asked.others()).items():
        if ONLY and ONLY not in kind:
            continue
        made = [build() for _ in range(ROUNDS)]
        taken = [timed(index, query) for query in made]
        figures.append(Figure(f"{kind}, p50", median(taken), "ms", ROUNDS))
        figures.append(Figure(f"{kind}, p95", p(95, taken), "ms", ROUNDS, aim="<= 6"))
        figures.append(Figure(f"{kind}, p99", p(99, taken), "ms", ROUNDS, aim="<= 25"))
        if kind in rivalled:
            some = [(query, index.search(query).full) for query in made[:RIVAL_ROUNDS]]
            vocabulary = IndexVocabulary(connect_for_reading(path), Spellings(), generation=0)
            figures += [compared(other, vocabulary, some, median(taken)) for other in others]
    return figures


def compared(
    other: Rival, vocabulary: Vocabulary, asked: list[tuple[Query, int]], ours_ms: float
) -> Figure:
    """How many times longer another takes.

    asked: each query, and how many offers hold every word of it.
    """
    theirs = []
    for query, full in asked:
        terms = query_terms(query.words, vocabulary, begun=query.begun)
        started = time.thread_time()
        found = other.ask(query, terms)
        theirs.append((time.thread_time() - started) * 1000)
        assert found == full, f"{other.name} finds {found} of {full} for {query.words!r}"
    ratio, what = median(theirs) / ours_ms, f"... as many times faster than {other.name}"
    return Figure(what, ratio, "x", len(theirs), median(theirs), "its p50, ms")


def timed(index: Index, query: Query) -> float:
    """Milliseconds of the processor for one search: what else the machine does is left out."""
    started = time.thread_time()
    index.search(query)
    return (time.thread_time() - started) * 1000


def waited(index: Index, query: Query) -> float:
    """Milliseconds by the clock until a search has ended."""
    started = time.perf_counter()
    index.search(query)
    return (time.perf_counter() - started) * 1000


def p(share: int, taken: list[float]) -> float:
    """A percentile."""
    return quantiles(taken, n=100)[share - 1]


def _town(federation: Federation) -> Position:
    """The middle of the dense shops; of the others the place, of some, with most shops around."""
    places = federation.places
    if DENSE:
        return Position(50.0, 9.05)
    return max(
        places[:200],
        key=lambda a: sum(abs(a.lat - b.lat) < 0.02 and abs(a.lon - b.lon) < 0.03 for b in places),
    )


def cold(folder: Path, town: Position) -> list[Figure]:
    """A new process: imports, open and first answers; then its memory with everything loaded."""
    code = """
import sys, time
begun = time.perf_counter()
from pathlib import Path
from fedretail.domain.geo import Position
from fedretail.index.answering.terms import query_terms
from fedretail.index.language.spelling import Spellings
from fedretail.index.language.vocabulary import IndexVocabulary, Vocabulary
from fedretail.index.layout.schema import connect_for_reading
from fedretail.index.query import Query
from fedretail.index.search import Index
import Stemmer, opening_hours  # what a search imports when it meets words and hours
imported = time.perf_counter()
from fedretail.store.last_seen import Seen
from fedretail.testing.memory_records import MemoryRecords
from fedretail.testing.clock import ManualClock
class Heard(dict):
    def get(self, key, default=None):
        return clock.now_ms()
store, clock = MemoryRecords(), ManualClock()
store.id, store.heard = "federation", Heard()
store.feed_end = lambda: 1 << 60
store.all_seen = lambda known: known or Seen((0,), store.heard)
ready = time.perf_counter()
index = Index.open(Path(sys.argv[1]), store, clock=clock)
town = Position(float(sys.argv[2]), float(sys.argv[3]))
page = index.search(Query(words="milk", near=town, within_m=3000.0))
answered = time.perf_counter()
numpy_was_there = "numpy" in sys.modules
index.load()
loaded = time.perf_counter()
for word in ("milk", "chocolat", "bio"):
    index.search(Query(words=word, near=town))
import psutil
# Not ru_maxrss: a new process begins with that of the one that started it.
rss = psutil.Process().memory_info().rss
print((imported - begun) * 1000, (answered - ready) * 1000, (loaded - answered) * 1000)
print(rss / 1e6, int(numpy_was_there))
"""
    runs = []
    for _ in range(5):
        place = [str(town.lat), str(town.lon)]
        command = [sys.executable, "-c", code, str(folder / "index.db"), *place]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        runs.append([float(one) for one in output])
    imports, answer, load, memory, numpy = (median(one) for one in zip(*runs, strict=True))
    assert not numpy, "a search in a town must not load numpy"
    return [
        Figure("new process: imports of the index", imports, "ms", 5),
        Figure("new process: open and first answer", answer, "ms", 5, aim="<= 10"),
        Figure("new process: loading the columns", load, "ms", 5),
        Figure("memory with everything loaded", memory, "MB", 5, aim="<= 100"),
    ]


if __name__ == "__main__":
    main()
