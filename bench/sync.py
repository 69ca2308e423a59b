"""Replication over loopback with libp2p: a new peer, many shops, one change, an idle daemon.

Serving shops run as processes of their own; the receiving node runs in this one.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import trio
from _report import Figure, report
from _shops import copy_into, make_shop

from fedretail.commands._collector import collect_seldom, freeze_what_is_loaded
from fedretail.crdt import digest
from fedretail.crdt.changes import START
from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey, digested
from fedretail.daemon.daemon import Daemon, ServeOptions
from fedretail.domain.kind import RecordId
from fedretail.index.layout import schema as index_schema
from fedretail.node.base import INDEX_FILE_NAME
from fedretail.node.node import Node
from fedretail.node.setup import create_reader
from fedretail.p2p.host import core  # noqa: F401 (0.7 s, before any clock runs)
from fedretail.store import schema
from fedretail.store.database import SqliteConnection
from fedretail.store.logs import LogState
from fedretail.testing import builders

OFFERS = 10_000
SHOPS = 200
CHANGES = 15
IDLE_S = 30.0
LISTEN = ["/ip4/127.0.0.1/tcp/0"]


def main() -> None:
    """Measure, print and write everything."""
    collect_seldom()  # as every fedretail process does
    freeze_what_is_loaded()  # as the daemon does
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = make_shop(folder, 0, OFFERS)
        floor = bare(one, folder)
        figures = [*new_peer(folder, one, floor)]
        one_s = figures[0].value
        figures += many_shops(folder, one_s)
        figures += accepting(one, folder)
        figures += one_change(folder, one)
        figures += idle(folder, one)
        one.close()
    report("sync", figures)


def bare(node: Node, folder: Path) -> float:
    """Seconds for unpacking, digest and SQLite upserts of the shop's rows, and nothing else."""
    state, parts = _catalog(node)
    rows = [(key, packed) for key, packed in _rows(node, state.number)]
    started = time.perf_counter()
    for raw, *_ in parts:
        unpack(raw, max_bytes=1 << 20)
    took = time.perf_counter() - started
    return took + _digest_and_upserts(rows, folder / "bare.db", time.perf_counter)


def accepting(node: Node, folder: Path) -> list[Figure]:
    """Processor time of taking a catalog in, as a share of what cannot be left out."""
    state, parts = _catalog(node)
    rows = [(key, packed) for key, packed in _rows(node, state.number)]
    takes, floors = [], []
    for turn in range(5):
        began = time.process_time()
        assert state.head is not None
        assert SignedHead.parse(state.head).is_by(state.name.device)
        verified = time.process_time() - began
        path = folder / f"floor{turn}.db"
        floors.append(verified + _digest_and_upserts(rows, path, time.process_time))
        peer = create_reader(folder / f"accepting{turn}", None)
        peer.store.add_auth(signed for _, signed in node.store.auth_records())
        builders.add_log(peer.store, state.name)
        began = time.process_time()
        for raw, head, after in parts:
            peer.store.advance(SignedHead.parse(head), 0, raw, after=after)
        takes.append(time.process_time() - began)
        peer.close()
    floor, took = statistics.median(floors), statistics.median(takes)
    return [
        Figure("10,000 rows accepted", took, "s CPU", 5, floor, "verify, digest, upsert"),
        Figure("... share of that work", 100 * floor / took, "%", 5, aim=">= 50"),
    ]


def _catalog(node: Node) -> tuple[LogState, list[tuple[bytes, bytes, RowKey | None]]]:
    """The log of the shop's offers, and (packed changes, head, key) of its parts."""
    name = next(item for _, item, _ in node.store.heads() if item.collection != "member")
    state = node.store.logs_of(name.owner, name.collection)[0]
    parts: list[tuple[bytes, bytes, RowKey | None]] = []
    after: RowKey | None = None
    while not parts or after is not None:
        part = node.store.changes_since(state.log, START, after)
        assert part is not None
        after = part.after
        parts.append((pack(part.changes), part.head, after))
    return state, parts


def _digest_and_upserts(
    rows: list[tuple[RowKey, bytes]], path: Path, clock: Callable[[], float]
) -> float:
    connection = SqliteConnection(path)
    schema.create(connection, store_id="bare", now_ms=0)
    started = clock()
    digest.updated(digest.EMPTY_STATE, [digested(key, packed) for key, packed in rows], [])
    with connection.transaction(durable=False):
        connection.executemany(
            "INSERT INTO row VALUES (1, ?, ?, 1, ?)", [(*key, packed) for key, packed in rows]
        )
    took = clock() - started
    connection.close()
    return took


