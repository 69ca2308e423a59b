"""fedretail/daemon/open_files.py, each time in a process of its own, as its bounds stay."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from fedretail.clock import SystemClock
from fedretail.testing.hostile.served import Served
from fedretail.testing.nodes import new_shop

resource = pytest.importorskip("resource", reason="Windows bounds no sockets")

_LOOK = """
import resource
from fedretail.daemon.open_files import allow_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(allow_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("soft", "hard", "found"),
    [(256, 4096, "2048 2048 4096"), (256, 512, "512 512 512"), (3000, 4096, "3000 3000 4096")],
)
def test_as_many_as_are_needed_and_allowed(soft: int, hard: int, found: str) -> None:
    code = _LOOK.format(soft=soft, hard=hard)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == found


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells another's bounds")
def test_a_daemon_that_was_given_few_files_has_enough(tmp_path: Path) -> None:
    bounds = resource.getrlimit(resource.RLIMIT_NOFILE)
    with new_shop(tmp_path / "shop", clock=SystemClock()) as node:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, bounds[1]))
        try:
            served = Served(node.path)
            served.start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, bounds)
        try:
            served.wait(node)
            assert psutil.Process(served.pid).rlimit(psutil.RLIMIT_NOFILE)[0] >= 2048
        finally:
            served.kill()
