"""fedretail/web/shares.py: nobody takes all the long answers there are."""

from contextlib import ExitStack

from fedretail.web.problems import Problem
from fedretail.web.shares import Shares


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
