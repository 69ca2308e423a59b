"""Pictures on pages: shown where they are here, drawn where they are not, never from elsewhere."""

import re
from typing import Any

import pytest

from fedretail.domain.pictures import Picture, encode_pictures
from fedretail.node.node import Node
from fedretail.testing.pictures import webp

CARD, PAGE = webp(320, 240, body=b"card"), webp(960, 720, body=bytes(20_000))
MILK = "4260349420006"


@pytest.fixture
def pictured(street: Node) -> list[Picture]:
    """The own milk has a picture, whose files are here."""
    sizes = [
        Picture(street.pictures.blobs.put(data, is_own=True), len(data), width, width * 3 // 4, alt)
        for data, width, alt in ((CARD, 320, ""), (PAGE, 960, 'A "<jug>"'))
    ]
    street.write("offer", "M1", {"pictures": encode_pictures(sizes)})
    street.follow()
    return sizes


def images(answer) -> list[str]:
    return re.findall(r"<img [^>]*>", answer.text)


def sources(answer) -> list[str]:
    return re.findall(r'src="(/pictures/[^"]*)"', answer.text)


def test_a_card_holds_room_for_its_picture_and_says_its_name_once(ask, pictured) -> None:
    (offer,) = re.findall(r'data-add="([^"]*M1)"', ask(f"/product/{MILK}").text)[:1]
    for page in ("/?q=milk", f"/list?o={offer}"):
        (image,) = images(ask(page))
        assert f'src="/pictures/{pictured[0].name}.webp" width="320" height="240" alt=""' in image


def test_a_page_shows_the_larger_one_with_its_words(ask, pictured) -> None:
    (image,) = images(ask(f"/product/{MILK}"))
    assert f"/pictures/{pictured[1].name}.webp" in image
    assert 'width="960" height="720" alt="A &#34;&lt;jug&gt;&#34;"' in image


def test_a_picture_is_the_same_for_ever_and_nothing_but_a_picture(ask, pictured) -> None:
    (address,) = sources(ask("/?q=milk"))
    answer = ask(address)
    assert answer.content == CARD
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "img-src 'self'" in answer.headers["content-security-policy"]


def test_what_is_not_here_is_drawn_and_wanted(ask, street, pictured) -> None:
    absent = Picture(b"x" * 32, 9_000, 320, 240)
    street.write("offer", "C1", {"pictures": encode_pictures([absent])})
    answer = ask("/?q=cheese")
    assert not images(answer)
    assert "/static/drawings.svg#cheese" in answer.text
    assert street.pictures.wanted(10) == [absent]
    assert street.pictures.wanted(10) == []


def test_an_address_makes_nobody_fetch_anything(ask, street) -> None:
    for name in ("0" * 64, "A" * 64, "0" * 63, "..%2f..%2fkeys", "%00", "a" * 5000):
        answer = ask(f"/pictures/{name}.webp")
        assert answer.status_code in (400, 404)
        assert "immutable" not in answer.headers.get("cache-control", "")
    assert street.pictures.wanted(10) == []


def test_a_file_that_was_damaged_is_drawn_from_then_on(ask, street, pictured) -> None:
    for path in (street.path / "pictures").rglob("*.webp"):
        path.write_bytes(b"<html>")
    # The card is found out first, then the page that stood in for it.
    for size in pictured:
        (address,) = sources(ask("/?q=milk"))
        assert size.name in address
        assert ask(address).status_code == 404
    assert not images(ask("/?q=milk"))


def test_who_wants_no_pictures_sees_drawings(
    make_street, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDRETAIL_PICTURES_MB", "0")
    with make_street(tmp_path / "off") as node:
        assert node.pictures.shown([Picture(b"x" * 32, 9_000, 320, 240)]) is None
        assert node.pictures.wanted(10) == []
        assert node.pictures.read(b"x" * 32) is None


def test_nonsense_in_a_record_breaks_no_page(ask, street) -> None:
    nonsense: list[Any] = ["cat.jpg", [["x"]], [[b"x" * 32, 1, 1, 10**15]], {"a": 1}, 7, [[]] * 9]
    for value in nonsense:
        street.write("offer", "M1", {"pictures": value})
        street.follow()
        assert ask("/?q=milk").status_code == 200
        assert ask(f"/product/{MILK}").status_code == 200
