"""Shops, stores and records for tests: a member with its devices, a store, offers by the row."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fedretail.clock import Clock
from fedretail.crdt.access import GRANT, WRITE, AuthRecord, SignedRecord, first_grant
from fedretail.crdt.changes import START, Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.keys import SigningKey
from fedretail.crdt.names import LogName, log_id, owner_id
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Outcome, Part
from fedretail.domain.kinds import registry
from fedretail.errors import BugError
from fedretail.store import commits, logs
from fedretail.store.commits import Author, Commit, Edit
from fedretail.store.database import Connect, SqliteConnection
from fedretail.store.store import Store
from fedretail.testing.clock import ManualClock

SITE = "site/aaaaaaaaaaaaaaaa"
# Far beyond what a test's log takes in parts of one row.
MAX_PARTS = 500


@dataclass(frozen=True, slots=True)
class Shop:
    """A member with its root key and its devices; the same name gives the same keys."""

    root: SigningKey
    devices: tuple[SigningKey, ...]
    grants: tuple[SignedRecord, ...]
    incarnation: int

    @property
    def owner(self) -> bytes:
        """The 16-byte name of the member."""
        return owner_id(self.root.public)

    def author(self, device: int = 0, *, incarnation: int | None = None) -> Author:
        """One of its devices as the author of commits."""
        at = self.incarnation if incarnation is None else incarnation
        return Author(self.owner, self.devices[device], at)

    def log_name(self, collection: str = SITE, *, device: int = 0) -> LogName:
        """The name of the log that one of its devices writes."""
        return self.author(device).log(collection)

    def log(self, collection: str = SITE, *, device: int = 0) -> bytes:
        """The id of that log."""
        return log_id(self.log_name(collection, device=device))


def shop(name: str = "shop", *, devices: int = 1, now_ms: int = ManualClock.START_MS) -> Shop:
    """A shop whose root key has named `devices` devices, the first of which may manage."""
    root = key(f"{name} root")
    keys = tuple(key(f"{name} device {n}") for n in range(devices))
    first = first_grant(root, keys[0].public, now_ms=now_ms)
    more = [
        grant(root, device.public, number=n, now_ms=now_ms)
        for n, device in enumerate(keys[1:], start=2)
    ]
    return Shop(root, keys, (first, *more), now_ms)


def key(name: str) -> SigningKey:
    """The signing key of this name."""
    return SigningKey.from_seed(name.encode("utf-8").ljust(32, b".")[:32])


def grant(root: SigningKey, device: bytes, *, number: int, now_ms: int) -> SignedRecord:
    """Root's statement `number`: this device may write."""
    until_ms = now_ms + 90 * 24 * 3600 * 1000
    place = (GRANT, root.public, number, device, (WRITE,))
    return SignedRecord.sign(AuthRecord(*place, until_ms, now_ms, {}, root.public), root)


class QuickConnection(SqliteConnection):
    """A connection that leaves it to the system when bytes reach the disk: tests lose no power."""

    @contextmanager
    def transaction(self, *, durable: bool) -> Iterator[None]:
        """All or nothing, alone among writers."""
        with super().transaction(durable=False):
            yield


def new_store(folder: Path, name: str = "store", *, clock: Clock | None = None) -> Store:
    """An empty store in a file of this name."""
    return Store.create(
        folder / f"{name}.db",
        clock=clock or ManualClock(),
        kinds=registry(),
        connect=QuickConnection,
    )


def opened(path: Path, *, connect: Connect = QuickConnection) -> Store:
    """The store that lies in this file."""
    return Store.open(path, clock=ManualClock(), kinds=registry(), connect=connect)


def shop_store(folder: Path, owner: Shop, *, clock: Clock | None = None, device: int = 0) -> Store:
    """The store of one of a shop's devices."""
    store = new_store(folder, f"{owner.owner.hex()}-{device}", clock=clock)
    store.add_auth(owner.grants)
    store.set_meta({"owner": owner.owner, "device": owner.devices[device].public})
    return store


def add_log(store: Store, name: LogName) -> None:
    """Let a store know a log by name, whoever vouches for it; Refused: its collection has many."""
    if store.log(log_id(name)) is None:
        with store._write.transaction(durable=False):
            logs.enter(store._write, name)


