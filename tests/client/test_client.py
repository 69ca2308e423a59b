"""fedretail/client against a served node."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from fedretail.client import ApiError, Change, Client, Money, NoAnswer
from fedretail.clock import SystemClock
from fedretail.node import tokens
from fedretail.node.node import Node
from fedretail.testing.faces import Face, shown
from fedretail.testing.nodes import finds, sell

GTIN = "04001842100121"


@pytest.fixture
def shop(shops: Any) -> Node:
    node: Node = shops("Brook Farm", SystemClock())
    for n in range(7):
        sell(node, f"bread{n}", 300 + n)
    fields: dict[str, Any] = {"name": "Muesli", "gtin": GTIN, "currency": "EUR"}
    node.write("offer", "muesli", {**fields, "prices": [[349]], "stock": "few", "left": 3})
    return node


@pytest.fixture
def face(shop: Node) -> Iterator[Face]:
    with shown(shop) as face:
        yield face


@pytest.fixture
def client(face: Face) -> Client:
    return Client(face.url + "/")


def test_a_search_and_its_pages(client: Client) -> None:
    page = client.search("bread", sort="cheapest", limit=3, in_stock=False, retailer=["Brook Farm"])
    assert [one.price for one in page.results] == [
        Money(Decimal(text), "EUR") for text in ("3.00", "3.01", "3.02")
    ]
    assert page.total == 7
    then = client.search(
        "bread", sort="cheapest", limit=3, retailer=["Brook Farm"], cursor=page.next
    )
    assert then.results[0].id.endswith("/bread3")
    assert len(list(client.search_all("bread", limit=2))) == 7


def test_one_offer_and_one_product(client: Client, shop: Node) -> None:
    product = client.product(GTIN[1:])
    assert (product.gtin, product.name, product.total) == (GTIN, "Muesli", 1)
    offer = client.offer(product.offers[0].id)
    assert offer.stock.left == 3
    assert offer.site.name == "Brook Farm"
    assert offer.seen_at is not None
    assert offer.raw["time_zone"] == "Europe/Berlin"
    assert offer.is_own


def test_sites_members_and_export(client: Client, shop: Node) -> None:
    assert [site.id for site in client.sites()] == [shop.site().id]
    assert [one["name"] for one in client.members()] == ["Brook Farm"]
    header, *records = client.export()
    assert header["format"] == "fedretail-exchange/1"
    assert len(records) == 10


def test_what_a_view_shows(client: Client, shop: Node) -> None:
    views = {"nobodys": {"retailers": ["0" * 32]}, "cheap": {"categories": ["Bread"]}}
    shop.__dict__["config"] = replace(shop.config, views=views)
    assert list(client.sites(view="nobodys")) == list(client.members(view="nobodys")) == []
    offer = client.product(GTIN).offers[0].id
    with pytest.raises(ApiError) as hidden:
        client.offer(offer, view="cheap")
    assert hidden.value.status == 404
    with pytest.raises(ApiError, match="no view"):
        list(client.sites(view="unheard of"))


def test_changes_since_a_cursor(client: Client, shop: Node) -> None:
    first = list(client.changes())
    assert len(first) == 10
    sell(shop, "cake")
    (change,) = client.changes(first[-1].cursor, kinds=["offer"])
    assert change.id.endswith("/cake")
    assert list(client.changes(client.cursor())) == []


def test_changes_as_they_happen(client: Client, shop: Node) -> None:
    cursor = client.cursor()
    found: list[Change] = []
    listens = threading.Thread(
        target=lambda: found.extend(islice(client.follow(cursor, kinds=["offer"]), 2))
    )
    listens.start()
    sell(shop, "cake")
    shop.remove("offer", "bread0")
    listens.join(60)
    assert [one.id.partition("/")[2] for one in found] == ["cake", "bread0"]
    assert [one.record is None for one in found] == [False, True]
    # A listener that goes on has missed nothing.
    assert next(client.follow(found[0].cursor)) == found[1]


def test_an_own_offer_is_changed(face: Face, shop: Node) -> None:
    writer = Client(face.url, token=tokens.add(shop, "till", [tokens.WRITE_OFFERS]))
    offer_id = f"{shop.site().id}/muesli"
    changed = writer.set_offer(offer_id, price=Decimal("3.99"), stock=0)
    assert (changed.price, changed.stock.level) == (Money(Decimal("3.99"), "EUR"), "none")
    assert finds(shop, "muesli") == [("Muesli", 399)]
    with pytest.raises(ApiError) as refused:
        Client(face.url).set_offer(offer_id, stock=1)
    assert refused.value.status == 401


def test_problems_are_errors_with_their_hint(client: Client) -> None:
    with pytest.raises(ApiError) as wrong:
        client.search(near="north")
    assert wrong.value.status == 400
    assert wrong.value.hint
    with pytest.raises(ApiError) as gone:
        list(client.changes("aaaaaaaaaaaa-1"))
    assert gone.value.status == 410
    with pytest.raises(ApiError) as foreign:
        next(client.follow("aaaaaaaaaaaa-1"))
    assert foreign.value.status == 410


def test_where_nobody_answers() -> None:
    with pytest.raises(NoAnswer):
        Client("http://127.0.0.1:9").search("bread")


@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found"])
@pytest.mark.parametrize(
    "body", [b"hello", b"[1]", b"[" * 100_000, b"\xff\xfe", b"\x1f\x8b\x08broken", b""]
)
@pytest.mark.parametrize("packed", [b"", b"content-encoding: gzip\r\n"])
def test_what_answers_otherwise_is_no_node(status: bytes, body: bytes, packed: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(65536)
                line.sendall(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\n" + packed)
                line.sendall(b"content-length: %d\r\n\r\n" % len(body) + body)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises((NoAnswer, ApiError)):
            Client(f"http://127.0.0.1:{listener.getsockname()[1]}").search("bread")
        thread.join()


def test_a_client_loads_no_node() -> None:
    import subprocess
    import sys

    code = "import fedretail.client, sys; print([m for m in sys.modules if 'fedretail' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "fedretail.node" not in done.stdout
    assert "fedretail.store" not in done.stdout
