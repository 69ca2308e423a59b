"""Sample goods: marked, gone with one touch, and never with a neighbour."""

from typing import Any

import pytest

from fedretail.errors import Refused
from fedretail.node import samples
from fedretail.node.networks import found_network, join, ticket
from fedretail.node.undo import deeds, undo
from fedretail.p2p.ticket import Ticket
from fedretail.testing.nodes import sell


@pytest.mark.parametrize(
    ("language", "mark"), [("en", "(sample)"), ("de", "(Muster)"), ("fr", "(sample)")]
)
def test_they_say_what_they_are(shops: Any, language: str, mark: str) -> None:
    node = shops("farm")
    samples.add(node, node.site(), language)
    found = [value.fields for _, value in node.records("offer")]
    assert len(found) == samples.count(node) == len(samples.SAMPLES)
    assert all(str(fields["name"]).endswith(mark) for fields in found)


def test_they_go_as_one_deed_and_leave_what_is_the_shops_own(shops: Any) -> None:
    node = shops("farm")
    sell(node, "milk")
    samples.add(node, node.site(), "en")
    assert samples.remove(node) == 8
    assert samples.count(node) == 0
    assert [value.fields["name"] for _, value in node.records("offer")] == ["Fresh milk"]
    undo(node, deeds(node, limit=1)[0].deed)
    assert samples.count(node) == 8


def test_no_ticket_while_they_are_there_and_who_joins_leaves_them(shops: Any) -> None:
    one, two = shops("farm"), shops("mill")
    for node in (one, two):
        node.store.note("daemon", None)
    samples.add(one, one.site(), "en")
    with pytest.raises(Refused, match="Sample goods") as caught:
        ticket(one)
    assert "fedretail manage" in caught.value.hint
    address = f"/ip4/10.0.0.9/tcp/4817/p2p/{two.identity.peer_id}"
    join(one, Ticket(found_network(two), "Mill", (address,)).text())
    assert samples.count(one) == 0


def test_a_reader_has_none(tmp_path: Any) -> None:
    from fedretail.node.setup import create_reader

    with create_reader(tmp_path / "reader", None) as node:
        assert (samples.count(node), samples.remove(node)) == (0, 0)
