"""Imports: prices that moved far wait for a yes; reductions keep the lowest of 30 days."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fedretail.node.node import Node
from fedretail.testing.clock import ManualClock
from fedretail.testing.imports import confirmed_at, counts, offer, site_seq, take
from fedretail.testing.nodes import prices, write_prices, written

DAY_MS = 24 * 3600 * 1000


@pytest.mark.parametrize(
    ("new", "is_held"),
    [("3.75", False), ("3.76", True), ("1.25", False), ("1.24", True), ("0.00", True)],
)
def test_a_price_that_moved_by_more_than_half_waits(
    shop: Node, tmp_path: Path, new: str, is_held: bool
) -> None:
    path = write_prices(tmp_path / "list.csv", prices(3))
    take(shop, path)
    rows = prices(3)
    rows[1][2], rows[1][3] = new, "77"
    report = take(shop, write_prices(path, rows))
    assert report.held == is_held
    if not is_held:
        assert report.changed == 1
        return
    (held,) = report.held_rows
    amount = round(float(new) * 100)
    assert replace(held) == replace(
        held, line=3, name="Article number 1", old_minor=250, new_minor=amount, currency="EUR"
    )
    assert offer(shop, "A1")["prices"] == [[250]]
    assert counts(take(shop, path)) == {"unchanged": 2, "held": 1}
    assert counts(take(shop, path, yes=True)) == {"unchanged": 2, "changed": 1}
    assert offer(shop, "A1")["prices"] == [[amount]]
    assert counts(take(shop, path)) == {"unchanged": 3}


def test_what_waits_has_neither_vanished_nor_is_its_old_price_confirmed(
    shop: Node, tmp_path: Path, clock: ManualClock
) -> None:
    path = write_prices(tmp_path / "list.csv", prices(3))
    take(shop, path)
    began_ms = clock.now_ms()
    clock.advance(2 * DAY_MS)
    rows = prices(3)
    rows[1][2] = "25.00"
    report = take(shop, write_prices(path, rows), complete=True)
    assert counts(report) == {"unchanged": 2, "held": 1}
    assert confirmed_at(shop, "A1") == pytest.approx(began_ms, abs=1000)
    assert confirmed_at(shop, "A0") == clock.now_ms()
    seq = site_seq(shop)
    take(shop, path, complete=True)
    assert site_seq(shop) == seq


def test_a_first_price_of_nothing_waits(shop: Node, tmp_path: Path) -> None:
    path = write_prices(tmp_path / "list.csv", [["A", "Gift", "0.00"], ["B", "Bread", "3.00"]])
    assert counts(take(shop, path)) == {"new": 1, "held": 1}
    assert offer(shop, "A") is None


# --- the lowest price of 30 days ---


def test_a_reduction_keeps_the_lowest_price_of_the_30_days_before(
    shop: Node, tmp_path: Path, clock: ManualClock
) -> None:
    def sell(price: str) -> dict[str, Any]:
        take(shop, write_prices(tmp_path / "list.csv", [["A", "Bread", price]]))
        fields: dict[str, Any] = offer(shop, "A")
        return fields

    assert "lowest_30d" not in sell("4.00")
    clock.advance(40 * DAY_MS)
    assert sell("3.00")["lowest_30d"] == 400
    clock.advance(5 * DAY_MS)
    assert sell("3.50")["lowest_30d"] is None
    clock.advance(5 * DAY_MS)
    assert sell("3.20")["lowest_30d"] == 300
    clock.advance(DAY_MS)
    before = written(shop)
    take(shop, tmp_path / "list.csv")
    changed = {name for name, rows in written(shop).items() if rows != before[name]}
    assert offer(shop, "A")["lowest_30d"] == 300
    assert "local_own" not in changed


def test_a_reduction_by_hand_keeps_it_too(shop: Node, clock: ManualClock) -> None:
    site = shop.site()
    fields = {"name": "Bread", "currency": "EUR", "prices": [[400]]}
    shop.write("offer", "A", fields, site=site)
    clock.advance(DAY_MS)
    shop.write("offer", "A", {"prices": [[300]], "regular": 400}, site=site)
    assert offer(shop, "A")["lowest_30d"] == 400
    assert shop.write("offer", "A", {"prices": [[300]]}, site=site) is False
