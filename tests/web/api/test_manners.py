"""fedretail/web/api/manners.py: what holds for every address of the API."""

from typing import Any

import trio

from fedretail.testing.clock import ManualClock
from fedretail.testing.faces import Answer, asked_from
from fedretail.web.app import make_app


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
