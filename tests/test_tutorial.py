"""The tutorial does what it says: each command is run, and prints what stands under it."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).resolve().parent.parent / "docs" / "tutorial"
PAGES = sorted(TUTORIAL.glob("*.md"))
# Neighbours meet within seconds; a busy machine gets more of them.
ATTEMPTS = 60

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.name == "nt", reason="the commands are written for a POSIX shell"),
]


def steps(page: Path) -> list[tuple[str, list[str]]]:
    """(command, lines it prints) of all console blocks of a page, in order."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def fits(printed: str, expected: list[str]) -> bool:
    """Whether these lines were printed; "…" stands for anything, alone for any lines."""
    pattern = "".join(
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r" *\n"
        for line in expected
    )
    # Amounts and distances are printed with spaces that do not break.
    return re.fullmatch(pattern, printed.replace("\u00a0", " ")) is not None


class Shell:
    """Runs the lines of a page in one folder, and what they leave running."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[str]] = []
        self._unheard: list[subprocess.Popen[str]] = []
        # The page's ports may be in use here.
        self._ports = dict(zip((4817, 4818), free_ports(2), strict=True))
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FEDRETAIL_")}
        self._variables = {**kept, "TZ": "Europe/Berlin", "LC_ALL": "C", "PYTHONUTF8": "1"}

    def run(self, line: str) -> str:
        """What the line prints, stdout and then stderr."""
        for port, free in self._ports.items():
            line = line.replace(f"/tcp/{port} ", f"/tcp/{free} ")
        if line.endswith(" &"):
            return self._started(line[:-2])
        if line.startswith("kill %"):
            self.close()
            return ""
        called = line.replace("fedretail ", f"{shlex.quote(sys.executable)} -m fedretail ", 1)
        done = subprocess.run(
            ["/bin/sh", "-c", called],
            cwd=self._folder,
            env=self._variables,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        return done.stdout + done.stderr

    def _started(self, line: str) -> str:
        process = subprocess.Popen(
            [sys.executable, "-m", *shlex.split(line)],
            cwd=self._folder,
            env=self._variables,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self._running.append(process)
        self._unheard.append(process)
        return ""

    def said(self) -> str:
        """The first line of what was started and not heard yet: a shell waits for none of it."""
        stderr = self._unheard.pop(0).stderr
        assert stderr is not None
        return stderr.readline()

    def close(self) -> None:
        """Ends what still runs."""
        for process in self._running:
            process.terminate()
            process.communicate()
        self._running.clear()


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens at."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path)
    yield shell
    shell.close()


def test_there_is_a_tutorial() -> None:
    assert PAGES
    assert all(steps(page) for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_does_what_it_says(
    shell: Shell, page: Path, tmp_path: Path
) -> None:
    for file in TUTORIAL.glob("*.csv"):
        shutil.copy(file, tmp_path)
    started: tuple[str, list[str]] | None = None
    for line, expected in steps(page):
        printed = shell.run(line)
        if started is not None:
            # Pasted at once, the next line meets a daemon that is starting.
            said = shell.said()
            assert fits(said, started[1]), f"$ {started[0]}\n{said}"
        started = (line, expected) if line.endswith(" &") else None
        # What depends on a neighbour comes a moment later.
        for _ in range(ATTEMPTS):
            if (
                started is not None
                or fits(printed, expected)
                or not line.startswith(
                    ("fedretail --data-dir bakery search", "fedretail --data-dir farm status")
                )
            ):
                break
            printed = shell.run(line)
        assert started is not None or fits(printed, expected), f"$ {line}\n{printed}"
