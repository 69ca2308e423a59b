"""The store and the form in which rows travel: sizes, growth, cold sync, a week away.

Offers carry real product names where FEDRETAIL_TEST_DATA is set, made-up ones otherwise.
OVERWRITES=100000 shortens the longest part.
"""

import gzip
import os
import random
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _report import Figure, report

from fedretail.commands._collector import collect_seldom
from fedretail.crdt import digest
from fedretail.crdt.changes import START, Point
from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey, digested, stored_row
from fedretail.store import schema
from fedretail.store.commits import Edit
from fedretail.store.database import SqliteConnection
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

OFFERS = 10_000
OVERWRITES = int(os.environ.get("OVERWRITES", "1000000"))
BATCH = 50
# Offers of which half give way to others each month.
RANGE = 2000
DAY_MS = 24 * 3600 * 1000
SHOP = builders.shop()
LOG = SHOP.log()


def main() -> None:
    """Measure, print and write everything."""
    collect_seldom()  # as every fedretail process does
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clock = ManualClock()
        store = builders.shop_store(folder, SHOP, clock=clock)
        figures = [fill(store)]
        figures += one_change(store, clock)
        figures += batches(store, folder, clock, chance)
        figures += cold(store, folder)
        figures += week(store, clock, chance)
        figures += many(store, folder, clock, chance)
        figures += deleted(folder)
        store.close()
    report("store", figures)


def offers() -> Iterator[tuple[str, dict[str, Any]]]:
    """10,000 offers of 11 fields, about 190 bytes a row."""
    chance = random.Random(2)
    titles = real_names()
    for number in range(OFFERS):
        fields = builders.offer(number, amount_minor=chance.randrange(99, 1999))
        if titles:
            fields["name"] = titles[number % len(titles)]
        yield f"sku{number}", fields


def real_names() -> list[str]:
    """Names of products as people entered them, or nothing."""
    folder = os.environ.get("FEDRETAIL_TEST_DATA")
    path = Path(folder or ".") / "products" / "openfoodfacts-names.tsv.gz"
    if not folder or not path.is_file():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [line.rstrip("\n").split("\t")[1][:120] for _, line in zip(range(OFFERS), lines)]


def fill(store: Store) -> Figure:
    """CPU of committing 10,000 new offers in batches of 500."""
    edits = [Edit("offer", key, fields) for key, fields in offers()]
    began = time.process_time()
    for start in range(0, OFFERS, 500):
        store.commit(SHOP.author(), SITE, edits[start : start + 500])
    return Figure("10,000 new offers, batches of 500", time.process_time() - began, "s CPU")


def changed(chance: random.Random, number: int) -> Edit:
    """Price, stock and tax of one offer: three fields."""
    fields = {
        "prices": [[chance.randrange(99, 1999)]],
        "stock": chance.choice(["none", "few", "some"]),
        "tax_rate": chance.choice([0, 700, 1900]),
    }
    return Edit("offer", f"sku{number}", fields)


def one_change(store: Store, clock: ManualClock) -> list[Figure]:
    """Bytes of a head, and of a head with one change."""
    base, chance = point(store), random.Random(3)
    clock.advance(1000)
    signed = store.commit(SHOP.author(), SITE, [changed(chance, 77)])
    part = store.changes_since(LOG, base, None)
    assert signed is not None
    assert part is not None
    push = pack([signed.raw, base.seq, part.changes])
    return [
        Figure("signed head", len(signed.raw), "B", aim="<= 200"),
        Figure("one change of 3 fields, head included", len(push), "B", aim="<= 300"),
    ]


def batches(store: Store, folder: Path, clock: ManualClock, chance: random.Random) -> list[Figure]:
    """Bytes and CPU of a batch of 50 changes, at the writer and at a peer."""
    sizes, spent, taken = [], [], []
    peer = builders.peer_store(folder, "batches", SHOP, clock=clock)
    builders.fetch(peer, store, LOG)
    for _ in range(200):
        base = point(store)
        clock.advance(5000)
        edits = [changed(chance, number) for number in chance.sample(range(OFFERS), BATCH)]
        began = time.process_time()
        signed = store.commit(SHOP.author(), SITE, edits)
        spent.append(time.process_time() - began)
        part = store.changes_since(LOG, base, None)
        assert signed is not None
        assert part is not None
        packed = pack(part.changes)
        sizes.append((len(signed.raw) + len(packed)) / BATCH)
        began = time.process_time()
        peer.advance(signed, base.seq, packed)
        taken.append(time.process_time() - began)
    peer.close()
    return [
        Figure("a change in a batch of 50, head included", median(sizes), "B", 200, aim="<= 32"),
        Figure("batch of 50 committed", median(spent) * 1000, "ms CPU", 200, aim="<= 4"),
        Figure("batch of 50 taken in by a peer", median(taken) * 1000, "ms CPU", 200, aim="<= 4"),
    ]


