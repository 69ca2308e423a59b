"""`fedretail serve` without a shop, as a process: set up by forms, then it serves, all in one."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from fedretail.node.node import Node

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process"),
]
PATIENCE_S = 60


def line(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "fedretail", "--data-dir", str(folder), *arguments]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line(folder, *arguments), capture_output=True, text=True, timeout=60, check=False
    )


SERVE = ("serve", "--listen", "/ip4/127.0.0.1/tcp/0", "--web", "127.0.0.1:0")


@pytest.fixture
def beginning(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str], str]]:
    """The folder, the process, the link that it printed."""
    folder = tmp_path / "deep" / "farm"
    with subprocess.Popen(
        line(folder, *SERVE), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield folder, process, process.stdout.readline().strip()
        process.kill()


class Person:
    """Somebody with a browser without JavaScript, who has opened the link."""

    def __init__(self, link: str) -> None:
        self.base, _, token = link.partition("/manage#")
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self.page = self.post("/manage/sign-in", token=token)

    def get(self, path: str) -> str:
        with self._opener.open(self.base + path, timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
            return text

    def post(self, path: str, **fields: str) -> str:
        said = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.base + path, said, {"origin": self.base})
        with self._opener.open(request, timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
            return text

    def step(self, step: str, **fields: str) -> str:
        found = re.search(r'data-form="([^"]+)"', self.page)
        assert found
        return self.post(f"/manage/first/{step}", form=found[1], deed="next", **fields)


def test_one_process_from_nothing_to_a_shop_that_neighbours_can_call(beginning) -> None:
    folder, process, link = beginning
    person = Person(link)
    person.step("shop", name="Brook Farm", colour="3")
    person.step("place", Mo="8-18", position="48.5216,9.0576")
    person.step("prices", offer1="Eggs", price1="3.20")
    assert "Your shop is open." in person.step("neighbours", shown="all")
    assert "Eggs" in person.get("/?q=eggs")
    # In the network, under the same process: nobody had to start anything.
    assert run(folder, "ticket").stdout.startswith("fr1-")
    assert json.loads(run(folder, "status", "--json").stdout)["daemon"]
    second = run(folder, *SERVE)
    assert (second.returncode, "already" in second.stderr) == (1, True)
    assert run(folder, "manage").stdout.startswith(f"{person.base}/manage#")
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert "Your shop is set up." in told
    assert "keys backup" in told
    assert "Traceback" not in told
    with Node.open(folder) as node:
        assert node.site().name == "Brook Farm"


def test_stopped_before_anything_was_entered_leaves_nothing(beginning) -> None:
    folder, process, link = beginning
    assert link.startswith("http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert "There is no shop here yet." in told
    assert "Stopped. There is no shop yet" in told
    assert not folder.exists()


def test_killed_half_way_it_goes_on_where_it_was(beginning) -> None:
    folder, process, link = beginning
    Person(link).step("shop", name="Brook Farm", colour="3")
    process.kill()
    process.wait()
    status = run(folder, "status")
    assert (status.returncode, "There is no shop in" in status.stderr) == (1, True)
    with subprocess.Popen(
        line(folder, *SERVE), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as again:
        assert again.stdout is not None
        again.stdout.readline()
        # The link was let pass; another one is printed.
        person = Person(run(folder, "manage").stdout.strip())
        assert "When and where are you open?" in person.page
        assert "Brook Farm" in person.page
        again.kill()


def test_programs_hear_that_there_is_no_shop(tmp_path: Path) -> None:
    for more in (["--json"], ["--web", "off"]):
        done = run(tmp_path / "none", "serve", *more)
        assert done.returncode == 1, more
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "none").exists()


def test_a_port_in_use_is_told_and_nothing_is_left(beginning, tmp_path: Path) -> None:
    _, _, link = beginning
    taken = urllib.parse.urlsplit(link).netloc
    done = run(tmp_path / "other", "serve", "--web", taken)
    assert (done.returncode, "in use" in done.stderr) == (1, True)
    assert not (tmp_path / "other").exists()


def test_keys_without_a_store_are_no_new_shop(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    run(folder, "init", "--name", "Brook Farm", "--at", "48.5216,9.0576")
    for one in folder.glob("store.db*"):
        one.unlink()
    done = run(folder, *SERVE)
    assert done.returncode == 1
    assert "first-run" not in " ".join(one.name for one in folder.iterdir())
