"""What all tests share: hypothesis profiles, outside data, a clean environment, clocks, shops."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from fedretail.clock import Clock, SystemClock
from fedretail.daemon.daemon import Daemon
from fedretail.locks import FileLock
from fedretail.node.base import DAEMON, DAEMON_LOCK_NAME
from fedretail.node.node import Node
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_network import MemoryNetwork, MemoryTransport
from fedretail.testing.nodes import new_shop
from fedretail.testing.tls import TlsServer, write_certificate

# Both profiles repeat exactly: a red run is red again, on every machine. No deadline, since
# timing belongs to the figures and this machine may be busy.
_SLOW_IS_FINE = [HealthCheck.too_slow]
settings.register_profile(
    "fast",
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=_SLOW_IS_FINE,
)
settings.register_profile(
    "ci",
    max_examples=200,
    derandomize=True,
    deadline=None,
    suppress_health_check=_SLOW_IS_FINE,
    print_blob=True,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own FEDRETAIL_* variables change no test."""
    for name in list(os.environ):
        if name.startswith("FEDRETAIL_") and name != "FEDRETAIL_TEST_DATA":
            monkeypatch.delenv(name)
    # Daemons of tests that run side by side would all want the one port of the pages.
    monkeypatch.setenv("FEDRETAIL_WEB", "off")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real files outside the repository; skips where there is none."""
    folder = os.environ.get("FEDRETAIL_TEST_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("FEDRETAIL_TEST_DATA names no folder of real files")
    return Path(folder)


@pytest.fixture
def clock() -> ManualClock:
    """A clock to turn by hand."""
    return ManualClock()


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """Makes shops by name in folders of that name, closed at the end."""
    with ExitStack() as stack:

        def make(name: str, clock: Clock | None = None) -> Node:
            path = tmp_path / name
            return stack.enter_context(new_shop(path, name, clock=clock or SystemClock()))

        yield make


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryNetwork:
    """Daemons meet on a network in memory; each folder has a place on it."""
    network, places = MemoryNetwork(), dict[Path, MemoryTransport]()

    def place(self: Daemon) -> MemoryTransport:
        if self.node.path not in places:
            places[self.node.path] = network.transport(self.node.keyring.device_seed)
        return places[self.node.path]

    monkeypatch.setattr(Daemon, "_transport", place)
    return network


@pytest.fixture
def note_daemon() -> Iterator[Callable[[Node, Any], None]]:
    """Writes down a daemon's state as one that lives does, with its lock held until the end."""
    with ExitStack() as held:

        def note(node: Node, state: Any) -> None:
            lock = FileLock(node.path / DAEMON_LOCK_NAME)
            lock.acquire_nowait()
            held.callback(lock.release)
            node.store.note(DAEMON, state)

        yield note


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with key and certificate of `server`."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    write_certificate(path)
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where an administrator has added this certificate to those of the computer."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def server(certificate: Path) -> TlsServer:
    """A server of files over TLS, which answers within `running()`."""
    return TlsServer(certificate)
