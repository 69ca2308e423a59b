"""fedretail/web/api/offers.py: price and stock from a till, with a token."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fedretail.node import tokens
from fedretail.node.node import Node
from fedretail.node.pricing import priced
from fedretail.testing.faces import Face
from fedretail.testing.nodes import finds
from fedretail.web.api import offers

EDIT = {"price": {"amount": "3.90"}, "stock": 4}


def patched(face: Face, site: str, edit: Any = None, key: str = "bread", **headers: str) -> Any:
    return face.ask(
        f"/api/v1/offers/{site}/{key}", "PATCH", body=EDIT if edit is None else edit, **headers
    )


def test_price_and_stock_are_changed(face: Face, shop: Node, site: str, bearer: str) -> None:
    got = patched(face, site, authorization=bearer)
    assert got.status == 200
    assert got.json["price"] == {"amount": "3.90", "currency": "EUR"}
    assert got.json["stock"] == {"level": "few", "left": 4, "made_to_order": False}
    assert finds(shop, "bread") == [("Fresh bread", 390)]
    place = shop.place("offer", "bread")
    assert shop.store.own(place)["stock_count"] == 4
    left = patched(face, site, {"stock": "none"}, authorization=bearer).json
    assert (left["stock"]["level"], left["price"]["amount"]) == ("none", "3.90")


def test_who_has_no_token_writes_nothing(face: Face, shop: Node, site: str, bearer: str) -> None:
    for headers in ({}, {"authorization": "Bearer frt_wrong"}, {"authorization": bearer[:-1]}):
        got = patched(face, site, **headers)
        assert got.status == 401
        assert got.headers["www-authenticate"] == "Bearer"
    assert tokens.remove(shop, "till")
    gone = patched(face, site, authorization=bearer)
    assert (gone.status, gone.json["detail"]) == (401, "Nobody here has this token.")
    assert "needs a token" in patched(face, site).json["detail"]
    assert finds(shop, "bread") == [("Fresh bread", 380)]


def test_a_token_without_the_scope_writes_nothing(
    face: Face, site: str, bearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "WRITE_OFFERS", "offers:other")
    assert patched(face, site, authorization=bearer).status == 403


def test_offers_of_others_are_theirs(face: Face, shop: Node, bearer: str) -> None:
    assert patched(face, "aaaaaaaaaaaaaaaa", authorization=bearer).status == 404


@pytest.mark.parametrize(
    ("edit", "status"),
    [
        ({}, 400),
        ({"price": {"amount": "-1"}}, 422),
        ({"price": {"amount": "1,50"}}, 422),
        ({"price": {"amount": "1.999"}}, 400),
        ({"price": {"amount": "1.50", "currency": "USD"}}, 403),
        ({"stock": True}, 422),
        ({"stock": -1}, 422),
        ({"stock": "plenty"}, 422),
        ({"name": "x"}, 422),
        ([], 422),
        (b"{", 422),
    ],
)
def test_what_is_no_edit_changes_nothing(
    face: Face, shop: Node, site: str, bearer: str, *, edit: Any, status: int
) -> None:
    before = shop.store.feed_end()
    got = patched(face, site, edit, authorization=bearer, content_type="application/json")
    assert got.status == status
    assert got.headers["content-type"] == "application/problem+json"
    assert shop.store.feed_end() == before


def test_who_read_an_older_state_changes_nothing(
    face: Face, shop: Node, site: str, bearer: str
) -> None:
    read = face.ask(f"/api/v1/offers/{site}/bread").headers["etag"]
    assert patched(face, site, authorization=bearer, if_match=read).status == 200
    late = patched(face, site, {"price": {"amount": "9.99"}}, authorization=bearer, if_match=read)
    assert late.status == 412
    assert finds(shop, "bread") == [("Fresh bread", 390)]
    now = face.ask(f"/api/v1/offers/{site}/bread", accept_encoding="gzip").headers["etag"]
    assert patched(face, site, {"stock": 1}, authorization=bearer, if_match=now).status == 200


def test_of_two_at_once_who_read_the_same_state_one_is_told(
    face: Face, site: str, bearer: str
) -> None:
    with ThreadPoolExecutor(2) as threads:
        for euros in range(1, 11):
            read = face.ask(f"/api/v1/offers/{site}/bread").headers["etag"]
            both = threading.Barrier(2)

            def patch(amount: str, read: str = read, both: threading.Barrier = both) -> int:
                both.wait()
                edit = {"price": {"amount": amount}}
                status: int = patched(face, site, edit, authorization=bearer, if_match=read).status
                return status

            assert sorted(threads.map(patch, [f"{euros}.10", f"{euros}.20"])) == [200, 412]


def test_a_command_in_the_same_instant_is_not_written_over(
    face: Face, shop: Node, site: str, bearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked = face.ask(f"/api/v1/offers/{site}/bread").headers["etag"], list[Any]()

    def meanwhile(*said: Any) -> Any:
        # Between the look at the offer and the commit, in a process of its own.
        if not asked:
            command = ["--data-dir", str(shop.path), "offer", "set", "bread", "--price", "4.10"]
            subprocess.run([sys.executable, "-m", "fedretail", *command], check=True)
        asked.append(said)
        return priced(*said)

    monkeypatch.setattr(offers, "priced", meanwhile)
    assert patched(face, site, authorization=bearer, if_match=read).status == 412
    assert finds(shop, "bread") == [("Fresh bread", 410)]
    # Who names no state has the last word, and the stock is that of the edit.
    assert patched(face, site, {"stock": 3}, authorization=bearer).status == 200
    assert finds(shop, "bread") == [("Fresh bread", 410)]


def test_a_price_brings_nothing_back_that_was_withdrawn(
    face: Face, shop: Node, site: str, bearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*said: Any) -> Any:
        shop.remove("offer", "bread")
        return priced(*said)

    monkeypatch.setattr(offers, "priced", meanwhile)
    assert patched(face, site, authorization=bearer).status == 412
    assert finds(shop, "bread") == []


def test_an_edit_sent_twice_is_made_once(face: Face, shop: Node, site: str, bearer: str) -> None:
    read = face.ask(f"/api/v1/offers/{site}/bread").headers["etag"]
    headers = {"authorization": bearer, "if_match": read, "idempotency_key": "sale 7"}
    first = patched(face, site, **headers)
    again = patched(face, site, **headers)
    assert (first.status, again.status) == (200, 200)
    other = patched(face, site, {"stock": 1}, **headers)
    assert other.status == 422


def test_idempotency_keys_are_forgotten(shops: Any, clock: Any) -> None:
    from fedretail.web.api import once

    node, made = shops("one", clock), []
    for n in range(once.MAX_KEPT + 5):
        once.once(node, f"key{n}", "edit", lambda: made.append(1))
    assert len(node.store.notes("once:")) == once.MAX_KEPT
    clock.advance(once.KEPT_MS + 1)
    once.once(node, f"key{n}", "edit", lambda: made.append(2))
    assert made[-1] == 2
    assert len(node.store.notes("once:")) == 1


def test_a_page_of_another_site_cannot_use_a_token_of_a_browser(
    face: Face, site: str, bearer: str
) -> None:
    got = patched(face, site, authorization=bearer, origin="https://evil.example")
    assert got.status == 403
