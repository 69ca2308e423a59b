"""Tickets and joining: into one network, and not by accident into another."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.charter import Charter
from fedretail.errors import MalformedInput, Refused, UsageError
from fedretail.node.networks import MAX_NAME_BYTES, Joined, found_network, network, network_name
from fedretail.node.node import Node
from fedretail.node.setup import create_reader
from fedretail.p2p.ticket import Ticket
from fedretail.testing.builders import shop as stranger
from fedretail.testing.nodes import HERE, new_shop

LISTEN = "/ip4/192.168.7.9/tcp/4817"


def listening(node: Node, listen: str = LISTEN) -> Node:
    """The node again, with an address in its settings."""
    (node.path / "config.toml").write_text(f'listen = ["{listen}"]\n', encoding="utf-8")
    return node


def test_without_daemon_and_address_there_is_no_ticket(shop: Node) -> None:
    with pytest.raises(Refused, match="Nobody would answer") as caught:
        shop.ticket()
    assert caught.value.hint == "Start `fedretail serve` first."
    assert network(shop) is None


@pytest.mark.parametrize("listen", ["/ip4/0.0.0.0/tcp/4817", "/ip4/192.168.7.9/tcp/0",
                                    "/ip6/::/tcp/4817", "/nonsense"])  # fmt: skip
def test_an_address_that_nobody_can_dial_makes_no_ticket(shop: Node, listen: str) -> None:
    with pytest.raises(Refused):
        listening(shop, listen).ticket()


def test_the_first_ticket_founds_the_network(shop: Node) -> None:
    ticket = Ticket.parse(listening(shop).ticket())
    assert ticket.addresses == (f"{LISTEN}/p2p/{shop.identity.peer_id}",)
    assert ticket.name == "Village shop and neighbours" == network_name(shop)
    charter = Charter.parse(shop.store.meta("charter"))
    assert charter.id == ticket.network == network(shop)
    assert charter.founders == (shop.keyring.root.public,)
    assert charter.admission == "open"
    assert shop.ticket("Another name") == shop.ticket()


def test_the_daemon_s_addresses_come_before_those_of_the_settings(
    shop: Node, note_daemon: Callable[[Node, Any], None]
) -> None:
    listening(shop)
    running = f"/ip4/10.1.2.3/tcp/5/p2p/{shop.identity.peer_id}"
    state = {"addresses": [running], "peers": [], "own": {}, "clock_offset_ms": 0}
    note_daemon(shop, state)
    assert Ticket.parse(shop.ticket()).addresses == (running,)


def test_addresses_that_reach_furthest_come_first(
    shop: Node, note_daemon: Callable[[Node, Any], None]
) -> None:
    hosts = ("ip4/127.0.0.1", "ip6/fe80::1", "ip4/10.1.2.3", "ip4/8.8.8.8")
    running = [f"/{host}/tcp/5/p2p/{shop.identity.peer_id}" for host in hosts]
    named = f"/dns4/shop.example.org/tcp/5/p2p/{shop.identity.peer_id}"
    note_daemon(shop, {"addresses": [*running, named], "peers": [], "own": {}})
    assert Ticket.parse(shop.ticket()).addresses == (running[3], named, running[2])


def test_of_two_who_found_a_network_at_once_both_have_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_shop(tmp_path / "shop").close()
    both_have_looked = threading.Barrier(2, timeout=30)

    def charter(*parts: Any, **more: Any) -> Charter:
        both_have_looked.wait()
        return Charter(*parts, **more)

    monkeypatch.setattr("fedretail.node.networks.Charter", charter)

    def found(name: str) -> bytes:
        with Node.open(tmp_path / "shop") as node:
            return found_network(node, name)

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(found, ("One street", "Another street"))
    with Node.open(tmp_path / "shop") as node:
        assert one == other == network(node) == Charter.parse(node.store.meta("charter")).id


@given(st.text(min_size=1, max_size=200).filter(str.strip))
def test_every_name_fits_beside_an_address(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("name")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return
    with new_shop(folder / "shop", name) as node:
        ticket = Ticket.parse(listening(node).ticket())
        assert len(ticket.addresses) == 1
        assert 0 < len(ticket.name.encode("utf-8")) <= MAX_NAME_BYTES
        assert network_name(node) == ticket.name


def test_a_name_of_one_s_own(tmp_path: Path, shop: Node) -> None:
    with pytest.raises(UsageError, match="name"):
        found_network(shop, "x" * 61)
    assert network(shop) is None
    found_network(shop, " Our valley ")
    assert network_name(shop) == "Our valley"


def test_joining_and_joining_again(tmp_path: Path, shop: Node) -> None:
    line = listening(shop).ticket()
    with new_shop(tmp_path / "two", "Town house") as two:
        assert two.join(line) == Joined("Village shop and neighbours", 1, already=False)
        assert network(two) == network(shop)
        assert network_name(two) == "Village shop and neighbours"
        assert two.store.meta("charter") is None
        assert [address for address, *_ in two.store.addresses()] == [
            f"{LISTEN}/p2p/{shop.identity.peer_id}"
        ]
        assert two.join(f"\n{line.upper()}\n") == Joined(network_name(shop), 1, already=True)
        assert len(two.store.addresses()) == 1


def test_joining_by_one_s_own_ticket(shop: Node) -> None:
    joined = shop.join(listening(shop).ticket())
    assert joined == Joined(network_name(shop), 0, already=True)
    assert shop.store.meta("charter") is not None
    assert shop.store.addresses() == []


def test_a_founder_whom_nobody_has_met_may_join_another(tmp_path: Path, shop: Node) -> None:
    with new_shop(tmp_path / "two", "Town house") as two:
        found_network(two)
        two.join(listening(shop).ticket())
        assert network(two) == network(shop)
        assert two.sites() != []


def test_after_meeting_anybody_another_network_is_refused(tmp_path: Path, shop: Node) -> None:
    line = listening(shop).ticket()
    with new_shop(tmp_path / "two", "Town house") as two:
        before = found_network(two)
        two.store.add_auth(stranger("met").grants)
        with pytest.raises(Refused, match="Village shop and neighbours") as caught:
            two.join(line)
        assert "Town house and neighbours" in caught.value.message
        assert "fedretail" in caught.value.hint
        assert network(two) == before
        assert two.store.addresses() == []


def test_a_reader_joins_and_founds_nothing(tmp_path: Path, shop: Node) -> None:
    with create_reader(tmp_path / "reader", HERE) as reader:
        with pytest.raises(Refused, match="reader") as caught:
            found_network(reader)
        assert "join" in caught.value.hint
        reader.join(listening(shop).ticket())
        assert found_network(reader) == network(shop)
        assert Ticket.parse(listening(reader).ticket()).network == network(shop)


@pytest.mark.parametrize("line", ["", "hello", "fr1-", "fr1-aaaa", "fr1-" + "a" * 700])
def test_what_is_no_ticket_changes_nothing(shop: Node, line: str) -> None:
    with pytest.raises(MalformedInput):
        shop.join(line)
    assert network(shop) is None
