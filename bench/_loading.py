"""How long a first visit takes on slow lines: a real Chromium, its line and processor slowed down.

Without Chromium or playwright nothing is measured, and that is said.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, NamedTuple

from _report import Figure

ROUNDS = 5
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_KB = 1000
_REST_MS = 3000
# What a page needs before it can be used: the rest (letters, pictures, signs) may come later.
_NEEDED = frozenset(("Document", "Stylesheet", "Script"))
_PAINTED = "(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0)"
# The page's script marks the page when it has taken over.
_NOTICE = """
new MutationObserver((_, noticing) => {
  if (!document.documentElement.classList.contains("has-js")) return;
  window.readyMs = performance.now();
  noticing.disconnect();
}).observe(document, {subtree: true, attributes: true, attributeFilter: ["class"]});
"""


class Line(NamedTuple):
    """A line to the shop: bits a second down and up, ms there and back, a slower processor."""

    name: str
    down: float
    up: float
    latency_ms: float
    slower: float
    bar: str


LINES = (
    Line("shop Wi-Fi, processor 4 x slower", 10e6, 10e6, 40, 4, "< 1"),
    # As Chromium's own tools have it.
    Line("Fast 3G", 1.44e6, 0.675e6, 562.5, 1, "< 3"),
)


def loading(address: str, paths: dict[str, str]) -> list[Figure]:
    """Seconds until pages can be used, and what they weigh; paths: by the name of the page."""
    with _browser() as browser:
        if browser is None:
            print("no Chromium or playwright here: loading is not measured")
            return []
        figures = []
        for name, path in paths.items():
            for line in LINES:
                visits = [_visit(browser, address + path, line) for _ in range(ROUNDS)]
                usable = median(one[0] for one in visits)
                told = f"first visit, {name}, {line.name}"
                figures.append(Figure(told, usable, "s", ROUNDS, aim=line.bar))
            _, whole, needed = visits[-1]
            figures += [
                Figure(f"... {name}: all of it", whole / _KB, "kB", aim="<= 150"),
                Figure(f"... {name}: before it can be used", needed / _KB, "kB", aim="<= 35"),
            ]
        return figures


@contextmanager
def _browser() -> Iterator[Any]:
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield browser
        browser.close()


def _visit(browser: Any, url: str, line: Line) -> tuple[float, int, int]:
    """(seconds until it shows something and the script has taken over, bytes, bytes needed)."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    tools = context.new_cdp_session(page)
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = {}
    tools.on("Network.responseReceived", lambda one: kinds.update({one["requestId"]: one["type"]}))
    tools.on(
        "Network.loadingFinished",
        lambda one: sizes.update({one["requestId"]: int(one["encodedDataLength"])}),
    )
    tools.send("Network.enable")
    tools.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": line.latency_ms,
            "downloadThroughput": line.down / 8,
            "uploadThroughput": line.up / 8,
        },
    )
    tools.send("Emulation.setCPUThrottlingRate", {"rate": line.slower})
    page.add_init_script(_NOTICE)
    page.goto(url, wait_until="load")
    page.wait_for_function(f"window.readyMs > 0 && {_PAINTED} > 0")
    usable_ms = page.evaluate(f"Math.max({_PAINTED}, window.readyMs)")
    # Live news keep the line busy for ever; letters and signs are there soon after.
    page.wait_for_timeout(_REST_MS)
    context.close()
    needed = sum(size for name, size in sizes.items() if kinds.get(name) in _NEEDED)
    return usable_ms / 1000, sum(sizes.values()), needed
