"""What may not be loaded: a search starts a process, and a shopper waits for it."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

HEAVY = {"libp2p", "numpy", "rich", "trio", "sqlite3", "nacl", "msgpack", "fastapi"}


def loaded_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after running `code`."""
    shown = f"{code}\nimport sys\nprint('\\n'.join({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", shown], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_importing_fedretail_loads_next_to_nothing() -> None:
    assert not loaded_after("import fedretail") & HEAVY


def test_asking_for_an_error_class_loads_no_node() -> None:
    assert not loaded_after("from fedretail import UsageError") & HEAVY


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["completion", "bash"], ["serch", "--json"]]
)
def test_light_command_lines_stay_light(arguments: list[str]) -> None:
    assert not loaded_after(f"from fedretail.cli import main\nmain({arguments!r})") & HEAVY
