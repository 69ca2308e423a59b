"""A full or read-only disk: what reads answers from what is there, what writes says why not."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fedretail.index.layout.schema import connect_for_writing, create
from fedretail.node.node import Node

READING = (
    ("search", "milk"),
    ("show", "M1"),
    ("status",),
    ("peers",),
    ("check",),
    ("export",),
    ("site", "list"),
    ("keys", "show"),
)
# A process that may write no byte into any file, as on a full disk.
FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from fedretail.cli import main
sys.exit(main(sys.argv[1:]))
"""
Run = Callable[..., Any]


@pytest.fixture
def folder(shop: Run, tmp_path: Path) -> Path:
    """A shop's data directory with its index, as it lies there when nothing runs."""
    assert shop("search", "milk").code == 0
    return left(tmp_path / "shop")


def left(folder: Path) -> Path:
    """The folder without the files that SQLite makes to read."""
    Node.open(folder).close()
    for name in ("index.db-shm", "index.db-wal"):
        (folder / name).unlink(missing_ok=True)
    return folder


@pytest.fixture
def on_full_disk(folder: Path) -> Run:
    if sys.platform == "win32":
        pytest.skip("Windows has no such limits")

    def on_full_disk(*words: str) -> Any:
        command = [sys.executable, "-c", FULL, "--data-dir", str(folder), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return on_full_disk


@pytest.fixture
def closed(folder: Path) -> Iterator[Path]:
    """The data directory where nobody may write."""
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):
        folder.chmod(0o755)
        pytest.skip("root may write all")
    yield folder
    folder.chmod(0o755)


def written_later(folder: Path, *, killed: bool = True) -> None:
    """Another offer, which the index has not met; a writer that is killed leaves its log behind."""
    code = (
        "import os, sys; from fedretail.node.node import Node; node = Node.open(sys.argv[1]);"
        "fields = {'name': 'Goat milk', 'currency': 'EUR', 'prices': [[299]]};"
        "node.write('offer', 'M3', fields, site=node.site());"
        + ("os._exit(0)" if killed else "node.close()")
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


@pytest.mark.process
@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_on_a_full_disk_what_reads_answers(on_full_disk: Run, words: tuple[str, ...]) -> None:
    done = on_full_disk(*words)
    assert done.returncode == 0, done.stderr
    assert done.stdout or words == ("peers",) or words == ("check",)
    assert "Answered from what is there" in done.stderr


@pytest.mark.process
def test_on_a_full_disk_the_index_says_what_it_does_not_know(
    on_full_disk: Run, folder: Path
) -> None:
    written_later(folder, killed=False)
    done = on_full_disk("search", "milk")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2
    assert "index 1 change behind" in done.stderr
    assert "Answered from what is there." in done.stderr
    assert "Goat milk" in on_full_disk("show", "M3").stdout
    assert json.loads(on_full_disk("status", "--json").stdout)["index_lag"] == 1


@pytest.mark.process
@pytest.mark.parametrize(
    "words",
    [("offer", "set", "--sku", "M1", "--price", "2"), ("member", "set", "--town", "X")],
    ids=" ".join,
)
def test_on_a_full_disk_what_writes_says_so(
    on_full_disk: Run, folder: Path, words: tuple[str, ...]
) -> None:
    done = on_full_disk(*words)
    assert done.returncode == 1
    assert f"The disk with {folder}" in done.stderr


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_in_a_closed_folder_what_reads_answers(
    run: Run, closed: Path, words: tuple[str, ...]
) -> None:
    done = run(*words)
    assert done.code == 0, done.err
    assert f"nothing can be written to {closed}" in done.err


def test_in_a_closed_folder_what_writes_says_so(run: Run, closed: Path) -> None:
    done = run("offer", "set", "--sku", "M1", "--price", "2")
    assert done.code == 1
    assert "store.db" in done.err
    assert "write-protected" in done.err


def test_a_closed_folder_without_an_index_is_searched_all_the_same(
    run: Run, folder: Path, request: pytest.FixtureRequest
) -> None:
    (folder / "index.db").unlink()
    request.getfixturevalue("closed")
    assert "Raw milk" in run("search", "milk").out
    assert run("status", "--json").object["offers"] == 3


@pytest.fixture
def small_disk(folder: Path, tmp_path: Path) -> Iterator[Path]:
    """The data directory, without its index, on a disk of its own that has no byte left."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may make a small disk")
    try:
        shutil.copytree(folder, disk / "shop")
        for file in (disk / "shop").glob("index.db*"):
            file.unlink()
        with contextlib.suppress(OSError), (disk / "fill").open("wb", buffering=0) as fill:
            while True:
                fill.write(bytes(4096))
        yield disk / "shop"
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.process
def test_a_full_disk_without_an_index_is_searched_all_the_same(run_in: Run, small_disk) -> None:
    done = run_in(small_disk, "search", "milk")
    assert "Raw milk" in done.out
    assert "Answered from what is there" in done.err
    assert run_in(small_disk, "status", "--json").object["offers"] == 3


@pytest.mark.process
def test_changes_that_cannot_be_read_are_not_passed_over(
    run: Run, folder: Path, request: pytest.FixtureRequest
) -> None:
    written_later(folder)
    (folder / "store.db-shm").unlink()
    request.getfixturevalue("closed")
    done = run("search", "milk")
    assert done.code == 1
    assert "newest changes lie in store.db-wal" in done.err
    assert "Copy the whole folder" in done.err


@pytest.mark.process
def test_on_a_full_disk_offers_that_are_here_are_not_said_to_be_missing(
    on_full_disk: Run, folder: Path
) -> None:
    written_later(folder, killed=False)
    # Corrected, it is the oat milk that the index knows of.
    done = on_full_disk("search", "--as-typed", "goat")
    assert done.returncode == 1
    assert "The search index is 1 change behind what is here." in done.stderr
    assert "import" not in done.stderr
    assert "Answered from what is there. " in on_full_disk("status").stderr


def test_a_closed_folder_whose_index_was_never_filled_is_searched_all_the_same(
    run: Run, folder: Path, request: pytest.FixtureRequest
) -> None:
    (folder / "index.db").unlink()
    with Node.open(folder) as node, closing(connect_for_writing(folder / "index.db")) as db:
        create(db, node.store.id, begun=node.store.feed_end())
    left(folder)
    request.getfixturevalue("closed")
    assert "Raw milk" in run("search", "milk").out
    assert run("status", "--json").object["offers"] == 3
