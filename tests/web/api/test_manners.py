"""fedretail/web/api/manners.py: how often one address may ask."""

from typing import Any

import trio

from fedretail.testing.clock import ManualClock
from fedretail.testing.faces import Answer, asked_from
from fedretail.web.api.manners import Rate
from fedretail.web.app import make_app


def asks(rate: Rate, address: str, times: int) -> int:
    return sum(not rate.wait_s(address) for _ in range(times))


def test_ten_seconds_worth_at_once_then_as_the_minute_goes() -> None:
    clock = ManualClock()
    rate = Rate(per_minute=60, clock=clock)
    assert asks(rate, "192.168.1.5", 100) == 10
    assert rate.wait_s("192.168.1.5") == 1.0
    clock.advance(3000)
    assert asks(rate, "192.168.1.5", 100) == 3
    clock.advance(3_600_000)
    assert asks(rate, "192.168.1.5", 100) == 10


def test_each_address_has_its_own() -> None:
    rate = Rate(per_minute=60, clock=ManualClock())
    assert asks(rate, "192.168.1.5", 50) == 10
    assert asks(rate, "192.168.1.6", 50) == 10


def test_a_network_of_ipv6_is_one_address() -> None:
    """Who has one has 2**64 of them."""
    rate = Rate(per_minute=60, clock=ManualClock())
    assert sum(asks(rate, f"2001:db8::{n:x}", 1) for n in range(50)) == 10
    assert asks(rate, "2001:db8:0:1::1", 50) == 10
    assert asks(rate, "::ffff:192.168.1.5", 50) == 10
    assert asks(rate, "192.168.1.5", 50) == 0


def test_nought_is_no_limit() -> None:
    rate = Rate(per_minute=0, clock=ManualClock())
    assert asks(rate, "192.168.1.5", 5000) == 5000


def test_the_clock_may_go_back() -> None:
    clock = ManualClock()
    rate = Rate(per_minute=60, clock=clock)
    asks(rate, "192.168.1.5", 50)
    clock.advance(-10_000)
    assert asks(rate, "192.168.1.5", 5) == 0
    clock.advance(1000)
    assert asks(rate, "192.168.1.5", 5) == 1


def test_who_asks_too_much_is_told_when_to_come_again(shops: Any) -> None:
    """From an address of the network; programs of this computer ask as they like."""
    node = shops("Brook", ManualClock())

    async def asked(address: str, path: str) -> list[Answer]:
        app = make_app(node)
        told = [await asked_from(app, address, path) for _ in range(105)]
        assert app.counts.limited == sum(one.status == 429 for one in told)
        return told

    told = trio.run(asked, "192.168.1.77", "/api/v1/nothing")
    assert [one.status for one in told] == [404] * 100 + [429] * 5
    assert told[-1].headers["retry-after"] == "1"
    assert told[-1].headers["content-type"] == "application/problem+json"
    assert {one.status for one in trio.run(asked, "127.0.0.1", "/api/v1/nothing")} == {404}
    assert {one.status for one in trio.run(asked, "192.168.1.77", "/healthz")} == {200}
