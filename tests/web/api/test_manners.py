"""fedretail/web/api/manners.py: how often one address may ask."""

from typing import Any

import trio

from fedretail.testing.clock import ManualClock
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

    async def statuses(client: str, path: str) -> list[tuple[int, dict[bytes, bytes]]]:
        app, told = make_app(node), list[tuple[int, dict[bytes, bytes]]]()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                told.append((message["status"], dict(message["headers"])))

        async def receive() -> Any:
            await trio.sleep_forever()

        scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "http_version": "1.1",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"192.168.1.2")],
            "client": (client, 1),
            "server": ("a", 1),
        }
        for _ in range(105):
            await app(dict(scope), receive, send)
        assert app.counts.limited == sum(status == 429 for status, _ in told)
        return told

    told = trio.run(statuses, "192.168.1.77", "/api/v1/nothing")
    assert [status for status, _ in told] == [404] * 100 + [429] * 5
    assert told[-1][1][b"retry-after"] == b"1"
    assert told[-1][1][b"content-type"] == b"application/problem+json"
    assert {status for status, _ in trio.run(statuses, "127.0.0.1", "/api/v1/nothing")} == {404}
    assert {status for status, _ in trio.run(statuses, "192.168.1.77", "/healthz")} == {200}
