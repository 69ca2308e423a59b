"""What the daemon tells on its terminal while it runs, each of it once."""

from typing import Any

from fedretail.daemon.daemon import Daemon, ServeOptions
from fedretail.daemon.happenings import Happenings
from fedretail.domain.ids import collection_of
from fedretail.testing.daemons import serving, until
from fedretail.testing.memory_network import MemoryNetwork

QUIET: dict[str, Any] = {"stopped": None, "restores": 0, "restoring": False, "damaged": []}
STOPPED = {**QUIET, "stopped": "neighbours have met both"}


def test_nothing_new_is_no_line() -> None:
    happenings = Happenings()
    assert happenings.lines(QUIET) == happenings.lines(QUIET) == []


def test_that_nothing_is_written_any_more_is_told_once() -> None:
    happenings = Happenings()
    happenings.lines(QUIET)
    (line,) = happenings.lines(STOPPED)
    assert "Nothing is written here any more" in line
    assert "neighbours have met both" in line
    assert happenings.lines(STOPPED) == []


def test_what_is_fetched_is_told_at_its_beginning_and_its_end() -> None:
    happenings = Happenings()
    restoring = {**QUIET, "restores": 1, "restoring": True}
    (begun,) = happenings.lines(restoring)
    assert "older copy" in begun
    assert happenings.lines({**restoring, "restores": 2}) == []
    (ended,) = happenings.lines({**restoring, "restores": 2, "restoring": False})
    assert "is here" in ended
    assert happenings.lines({**QUIET, "restores": 2}) == []


def test_damage_is_told_by_name_when_found_and_when_mended() -> None:
    happenings = Happenings()
    happenings.lines({**QUIET, "damaged": ["Mill Shop"]})
    (begun,) = happenings.lines({**QUIET, "damaged": ["Brook Farm", "Mill Shop"]})
    assert begun.startswith("Brook Farm: rows are damaged on this disk.")
    assert happenings.lines(QUIET) == [
        "Brook Farm: what was damaged is mended.",
        "Mill Shop: what was damaged is mended.",
    ]


async def test_a_damaged_log_is_told_by_its_place(memory: MemoryNetwork, shops: Any) -> None:
    shop, told = shops("one"), list[str]()
    name = shop.site().name
    shop.write("offer", "bread", {"name": "Bread"}, site=shop.site())
    written = shop.store._write.execute("SELECT row FROM row WHERE key = 'bread'").fetchone()
    change = "UPDATE row SET row = ? WHERE key = 'bread'"
    shop.store._write.execute(change, (b"rotten",))
    async with serving(Daemon(shop, on_event=told.append)):
        await until(lambda: told)
        assert told[0].startswith(f"{name}: rows are damaged on this disk.")
        shop.store._write.execute(change, written)
        shop.store.upkeep.check_own()
        await until(lambda: len(told) > 1)
    assert told[1] == f"{name}: what was damaged is mended."


def test_what_was_over_before_anybody_looked_is_told_too() -> None:
    begun, ended = Happenings().lines({**QUIET, "restores": 1})
    assert "older copy" in begun
    assert "is here" in ended


async def test_a_line_when_nothing_is_written_any_more(memory: MemoryNetwork, shops: Any) -> None:
    shop, told = shops("one"), list[str]()
    async with serving(Daemon(shop, on_event=told.append)):
        shop.store.own_logs.stop("neighbours have met both")
        await until(lambda: told)
    assert [line.partition(":")[0] for line in told] == ["Nothing is written here any more"]


async def test_a_line_of_what_was_decided(memory: MemoryNetwork, shops: Any) -> None:
    shop, told = shops("one"), list[str]()
    shop.store.own_logs.stop("neighbours have met both")
    async with serving(Daemon(shop, ServeOptions(role="original"), told.append)):
        assert told == ["This folder is the shop's own from now on, and writes again."]


async def test_a_line_when_an_older_copy_is_being_completed_and_when_it_is(
    memory: MemoryNetwork, shops: Any
) -> None:
    shop, told = shops("one"), list[str]()
    shop.store.own_logs.begin_draft(shop.identity.author(), collection_of(shop.site().id))
    async with serving(Daemon(shop, on_event=told.append)):
        await until(lambda: len(told) == 2)
    assert "older copy" in told[0]
    assert "is here" in told[1]
