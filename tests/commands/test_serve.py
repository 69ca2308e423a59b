"""A daemon as a process, as another program starts it; two shops that meet."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process"),
]


def line(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "fedretail", "--data-dir", str(folder), *arguments]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line(folder, *arguments), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str], dict]]:
    """A farm with one offer whose daemon runs; its folder, its process, what it printed."""
    folder = tmp_path / "farm"
    assert run(folder, "init", "--name", "Brook Farm", "--at", "48.5216,9.0576").returncode == 0
    run(folder, "offer", "add", "--sku", "M1", "--name", "Raw milk", "--price", "1.30")
    with subprocess.Popen(
        line(folder, "serve", "--listen", "/ip4/127.0.0.1/tcp/0", "--web", "off", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield folder, process, json.loads(process.stdout.readline())
        process.kill()


def test_a_daemon_prints_where_it_is_and_stops_cleanly(farm) -> None:
    folder, process, ready = farm
    assert set(ready) == {"addresses", "ticket"}
    assert ready["addresses"][0].startswith("/ip4/127.0.0.1/tcp/")
    assert run(folder, "ticket").stdout.strip().startswith("fr1-")
    assert json.loads(run(folder, "status", "--json").stdout)["daemon"]
    second = run(folder, "serve", "--listen", "/ip4/127.0.0.1/tcp/0")
    assert second.returncode == 1
    assert "already" in second.stderr
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert "Stopped." in told
    assert "Traceback" not in told
    assert not json.loads(run(folder, "status", "--json").stdout)["daemon"]


def test_a_ticket_waits_for_a_daemon_that_was_started_just_now(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    run(folder, "init", "--name", "Brook Farm", "--at", "48.5216,9.0576")
    asking = subprocess.Popen(line(folder, "ticket"), stdout=subprocess.PIPE, text=True)
    serving = subprocess.Popen(line(folder, "serve", "--listen", "/ip4/127.0.0.1/tcp/0"))
    try:
        assert asking.communicate(timeout=60)[0].startswith("fr1-")
    finally:
        for process in (asking, serving):
            process.kill()
            process.wait()


def test_a_port_in_use_is_told(farm, tmp_path: Path) -> None:
    _, _, ready = farm
    other = tmp_path / "other"
    run(other, "init", "--name", "B", "--at", "1,1")
    done = run(other, "serve", "--listen", ready["addresses"][0].partition("/p2p/")[0])
    assert done.returncode == 1
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "example"),
    [
        ("--listen", "to listen at looks like /ip4/0.0.0.0/tcp/4817 "),
        ("--peer", "looks like /ip4/192.168.1.20/tcp/4817 "),
    ],
)
def test_an_address_that_is_none_is_told(tmp_path: Path, option: str, example: str) -> None:
    run(tmp_path / "a", "init", "--name", "A", "--at", "1,1")
    done = run(tmp_path / "a", "serve", "--listen", "/ip4/127.0.0.1/tcp/0", option, "nonsense")
    assert done.returncode == 2
    assert f"{option}: 'nonsense' is not an address: it must read" in done.stderr
    assert example in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_search_loads_nothing_that_a_shopper_would_wait_for(farm) -> None:
    folder, _, _ = farm
    heavy = {"libp2p", "numpy", "rich", "trio", "asyncio", "fastapi"}
    code = (
        "import sys\nfrom fedretail.cli import main\n"
        f"code = main(['--data-dir', {str(folder)!r}, 'search', 'milk', '--json'])\n"
        f"print(code, sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == "0 []\n"
    assert json.loads(done.stdout)["total"] == 1
