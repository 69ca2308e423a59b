"""Pages that show own goods alone name no neighbour, whatever they are asked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fedretail.node.node import Node
from fedretail.testing.builders import add_log, fetch
from fedretail.testing.clock import ManualClock
from fedretail.testing.nodes import new_shop
from fedretail.web.pages.house import House
from fedretail.web.pages.live import Live

# Long enough to stand in no random id by chance: four letters did, once in some thousand runs.
MARKS = ("quibble", "zzyxquark", "wombat", "flimflam", "secret-key")
GTIN = "04001842100121"
ADDRESSES = (
    "/",
    "/?q=zzyxquark",
    "/?q=zzyxquirk",
    "/?q=milk+zzyxquark&sort=nearest",
    "/?q=milk&retailer=quibb",
    "/?q=milk&retailer=Quibble+Farm",
    "/?q=milk&within=100km&sort=nearest",
    "/?category=Zzyxquark",
    "/?category=Food",
    "/?q=4001842100121",
    "/product/4001842100121",
    "/map",
    "/map?q=milk",
    "/shops",
    "/shops?open_now=true",
    "/about",
    "/privacy",
    "/imprint",
    "/kiosk",
    "/nothing",
)


@pytest.fixture
def hidden(street: Node, tmp_path: Path) -> Iterator[Node]:
    other = new_shop(tmp_path / "hidden", "Quibble Farm", clock=street.clock)
    fields = {
        "name": "Zzyxquark",
        "brand": "Wombat",
        "category": "Zzyxquark > Wombat",
        "gtin": GTIN,
    }
    other.write("offer", "secret-key", {**fields, "currency": "EUR", "prices": [[100]]})
    other.set_member({"imprint": {"legal_name": "Flimflam Ltd"}})
    street.store.add_auth(signed for _, signed in other.store.auth_records())
    take_in(street, other)
    street.follow()
    with other:
        yield other


def take_in(street: Node, other: Node) -> None:
    for _, name, _ in other.store.heads():
        add_log(street.store, name)
        (state,) = other.store.logs_of(name.owner, name.collection)
        fetch(street.store, other.store, state.log)


def test_an_open_page_hears_nothing_of_what_is_hidden(street: Node, hidden: Node) -> None:
    street.__dict__["config"] = replace(
        street.config, web_view="mine", views={"mine": {"own": "only"}}
    )
    house = House(street)

    def changed(*, own: bool) -> bool:
        before = told._state()
        if own:
            street.write("offer", "M1", {"prices": [[street.index.followed()]]})
        else:
            hidden.write("offer", "secret-key", {"prices": [[101]]})
            take_in(street, hidden)
        followed = street.index.followed()
        street.follow()
        assert street.index.followed() > followed
        return told._state() != before

    told = Live(house)
    assert not changed(own=False)
    assert changed(own=True)
    # Where all is shown, all is told.
    street.__dict__["config"] = replace(street.config, web_view="", views={})
    hidden.write("offer", "secret-key", {"prices": [[102]]})
    before = told._state()
    take_in(street, hidden)
    street.follow()
    assert told._state() != before


@pytest.mark.parametrize("part", ["", "main", "news"])
def test_no_page_names_what_is_hidden(ask, street: Node, hidden: Node, part: str) -> None:
    site, member = hidden.site().id, hidden.identity.author().owner.hex()
    own = [
        f"/shop/{site}",
        f"/shop/{street.site().id}?retailer={site}",
        f"/offer/{site}/secret-key",
        f"/list?o={site}/secret-key~2&o={street.site().id}/M1",
    ]
    # What is looked for is found where the street is shown.
    assert "Zzyxquark" in ask("/?q=zzyxquark").text
    street.__dict__["config"] = replace(
        street.config, web_view="mine", views={"mine": {"own": "only"}}
    )
    assert isinstance(street.clock, ManualClock)
    street.clock.advance(6_000)
    for path in (*ADDRESSES, *own):
        answer = ask(path, **({"fedretail-part": part} if part else {}))
        said = (str(answer.headers) + answer.text).lower()
        asked = str(answer.url).lower() + path.lower()
        # What somebody has typed stands there still.
        found = {one for one in (*MARKS, site, member) if one in said and one not in asked}
        assert not found, path
    assert "2 shops share" not in ask("/").text
