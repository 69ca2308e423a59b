"""Own pictures: which addresses are due, what offers say of them, what is remembered."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedretail.domain.catalog import Offer
from fedretail.domain.pictures import Picture
from fedretail.domain.reasons import Reason
from fedretail.node.node import Node
from fedretail.node.own_pictures import NOTES, OwnPictures
from fedretail.testing.clock import ManualClock
from fedretail.testing.nodes import new_shop, sell
from fedretail.testing.pictures import webp

URL, OTHER = "https://shop.example/a.jpg", "https://shop.example/b.jpg"
FILES = [(webp(40, 30, body=b"card"), 40, 30), (webp(80, 60, body=b"page"), 80, 60)]
_MONTH_MS = 30 * 24 * 3600 * 1000


def never(url: str) -> bool:
    return False


def opened(node: Node) -> OwnPictures:
    own = OwnPictures(node, node.pictures.blobs)
    own.look()
    return own


def name(node: Node, key: str, url: str | None) -> None:
    """An offer whose picture a list names."""
    if node.record(node.place("offer", key)) is None:
        sell(node, key)
    node.write("offer", key, {"picture_from": url})


def shown(node: Node, key: str) -> tuple[Picture, ...]:
    found = node.record(node.place("offer", key))
    return Offer.from_fields(found.fields if found else {}).pictures


def status(number: int) -> Reason:
    return Reason("picture_status", {"status": str(number)})


def due(own: OwnPictures, node: Node) -> str | None:
    return own.next(node.clock.now_ms(), never)


def test_an_address_is_due_once_and_all_its_offers_say_what_came_of_it(shop: Node) -> None:
    for key in ("A", "B"):
        name(shop, key, URL)
    own = opened(shop)
    assert due(own, shop) == URL
    assert own.next(shop.clock.now_ms(), lambda url: True) is None
    own.made(URL, FILES)
    assert due(own, shop) is None
    assert own.settle() == 2
    assert [one.size_bytes for one in shown(shop, "A")] == [len(data) for data, *_ in FILES]
    assert shown(shop, "A") == shown(shop, "B")
    assert all(shop.pictures.blobs.is_own(one.hash) for one in shown(shop, "A"))
    assert own.settle() == 0
    # After a restart all of it is known still.
    again = opened(shop)
    assert (due(again, shop), again.settle()) == (None, 0)


def test_the_address_is_in_no_row_that_others_receive(shop: Node) -> None:
    name(shop, "A", URL)
    own = opened(shop)
    own.made(URL, FILES)
    own.settle()
    found = shop.record(shop.place("offer", "A"))
    assert found is not None
    assert not {"picture_from", "picture_made"} & found.fields.keys()


def test_a_new_address_takes_the_place_of_the_old_only_when_it_is_made(shop: Node) -> None:
    name(shop, "A", URL)
    own = opened(shop)
    own.made(URL, FILES)
    own.settle()
    before = shown(shop, "A")
    name(shop, "A", OTHER)
    own.settle()
    assert due(own, shop) == OTHER
    assert shown(shop, "A") == before
    own.failed(OTHER, status(404), is_final=True)
    own.settle()
    assert shown(shop, "A") == before
    name(shop, "A", None)
    assert own.settle() == 1
    assert shown(shop, "A") == ()


def test_a_server_in_trouble_is_asked_ever_later_and_at_last_no_more(
    shop: Node, clock: ManualClock
) -> None:
    name(shop, "A", URL)
    own, asked = opened(shop), list[int]()
    while len(asked) < 20 and own.counts()["pictures_waiting"]:
        if due(own, shop) == URL:
            asked.append(clock.now_ms())
            own.failed(URL, status(503), is_final=False)
        clock.advance(600_000)
    assert len(asked) == 8
    pauses = [b - a for a, b in pairwise(asked)]
    assert pauses == sorted(pauses)
    assert own.counts() == {"pictures_waiting": 0, "pictures_given_up": 1}
    assert own.failures() == [(URL, status(503))]
    assert due(opened(shop), shop) is None


def test_what_was_lost_from_the_disk_is_made_again(shop: Node) -> None:
    name(shop, "A", URL)
    own = opened(shop)
    own.made(URL, FILES)
    own.settle()
    for path in (shop.path / "pictures").rglob("*.webp"):
        path.unlink()
    assert shop.pictures.blobs.get(shown(shop, "A")[0].hash) is None
    assert due(own, shop) == URL


def test_files_that_did_not_come_with_an_own_export_are_made_again(
    shop: Node, tmp_path: Path
) -> None:
    name(shop, "A", URL)
    own = opened(shop)
    own.made(URL, FILES)
    own.settle()
    place = shop.place("offer", "A")
    found = shop.record(place)
    assert found is not None
    with new_shop(tmp_path / "moved", clock=ManualClock()) as moved:
        moved.write("offer", "A", {**found.fields, **shop.store.own(place)})
        own = opened(moved)
        assert due(own, moved) is None
        own.tidy()
        assert due(own, moved) == URL
        # Another program version makes other files of it.
        own.made(URL, [(webp(40, 30, body=b"other"), 40, 30)])
        assert own.settle() == 1
        assert all(moved.pictures.blobs.has(one.hash) for one in shown(moved, "A"))
        assert due(own, moved) is None


def test_what_no_offer_names_may_go_and_is_forgotten_after_a_season(
    shop: Node, clock: ManualClock
) -> None:
    name(shop, "A", URL)
    own = opened(shop)
    own.made(URL, FILES)
    own.settle()
    (card, _) = shown(shop, "A")
    name(shop, "A", None)
    own.settle()
    own.tidy()
    assert shop.pictures.blobs.has(card.hash)
    assert not shop.pictures.blobs.is_own(card.hash)
    assert len(shop.store.notes(NOTES)) == 1
    clock.advance(4 * _MONTH_MS)
    own.tidy()
    assert shop.store.notes(NOTES) == []


def test_an_own_picture_that_a_neighbour_brought_back_stays_like_any_own(shop: Node) -> None:
    name(shop, "A", URL)
    own = opened(shop)
    own.made(URL, FILES)
    own.settle()
    blobs = shop.pictures.blobs
    assert blobs.own_are(set()) == 2
    own.tidy()
    assert all(blobs.is_own(one.hash) for one in shown(shop, "A"))


@pytest.mark.parametrize(
    "note",
    [
        {}, {"url": URL}, {"url": URL, "sizes": [["zz", 1, 1, 1]], "tries": 0},
        {"url": URL, "sizes": 7, "tries": 0, "again_ms": None, "why": ""},
        {"url": URL, "sizes": [["00" * 32, 0, 0, 0]], "tries": 0, "again_ms": None, "why": ""},
        [], "text", 7,
    ],
)  # fmt: skip
def test_a_note_that_makes_no_sense_is_as_none(shop: Node, note: object) -> None:
    shop.store.note(NOTES + "x", note)
    name(shop, "A", URL)
    own = opened(shop)
    own.tidy()
    assert due(own, shop) == URL


steps = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from([None, URL, OTHER]), st.booleans()),
    max_size=8,
)


@settings(max_examples=10)
@given(steps)
def test_whatever_lists_say_offers_end_with_what_was_made_of_their_address(
    tmp_path_factory: pytest.TempPathFactory, done: list[tuple[str, str | None, bool]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("shop")
    with new_shop(folder / "shop", clock=ManualClock()) as node:
        own, said = opened(node), dict[str, str | None]()
        for key, url, is_settled in done:
            name(node, key, url)
            said[key] = url
            if is_settled:
                own.settle()
        own.settle()
        for number, url in enumerate((URL, OTHER)):
            data = webp(40, 30, body=bytes([number]))
            own.made(url, [(data, 40, 30)])
        own.settle()
        for key, url in said.items():
            hashes = {one.hash for one in shown(node, key)}
            assert hashes == ({one.hash for one in own._outcomes[url].sizes} if url else set())


@pytest.mark.parametrize("deed", ["withdraw", "remove the picture"])
def test_what_is_changed_while_offers_are_given_their_pictures_stays_so(
    shop: Node, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    name(shop, "A", URL)
    name(shop, "B", URL)
    own = opened(shop)
    own.made(URL, FILES)
    commit = shop.commit

    def amid(*said: Any, **more: Any) -> None:
        monkeypatch.setattr(shop, "commit", commit)
        if deed == "withdraw":
            shop.remove("offer", "A")
        else:
            name(shop, "A", None)
        commit(*said, **more)

    monkeypatch.setattr(shop, "commit", amid)
    own.settle()
    assert shown(shop, "A") == ()
    assert (shop.record(shop.place("offer", "A")) is None) == (deed == "withdraw")
    own.settle()
    assert (len(shown(shop, "A")), len(shown(shop, "B"))) == (0, 2)


def test_what_is_withdrawn_keeps_no_other_from_its_picture(shop: Node) -> None:
    name(shop, "A", URL)
    own = opened(shop)
    own.made(URL, FILES)
    own.settle()
    shop.write("offer", "A", {"picture_from": None})
    shop.remove("offer", "A")
    name(shop, "B", URL)
    own.settle()
    assert shop.record(shop.place("offer", "A")) is None
    assert len(shown(shop, "B")) == 2


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        ({"name": "picture_status", "values": {"status": "404"}}, "its server says 404"),
        # As it was noted before reasons had names.
        ("its server says 404", "its server says 404"),
        ("", None),
    ],
)
def test_why_an_address_gave_nothing_is_remembered(shop: Node, noted: Any, said: str) -> None:
    name(shop, "a", URL)
    opened(shop).failed(URL, status(500), is_final=True)
    (note,) = list(shop.store.notes(NOTES))
    shop.store.note(note[0], {**note[1].value, "why": noted})
    assert [why.english for _, why in opened(shop).failures()] == ([said] if said else [])


@pytest.mark.parametrize("noted", [{"name": "zzyx", "values": {}}, {"name": []}, 7, {"values": 1}])
def test_a_note_of_another_program_is_as_none(shop: Node, noted: Any) -> None:
    name(shop, "a", URL)
    opened(shop).failed(URL, status(500), is_final=True)
    (note,) = list(shop.store.notes(NOTES))
    shop.store.note(note[0], {**note[1].value, "why": noted})
    assert due(opened(shop), shop) == URL
