"""Pictures of own offers by hand: an address is typed, looked at, replaced, taken away."""

from typing import Any

import pytest

from fedretail.domain.reasons import Reason
from fedretail.node.own_pictures import OwnPictures
from fedretail.testing.nodes import sell
from fedretail.testing.pictures import webp

URL = "https://shop.example/honey.jpg"


@pytest.fixture
def honey(office: Any) -> str:
    """The id of an offer that has no picture."""
    sell(office.node, "J1", 650)
    return f"{office.node.site().id}/J1"


def own(office: Any) -> dict[str, Any]:
    node = office.node
    found: dict[str, Any] = node.store.own(node.place("offer", "J1"))
    return found


def pictures(office: Any) -> OwnPictures:
    return OwnPictures(office.node, office.node.pictures.blobs)


def save(office: Any, honey: str, url: str = "", deed: str = "picture") -> str:
    answer = office.post("/offers/save", offer=honey, deed=deed, picture=url)
    assert answer.status_code == 200
    return str(answer.text)


def test_an_address_is_kept_for_this_shop_alone(office, honey) -> None:
    assert "The picture is fetched now." in save(office, honey, f"  {URL} ")
    assert own(office)["picture_from"] == URL
    page = office.get("/offers").text
    assert f'value="{URL}"' in page
    assert "It is being fetched." in page
    record = office.node.record(office.node.place("offer", "J1"))
    assert record is not None
    assert URL not in str(record.fields)


def test_it_is_seen_where_it_was_typed(office, honey) -> None:
    save(office, honey, URL)
    data = webp(320, 240, body=b"jar")
    work = pictures(office)
    work.made(URL, [(data, 320, 240)])
    assert work.settle() == 1
    page = office.get("/offers").text
    assert f'src="/pictures/{office.node.pictures.blobs.put(data, is_own=True).hex()}.webp"' in page
    assert "It is being fetched." not in page


@pytest.mark.parametrize(
    "text", ["", "honey.jpg", "ftp://shop.example/a.jpg", "javascript:alert(1)", "https://", "/a",
             "https://me:secret@shop.example/a.jpg", "file:///etc/passwd", "https://a:b/"],
)  # fmt: skip
def test_what_is_no_address_is_told_and_changes_nothing(office, honey, text) -> None:
    save(office, honey, URL)
    assert "An address such as https://" in save(office, honey, text)
    assert own(office)["picture_from"] == URL


def test_what_cannot_be_had_is_told_and_asked_again_on_wish(office, honey) -> None:
    save(office, honey, URL)
    work = pictures(office)
    work.look()
    office.node.pictures.asked_again()
    work.failed(URL, Reason("picture_status", {"status": "<404>"}), is_final=True)
    page = office.get("/offers").text
    assert "It cannot be had." in page
    assert "its server says &lt;404&gt;" in page
    german = office.get("/offers?lang=de").text
    assert "(ihr Server antwortet mit &lt;404&gt;)" in german
    save(office, honey, URL)
    for url in office.node.pictures.asked_again():
        work.forget(url)
    assert work.next(office.node.clock.now_ms(), lambda one: False) == URL
    assert "It is being fetched." in office.get("/offers").text


def test_what_was_had_is_not_asked_again(office, honey) -> None:
    save(office, honey, URL)
    work = pictures(office)
    work.made(URL, [(webp(320, 240), 320, 240)])
    work.settle()
    work.forget(URL)
    assert work.next(office.node.clock.now_ms(), lambda one: False) is None


def test_the_one_before_stays_until_the_next_is_there(office, honey) -> None:
    save(office, honey, URL)
    work = pictures(office)
    work.made(URL, [(webp(320, 240), 320, 240)])
    work.settle()
    save(office, honey, "https://shop.example/other.jpg")
    work.settle()
    page = office.get("/offers").text
    assert "/pictures/" in page
    assert "It is being fetched." in page


def test_a_picture_is_taken_away(office, honey) -> None:
    save(office, honey, URL)
    work = pictures(office)
    work.made(URL, [(webp(320, 240), 320, 240)])
    work.settle()
    save(office, honey, deed="no-picture")
    assert work.settle() == 1
    record = office.node.record(office.node.place("offer", "J1"))
    assert record is not None
    assert record.fields.get("pictures") is None
    assert "/pictures/" not in office.get("/offers").text
