"""fedretail/web/pace.py: how often pages are made for one address of the network."""

from collections import Counter
from typing import Any

from starlette.testclient import TestClient

from fedretail.testing.clock import ManualClock
from fedretail.web import pace
from fedretail.web.app import make_app

BURST = pace.PER_MINUTE // 6


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
