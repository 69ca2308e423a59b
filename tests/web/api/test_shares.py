"""fedretail/web/api/shares.py: nobody takes all the long answers there are."""

from contextlib import ExitStack

import pytest

from fedretail.node.node import Node
from fedretail.testing.faces import shown
from fedretail.web.api import changes
from fedretail.web.api.shares import Shares
from fedretail.web.problems import Problem


def held(shares: Shares, stack: ExitStack, address: str, times: int) -> int:
    """How many of so many long answers this address gets."""
    got = 0
    for _ in range(times):
        try:
            stack.enter_context(shares.held({"type": "http", "client": (address, 5000)}))
        except Problem as problem:
            assert problem.status == 503
        else:
            got += 1
    return got


def test_one_address_leaves_room_for_the_next_and_the_network_for_this_computer() -> None:
    shares = Shares(8)
    with ExitStack() as stack:
        for number, got in ((7, 2), (8, 2), (9, 2), (10, 0)):
            assert held(shares, stack, f"192.168.1.{number}", 9) == got
        assert held(shares, stack, "127.0.0.1", 9) == 2
        assert held(shares, stack, "::1", 1) == 0
    with ExitStack() as stack:
        assert held(shares, stack, "127.0.0.1", 9) == 8
        assert held(shares, stack, "192.168.1.7", 1) == 0
    assert held(shares, ExitStack(), "192.168.1.7", 1) == 1


def test_an_ipv6_network_is_one_address() -> None:
    shares = Shares(8)
    with ExitStack() as stack:
        assert held(shares, stack, "2001:db8::1", 1) == 1
        assert held(shares, stack, "2001:db8::ffff", 9) == 1


@pytest.mark.parametrize("path", ["/api/v1/changes/stream", "/api/v1/export"])
def test_one_too_many_is_told_when_to_come_again(
    shop: Node, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(changes, "MAX_STREAMS", 0)
    monkeypatch.setattr(changes, "MAX_EXPORTS", 0)
    with shown(shop) as face:
        got = face.ask(path)
        assert (got.status, got.headers["retry-after"]) == (503, "30")
        assert got.headers["content-type"] == "application/problem+json"
        assert face.ask(path, "HEAD").status == 200
        assert face.app.counts.streams == 0
