"""A real daemon in a process of its own, to be besieged or killed."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import psutil

from fedretail.errors import BugError
from fedretail.node.node import Node
from fedretail.testing.loopback import LOOPBACK

# A start takes two seconds; more only on a machine that is busy with other things.
_START_S = 60.0


class Served:
    """The daemon of the node in `path`; what it prints stands in daemon.txt there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it; it listens some time later, see `wait`."""
        command = [sys.executable, "-m", "fedretail", "--data-dir", str(self.path), "serve"]
        command += ["--listen", LOOPBACK, "--web", "off"]
        with (self.path / "daemon.txt").open("ab") as said:
            self._process = subprocess.Popen(command, stdout=said, stderr=said)

    def wait(self, node: Node) -> dict[str, Any]:
        """Until it listens; its state note. BugError where it ends, or does not come up."""
        until_s = time.monotonic() + _START_S
        while time.monotonic() < until_s and self.is_alive:
            state = node.daemon_state()
            if state is not None and state["pid"] == self.pid:
                return dict(state)
            time.sleep(0.02)
        raise BugError(f"The daemon does not run. It said:\n{self.said()[-2000:]}")

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process is not None and self._process.poll() is None

    def memory(self) -> int:
        """Bytes that it takes."""
        return int(psutil.Process(self.pid).memory_info().rss)

    def cpu_s(self) -> float:
        """Seconds of work that it has done."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def said(self) -> str:
        """What it has printed."""
        return (self.path / "daemon.txt").read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """End it without a word, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
