"""The first run in a real browser: with JavaScript and without, at every width, for readers."""

import gzip
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process"),
]
AXE = Path(__file__).parents[2] / "fixtures" / "axe" / "axe.min.js.gz"
LIST = "Name;EAN;Preis\nMilch;4001842100121;1,29\nTee;400184210014;2,10\n"
STEPS = ("shop", "place", "prices", "neighbours")
SMALL = """() => [...document.querySelectorAll(
    "main .button, .first-foot .button, .plain, .steps a, .swatch span, main input[name=Mo]"
  )]
  .map((one) => [one.textContent.trim() || one.id, one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && Math.min(box.height, box.width) < 43.5)
  .map(([name, box]) => [name, box.width, box.height])"""


@pytest.fixture
def link(tmp_path: Path) -> Iterator[str]:
    """The link that a daemon without a shop prints."""
    words = ["serve", "--listen", "/ip4/127.0.0.1/tcp/0", "--web", "127.0.0.1:0"]
    command = [sys.executable, "-m", "fedretail", "--data-dir", str(tmp_path / "shop"), *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page whose faults fail the test."""
    context = browser.new_context(locale="en-GB")
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.extend([said.text] * ("Policy" in said.text)))
    yield page
    context.close()
    assert faults == []


def test_a_walk_from_the_link_to_the_kiosk(link: str, page: Any, tmp_path: Path) -> None:
    prices = tmp_path / "list.csv"
    prices.write_text(LIST, encoding="utf-8")
    page.goto(link)
    page.wait_for_url(re.compile(r"/first/shop$"))
    page.click(".first-foot .filled")
    # What is wrong takes the focus, and leads to its field.
    page.wait_for_selector(".summary:focus")
    page.click(".summary a")
    assert page.evaluate("document.activeElement.id") == "name"
    page.fill("#name", "Brook Farm")
    page.wait_for_selector(".screen-name:text-is('Brook Farm')")
    assert page.inner_text(".screen .sign") == "BF"
    page.check("input[value='3']", force=True)
    page.wait_for_selector("body.c3")
    # What was typed is kept, though the page was left without "Next".
    page.reload()
    assert page.input_value("#name") == "Brook Farm"
    page.press("#name", "Enter")
    page.wait_for_url(re.compile(r"/first/place$"))
    page.fill("#Mo", "0-24")
    page.click("button[value=same-week]")
    page.wait_for_function("document.getElementById('Fr').value === '0-24'")
    page.click(".first-foot .filled")
    page.wait_for_url(re.compile(r"/first/prices$"))
    page.set_input_files("#drop-file", prices)
    page.wait_for_selector("h1:text-is('1 offer is ready. 1 row needs you.')")
    page.wait_for_selector(".good:has-text('Milch')")
    page.go_back()
    page.go_forward()
    page.click("button[value=samples]")
    page.wait_for_selector("text=Eight sample goods")
    page.click(".first-foot .filled")
    page.wait_for_url(re.compile(r"/first/neighbours$"))
    page.check("input[value=own]")
    page.wait_for_selector("text=Your goods alone")
    page.click("text=Open my shop")
    page.wait_for_url(re.compile(r"/manage$"))
    page.wait_for_selector("text=Your shop is open.")
    page.click("text=Remove them")
    page.wait_for_selector("text=8 sample goods are gone.")
    page.click("text=See my kiosk")
    page.wait_for_selector("h1:text-is('What are you looking for?')")
    page.fill("#q", "milch")
    page.press("#q", "Enter")
    page.wait_for_selector("text=Milch")


def test_without_javascript(link: str, browser: Any) -> None:
    plain = browser.new_context(locale="de-DE", java_script_enabled=False)
    page = plain.new_page()
    page.goto(link)
    # The token stands where only a script sees it: the whole link is pasted.
    page.fill("#whole", link)
    page.click("button:has-text('Öffnen')")
    page.wait_for_url(re.compile(r"/first/shop$"))
    page.click(".first-foot .filled")
    page.wait_for_selector(".summary")
    page.fill("#name", "Hofladen am Bach")
    page.click(".first-foot .filled")
    page.wait_for_url(re.compile(r"/first/place$"))
    page.fill("#Mo", "8-18")
    page.click("button[value=back].button")
    page.wait_for_url(re.compile(r"/first/shop$"))
    page.click(".first-foot .filled")
    assert page.input_value("#Mo") == "8-18"
    page.click(".first-foot .filled")
    page.click("summary:has-text('Zeilen aus einer Tabelle')")
    page.fill("#pasted", "Name\tPreis\nMilch\t1,29\n")
    page.click("button[value=paste]")
    page.wait_for_selector("h1:text-is('1 Angebot ist bereit.')")
    page.click(".first-foot .filled")
    page.click("text=Meinen Laden öffnen")
    page.wait_for_selector("text=Ihr Laden ist offen.")
    plain.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(link: str, page: Any, theme: str) -> None:
    script = gzip.decompress(AXE.read_bytes()).decode()
    page.goto(link)
    page.wait_for_url(re.compile(r"/first/shop$"))
    base = link.partition("#")[0]
    # A ticket that is none, hours that are none: pages with faults are looked at too.
    page.goto(f"{base}/first/place")
    page.fill("#Mo", "99")
    page.fill("#position", "nowhere")
    page.click(".first-foot .filled")
    page.wait_for_selector(".summary")
    for step in STEPS:
        page.goto(f"{base}/first/{step}?checked=1&theme={theme}&lang=de")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for width in (320, 390, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (step, width)
            assert page.evaluate(SMALL) == [], (step, width)
        page.evaluate(script)
        bad = [
            (one["id"], [node["html"][:120] for node in one["nodes"]][:3])
            for one in page.evaluate("axe.run()")["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert not bad, step
