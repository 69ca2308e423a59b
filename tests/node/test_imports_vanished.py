"""Imports: what is no longer in the file stays, unless the file is said to be complete."""

import shutil
from pathlib import Path

import pytest

from fedretail.node.node import Node
from fedretail.testing.clock import ManualClock
from fedretail.testing.imports import confirmed_at, counts, offer, site_seq, source, take
from fedretail.testing.nodes import prices, write_prices, written

DAY_MS = 24 * 3600 * 1000
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "connectors"


def test_a_row_that_vanished_stays_and_is_not_confirmed(
    shop: Node, tmp_path: Path, clock: ManualClock
) -> None:
    path = write_prices(tmp_path / "list.csv", prices(10))
    take(shop, path)
    began_ms = clock.now_ms()
    clock.advance(3 * DAY_MS)
    write_prices(path, prices(9))
    assert counts(take(shop, path)) == {"unchanged": 9, "missing": 1}
    assert offer(shop, "A9") is not None
    assert confirmed_at(shop, "A9") == pytest.approx(began_ms, abs=1000)
    assert confirmed_at(shop, "A8") == clock.now_ms()
    before = written(shop)
    assert counts(take(shop, path)) == {"unchanged": 9, "missing": 1}
    assert written(shop) == before


def test_complete_withdraws_what_vanished_also_in_an_earlier_import(
    shop: Node, tmp_path: Path
) -> None:
    path = write_prices(tmp_path / "list.csv", prices(10))
    take(shop, path)
    write_prices(path, prices(8))
    take(shop, path)
    assert counts(take(shop, path, complete=True)) == {"unchanged": 8, "withdrawn": 2}
    assert offer(shop, "A9") is None
    assert shop.store.own(shop.place("offer", "A9", shop.site())) == {}
    write_prices(path, prices(10))
    assert counts(take(shop, path)) == {"unchanged": 8, "new": 2}
    assert confirmed_at(shop, "A9") is not None


def test_a_large_withdrawal_waits_for_a_yes(shop: Node, tmp_path: Path) -> None:
    path = write_prices(tmp_path / "list.csv", prices(10))
    take(shop, path)
    write_prices(path, prices(4))
    report = take(shop, path, complete=True)
    assert counts(report) == {"unchanged": 4, "held": 6, "missing": 6}
    assert report.rows == 4
    assert len(list(shop.records("offer"))) == 10
    assert counts(take(shop, path, complete=True, yes=True)) == {"unchanged": 4, "withdrawn": 6}


def test_offers_of_other_sources_are_never_withdrawn(shop: Node, tmp_path: Path) -> None:
    shop.write(
        "offer", "by-hand", {"name": "Eggs", "prices": [[350]], "currency": "EUR"}, site=shop.site()
    )
    take(shop, write_prices(tmp_path / "list.csv", prices(3)))
    take(shop, Path(shutil.copy(FIXTURES / "shopify-old.csv", tmp_path)))
    before = {place.key for place, _ in shop.records("offer")}
    take(shop, write_prices(tmp_path / "list.csv", prices(2)), complete=True)
    assert {place.key for place, _ in shop.records("offer")} == before - {"A2"}


def test_a_part_of_the_list_says_nothing_of_the_rest(
    shop: Node, tmp_path: Path, clock: ManualClock
) -> None:
    take(shop, write_prices(tmp_path / "list.csv", prices(10)))
    looked_ms = source(shop)
    clock.advance(2 * DAY_MS)
    seq = site_seq(shop)
    take(shop, write_prices(tmp_path / "some.csv", prices(2)))
    assert (source(shop), site_seq(shop)) == (looked_ms, seq)
