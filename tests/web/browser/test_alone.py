"""A neighbour is killed while a page is open: search goes on, the page says no more than needed.

Two shops in processes of their own that have met over a real network, and the kiosk of one of them.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process"),
]


class Shop:
    """A shop in a data directory, served by a process that can be killed."""

    def __init__(self, folder: Path, name: str, at: str) -> None:
        self.folder = folder
        self.run("init", "--name", name, "--at", at, "--hours", "24/7")

    def line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "fedretail", "--data-dir", str(self.folder), *arguments]

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            self.line(*arguments), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def serve(self, stack: ExitStack) -> dict[str, Any]:
        """Begin to serve; what was said then."""
        words = ("serve", "--listen", "/ip4/127.0.0.1/tcp/0", "--web", "127.0.0.1:0", "--json")
        self.process = stack.enter_context(
            subprocess.Popen(
                self.line(*words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        )
        stack.callback(self.process.kill)
        assert self.process.stdout is not None
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told


@pytest.fixture
def street(tmp_path: Path) -> Iterator[tuple[Shop, Shop, str]]:
    """A shop, its neighbour, and where the shop's pages are; both have met."""
    with ExitStack() as stack:
        other = Shop(tmp_path / "mill", "Mill Street 9", "48.5200,9.0900")
        other.run("offer", "add", "--sku", "H1", "--name", "Forest honey", "--price", "7.20")
        ticket = other.serve(stack)["ticket"]
        home = Shop(tmp_path / "home", "Corner Shop", "48.5200,9.0500")
        home.run("offer", "add", "--sku", "M1", "--name", "Whole milk", "--price", "1.29")
        home.run("join", ticket)
        web = home.serve(stack)["web"]
        yield home, other, str(web[0] if isinstance(web, list) else web).rstrip("/")


def test_a_neighbour_is_killed_while_a_page_is_open(street: Any, browser: Any) -> None:
    home, other, web = street
    with browser.new_context(base_url=web, locale="en-GB") as context:
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto("/kiosk")
        page.goto("/?q=honey")
        page.get_by_text("Forest honey").or_(page.get_by_text("Nobody here")).first.wait_for()
        while not page.get_by_text("Forest honey").count():
            page.wait_for_timeout(200)
            page.reload()
        heading = page.get_by_role("heading", level=1)
        assert heading.inner_text() == "1 product for “honey” at 1 shop"

        other.process.kill()
        other.process.wait(30)

        # What stands there stands on, also after the channel has had time to say something.
        page.wait_for_timeout(3_000)
        assert heading.inner_text() == "1 product for “honey” at 1 shop"
        assert not page.locator("[data-news]").is_visible()
        # The next visitor finds the same, by typing.
        page.get_by_role("link", name="Start again").click()
        page.get_by_role("heading", name="What are you looking for?").wait_for()
        page.keyboard.type("forest hon", delay=70)
        page.get_by_role("heading", name=re.compile("^1 product")).wait_for()
        page.get_by_role("link", name=re.compile("Forest honey")).click()
        page.get_by_role("heading", name="Forest honey").wait_for()
        # Once, quietly, in the footer: from when the prices are, and that this works.
        footer = page.locator(".foot .fresh").inner_text()
        assert re.fullmatch(
            r"Prices of 2 shops, checked \d\d:\d\d\. Works without internet\.", footer.strip()
        )
        for alarming in ("not answering", "offline", "error", "lost", "peer", "sync"):
            assert alarming not in page.locator("body").inner_text().lower()
        # The shop's own list changes as ever, and open pages hear of it.
        page.goto("/?q=milk")
        page.get_by_text("Whole milk").first.wait_for()
        home.run("offer", "set", "M1", "--price", "1.39")
        page.get_by_role("link", name="1 price has changed. Show").click()
        page.locator(".tag", has_text="39").wait_for()
        assert faults == []
