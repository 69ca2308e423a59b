"""What `serve --as` does and says; nothing twice, and nothing without a need."""

import pytest

from fedretail.errors import Refused
from fedretail.node.node import Node
from fedretail.node.roles import take_role
from fedretail.node.setup import create_reader


def heads(node: Node) -> list[bytes]:
    return [raw for _, _, raw in node.store.heads()]


def test_an_original_that_was_never_in_doubt_begins_nothing_anew(shop: Node) -> None:
    before = heads(shop)
    assert "nothing to decide" in take_role(shop, "original")
    assert heads(shop) == before


def test_an_original_that_had_stopped_writes_again(shop: Node) -> None:
    before = heads(shop)
    shop.store.own_logs.stop("neighbours have met both")
    assert take_role(shop, "original") == (
        "This folder is the shop's own from now on, and writes again."
    )
    assert shop.store.own_logs.stopped is None
    assert heads(shop) != before
    assert "nothing to decide" in take_role(shop, "original")


def test_an_original_that_is_damaged_goes_on_with_what_can_be_read(shop: Node) -> None:
    (log, *_) = (state.log for state in shop.store.logs_of(shop.owner, "member"))
    shop.store.repairs.set_damaged([log])
    assert shop.store.repairs.has_own()
    assert "writes again" in take_role(shop, "original")
    assert not shop.store.repairs.has_own()


def test_a_copy_becomes_another_device_once(shop: Node) -> None:
    device = shop.identity.device.public
    assert "a key of its own" in take_role(shop, "copy")
    second = shop.identity.device.public
    assert second != device
    assert "nothing to decide" in take_role(shop, "copy")
    assert shop.identity.device.public == second
    # Copied once more, it is asked about again.
    shop.store.own_logs.stop("neighbours have met both")
    assert "a key of its own" in take_role(shop, "copy")
    assert shop.identity.device.public != second


def test_a_reader_has_no_role(tmp_path) -> None:
    with create_reader(tmp_path / "reader", None) as reader, pytest.raises(Refused):
        take_role(reader, "original")
