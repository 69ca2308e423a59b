"""Clocks that are wrong (node.upkeep): stamps that ran ahead, and promises nobody can keep."""

from fedretail.crdt.head import SignedHead
from fedretail.crdt.stamp import EARLIEST_MS
from fedretail.node.node import Node
from fedretail.node.own_sites import OwnSite
from fedretail.node.upkeep import put_stamps_right, steps
from fedretail.store.commits import LEASE_DAYS
from fedretail.testing import builders
from fedretail.testing.clock import ManualClock

HOUR_MS = 3600 * 1000


def upkeep(node: Node) -> None:
    for step in steps(node, None, choice=0.0):
        step()


def sell(node: Node, key: str, site: OwnSite | None = None) -> SignedHead:
    node.write("offer", key, {"name": key, "currency": "EUR", "prices": [[100]]}, site=site)
    collection = node.place("offer", key, site).collection
    name = node.store.own_logs.written(node.identity.author().log(collection))
    return next(SignedHead.parse(raw) for _, one, raw in node.store.heads() if one == name)


def test_a_clock_that_was_set_right_leaves_no_stamps_behind(shop: Node, clock: ManualClock) -> None:
    site = shop.site()
    assert put_stamps_right(shop, clock_offset_ms=0) == 0
    clock.advance(2 * HOUR_MS)
    assert sell(shop, "bread").head.lease == LEASE_DAYS
    clock.advance(-2 * HOUR_MS)
    assert shop.record(shop.place("offer", "bread", site)) is None
    # Neighbours who are ahead of this computer agree with the stamps.
    assert put_stamps_right(shop, clock_offset_ms=2 * HOUR_MS) == 0
    # Those who say that it is earlier change nothing, nor does a clock that is ahead still.
    clock.advance(2 * HOUR_MS)
    assert put_stamps_right(shop, clock_offset_ms=-2 * HOUR_MS) == 0
    clock.advance(-2 * HOUR_MS)
    upkeep(shop)
    assert shop.record(shop.place("offer", "bread")) is not None
    assert shop.site() == site
    assert put_stamps_right(shop, clock_offset_ms=0) == 0
    assert sell(shop, "rolls").head.stamp <= clock.now_ms() + 10
    assert [found for _, problems in shop.check() for found in problems] == []


def test_who_does_not_know_the_time_writes_and_promises_nothing(
    shop: Node, clock: ManualClock
) -> None:
    site = shop.site()
    first = sell(shop, "bread")
    clock.advance(-HOUR_MS)
    second = sell(shop, "rolls", site)
    assert (second.head.stamp, second.head.lease) == (first.head.stamp + 1, 0)
    clock.advance(EARLIEST_MS - 1 - clock.now_ms())
    assert sell(shop, "cake", site).head.lease == 0
    # Stamps are not put right by a clock that is known to be wrong itself.
    assert put_stamps_right(shop, clock_offset_ms=0) == 0


def test_others_who_have_signed_later_say_that_this_clock_is_early(
    shop: Node, clock: ManualClock
) -> None:
    other = builders.shop("other")
    source = builders.shop_store(shop.path, other, clock=clock)
    source.commit(other.author(), builders.SITE, builders.offer_edits([1]))
    shop.store.add_auth(other.grants)
    builders.add_log(shop.store, other.log_name())
    builders.fetch(shop.store, source, other.log())
    source.close()
    sell(shop, "bread")
    clock.advance(-HOUR_MS)
    assert put_stamps_right(shop, clock_offset_ms=0) == 0


def test_a_shop_that_may_not_write_is_left_alone(shop: Node, clock: ManualClock) -> None:
    clock.advance(2 * HOUR_MS)
    sell(shop, "bread")
    clock.advance(-2 * HOUR_MS)
    shop.store.own_logs.stop("neighbours have met both")
    upkeep(shop)
    assert shop.record(shop.place("offer", "bread", shop.site())) is None