def cold(store: Store, folder: Path) -> list[Figure]:
    """A new peer takes the whole log: bytes, CPU, beside the bare work."""
    parts = list(builders.parts(store, LOG))
    packed = [pack(part.changes) for part in parts]
    sent = sum(map(len, packed))
    pressed = sum(len(zlib.compress(data, 6)) for data in packed)
    floors, takes, serves = [], [], []
    for turn in range(5):
        floors.append(bare(packed, store, folder / f"bare{turn}.db"))
        peer = builders.peer_store(folder, f"cold{turn}", SHOP)
        began = time.process_time()
        for part, data in zip(parts, packed, strict=True):
            peer.advance(SignedHead.parse(part.head), 0, data, after=part.after)
        takes.append(time.process_time() - began)
        began = time.process_time()
        for part in builders.parts(peer, LOG):
            pack(part.changes)
        serves.append(time.process_time() - began)
        assert point(peer) == point(store)
        peer.close()
    floor = median(floors)
    return [
        Figure("cold sync of 10,000 offers", sent / 1e6, "MB", len(parts), aim="<= 1.3"),
        Figure("cold sync, frames compressed", pressed / 1e6, "MB", len(parts), aim="<= 0.5"),
        Figure("cold sync, receiver", median(takes), "s CPU", 5, floor, "bare work", "<= 0.5"),
        Figure("cold sync, receiver : bare work", median(takes) / floor, "x", 5, aim="<= 3"),
        Figure("cold sync, holder", median(serves), "s CPU", 5),
    ]


def bare(packed: list[bytes], store: Store, path: Path) -> float:
    """CPU of unpacking the parts, the digest of the rows and upserts into the same table."""
    rows = [(1, *key, 1, data) for key, data in builders.rows(store, LOG).items()]
    items = [digested_of(kind, key, data) for _, kind, key, _, data in rows]
    connection = SqliteConnection(path)
    schema.create(connection, store_id="x", now_ms=0)
    began = time.process_time()
    for data in packed:
        unpack(data, max_bytes=len(data))
    digest.updated(digest.EMPTY_STATE, items, [])
    with connection.transaction(durable=False):
        connection.executemany("INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?)", rows)
    spent = time.process_time() - began
    connection.close()
    return spent