def peer_store(folder: Path, name: str, *owners: Shop, clock: Clock | None = None) -> Store:
    """A stranger's store that knows the names of these shops' first logs."""
    store = new_store(folder, name, clock=clock)
    for owner in owners:
        store.add_auth(owner.grants)
        add_log(store, owner.log_name())
    return store


def offer(number: int, *, amount_minor: int = 129) -> dict[str, Any]:
    """The public fields of an ordinary offer, about 190 bytes as a row."""
    return {
        "name": f"Organic oat drink no. {number}",
        "gtin": f"{4_001_842_100_000 + number:014d}",
        "brand": "Havelmühle",
        "category": "food/drinks",
        "currency": "EUR",
        "prices": [[amount_minor]],
        "net": ["1", "LTR"],
        "pack": 1,
        "stock": "some",
        "source": "main",
        "tax_rate": 700,
    }


def offer_edits(numbers: Sequence[int], *, amount_minor: int = 129) -> list[Edit]:
    """Edits that make these offers."""
    return [
        Edit("offer", f"sku{number}", offer(number, amount_minor=amount_minor))
        for number in numbers
    ]


def empty(store: Store, author: Author, keys: Iterable[tuple[str, str]]) -> SignedHead:
    """Vacate rows of a log of `SITE` at once, whatever they hold."""
    connection = store._write
    with connection.transaction(durable=False):
        state = logs.find_name(connection, author.log(SITE))
        assert state is not None
        wanted = Commit(author, SITE, [], store._clock.now_ms())
        return commits.vacate(connection, wanted, state, {RowKey(*key): [] for key in keys})


def parts(source: Store, log: bytes, base: Point = START) -> Iterator[Part]:
    """All parts of what changed in a log since `base`, as a peer would be served them."""
    after = None
    while (part := source.changes_since(log, base, after)) is not None:
        yield part
        base, after = part.base, part.after
        if after is None:
            return


def whole(source: Store, log: bytes) -> tuple[SignedHead, list[Any]]:
    """The newest head of a log that fits into one part, and all changes since the start."""
    (part,) = parts(source, log)
    return SignedHead.parse(part.head), part.changes


def fetch_part(target: Store, source: Store, log: bytes) -> Outcome | None:
    """Let `target` take the next part that it wants from `source`; None where it has none."""
    place = target.wanted(log)
    assert place is not None
    part = source.changes_since(log, place.base, place.after)
    if part is None:
        return None
    head = SignedHead.parse(part.head)
    return target.advance(head, part.base.seq, pack(part.changes), after=part.after)


def fetch(target: Store, source: Store, log: bytes) -> None:
    """Let `target` take parts until `source` has nothing more for it."""
    for _ in range(MAX_PARTS):
        if fetch_part(target, source, log) in (None, Outcome.OLD):
            return
    raise BugError(f"A transfer has not ended after {MAX_PARTS} parts.")


def push(target: Store, source: Store, log: bytes, base: Point) -> Outcome | None:
    """Let `source` push what changed since `base` in one go; None where nothing did."""
    part = source.changes_since(log, base, None)
    if part is None or part.after is not None:
        return None
    head = SignedHead.parse(part.head)
    return target.advance(head, part.base.seq, pack(part.changes), is_push=True)


def rows(store: Store, log: bytes) -> Mapping[tuple[str, str], bytes]:
    """Every row of a log as it lies in the store's file."""
    connection = SqliteConnection(store.path)
    try:
        query = "SELECT kind, key, row FROM row JOIN log ON id = log WHERE log_id = ?"
        return {(kind, name): row for kind, name, row in connection.execute(query, (log,))}
    finally:
        connection.close()


def contents(path: Path) -> dict[str, list[Any]]:
    """Every row of every table in a store's file, by table."""
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        names = sorted(name for (name,) in db.execute(query))
        return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def row(store: Store, log: bytes, key: tuple[str, str]) -> bytes | None:
    """One row of a log, None where there is none."""
    query = "SELECT row FROM row JOIN log ON id = log WHERE log_id = ? AND kind = ? AND key = ?"
    found = store._read.execute(query, (log, *key)).fetchone()
    return None if found is None else bytes(found[0])


def problems(store: Store) -> list[str]:
    """What `fedretail check` finds wrong."""
    return [f"{item.place}: {item.what}" for _, found in store.check() for item in found]
