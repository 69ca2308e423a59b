"""A sign of life a day, whatever else is written, and none by a clock that is behind."""

from pathlib import Path

from fedretail.crdt.access import GRANT_MS
from fedretail.domain.ids import collection_of
from fedretail.node.node import Node
from fedretail.node.renewals import RENEW_MS, renew_due
from fedretail.node.setup import create_reader
from fedretail.testing.clock import ManualClock

DAY_MS = 24 * 3600 * 1000


def sell(shop: Node, amount_minor: int) -> None:
    fields = {"name": "Bread", "currency": "EUR", "prices": [[amount_minor]]}
    shop.write("offer", "bread", fields, site=shop.site())


def until_ms(shop: Node) -> int:
    return shop.store.grants(shop.owner).until_ms(shop.owner, shop.identity.device.public)


def test_heads_and_grants_are_renewed_once_a_day(shop: Node, clock: ManualClock) -> None:
    sell(shop, 250)
    assert until_ms(shop) == clock.now_ms() + GRANT_MS
    assert renew_due(shop) == 0
    # A minute more: each commit of the same moment has a stamp one later than the last.
    clock.advance(RENEW_MS + 60_000)
    assert renew_due(shop) == 2
    assert renew_due(shop) == 0
    seen_ms = shop.store.seen_at(shop.owner, collection_of(shop.site().id))
    assert seen_ms is not None
    assert seen_ms >= clock.now_ms()
    assert until_ms(shop) == clock.now_ms() + GRANT_MS
    assert not [found for _, found in shop.check() if found]


def test_a_grant_is_renewed_also_where_prices_change_every_day(
    shop: Node, clock: ManualClock
) -> None:
    for day in range(100):
        clock.advance(DAY_MS)
        sell(shop, 200 + day)
        shop.set_member({"name": f"Shop of day {day}"})
        renew_due(shop)
    assert until_ms(shop) - clock.now_ms() > GRANT_MS - 2 * DAY_MS


def test_every_site_is_renewed(shop: Node, clock: ManualClock) -> None:
    shop.add_site("Market stall", shop.position)
    clock.advance(RENEW_MS + 60_000)
    assert renew_due(shop) == 3


def test_a_clock_that_is_behind_renews_nothing(shop: Node, clock: ManualClock) -> None:
    clock.advance(-400 * DAY_MS)
    records = len(shop.store.auth_records())
    assert renew_due(shop) == 0
    assert len(shop.store.auth_records()) == records


def test_a_reader_renews_nothing(tmp_path: Path) -> None:
    with create_reader(tmp_path / "reader", None) as reader:
        assert renew_due(reader) == 0