def _rows(node: Node, number: int) -> list[tuple[RowKey, bytes]]:
    connection = SqliteConnection(node.store.path)
    query = "SELECT kind, key, row FROM row WHERE log = ? ORDER BY kind, key"
    rows = [(RowKey(kind, key), row) for kind, key, row in connection.execute(query, (number,))]
    connection.close()
    return rows


def bare_index(node: Node, folder: Path) -> float:
    """Seconds for writing the shop's rows, ready as they are, into the tables of an index."""
    node.follow()
    source = index_schema.connect_for_reading(node.path / INDEX_FILE_NAME)
    offers = source.execute("SELECT * FROM offer ORDER BY id").fetchall()
    cells = source.execute("SELECT * FROM cell ORDER BY block").fetchall()
    source.execute("CREATE VIRTUAL TABLE temp.held USING fts5vocab(main, word, instance)")
    words: dict[int, list[str]] = {}
    for word, row in source.execute("SELECT term, doc FROM held"):
        words.setdefault(row, []).append(word)
    source.close()
    target = index_schema.connect_for_writing(folder / "bare-index.db")
    index_schema.create(target, "bare")
    started = time.perf_counter()
    target.execute("BEGIN IMMEDIATE")
    target.executemany(f"INSERT INTO offer VALUES({','.join('?' * len(offers[0]))})", offers)
    target.executemany("INSERT INTO cell VALUES(?, ?, ?)", cells)
    told = ((row, " ".join(some)) for row, some in sorted(words.items()))
    target.executemany("INSERT INTO word(rowid, words) VALUES(?, ?)", told)
    target.execute("COMMIT")
    took = time.perf_counter() - started
    target.close()
    return took


def new_peer(folder: Path, one: Node, floor: float) -> list[Figure]:
    """A node that knows nothing fetches one shop, three times; searchable at the end."""
    with Served(one.path) as served:
        runs = [fetch(folder, f"new{n}", served.ticket, OFFERS) for n in range(3)]
    seconds, received = statistics.median(run[0] for run in runs), runs[0][1]
    aim = "<= 3 x floor"
    return [
        Figure("fetch a shop of 10,000, searchable", seconds, "s", 3, floor, "bare work", aim),
        Figure("... as a multiple of the bare work", seconds / floor, "x", 3, aim="<= 3"),
        Figure("... the index's tables alone, rows ready", bare_index(one, folder), "s"),
        Figure("... bytes on the socket", received / 1000, "kB", 1, aim="<= 500"),
    ]


