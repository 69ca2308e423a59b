"""A simulated disk: what a sync has followed stays, what none has followed may go."""

from pathlib import Path

import pytest

from fedretail.errors import Unavailable
from fedretail.testing.sim.disk import Disk
from fedretail.testing.sim.process import Process
from fedretail.testing.sim.world import World

ROWS = 20


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(World(3), tmp_path)


def count(disk: Disk, path: Path) -> int:
    """How many rows a new process finds."""
    process = Process(disk)
    (found,) = process.connect(path).execute("SELECT count(*) FROM t").fetchone()
    process.bury()
    return int(found)


def filled(disk: Disk, path: Path, *, durable: bool) -> Process:
    """A process that has put rows into a table, each in a transaction of its own."""
    process = Process(disk)
    connection = process.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    with connection.transaction(durable=True):
        connection.execute("CREATE TABLE t (x)")
    for number in range(ROWS):
        with connection.transaction(durable=durable):
            connection.execute("INSERT INTO t VALUES (?)", (number,))
    return process


@pytest.mark.parametrize("durable", [True, False])
def test_what_was_synced_outlives_the_power(disk: Disk, tmp_path: Path, durable: bool) -> None:
    process = filled(disk, tmp_path / "store.db", durable=durable)
    process.bury()
    disk.lose_power()
    found = count(disk, tmp_path / "store.db")
    assert found == ROWS if durable else found < ROWS


def test_what_another_has_flushed_outlives_the_power(disk: Disk, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    process = filled(disk, path, durable=False)
    reader = Process(disk)
    reader.connect(path).flush()
    for one in (process, reader):
        one.bury()
    disk.lose_power()
    assert count(disk, path) == ROWS


def test_what_was_written_outlives_the_process(disk: Disk, tmp_path: Path) -> None:
    filled(disk, tmp_path / "store.db", durable=False).bury()
    disk.forget_shared()
    assert count(disk, tmp_path / "store.db") == ROWS


def test_a_full_disk_refuses_and_loses_nothing(disk: Disk, tmp_path: Path) -> None:
    process = filled(disk, tmp_path / "store.db", durable=True)
    disk.is_full = True
    with pytest.raises(Unavailable, match="disk is full"):
        process.connect(tmp_path / "store.db").execute("INSERT INTO t VALUES (1)")
    process.bury()
    disk.is_full = False
    assert count(disk, tmp_path / "store.db") == ROWS


def test_rot_takes_back_no_write(disk: Disk, tmp_path: Path) -> None:
    path = tmp_path / "plain"
    path.write_bytes(bytes(4096))
    image = disk.image(str(path))
    image.pending.append((0, b"\xff" * 2048))
    disk.flip(path)
    found = path.read_bytes()
    differing = sum((one ^ (0xFF if at < 2048 else 0)).bit_count() for at, one in enumerate(found))
    assert 1 <= differing <= 8
