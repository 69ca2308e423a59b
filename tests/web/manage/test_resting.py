"""Offers that somebody else changes while their row is open: asked about, never written over."""

import re
from html import unescape
from typing import Any

import pytest

from fedretail.domain.prices import Price, encode_prices
from fedretail.domain.stock import derive_stock
from fedretail.node.editing import with_stock

FIELDS = ("price", "count", "level", "promotion", "begins", "ends", "picture")


@pytest.fixture
def milk(office: Any) -> str:
    """The id of an offer at 1.29, of which there are 12."""
    fields = {"name": "Milk", "currency": "EUR", "prices": [[129]]}
    office.node.write("offer", "1", {**fields, **with_stock(office.node, "some", 12)})
    office.node.follow()
    return f"{office.node.site().id}/1"


def row(office: Any, **typed: str) -> dict[str, str]:
    """What a browser sends of the only row: as it was shown, but for what is typed."""
    page = office.get("/offers").text
    was = dict(re.findall(r'name="was-(\w+)" value="([^"]*)"', page))
    assert set(was) == set(FIELDS)
    shown = {name: unescape(value) for name, value in was.items()}
    return {**shown, **{f"was-{name}": value for name, value in shown.items()}, **typed}


def now(office: Any) -> tuple[Any, Any, Any]:
    place = office.node.place("offer", "1", office.node.site())
    fields = {**office.node.record(place).fields, **office.node.store.own(place)}
    return fields["prices"], fields.get("stock_count"), fields.get("stock")


def test_a_price_that_moved_meanwhile_is_asked_about(office, milk) -> None:
    said = row(office, offer=milk, price="1.39", deed="row")
    office.node.write("offer", "1", {"prices": [[149]]})
    answer = office.post("/offers/save", **said)
    assert answer.status_code == 409
    found = re.findall(r"<(?:s|b|td[^>]*)>([\d.]+)</", answer.text)
    assert found[-3:] == ["1.29", "1.49", "1.39"]
    assert now(office)[0] == [[149]]
    # Decided: the form of that page rests on what stands now.
    form = answer.text.partition("Keep what stands now")[2]
    again = dict(re.findall(r'name="([\w-]+)" value="([^"]*)"', form))
    again.pop("form")
    assert office.post("/offers/save", **again).status_code == 200
    assert now(office)[0] == [[139]]


def test_and_once_more_where_it_moves_again(office, milk) -> None:
    said = row(office, offer=milk, price="1.39", deed="row")
    for amount in (149, 159):
        office.node.write("offer", "1", {"prices": [[amount]]})
        answer = office.post("/offers/save", **said)
        assert answer.status_code == 409
        form = answer.text.partition("Keep what stands now")[2]
        said = dict(re.findall(r'name="([\w-]+)" value="([^"]*)"', form))
        said.pop("form")
    assert now(office)[0] == [[159]]


def test_what_nobody_touched_is_not_written(office, milk) -> None:
    """A till sells while somebody changes a price: neither undoes the other."""
    said = row(office, offer=milk, price="1.39", deed="row")
    held = derive_stock(2, few_below=office.node.config.few_below, show_left=0)
    office.node.write("offer", "1", {"stock_count": 2, "stock": held.level})
    assert office.post("/offers/save", **said).status_code == 200
    assert now(office) == ([[139]], 2, held.level)


def test_who_means_what_stands_already_is_not_asked(office, milk) -> None:
    said = row(office, offer=milk, price="1.39", deed="row")
    office.node.write("offer", "1", {"prices": [[139]]})
    assert office.post("/offers/save", **said).status_code == 200


def test_still_right_is_said_of_the_price_that_was_seen(office, milk) -> None:
    said = row(office, offer=milk, deed="right")
    office.node.write("offer", "1", {"prices": [[149]]})
    assert office.post("/offers/save", **said).status_code == 409
    assert now(office)[0] == [[149]]


@pytest.mark.parametrize(
    ("deed", "typed", "other"),
    [
        ("stock", {"count": "5"}, {"stock_count": 9}),
        ("stock", {"level": "none", "count": ""}, {"stock_count": 9}),
        ("promotion", {"promotion": "0.99", "ends": "2099-01-01"}, "promotion"),
        ("no-promotion", {}, "promotion"),
        ("picture", {"picture": "https://shop.example/a.jpg"}, "picture"),
        ("no-picture", {}, "picture"),
    ],
)
@pytest.mark.parametrize("quiet", ["", "1"])
def test_each_deed_rests_on_its_own_fields(office, milk, deed, typed, other, quiet) -> None:
    said = row(office, offer=milk, deed=deed, quiet=quiet, **typed)
    others: dict[object, dict[str, Any]] = {
        "promotion": {"prices": encode_prices([Price(129), Price(119, None, 4_000_000_000_000)])},
        "picture": {"picture_from": "https://shop.example/b.jpg"},
    }
    fields = others[other] if isinstance(other, str) else other
    office.node.write("offer", "1", fields)
    version = office.node.store.meta("last_stamp")
    answer = office.post("/offers/save", **said)
    assert office.node.store.meta("last_stamp") == version
    if not quiet:
        assert answer.status_code == 409
        assert "has been changed meanwhile" in answer.text
        return
    told = answer.json()
    assert told["mark"] == "bad"
    assert "Not saved" in told["said"]
    # The next try rests on what stands now, as the script that asked has been told.
    said |= {f"was-{name}": value for name, value in told["now"].items()}
    assert office.post("/offers/save", **said).json()["mark"] == "ok"


def test_a_row_that_saves_itself_rests_on_what_it_saved(office, milk) -> None:
    said = row(office, offer=milk, quiet="1", deed="price")
    for price in ("1.39", "1.49"):
        told = office.post("/offers/save", **{**said, "price": price}).json()
        assert (told["mark"], told["now"]) == ("ok", {"price": price})
        said |= {"was-price": told["now"]["price"]}
    assert now(office)[0] == [[149]]


def test_a_row_in_german(office, milk) -> None:
    office.client.headers["accept-language"] = "de"
    said = row(office, offer=milk, price="1,39", deed="row")
    assert said["was-price"] == "1,29"
    office.node.write("offer", "1", {"prices": [[149]]})
    text = office.post("/offers/save", **said).text
    assert "„Milk“ wurde inzwischen geändert" in text
    assert "<b>1,49</b>" in text
