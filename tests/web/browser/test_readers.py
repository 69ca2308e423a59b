"""What a screen reader is given: names, order, states and live regions, as Chromium has them."""

import re
from typing import Any

import pytest

from fedretail.node.entrance import make_link
from fedretail.node.node import Node

MILK = "4260349420006"
PAGES = ("/", "/?q=milk", f"/product/{MILK}", "/list", "/map", "/shops", "/about")
# Roles that mean something only by their names.
NAMED = {"link", "button", "searchbox", "textbox", "combobox", "image", "navigation", "dialog"}
NAMED |= {"complementary", "region", "columnheader", "DisclosureTriangle", "table"}


class Heard:
    """A page as its accessibility tree: (role, name, properties), in the order of reading."""

    def __init__(self, page: Any) -> None:
        session = page.context.new_cdp_session(page)
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        self._nodes = {node["nodeId"]: node for node in nodes}
        self.all: list[tuple[str, str, dict[str, Any]]] = []
        self._walk(nodes[0])
        session.detach()

    def _walk(self, node: dict[str, Any]) -> None:
        if not node.get("ignored"):
            said = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
            name = " ".join(node.get("name", {}).get("value", "").split())
            self.all.append((node["role"]["value"], name, said))
        for child in node.get("childIds", []):
            if child in self._nodes:
                self._walk(self._nodes[child])

    def names(self, role: str) -> list[str]:
        """The names of all of this role, in order."""
        return [name for one, name, _ in self.all if one == role]

    def first(self, role: str) -> int:
        """How early the first of this role is read."""
        return next(at for at, (one, _, _) in enumerate(self.all) if one == role)

    def live(self) -> list[str]:
        """The roles of what is read out when it changes."""
        return [role for role, _, said in self.all if said.get("live") == "polite"]


def said(page: Any, text: str) -> None:
    """Wait until the page says this by itself."""
    page.locator("#said", has_text=text).wait_for(state="attached")


def unnamed(heard: Heard) -> list[str]:
    return [role for role, name, _ in heard.all if role in NAMED and not name]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", ["kiosk", "phone"])
def test_whatever_can_be_used_has_a_name(look, path, size) -> None:
    heard = Heard(look(path, size))
    # The drawing inside the code is one with it.
    assert set(unnamed(heard)) <= ({"image"} if path == "/list" else set())
    (heading,) = [said for role, _, said in heard.all if role == "heading" and said["level"] == 1]
    assert heading
    assert heard.names("main") == [""]
    assert "status" in heard.live()


def test_the_start_page_asks_first_and_says_what_numbers_count(look) -> None:
    heard = Heard(look("/"))
    assert heard.first("searchbox") < heard.first("navigation") < heard.first("complementary")
    assert heard.names("searchbox") == ["What are you looking for?"]
    assert "Dairy 4 offers" in heard.names("link")
    # Figures and words that stand on the map for the eye alone are not read amid its shops.
    texts = heard.names("StaticText")
    assert not [one for one in texts if re.fullmatch(r"\d+ k?m", one) and one in ("1 km", "5 km")]
    assert "closed or unknown" not in texts


def test_results_are_counted_aloud_and_each_is_one_link_in_order(look) -> None:
    page = look("/")
    page.keyboard.type("milk", delay=70)
    page.get_by_role("heading", level=1, name="1 product for “milk” at 3 shops").wait_for()
    said(page, "1 product")
    heard = Heard(page)
    assert "heading" in heard.live()
    (card,) = [one for one in heard.names("link") if one.startswith("Whole milk")]
    parts = ["Whole milk", "1 l", "1.29 euros", "Here, in this shop", "In stock", "3 shops"]
    places = [card.index(part) for part in parts]
    assert places == sorted(places)


def test_a_product_says_whose_offer_is_put_on_the_list(look) -> None:
    page = look(f"/product/{MILK}")
    heard = Heard(page)
    shops = ["Corner & Sons", "Mill Street 9", "Brook Farm"]
    assert [one for one in heard.names("button") if one.startswith("Add from")] == [
        f"Add from {shop}" for shop in shops
    ]
    assert heard.names("heading")[0] == "Whole milk"
    page.get_by_role("button", name="Add to my list").click()
    said(page, "On your list: 1")
    page.locator(".mylist").click()
    page.get_by_role("heading", level=1, name="My list 1 line").wait_for()
    # The page is said by its name, and reading goes on at its content.
    said(page, "My list")
    assert page.evaluate("document.activeElement.id") == "main"
    listed = Heard(page)
    assert "Take Whole milk off" in listed.names("button")
    assert "The list as a code for a phone's camera" in listed.names("image")


@pytest.fixture
def office(served: str, home: Any, browser: Any) -> Any:
    """The back office of the shop, signed in."""
    with browser.new_context(base_url=served, locale="en-GB") as context:
        page = context.new_page()
        with Node.open(home) as node:
            page.goto(make_link(node))
        page.wait_for_url(re.compile(r"/manage$"))
        yield page


def test_the_back_office_says_what_each_button_is_for(office) -> None:
    for path in ("/manage", "/manage/offers", "/manage/import", "/manage/settings"):
        office.goto(path)
        heard = Heard(office)
        assert unnamed(heard) == [], path
        # What opens a calendar is the browser's own.
        buttons = [one for one in heard.names("button") if one != "Show date picker"]
        assert len(set(buttons)) == len(buttons), (path, buttons)
    office.goto("/manage/offers")
    heard = Heard(office)
    assert heard.names("table") == ["My offers"]
    assert any(one.startswith("Whole milk") for one in heard.names("rowheader"))
    assert {"Price of Whole milk", "Pieces of Whole milk"} <= set(heard.names("textbox"))
    assert "Still right Whole milk" in heard.names("button")
    assert {"Name", "Price", "Your own code may stay empty"} <= set(heard.names("textbox"))


def test_what_came_of_a_deed_is_where_reading_goes_on(office) -> None:
    office.goto("/manage/offers")
    office.get_by_label("Name", exact=True).fill("Rye bread")
    office.get_by_label("Price", exact=True).fill("3,80")
    office.get_by_role("button", name="Add this offer").click()
    office.get_by_text("Added: Rye bread").wait_for()
    assert "told" in office.evaluate("document.activeElement.className")
    office.goto("/manage")
    office.get_by_role("button", name="Undo Rye bread added").click()
    office.get_by_text("are as before").or_(office.get_by_text("is as before")).first.wait_for()


def test_what_is_wrong_in_a_form_is_heard_first_and_at_its_field(office) -> None:
    office.goto("/manage/offers")
    office.evaluate("document.querySelector('form.fields').noValidate = true")
    office.get_by_role("button", name="Add this offer").click()
    alert = office.get_by_role("alert").first
    alert.wait_for()
    assert office.evaluate("document.activeElement.className") == "summary"
    heard = Heard(office)
    wrong = [name for role, name, said in heard.all if said.get("invalid") == "true"]
    assert wrong == ["Name", "Price"]
