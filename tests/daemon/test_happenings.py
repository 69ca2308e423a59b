"""What the daemon tells on its terminal while it runs (fedretail.daemon, node.happenings)."""

from typing import Any

from fedretail.daemon.daemon import Daemon, ServeOptions
from fedretail.domain.ids import collection_of
from fedretail.p2p.memory import MemoryNetwork
from fedretail.testing.daemons import serving, until


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
