"""Locks on files: one holder over all processes, gone with it, and asked about without harm."""

import subprocess
import sys
from pathlib import Path

import pytest

from fedretail.locks import FileLock


def test_the_lock_is_one_over_processes_and_dies_with_them(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    code = (
        "import sys; from pathlib import Path; from fedretail.locks import FileLock;"
        "print(FileLock(Path(sys.argv[1])).acquire_nowait())"
    )

    def elsewhere() -> str:
        command = [sys.executable, "-c", code, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    lock = FileLock(path)
    assert lock.acquire_nowait()
    assert lock.acquire_nowait()
    assert elsewhere() == "False"
    assert not FileLock(path).acquire_nowait()
    lock.release()
    assert elsewhere() == "True"
    assert lock.acquire_nowait()
    lock.release()


def test_asking_makes_nothing_and_keeps_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert not FileLock(path).is_held()
    assert not path.exists()
    lock = FileLock(path)
    assert lock.acquire_nowait()
    assert lock.is_held()
    assert FileLock(path).is_held()
    lock.release()
    assert not FileLock(path).is_held()
    assert lock.acquire_nowait()
    lock.release()


def test_who_wants_to_keep_it_waits_for_those_who_only_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.lock"
    asking, wanting = FileLock(path), FileLock(path)
    assert asking.acquire_nowait()
    monkeypatch.setattr("fedretail.locks.time.sleep", lambda seconds: asking.release())
    assert wanting.acquire_soon()
    monkeypatch.setattr("fedretail.locks.time.sleep", lambda seconds: None)
    assert not asking.acquire_soon()
    wanting.release()
