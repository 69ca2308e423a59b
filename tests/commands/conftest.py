"""A shop in a folder, and its command line run in this very process."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fedretail import cli
from fedretail.commands import _machine, output


@dataclass(frozen=True)
class Done:
    """How a command ended: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Run = Callable[..., Done]


@pytest.fixture
def run_in(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line on a data directory: run_in(folder, "search", "milk")."""
    monkeypatch.setattr(_machine, "currency", lambda: None)
    monkeypatch.setattr(_machine, "time_zone", lambda: "Europe/Berlin")
    monkeypatch.setenv("TZ", "Europe/Berlin")

    def run_in(folder: Path, *arguments: str | Path) -> Done:
        monkeypatch.setattr(output, "_json_printed", False)
        capsys.readouterr()
        code = cli.main(["--data-dir", str(folder), *map(str, arguments)])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return run_in


@pytest.fixture
def run(run_in: Run, tmp_path: Path) -> Run:
    """Runs the command line on the folder tmp_path/shop."""

    def run(*arguments: str | Path) -> Done:
        return run_in(tmp_path / "shop", *arguments)

    return run


@pytest.fixture
def shop(run: Run) -> Run:
    """The same, where a shop with three offers is."""
    assert (
        run("init", "--name", "Brook Farm", "--at", "48.5216,9.0576", "--hours", "24/7").code == 0
    )
    for line in (
        ("--sku", "M1", "--name", "Raw milk", "--price", "1.30", "--pack", "1 l"),
        ("--sku", "M2", "--name", "Oat milk", "--price", "1.99", "--pack", "1 l", "--stock", "3"),
        ("--sku", "B1", "--name", "Rye bread", "--price", "4.20", "--category", "Bakery > Bread"),
    ):
        assert run("offer", "add", *line).code == 0
    return run
