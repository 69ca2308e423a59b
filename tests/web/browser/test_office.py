"""The back office in a real browser: in by the link, a list with a bad row, published, undone."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fedretail.node.node import Node

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process"),
]
PAGES = (
    "/changes", "/offers", "/offers/prices", "/import", "/wanted", "/neighbours", "/devices",
    "/backup", "/computer", "/settings",
)  # fmt: skip
LIST = "Name;EAN;Preis\nMilch;4001842100121;1,29\nTee;400184210014;2,10\n"


def line(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "fedretail", "--data-dir", str(folder), *arguments]


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        line(folder, *arguments), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Path]:
    """The data directory of a shop whose daemon shows pages."""
    folder = tmp_path / "farm"
    run(folder, "init", "--name", "Brook Farm", "--at", "48.5216,9.0576")
    serve = ("serve", "--listen", "/ip4/127.0.0.1/tcp/0", "--web", "127.0.0.1:0", "--json")
    with subprocess.Popen(
        line(folder, *serve), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["web"]
        yield folder
        process.kill()


def test_on_a_phone_no_offer_is_wider_than_the_page(farm: Path, browser: Any) -> None:
    run(farm, "offer", "add", "--name", "Raw milk", "--price", "1.30", "--stock", "12")
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(run(farm, "manage"))
    page.wait_for_url(re.compile(r"/manage$"))
    page.goto(page.url + "/offers")
    wide, seen = page.evaluate(
        "(box => [box.scrollWidth, box.clientWidth])(document.querySelector('.scroll'))"
    )
    page.goto(page.url.replace("/offers", "/computer"))
    # A folder's name may be long.
    folder_wide = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert wide <= seen
    assert folder_wide <= 390


def test_on_a_phone_every_page_is_as_wide_as_the_screen(farm: Path, browser: Any) -> None:
    run(farm, "offer", "add", "--name", "Kartoffelkellerbeleuchtungsersatzlampe", "--price", "1.30")
    context = browser.new_context(viewport={"width": 320, "height": 900}, locale="de-DE")
    page = context.new_page()
    page.goto(run(farm, "manage"))
    page.wait_for_url(re.compile(r"/manage$"))
    home = page.url
    wide = []
    for path in ("", *PAGES):
        page.goto(f"{home}{path}")
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(path)
    context.close()
    assert not wide


def test_who_presses_twice_adds_once_and_is_told_so(farm: Path, browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(run(farm, "manage"))
    page.wait_for_url(re.compile(r"/manage$"))
    page.goto(page.url + "/offers")
    # What becomes of each press, kept where the next page can tell it.
    page.evaluate(
        """() => addEventListener("submit", (event) => {
          sessionStorage.pressed = (sessionStorage.pressed ?? "") +
            (event.defaultPrevented ? "-" : "+");
        })"""
    )
    page.fill("#n-name", "Oats")
    page.fill("#n-price", "4.20")
    button = page.get_by_role("button", name="Add this offer")
    button.evaluate("(one) => { one.click(); one.click(); }")
    page.get_by_text("Added: Oats").wait_for()
    assert page.evaluate("sessionStorage.pressed") == "+-"
    # Come back to, the form may be sent again.
    page.go_back()
    page.fill("#n-name", "Oats")
    page.fill("#n-price", "4.20")
    page.get_by_role("button", name="Add this offer").click()
    page.get_by_text("There is an offer Oats already").first.wait_for()
    context.close()


def test_a_walk(farm: Path, tmp_path: Path, browser: Any) -> None:
    prices = tmp_path / "list.csv"
    prices.write_text(LIST, encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Policy" in said.text else None)
    page.goto(run(farm, "manage"))
    page.wait_for_url(re.compile(r"/manage$"))
    assert "#" not in page.url
    assert page.evaluate("document.cookie") == ""
    page.click("text=Bring your price list")
    page.set_input_files("input[type=file]", prices)
    page.wait_for_url(re.compile(r"/import/\w+$"))
    assert page.inner_text("h1") == "1 offer is ready. 1 row needs you."
    page.click("button[value=use-3]")
    page.wait_for_selector("h1:text-is('2 offers are ready.')")
    page.click("button:has-text('Publish 2 offers')")
    page.wait_for_selector("text=Published: 2 offers.")
    page.click("button:has-text('Undo')")
    page.wait_for_selector("text=are as before")
    context.close()
    assert faults == []
    with Node.open(farm) as node:
        assert list(node.records("offer")) == []


def offers_of(farm: Path, browser: Any) -> Any:
    """A window with the shop's offers, in the language of its browser."""
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(run(farm, "manage"))
    page.wait_for_url(re.compile(r"/manage$"))
    page.goto(page.url + "/offers")
    return page


