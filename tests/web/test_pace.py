"""fedretail/web/pace.py: how often something is made for one address of the network."""

from collections import Counter
from typing import Any

from starlette.testclient import TestClient

from fedretail.testing.clock import ManualClock
from fedretail.web import pace
from fedretail.web.app import make_app
from fedretail.web.pace import Rate

BURST = pace.PER_MINUTE // 6


def request(address: str) -> dict[str, Any]:
    return {"client": (address, 5000)}


def asks(rate: Rate, address: str, times: int) -> int:
    return sum(not rate.wait_s(request(address)) for _ in range(times))


def test_ten_seconds_worth_at_once_then_as_the_minute_goes() -> None:
    clock = ManualClock()
    rate = Rate(per_minute=60, clock=clock)
    assert asks(rate, "192.168.1.5", 100) == 10
    assert rate.wait_s(request("192.168.1.5")) == 1.0
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


def test_this_computer_asks_as_often_as_it_likes() -> None:
    rate = Rate(per_minute=60, clock=ManualClock())
    assert asks(rate, "127.0.0.1", 5000) == asks(rate, "::1", 5000) == 5000


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


def test_a_flood_of_pages_from_the_network_waits(shops: Any) -> None:
    clock = ManualClock()
    app = make_app(shops("Brook", clock))

    def statuses(path: str, address: str, times: int) -> Counter[int]:
        client = TestClient(
            app, base_url="http://127.0.0.1:8765", client=(address, 5000), backend="trio"
        )
        return Counter(client.get(path).status_code for _ in range(times))

    assert statuses("/about", "192.168.1.5", BURST + 5) == {200: BURST, 429: 5}
    assert statuses("/?q=milk", "192.168.1.5", 1) == {429: 1}
    assert statuses("/static/icon.svg", "192.168.1.5", 5) == {200: 5}
    assert statuses("/api/v1/sites", "192.168.1.5", 5) == {200: 5}
    assert statuses("/about", "192.168.1.6", 5) == {200: 5}
    assert statuses("/about", "127.0.0.1", BURST + 5) == {200: BURST + 5}
    assert app.counts.limited == 6
    clock.advance(1000)
    assert statuses("/about", "192.168.1.5", 20) == {200: 10, 429: 10}