def many_shops(folder: Path, one_s: float) -> list[Figure]:
    """The same number of offers from 200 shops, held by one neighbour."""
    holder = make_shop(folder, 999, 0)
    for number in range(1, SHOPS + 1):
        shop = make_shop(folder, number, OFFERS // SHOPS)
        copy_into(holder, shop)
        shop.close()
    with Served(holder.path) as served:
        runs = [fetch(folder, f"many{n}", served.ticket, OFFERS) for n in range(3)]
    holder.close()
    seconds, received = statistics.median(run[0] for run in runs), runs[0][1]
    return [
        Figure("fetch 200 shops of 50", seconds, "s", 3, one_s, "one shop", "<= 1.1 x one shop's"),
        Figure("... as a multiple of one shop's", seconds / one_s, "x", 3, aim="<= 1.1"),
        Figure("... bytes on the socket", received / 1000, "kB", 1, aim="<= 500"),
    ]


class Served:
    """A node served by a process of its own, as long as the block lasts."""

    def __init__(self, path: Path, listen: Sequence[str] = LISTEN, *, web: str = "off") -> None:
        self.path = path
        self._listen = listen
        self._web = web

    def __enter__(self) -> "Served":
        words = ["--data-dir", str(self.path), "serve", "--web", self._web]
        for place in self._listen:
            words += ["--listen", place]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fedretail", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with Node.open(self.path) as node:
            while (state := node.daemon_state()) is None or state["pid"] != self.process.pid:
                time.sleep(0.02)
            self.ticket = node.ticket()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def fetch(folder: Path, name: str, ticket: str, offers: int) -> tuple[float, float]:
    """(seconds, bytes received) until a new node has all offers in its index."""
    node = create_reader(folder / name, None)
    node.join(ticket)

    async def until_done() -> tuple[float, float]:
        async with trio.open_nursery() as nursery:
            daemon = Daemon(node, ServeOptions(LISTEN))
            started = time.perf_counter()
            await nursery.start(daemon.run)
            while node.index.statistics()["offers"] < offers:
                await trio.sleep(0.01)
            took = time.perf_counter() - started
            received = daemon.statistics()["bytes_in"]
            nursery.cancel_scope.cancel()
        return took, received

    result = trio.run(until_done)
    node.close()
    return result


def one_change(folder: Path, one: Node) -> list[Figure]:
    """From the commit at one shop to the answer at another; bytes for it, both ways."""
    node = make_shop(folder, 500, 0)

    async def measure() -> tuple[list[float], list[float], float]:
        async with trio.open_nursery() as nursery:
            served = Daemon(one, ServeOptions(LISTEN))
            ready = await nursery.start(served.run)
            node.join(ready.ticket)
            daemon = Daemon(node, ServeOptions(LISTEN))
            await nursery.start(daemon.run)
            await _until(lambda: node.index.statistics()["offers"] >= OFFERS)
            await trio.sleep(6)
            before = _bytes(daemon)
            quiet = [await _seen(one, node, 1000)]
            await trio.sleep(1)
            size = _bytes(daemon) - before
            for number in range(1, CHANGES):
                await trio.sleep(5.5)
                quiet.append(await _seen(one, node, 1000 + number))
            steady = [await _seen(one, node, 2000 + number) for number in range(CHANGES)]
            nursery.cancel_scope.cancel()
        return quiet, steady, size

    quiet, steady, size = trio.run(measure)
    node.close()
    return [
        Figure("a change is found elsewhere, quiet log, median", _median(quiet), "s", len(quiet),
               aim="<= 1.5"),
        Figure("... under steady changes, 95th percentile", _p95(steady), "s", len(steady),
               aim="<= 7"),
        Figure("... bytes on the socket, both ways", size, "B", 1, aim="<= 700"),
    ]  # fmt: skip


async def _seen(one: Node, other: Node, price: int) -> float:
    own = one.site()
    offer = f"{own.id}/A5"
    one.write("offer", "A5", {"prices": [[price]]}, site=own)
    started = time.perf_counter()
    place = RecordId(one.identity.author().owner, f"site/{own.id}", "offer", "A5")
    assert one.record(place) is not None

    def is_seen() -> bool:
        listing = other.index.show(offer)
        return other.index.lag() == 0 and listing is not None and listing.amount_minor == price

    await _until(is_seen)
    return time.perf_counter() - started


async def _until(is_so: Callable[[], bool]) -> None:
    with trio.fail_after(60):
        while not is_so():
            await trio.sleep(0.02)


def _bytes(daemon: Daemon) -> float:
    counts = daemon.statistics()
    return counts["bytes_in"] + counts["bytes_out"]


def idle(folder: Path, one: Node) -> list[Figure]:
    """A daemon with three neighbours and nothing to do: memory, processor, traffic."""
    others = [make_shop(folder, 600 + number, 0) for number in range(3)]

    async def measure(served: Served) -> tuple[float, float, float]:
        process = psutil.Process(served.process.pid)
        async with trio.open_nursery() as nursery:
            daemons = [Daemon(node, ServeOptions(LISTEN)) for node in others]
            for node, daemon in zip(others, daemons, strict=True):
                node.join(served.ticket)
                await nursery.start(daemon.run)
            await _until(
                lambda: all(node.index.statistics()["offers"] >= OFFERS for node in others)
            )
            await trio.sleep(10)
            before, cpu = _noted(one), sum(process.cpu_times()[:2])
            await trio.sleep(IDLE_S)
            after, spent = _noted(one), sum(process.cpu_times()[:2]) - cpu
            rss = process.memory_info().rss
            nursery.cancel_scope.cancel()
        return rss, spent / IDLE_S, (after - before) / IDLE_S / len(others)

    with Served(one.path) as served:
        rss, share, traffic = trio.run(measure, served)
    for node in others:
        node.close()
    return [
        Figure("idle with 3 neighbours: memory", rss / 1e6, "MB", 1, aim="<= 150"),
        Figure("... processor", share * 100, "%", 1, aim="<= 1"),
        Figure("... traffic a neighbour, both ways", traffic, "B/s", 3, aim="<= 100"),
    ]


def _noted(node: Node) -> float:
    state = node.daemon_state()
    assert state is not None
    return float(state["statistics"]["bytes_in"] + state["statistics"]["bytes_out"])


def _median(values: list[float]) -> float:
    return statistics.median(values)


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


if __name__ == "__main__":
    main()