def enter(page: Any, price: str, mark: str) -> None:
    """Type a price, leave the field, and wait until something is said beside it: ok or bad."""
    field = page.get_by_label("Price of Raw milk")
    field.fill(price)
    field.blur()
    page.wait_for_selector(f"[data-status].{mark}:not(:empty)")


def price_of(farm: Path) -> Any:
    with Node.open(farm) as node:
        return node.record(node.place("offer", "M1", node.site())).fields["prices"]


def test_two_windows_on_one_offer(farm: Path, browser: Any) -> None:
    run(farm, "offer", "add", "--sku", "M1", "--name", "Raw milk", "--price", "1.30")
    first, second = offers_of(farm, browser), offers_of(farm, browser)
    enter(first, "1.49", "ok")
    enter(second, "1.39", "bad")
    status = second.locator("[data-status]").first
    assert "1.49" in status.inner_text()
    assert "Not saved" in status.inner_text()
    # Neither the first one's price is lost, nor what was typed here.
    field = second.get_by_label("Price of Raw milk")
    assert field.input_value() == "1.39"
    assert field.get_attribute("aria-invalid") == "true"
    assert price_of(farm) == [[149]]
    # Entered once more it is meant.
    enter(second, "1.39", "ok")
    assert field.get_attribute("aria-invalid") == "false"
    assert price_of(farm) == [[139]]
    # The first window rests on what it saved, and is asked in turn.
    enter(first, "1.59", "bad")
    assert price_of(farm) == [[139]]
    for page in (first, second):
        page.context.close()


def test_what_was_typed_stays_where_nobody_answers(farm: Path, browser: Any) -> None:
    run(farm, "offer", "add", "--sku", "M1", "--name", "Raw milk", "--price", "1.30")
    page = offers_of(farm, browser)
    page.route("**/offers/save", lambda route: route.abort())
    enter(page, "1.49", "bad")
    assert "is not answering" in page.locator("[data-status]").first.inner_text()
    assert page.get_by_label("Price of Raw milk").input_value() == "1.49"
    page.unroute("**/offers/save")
    enter(page, "1.49", "ok")
    assert price_of(farm) == [[149]]
    page.context.close()


def test_enter_saves_once(farm: Path, browser: Any) -> None:
    run(farm, "offer", "add", "--sku", "M1", "--name", "Raw milk", "--price", "1.30")
    page = offers_of(farm, browser)
    field = page.get_by_label("Price of Raw milk")
    field.fill("1.49")
    field.press("Enter")
    page.wait_for_selector("[data-status].ok")
    field.press("Enter")
    assert price_of(farm) == [[149]]
    told = json.loads(run(farm, "undo", "--list", "--json"))["changes"]
    assert [one["text"] for one in told] == ["Raw milk: price €1.30 → €1.49", "Raw milk: new"]
    # What was not sent as a form keeps none from being sent.
    with page.expect_request("**/offers/save*") as sent:
        page.get_by_role("button", name="Still right").first.click()
    assert "deed=right" in (sent.value.post_data or "")
    page.context.close()


def test_back_sends_no_form_a_second_time(farm: Path, browser: Any) -> None:
    page = offers_of(farm, browser)
    page.fill("#n-name", "Brot")
    page.fill("#n-price", "much")
    page.click("form[action$='/offers/add'] button")
    page.wait_for_selector(".summary")
    page.fill("#n-price", "3.50")
    page.click("form[action$='/offers/add'] button")
    page.wait_for_selector("text=Added: Brot")
    # What was just added stands there, however soon the page is asked for.
    assert page.locator("h1").inner_text() == "1 offer"
    page.go_back()
    page.wait_for_url(re.compile(r"/manage/offers$"))
    assert page.locator("#n-name").input_value() == ""
    page.reload()
    assert page.locator(".summary").count() == 0
    page.context.close()
    with Node.open(farm) as node:
        assert len(list(node.records("offer"))) == 1
