"""What a daemon does by itself: once a minute, and one look at the rows a day."""

import logging

import pytest

from fedretail.node.node import Node
from fedretail.node.upkeep import CHECK_MS, check_daily, steps
from fedretail.p2p.mirror import Mirror
from fedretail.testing.clock import ManualClock


def test_one_log_is_recounted_a_day(shop: Node, clock: ManualClock) -> None:
    assert check_daily(shop, 0.0)
    assert not check_daily(shop, 0.0)
    clock.advance(CHECK_MS - 1)
    assert not check_daily(shop, 0.0)
    clock.advance(1)
    assert check_daily(shop, 0.0)
    clock.advance(-5 * CHECK_MS)
    assert check_daily(shop, 0.0)


def test_damage_is_told(shop: Node, caplog: pytest.LogCaptureFixture) -> None:
    shop.store._write.execute("UPDATE row SET row = zeroblob(9)")
    with caplog.at_level(logging.WARNING):
        assert check_daily(shop, 0.0)
    assert "rows are not those" in caplog.text


def test_all_steps_are_taken(shop: Node, clock: ManualClock) -> None:
    mirror = Mirror(shop.store, b"n" * 32)
    clock.advance(CHECK_MS)
    before = shop.store.heads()
    for step in steps(shop, mirror, choice=0.5):
        step()
    assert shop.store.heads() != before
    assert shop.store.noted("checked") is not None
    assert len(list(steps(shop, None, choice=0.5))) == len(list(steps(shop, mirror, choice=0))) - 1
