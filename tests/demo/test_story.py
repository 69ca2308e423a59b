"""The demo, as `make demo` starts it."""

import json
import os
import subprocess
import sys
from pathlib import Path


def test_the_demo_ends_well_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fedretail", "demo", "--json"],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    seconds = json.loads(done.stdout)["seconds"]
    assert {"all three hold all offers", "all of it"} <= seconds.keys()
    assert not list(tmp_path.iterdir())
