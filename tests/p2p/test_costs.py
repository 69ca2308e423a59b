"""What messages cost a computer, in tokens."""

import pytest

from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.row import RowKey
from fedretail.p2p import costs, wire
from fedretail.p2p.session import BURST
from fedretail.p2p.view import AUTH_LOG, AUTH_RECORD
from fedretail.testing import builders

SHOP = builders.shop("first")
LOG = SHOP.log()
HEAD = SignedHead.sign(Head(LOG, 1, 1, 7, 1, 1, bytes(32)), SHOP.devices[0]).raw


def test_small_parts_are_paid_for_and_rows_are_not() -> None:
    def part(size: int, after: RowKey | None) -> wire.Received:
        return wire.Received(wire.Advance(LOG, 0, b"h" * 200, bytes(size), after), 99, size + 250)

    whole, small = part(240_000, RowKey("a", "x")), part(1, RowKey("a", "x"))
    assert costs.taking([whole, part(90, None)], 240_090) == 0
    assert costs.taking([whole], 0) > 200
    assert costs.taking([small] * 400, 400) >= BURST


@pytest.mark.parametrize(
    ("message", "tokens"),
    [
        # Both are verified, one signature each: a tenth of a millisecond and half of that.
        (wire.Heads([HEAD] * 100), 26),
        (wire.Auth([[AUTH_RECORD, SHOP.grants[0].raw], [AUTH_LOG, *SHOP.log_name()]]), 3.5),
        (wire.Since([wire.Wish(LOG, 0, 0, None)] * 30), 31),
        (wire.Credit(5), 1),
    ],
)
def test_what_is_to_be_verified_is_paid_for(message: wire.Message, tokens: float) -> None:
    assert costs.reading(wire.Received(message, 10, 0)) == tokens


def test_what_takes_bytes_to_read_is_paid_by_the_kib() -> None:
    assert costs.reading(wire.Received(None, 10, 10 * 1024)) == 11
