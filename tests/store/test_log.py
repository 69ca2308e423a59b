"""Steps: what a change of rows makes of a log, before and after it is written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fedretail.crdt import digest
from fedretail.crdt.row import Row, RowKey, digested, merged, replaced
from fedretail.errors import MalformedInput
from fedretail.store import log, logs
from fedretail.testing import builders
from fedretail.testing.builders import SITE, QuickConnection

SHOP = builders.shop()


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[QuickConnection]:
    store = builders.shop_store(tmp_path, SHOP)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(1200)))
    store.close()
    connection = QuickConnection(store.path)
    yield connection
    connection.close()


def state(connection: QuickConnection) -> logs.LogState:
    found = logs.find(connection, SHOP.log())
    assert found is not None
    return found


def test_a_step_counts_what_it_adds_and_removes(connection: QuickConnection) -> None:
    before = state(connection)
    old = {key: row for key, _, row in logs.rows_of(connection, before.number)}
    changes = [
        (RowKey("offer", f"sku{number}"), lambda old: merged(old, [(99, {"f": 1})], seq=2, born=2))
        for number in range(900, 1500)
    ]
    step = log.prepare(connection, before, changes)
    new = {**old, **{RowKey(item.kind, item.key): item.packed for item in step.rows}}
    items = [digested(key, row) for key, row in new.items()]
    assert (step.count, step.size) == (1500, sum(map(len, items)))
    assert step.state == digest.updated(digest.EMPTY_STATE, items, [])
    assert [item.old is not None for item in step.rows] == [True] * 300 + [False] * 300
    # Nothing is written yet.
    assert state(connection) == before
    assert {key: row for key, _, row in logs.rows_of(connection, before.number)} == old


def test_a_row_that_breaks_a_limit(connection: QuickConnection) -> None:
    def too_long(old: Row | None) -> Row:
        return replaced([(1, {"f": "x" * 9000})], seq=2)

    def no_value(old: Row | None) -> Row:
        return replaced([(1, {"f": object()})], seq=2)

    for change in (too_long, no_value):
        with pytest.raises(MalformedInput, match="sku1"):
            log.prepare(connection, state(connection), [(RowKey("offer", "sku1"), change)])


def test_a_vacant_row_counts_like_any_other(connection: QuickConnection) -> None:
    before = state(connection)
    key = RowKey("offer", "sku1")
    step = log.prepare(connection, before, [(key, lambda old: replaced([], seq=2))])
    old = {item: row for item, _, row in logs.rows_of(connection, before.number)}
    items = [digested(item, row) for item, row in {**old, key: Row(2, 2, []).pack()}.items()]
    assert (step.count, step.size) == (1200, sum(map(len, items)))
    assert step.state == digest.updated(digest.EMPTY_STATE, items, [])
