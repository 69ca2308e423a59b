"""Which picture is shown, which is wanted, and which lie nearest."""

from pathlib import Path

import pytest

from fedretail.domain.geo import Position
from fedretail.domain.pictures import Picture, encode_pictures
from fedretail.index.views import View
from fedretail.node.node import Node
from fedretail.node.pictures import MAX_WANTED, nearest_cards
from fedretail.testing.nodes import sell
from fedretail.testing.pictures import webp

CARD_FILE, PAGE_FILE = webp(40, 30, body=b"card"), webp(80, 60, body=bytes(20_000))


def kept(node: Node, data: bytes) -> Picture:
    return Picture(node.pictures.blobs.put(data, is_own=False), len(data), 40, 30)


def absent(number: int, size_bytes: int = 9_000) -> Picture:
    return Picture(number.to_bytes(32, "big"), size_bytes, 40, 30)


def test_the_size_that_fits_is_shown(shop: Node) -> None:
    card, page = kept(shop, CARD_FILE), kept(shop, PAGE_FILE)
    assert shop.pictures.shown((card, page)) == card
    assert shop.pictures.shown((card, page), is_large=True) == page
    assert shop.pictures.wanted(10) == []
    assert shop.pictures.shown(()) is None


def test_the_other_size_stands_in_while_the_better_one_is_wanted(shop: Node) -> None:
    card, page = kept(shop, CARD_FILE), absent(1, 50_000)
    assert shop.pictures.shown((card, page), is_large=True) == card
    assert shop.pictures.wanted(10) == [page]
    large = kept(shop, PAGE_FILE)
    assert shop.pictures.shown((absent(2), large)) == large
    assert shop.pictures.wanted(10) == [absent(2)]


def test_what_was_looked_at_last_is_wanted_first_and_not_without_end(shop: Node) -> None:
    for number in range(MAX_WANTED + 100):
        shop.pictures.shown((absent(number),))
    shop.pictures.shown((absent(200),))
    found = shop.pictures.wanted(3)
    assert found == [absent(200), absent(MAX_WANTED + 99), absent(MAX_WANTED + 98)]
    assert len(shop.pictures.wanted(10_000)) == MAX_WANTED - 3
    assert shop.pictures.wanted(10) == []


def test_what_came_meanwhile_is_wanted_no_more(shop: Node) -> None:
    card = Picture(kept(shop, CARD_FILE).hash, len(CARD_FILE), 40, 30)
    shop.pictures._want(card)
    assert shop.pictures.wanted(10) == []


@pytest.fixture
def two_sites(shop: Node) -> Node:
    """Goods with pictures here and 30 km away, and some without."""
    far = shop.add_site("Far away", Position(48.80, 9.05))
    near = next(one for one in shop.sites() if one.id != far.id)
    for number in range(5):
        for site, key in ((near, f"N{number}"), (far, f"F{number}")):
            fields = {"name": key, "currency": "EUR", "prices": [[100 + number]]}
            shop.write("offer", key, fields, site=site)
    for number in range(3):
        for site, key, base in ((near, f"N{number}", 0), (far, f"F{number}", 10)):
            sizes = encode_pictures([absent(base + number), absent(100 + base + number, 50_000)])
            shop.write("offer", key, {"pictures": sizes}, site=site)
    shop.follow()
    return shop


def test_the_nearest_cards_come_first_within_the_view(two_sites: Node) -> None:
    every = list(nearest_cards(two_sites, 100, None))
    assert set(every[:3]) == {absent(0), absent(1), absent(2)}
    assert set(every[3:]) == {absent(10), absent(11), absent(12)}
    near = View(near=two_sites.position, within_m=1000)
    assert set(nearest_cards(two_sites, 100, near)) == {absent(0), absent(1), absent(2)}


def test_no_more_offers_are_looked_at_than_said(two_sites: Node, monkeypatch) -> None:
    monkeypatch.setattr("fedretail.node.pictures._PAGE", 2)
    assert len(list(nearest_cards(two_sites, 4, None))) <= 4
    assert len(list(nearest_cards(two_sites, 100, None))) == 6


def test_a_node_without_a_place_has_nothing_near(tmp_path: Path, shop: Node, monkeypatch) -> None:
    sell(shop, "A")
    monkeypatch.setattr(type(shop), "position", None)
    assert list(nearest_cards(shop, 100, None)) == []
