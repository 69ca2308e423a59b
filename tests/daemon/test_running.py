"""fedretail/daemon/running.py: a daemon in a thread, for programs that are not on trio."""

import threading
from typing import Any

import pytest

import fedretail
from fedretail.client import Client
from fedretail.testing.memory_network import MemoryNetwork
from fedretail.testing.nodes import sell


def test_a_program_that_is_not_on_trio(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    sell(shop, "bread")
    before = threading.active_count()
    with fedretail.serve_in_thread(shop.path, web="127.0.0.1:0") as served:
        assert served.ticket
        client = Client(served.url)
        assert client.search("bread").total == 1
        cursor = client.cursor()
        sell(served.node, "cake")
        assert next(client.follow(cursor)).id.endswith("/cake")
        with pytest.raises(fedretail.Refused), fedretail.serve_in_thread(shop.path):
            pass
    with pytest.raises(fedretail.Unavailable):
        client.search("bread")
    assert [t.name for t in threading.enumerate() if t.name == "fedretail"] == []
    assert threading.active_count() <= before + 40


def test_what_cannot_be_served_is_said(memory: MemoryNetwork, shops: Any, tmp_path: Any) -> None:
    with pytest.raises(fedretail.Unavailable), fedretail.serve_in_thread(tmp_path / "none"):
        pass
    shop = shops("one")
    with fedretail.serve_in_thread(shop.path) as served, pytest.raises(fedretail.Unavailable):
        _ = served.url
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        web = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(fedretail.Unavailable), fedretail.serve_in_thread(shop.path, web=web):
            pass


def test_an_error_of_the_block_is_the_one_raised(memory: MemoryNetwork, shops: Any) -> None:
    shop = shops("one")
    with pytest.raises(KeyError), fedretail.serve_in_thread(shop.path):
        raise KeyError("mine")
