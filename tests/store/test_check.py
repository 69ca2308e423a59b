"""fsck finds each thing that can be wrong with a log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fedretail.crdt.access import GRANT, AuthRecord, SignedRecord
from fedretail.crdt.row import Row
from fedretail.store import logs
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE

SHOP = builders.shop()
OTHER = builders.shop("other")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(logs, "_SLICE", 2)
    store = builders.shop_store(tmp_path, SHOP)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(5)))
    store.commit(SHOP.author(), SITE, builders.offer_edits([1], amount_minor=7))
    yield store
    store.close()


def test_all_is_well(store: Store) -> None:
    looked = [(place, found) for place, found in store.check()]
    assert looked == [("store.db", []), (SITE, [])]


ROW = Row(1, 1, [(1, {"a": 1})]).pack()


@pytest.mark.parametrize(
    ("sql", "values", "what"),
    [
        ("UPDATE row SET row = ? WHERE key = 'sku1'", [ROW], "not those that were counted"),
        ("UPDATE row SET row = ? WHERE key = 'sku1'", [ROW + b"\0"], "sku1: not a message"),
        ("UPDATE row SET seq = 9 WHERE key = 'sku1'", [], "another place than its row says"),
        ("DELETE FROM row WHERE key = 'sku1'", [], "not those that were counted"),
        ("UPDATE log SET size = size + 1", [], "not those that were counted"),
        ("UPDATE log SET count = 4", [], "signed over other rows"),
        ("UPDATE log SET seq = 3", [], "that of another commit"),
        ("UPDATE log SET stamp = 3", [], "that of another commit"),
        ("UPDATE log SET head = NULL", [], "rows without a head"),
        ("UPDATE log SET device = ?", [OTHER.devices[0].public], "not signed by its device"),
        ("DELETE FROM auth", [], "never named by its owner"),
    ],
)
def test_what_is_wrong_is_named(store: Store, sql: str, values: list[Any], what: str) -> None:
    connection = builders.QuickConnection(store.path)
    connection.execute(sql, values)
    connection.close()
    assert any(what in line for line in builders.problems(store))


def test_a_device_that_may_write_no_more_was_right_to_sign(store: Store) -> None:
    """A member may take back what it has granted; its neighbours' stores are sound all the same."""
    device = SHOP.devices[0].public
    place = (GRANT, SHOP.root.public, 2, device, ())
    record = AuthRecord(*place, 2**50, 2**50, {}, SHOP.root.public)
    store.add_auth([SignedRecord.sign(record, SHOP.root)])
    assert not store.grants(SHOP.owner).may_write(SHOP.owner, device)
    assert builders.problems(store) == []


def test_looking_holds_nobody_up(store: Store) -> None:
    for _ in store.check():
        assert store.commit(SHOP.author(), SITE, builders.offer_edits([2], amount_minor=3))


def test_a_key_that_is_text_no_more_is_a_problem_of_its_log(store: Store) -> None:
    store._write.execute("UPDATE row SET key = CAST(x'ff31' AS TEXT) WHERE key = 'sku0'")
    (problem,) = [one for _, found in store.check() for one in found]
    assert problem.what == "some rows cannot be read"
    assert problem.log == SHOP.log()
    assert store.upkeep.check_own() == [problem]
