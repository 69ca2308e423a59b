"""What an open page is told: that something has changed, and what of its own."""

import hashlib
import re
import socket
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from fedretail.domain.listings import Listing
from fedretail.domain.pictures import Picture, encode_pictures
from fedretail.domain.stock import Stock
from fedretail.testing.faces import shown
from fedretail.testing.pictures import webp
from fedretail.web.pages import live
from fedretail.web.pages.house import House
from fedretail.web.pages.news import marks, news
from fedretail.web.pages.speech import Speech
from fedretail.web.pages.translations import translations
from fedretail.web.pages.visit import Visit
from fedretail.web.problems import Problem

MILK = "4260349420006"
PAGES = ("/?q=milk", f"/product/{MILK}", "/shop/{}")


def seen(answer) -> str:
    found = re.search(r'data-seen="([^"]*)"', answer.text)
    assert found is not None
    return found[1]


def told(ask, path: str, marks: str, **more: str):
    headers = {"fedretail-part": "news", "fedretail-seen": marks}
    return ask(path, **headers, **more)


def test_a_page_that_shows_what_is_there_has_no_news(ask, street) -> None:
    for path in PAGES:
        path = path.format(street.sites()[0].id)
        answer = told(ask, path, seen(ask(path)))
        assert (answer.status_code, answer.text) == (204, "")


def test_a_changed_price_is_counted_and_nothing_else_is_said(ask, street) -> None:
    before = {path: seen(ask(path.format(street.sites()[0].id))) for path in PAGES}
    street.write("offer", "M1", {"prices": [[139]]})
    street.follow()
    for path, was in before.items():
        answer = told(ask, path.format(street.sites()[0].id), was)
        assert answer.text == "1 price has changed. Show"
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["cache-control"] == "no-store"
    german = told(ask, "/?q=milk&lang=de", before["/?q=milk"])
    assert german.text == "1 Preis hat sich geändert. Zeigen"


def test_a_picture_that_came_is_no_sentence_but_the_page(ask, street) -> None:
    data = webp(320, 240, body=b"jug")
    picture = Picture(hashlib.sha256(data).digest(), len(data), 320, 240)
    street.write("offer", "M1", {"pictures": encode_pictures([picture])})
    street.follow()
    paths = [path.format(street.sites()[0].id) for path in PAGES]
    before = {path: seen(ask(path)) for path in paths}
    arrived = street.pictures.arrived()
    for path, was in before.items():
        assert told(ask, path, was).status_code == 204
    street.pictures.blobs.put(data, is_own=False)
    assert street.pictures.arrived() == arrived + 1
    for path, was in before.items():
        answer = told(ask, path, was)
        assert answer.status_code == 200
        assert f"/pictures/{picture.name}.webp" in answer.text
        assert told(ask, path, seen(answer)).status_code == 204


def test_what_no_page_waits_for_is_no_news(street) -> None:
    before = street.pictures.arrived()
    street.pictures.blobs.put(webp(320, 240, body=b"ahead"), is_own=False)
    assert street.pictures.arrived() == before


def test_what_is_sold_out_or_gone_is_said_as_a_change(ask, street) -> None:
    was = seen(ask("/?q=milk"))
    street.write("offer", "M1", {"stock": "none"})
    street.follow()
    assert told(ask, "/?q=milk", was).text == "Something here has changed. Show"
    was = seen(ask("/?q=cheese"))
    street.write("offer", "C1", {"name": "Tofu"})
    street.follow()
    assert told(ask, "/?q=cheese", was).text == "Something here has changed. Show"


def test_marks_that_nobody_made_are_a_change_and_no_fault(ask) -> None:
    for text in ("", "A", "%%%", "=" * 9, "A" * 50_000):
        assert told(ask, "/?q=milk", text).status_code == 200


def test_the_middle_of_a_page_is_all_that_a_typist_needs(ask) -> None:
    whole, part = ask("/?q=milk"), ask("/?q=milk", **{"fedretail-part": "main"})
    middle = re.search(r"<main.*</main>", whole.text, re.DOTALL)
    assert middle is not None
    assert middle[0] in part.text
    assert re.findall(r"<title>.*</title>", whole.text)[0] in part.text
    assert "<footer" not in part.text
    assert len(part.content) < len(whole.content) - 3_000


LISTINGS = st.builds(
    Listing,
    offer=st.integers(0, 9).map("a/{}".format),
    name=st.just("x"),
    site_id=st.just("a"),
    currency=st.just("EUR"),
    amount_minor=st.integers(0, 3),
    stock=st.sampled_from([Stock("some"), Stock("none")]),
)


@given(st.lists(LISTINGS, unique_by=lambda one: one.offer), st.data())
def test_as_many_prices_as_differ(listings, data) -> None:
    after = [
        replace(one, amount_minor=data.draw(st.integers(0, 3)), stock=data.draw(st.just(one.stock)))
        for one in listings
    ]
    changed = sum(one.amount_minor != other.amount_minor for one, other in zip(listings, after))
    visit = a_visit(marks(listings))
    answer = news(visit, data.draw(st.permutations(after)))
    assert answer.status_code == (200 if changed else 204)
    if changed:
        assert answer.body.decode().startswith(f"{changed} ")


def a_visit(seen: str) -> Visit:
    house: Any = None
    scope = {"type": "http", "path": "/", "query_string": b"", "server": ("localhost", 80)}
    scope |= {"method": "GET", "headers": [(b"fedretail-seen", seen.encode())]}
    visit = Visit.of(house, Request(scope))
    speech = Speech("en", translations("en"), zone=ZoneInfo("UTC"), now_ms=0)
    visit.__dict__["speech"] = speech
    return visit


def test_a_change_is_an_event_for_all_who_listen(street, monkeypatch) -> None:
    street.has_follower = True
    monkeypatch.setattr(live, "LOOK_S", 0.01)
    with shown(street) as face:
        streams = [listen(face.port) for _ in range(2)]
        for stream in streams:
            until(stream, b"retry:")
        street.write("offer", "M1", {"prices": [[141]]})
        street.index.follow()
        for stream in streams:
            until(stream, b"data: changed\n\n")
            stream.close()


def test_too_many_listeners_are_sent_away_and_make_room_when_they_leave(
    street, monkeypatch
) -> None:
    monkeypatch.setattr(live, "MOST", 1)
    with shown(street) as face:
        stream = listen(face.port)
        until(stream, b"retry:")
        answer = face.ask("/live")
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        stream.close()
        stream = again(face)
        stream.close()


def test_one_address_does_not_hear_it_all_for_the_others(street) -> None:
    """A phone that opened them all would leave every screen of the shop without."""
    told = live.Live(House(street))
    with ExitStack() as held:

        def places(address: str) -> int:
            got = 0
            try:
                while got < live.MOST:
                    held.enter_context(told.held({"type": "http", "client": (address, 5000)}))
                    got += 1
            except Problem:
                pass
            return got

        assert [places(f"192.168.1.{number}") for number in (7, 8)] == [live.MOST // 4] * 2
        assert places("127.0.0.1") == live.MOST // 2


def listen(port: int) -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", port), timeout=30)
    stream.sendall(b"GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n")
    return stream


def until(stream: socket.socket, what: bytes) -> bytes:
    got = b""
    while what not in got:
        more = stream.recv(4096)
        assert more, got
        got += more
    return got


def again(face) -> socket.socket:
    """A stream, as soon as there is room for it."""
    while True:
        stream = listen(face.port)
        if b" 200 " in until(stream, b"\r\n\r\n"):
            return stream
        stream.close()
