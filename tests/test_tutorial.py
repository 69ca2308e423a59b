"""The tutorial does what it says: each command is run, and prints what stands under it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).resolve().parent.parent / "docs" / "tutorial"
PAGES = sorted(TUTORIAL.glob("*.md"))
# Neighbours meet within seconds; a busy machine gets more of them.
ATTEMPTS = 60
READY = "Neighbours can reach this computer"

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
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FEDRETAIL_")}
        self._variables = {**kept, "TZ": "Europe/Berlin", "LC_ALL": "C", "PYTHONUTF8": "1"}

    def run(self, line: str) -> str:
        """What the line prints, stdout and then stderr."""
        if line.endswith(" &"):
            return self._started(line[:-2])
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
        assert process.stderr is not None
        return process.stderr.readline()

    def close(self) -> None:
        """Ends what still runs."""
        for process in self._running:
            process.kill()
            process.communicate()


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
    for line, expected in steps(page):
        printed = shell.run(line)
        # What depends on a neighbour comes a moment later.
        for _ in range(ATTEMPTS):
            if fits(printed, expected) or not line.startswith(
                ("fedretail --data-dir bakery search", "fedretail --data-dir farm status")
            ):
                break
            printed = shell.run(line)
        assert fits(printed, expected), f"$ {line}\n{printed}"
