"""A daemon with its pages on a real socket, and a real Chromium that looks at them."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
SIZES = {"kiosk": (1920, 1080), "portrait": (1080, 1920), "phone": (390, 844)}
PATIENCE_S = 60
SHOTS = Path(__file__).parents[3] / "artefacts"
# Read before a test begins: to tests the environment is clean.
KEEPS_SHOTS = bool(os.environ.get("FEDRETAIL_SHOTS"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium is installed here"))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, make_street: Any) -> Path:
    """The data directory of the shop whose pages are looked at."""
    folder = tmp_path_factory.mktemp("street")
    make_street(folder).close()
    return folder / "home"


@pytest.fixture(scope="session")
def served(home: Path) -> Iterator[str]:
    """Where the pages of a running daemon are: http://127.0.0.1:PORT."""
    port = _free_port()
    words = ["serve", "--listen", "/ip4/127.0.0.1/tcp/0", "--web", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "fedretail", "--data-dir", str(home), *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        _wait(address)
        yield address
        process.kill()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        number: int = one.getsockname()[1]
        return number


def _wait(address: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(f"{address}/about", timeout=5):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield found
        found.close()


Open = Callable[..., Any]


@pytest.fixture
def look(served: str, browser: Any, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Open a page at a size; whatever the browser complains of fails the test."""
    contexts, faults = [], []

    def opened(path: str, size: str = "kiosk", *, kiosk: bool = False, **more: Any) -> Any:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            base_url=served,
            **{"locale": "en-GB", **more},
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.extend([said.text] * (said.type == "error")))
        if kiosk:
            page.goto("/kiosk")
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        if KEEPS_SHOTS:
            _keep(context.pages, request.node.name)
        context.close()
    # What a test itself asks for in vain is no fault.
    assert not [one for one in faults if "404" not in one and "ERR_FAILED" not in one]


def _keep(pages: list[Any], name: str) -> None:
    """Keep what is on the screens as pictures; a browser that cannot draw fails no test."""
    SHOTS.mkdir(exist_ok=True)
    for number, page in enumerate(pages):
        try:
            page.screenshot(path=SHOTS / f"{name}-{number}.png")
        except sync_api.Error as error:
            print(f"no picture of {name}: {error}")
