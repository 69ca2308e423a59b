"""What neighbours may send: a share of each day, and never the last of the disk."""

from pathlib import Path

import pytest

from fedretail.node.node import Node
from fedretail.node.room import Room
from fedretail.testing.clock import ManualClock
from fedretail.testing.nodes import new_shop

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def node(tmp_path: Path, clock: ManualClock) -> Node:
    new_shop(tmp_path / "shop", clock=clock).close()
    settings = "max_down_mb_per_day = 2\ndisk_reserve_mb = 0\n"
    (tmp_path / "shop" / "config.toml").write_text(settings, encoding="utf-8")
    return Node.open(tmp_path / "shop", clock=clock)


def test_a_day_is_used_up_once_and_the_next_is_new(node: Node, clock: ManualClock) -> None:
    room = Room(node)
    assert [room.count(received) for received in (1_999_999, 2_000_000, 2_100_000)] == [
        False,
        True,
        False,
    ]
    assert not room.has_space()
    clock.advance(DAY_MS)
    assert not room.count(2_200_000)
    assert room.has_space()
    assert room.count(4_100_000)


def test_a_restart_gives_no_new_day(node: Node, clock: ManualClock) -> None:
    first = Room(node)
    first.count(2_000_000)
    first.note()
    assert not Room(node).has_space()
    clock.advance(DAY_MS)
    later = Room(node)
    later.count(0)
    assert later.has_space()


def test_without_a_limit_nothing_is_counted_up(tmp_path: Path) -> None:
    node = new_shop(tmp_path / "shop")
    room = Room(node)
    assert not room.count(10**15)
    room.note()
    assert node.store.noted("received") is None


def test_the_reserve_of_the_disk_is_kept(node: Node) -> None:
    (node.path / "config.toml").write_text(f"disk_reserve_mb = {10**9}\n", encoding="utf-8")
    with Node.open(node.path) as other:
        assert not Room(other).has_space()
