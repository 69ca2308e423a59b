"""fedretail/web/first/price_list.py: the one file that waits, whoever sends another meanwhile."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from fedretail.testing.clock import ManualClock
from fedretail.web.first.price_list import PriceList


async def whole(text: bytes) -> AsyncIterator[bytes]:
    yield text


def test_a_list_that_comes_amid_another_harms_neither(tmp_path: Path) -> None:
    prices = PriceList(tmp_path, ManualClock())

    async def slow() -> AsyncIterator[bytes]:
        yield b"first "
        await prices.take("other.csv", whole(b"other"))
        await trio.to_thread.run_sync(prices.paste, "pasted")
        await trio.to_thread.run_sync(prices.drop)
        yield b"half"

    trio.run(prices.take, "slow.csv", slow())
    assert prices.path is not None
    assert (prices.path.name, prices.path.read_bytes()) == ("slow.csv", b"first half")
    assert [one.name for one in tmp_path.iterdir()] == ["list"]


def test_a_list_that_breaks_off_leaves_the_one_before(tmp_path: Path) -> None:
    prices = PriceList(tmp_path, ManualClock())

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise EOFError

    trio.run(prices.take, "whole.csv", whole(b"whole"))
    with pytest.raises(EOFError):
        trio.run(prices.take, "broken.csv", broken())
    assert prices.path is not None
    assert prices.path.name == "whole.csv"
    assert [one.name for one in tmp_path.iterdir()] == ["list"]


def test_what_a_killed_program_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "list.0123").mkdir()
    (tmp_path / "list").mkdir()
    PriceList(tmp_path, ManualClock()).clean()
    assert [one.name for one in tmp_path.iterdir()] == ["list"]