def week(store: Store, clock: ManualClock, chance: random.Random) -> list[Figure]:
    """300 batches of 50 changes while a peer was away: what it fetches, against the fields."""
    base = point(store)
    for _ in range(300):
        clock.advance(7 * DAY_MS // 300)
        edits = [changed(chance, number) for number in chance.choices(range(OFFERS), k=BATCH)]
        store.commit(SHOP.author(), SITE, edits)
    packed = [pack(part.changes) for part in builders.parts(store, LOG, base)]
    sent, pressed = sum(map(len, packed)), sum(len(zlib.compress(data, 6)) for data in packed)
    floor = sum(
        len(pack(key.key)) + sum(len(pack(value)) for value in fields.values())
        for key, row in changed_rows(store, base)
        for stamp, fields in row
        if stamp > base.stamp
    )
    bare = (float(floor), "keys and values changed")
    return [
        Figure("a week away", sent / floor, "x", 300, *bare, aim="<= 1.5"),
        Figure("a week away, frames compressed", pressed / floor, "x", 300, *bare, aim="<= 0.7"),
    ]


def changed_rows(store: Store, base: Point) -> Iterator[tuple[Any, Any]]:
    """(key, groups) of each row changed since `base`."""

    for (kind, key), data in builders.rows(store, LOG).items():
        row = stored_row(data)
        if row.seq > base.seq:
            yield RowKey(kind, key), row.groups


def many(store: Store, folder: Path, clock: ManualClock, chance: random.Random) -> list[Figure]:
    """Overwrites over a year: live bytes and files of the writer and of a peer that follows."""
    peer = builders.peer_store(folder, "follower", SHOP, clock=clock)
    count = OVERWRITES // 500
    for turn in range(count):
        clock.advance(365 * DAY_MS // count)
        edits = [changed(chance, number) for number in chance.choices(range(OFFERS), k=500)]
        store.commit(SHOP.author(), SITE, edits)
        if turn % 5 == 4:
            builders.fetch(peer, store, LOG)
            store.prune()
    builders.fetch(peer, store, LOG)
    fresh = builders.peer_store(folder, "fresh", SHOP, clock=clock)
    builders.fetch(fresh, store, LOG)
    anew, at_once = rewritten(store), snapshot(store, folder)
    sizes = {each.path.name: file_bytes(each) for each in (store, peer, fresh)}
    live = store.log(LOG)
    assert live is not None
    figures = [
        Figure("live bytes : rows written anew", live.size / anew, "x", OVERWRITES, aim="<= 1.05"),
        Figure("... : values at one stamp", live.size / at_once, "x", OVERWRITES),
        Figure(
            "peer's store file : fresh copy", sizes[peer.path.name] / sizes[fresh.path.name], "x",
            OVERWRITES, aim="<= 1.3",
        ),
        Figure(
            "writer's store file, 30 days of journal : fresh copy",
            sizes[store.path.name] / sizes[fresh.path.name], "x", OVERWRITES, aim="<= 1.3",
        ),
        Figure("fresh copy of the store", sizes[fresh.path.name] / 1e6, "MB"),
    ]  # fmt: skip
    for each in (peer, fresh):
        each.close()
    return figures


def deleted(folder: Path) -> list[Figure]:
    """A range that changes each month for two years: what deletions leave in log and file."""
    folder = folder / "deleted"
    folder.mkdir()
    clock = ManualClock()
    store = builders.shop_store(folder, SHOP, clock=clock)
    peer = builders.peer_store(folder, "follower", SHOP, clock=clock)
    number, most, total, sizes = RANGE, 0, 0, []
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(RANGE)))
    for month in range(24):
        old = [Edit("offer", f"sku{n}", is_deletion=True) for n in range(number - RANGE, number)]
        store.commit(SHOP.author(), SITE, old[: RANGE // 2])
        fresh = builders.offer_edits(range(number, number + RANGE // 2))
        store.commit(SHOP.author(), SITE, fresh)
        number += RANGE // 2
        total += RANGE // 2
        most = max(most, dead(store))
        for _ in range(30):
            clock.advance(DAY_MS)
            store.renew(SHOP.author(), SITE)
            store.vacating.add_running(DAY_MS)
            while store.vacating.run(SHOP.author()):
                pass
            builders.fetch(peer, store, LOG)
            for each in (store, peer):
                each.prune()
        if month in (5, 23):
            sizes.append([file_bytes(each) for each in (store, peer)])
    assert builders.problems(store) == builders.problems(peer) == []
    figures = [
        Figure("rows without values at most, of those on sale", most / RANGE, "x", total),
        Figure("writer's file, 2 years : 6 months", sizes[1][0] / sizes[0][0], "x", total,
               aim="<= 1.1"),
        Figure("peer's file, 2 years : 6 months", sizes[1][1] / sizes[0][1], "x", total,
               aim="<= 1.1"),
    ]  # fmt: skip
    for each in (store, peer):
        each.close()
    return figures


def dead(store: Store) -> int:
    """Rows that are deletions, or vacant."""
    rows = [stored_row(data) for data in builders.rows(store, LOG).values()]
    return sum(not row.groups or "!" in row.groups[-1][1] for row in rows)


def rewritten(store: Store) -> int:
    """The bytes of the present rows, stamps and all, written whole into an empty log."""
    return sum(
        len(digested((kind, key), row._replace(seq=1 + n // 500, born=1 + n // 500).pack()))
        for n, ((kind, key), data) in enumerate(builders.rows(store, LOG).items())
        for row in [stored_row(data)]
    )


def snapshot(store: Store, folder: Path) -> int:
    """The bytes that the present values take when they are committed as one import of today."""
    target = builders.new_store(folder, "snapshot")
    edits = [Edit("offer", item.key, folded.fields) for item, folded in store.records("offer")]
    for start in range(0, len(edits), 500):
        target.commit(SHOP.author(), SITE, edits[start : start + 500])
    state = target.log(LOG)
    target.close()
    assert state is not None
    return state.size


def file_bytes(store: Store) -> int:
    """The size of the store's file when its WAL is in it."""
    connection = SqliteConnection(store.path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return store.path.stat().st_size


def point(store: Store) -> Point:
    """Where the shop's log stands in a store."""
    state = store.log(LOG)
    return START if state is None else state.point


def digested_of(kind: str, key: str, data: bytes) -> bytes:
    """What the digest counts for a stored row."""

    return digested(RowKey(kind, key), data)


def median(values: list[float]) -> float:
    """The middle value."""
    return sorted(values)[len(values) // 2]


if __name__ == "__main__":
    main()
