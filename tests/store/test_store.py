"""The store as a whole: its figures, its identity, and that nothing hot reads a whole table."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from fedretail.crdt.changes import Point
from fedretail.crdt.row import RowKey
from fedretail.domain.kind import RecordId
from fedretail.domain.kinds import registry
from fedretail.errors import Unavailable
from fedretail.store.commits import Edit
from fedretail.store.database import Rows
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

SHOP = builders.shop(devices=2)
LOG = SHOP.log()


def test_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no store") as caught:
        Store.open(tmp_path / "store.db", clock=ManualClock(), kinds=registry())
    assert "init" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_store_keeps_its_id_and_another_has_another(tmp_path: Path) -> None:
    one, two = builders.new_store(tmp_path, "one"), builders.new_store(tmp_path, "two")
    again = builders.new_store(tmp_path, "one")
    assert one.id == again.id != two.id
    for store in (one, two, again):
        store.close()


def test_figures(tmp_path: Path) -> None:
    store = builders.shop_store(tmp_path, SHOP)
    builders.add_log(store, SHOP.log_name(device=1))
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(10)))
    found = store.statistics()
    size = store.log(LOG).size  # type: ignore[union-attr]
    assert found.pop("store_bytes") > size
    assert found.pop("feed_position") == store.feed_end()
    assert found == {"logs": 1, "rows": 10, "row_bytes": size, "members": 1}
    store.close()


def test_data_version_moves_with_every_writer(tmp_path: Path) -> None:
    store = builders.shop_store(tmp_path, SHOP)
    other = builders.shop_store(tmp_path, SHOP)
    seen = [store.data_version()]
    for writer in (store, other):
        writer.commit(SHOP.author(), SITE, builders.offer_edits([1]))
        seen.append(store.data_version())
    assert store.data_version() == seen[-1]
    assert len(set(seen)) == 3
    store.close()
    other.close()


class Listening(builders.QuickConnection):
    """Keeps every statement with its plan."""

    plans: ClassVar[dict[str, list[str]]] = {}

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        self._look(sql, values)
        return super().execute(sql, values)

    def executemany(self, sql: str, values: Iterable[Sequence[Any]]) -> Rows:
        rows = list(values)
        if rows:
            self._look(sql, rows[0])
        return super().executemany(sql, rows)

    def _look(self, sql: str, values: Sequence[Any]) -> None:
        if sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            plan = super().execute(f"EXPLAIN QUERY PLAN {sql}", values)
            self.plans[sql] = [str(line[3]) for line in plan]


def test_nothing_hot_reads_a_whole_table(tmp_path: Path) -> None:
    path = builders.shop_store(tmp_path, SHOP).path
    peer = builders.shop_store(tmp_path, SHOP, device=1)
    store = Store.open(path, clock=ManualClock(), kinds=registry(), connect=Listening)
    for author in (SHOP.author(), SHOP.author(), SHOP.author()):
        store.commit(author, SITE, builders.offer_edits(range(20)))
    store.commit(SHOP.author(), SITE, [Edit("offer", "sku1", {"cost": 1}, is_deletion=False)])
    peer.commit(SHOP.author(1), SITE, builders.offer_edits(range(5)))
    builders.add_log(store, SHOP.log_name(device=1))
    Listening.plans.clear()
    hot(store, peer)
    wrong = {
        sql: line
        for sql, plan in Listening.plans.items()
        for line in plan
        if line.startswith("SCAN") and not _is_small(line)
    }
    assert len(Listening.plans) > 25
    assert wrong == {}
    store.close()
    peer.close()


def hot(store: Store, peer: Store) -> None:
    """Everything that runs for every change, query or session."""
    place = RecordId(SHOP.owner, SITE, "offer", "sku1")
    store.commit(SHOP.author(), SITE, [Edit("offer", "sku1", {"pack": 2, "cost": 3})])
    store.renew(SHOP.author(), SITE)
    builders.fetch(store, peer, SHOP.log(device=1))
    for base in (Point(0, 0), Point(1, 1), Point(3, 3)):
        store.changes_since(LOG, base, None)
        store.changes_since(LOG, base, RowKey("offer", "sku1"))
    store.wanted(LOG)
    store.heads(moved_after=1)
    store.repairs.damaged()
    store.vacating.run(SHOP.author())
    store.auth_records(moved_after=1)
    store.record(place)
    store.records_of([place, place._replace(key="sku2")])
    list(store.records("offer", owner=SHOP.owner, collection=SITE))
    store.own(place)
    store.feed(1, 10)
    store.feed_end()
    store.feed_behind(1)
    store.seen_at(SHOP.owner, SITE)
    store.noted("x")
    store.meta("x")
    store.refold_due()


def _is_small(line: str) -> bool:
    """Tables of a few rows, and results that a statement has already narrowed."""
    small = ("SUBQUERY", "CONSTANT", "subquery", "sqlite_", "local_repair")
    # The logs, some thousands of rows, are looked through at a start and after a clock's jump.
    return any(word in line for word in (*small, "SCAN log"))


def test_what_is_said_once_stays(tmp_path: Path) -> None:
    store = builders.new_store(tmp_path)
    assert store.set_meta({"network": b"one", "charter": b"1"}, unless="network")
    assert not store.set_meta({"network": b"two", "charter": b"2"}, unless="network")
    assert (store.meta("network"), store.meta("charter")) == (b"one", b"1")
    assert store.set_meta({"network": b"three"})
    assert store.meta("network") == b"three"
