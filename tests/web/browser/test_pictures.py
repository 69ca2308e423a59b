"""A picture that comes after a page was shown takes the drawing's place, and nothing moves."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fedretail.domain.pictures import Picture, encode_pictures
from fedretail.node.node import Node
from fedretail.testing.faces import shown

CHEESE = "4260349420013"


@pytest.fixture(scope="module")
def sizes() -> list[tuple[bytes, Picture]]:
    """A card and a page as a shop makes them."""
    import hashlib
    import io

    from PIL import Image

    found = []
    for width in (320, 960):
        out = io.BytesIO()
        # So much of it that the larger one is none for a card.
        noise = Image.effect_noise((width, width * 3 // 4), 20).convert("RGB")
        noise.save(out, "WEBP", quality=5)
        data = out.getvalue()
        name = hashlib.sha256(data).digest()
        found.append((data, Picture(name, len(data), width, width * 3 // 4)))
    return found


@pytest.fixture
def shop(make_street: Any, tmp_path: Path) -> Iterator[Node]:
    with make_street(tmp_path) as node:
        yield node


@pytest.fixture
def show(shop: Node, browser: Any) -> Iterator[Callable[[str], Any]]:
    """Open a page of the shop."""
    with ExitStack() as stack:
        face = stack.enter_context(shown(shop))
        context = stack.enter_context(browser.new_context(base_url=face.url, locale="en-GB"))

        def opened(path: str) -> Any:
            page = context.new_page()
            page.goto(path)
            page.evaluate("window.same = true")
            return page

        yield opened


def pictured(page: Any, picture: Picture) -> None:
    """Wait until the picture is seen, on the page that was open all the time."""
    page.locator(f'main .pic img[src="/pictures/{picture.name}.webp"]').wait_for()
    assert page.locator("main .pic img").first.evaluate("(one) => one.decode().then(() => true)")
    assert page.evaluate("window.same")


def test_a_neighbours_picture_that_arrives_is_seen(shop, show, sizes) -> None:
    shop.write("offer", "C1", {"pictures": encode_pictures([one for _, one in sizes])})
    shop.follow()
    card, product = show("/?q=cheese"), show(f"/product/{CHEESE}")
    place = card.locator(".over").bounding_box()
    for page in (card, product):
        assert page.locator("main .pic img").count() == 0
    for data, _ in sizes:
        shop.pictures.blobs.put(data, is_own=False)
    pictured(card, sizes[0][1])
    pictured(product, sizes[1][1])
    assert card.locator(".over").bounding_box() == place
    # It is no news that has to be shown.
    assert not card.locator("[data-news]").is_visible()


def test_an_own_picture_is_seen_replaced_and_gone_again(shop, show, sizes) -> None:
    page, start = show("/?q=cheese"), show("/")
    for data, picture in sizes:
        shop.pictures.blobs.put(data, is_own=True)
        shop.write("offer", "C1", {"pictures": encode_pictures([picture])})
        shop.follow()
        pictured(page, picture)
        pictured(start, picture)
    shop.write("offer", "C1", {"pictures": None})
    shop.follow()
    page.locator("main .pic svg").wait_for()
    assert page.locator("main .pic img").count() == 0


def test_a_price_that_changed_with_the_picture_is_still_told(shop, show, sizes) -> None:
    page = show("/?q=cheese")
    data, picture = sizes[0]
    shop.pictures.blobs.put(data, is_own=True)
    fields = {"pictures": encode_pictures([picture]), "prices": [[595]]}
    shop.write("offer", "C1", fields)
    shop.follow()
    page.get_by_role("link", name="1 price has changed. Show").click()
    pictured(page, picture)
    assert "5.95" in re.sub(r"\s", "", page.locator(".over").inner_text())
