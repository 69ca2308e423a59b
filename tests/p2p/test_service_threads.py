"""The service with store calls in threads, as the daemon runs it, and a clock that runs."""

from pathlib import Path

import trio

from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.streets import street, until


async def test_three_machines_that_commit_all_at_once(tmp_path: Path) -> None:
    async with street(tmp_path, in_threads=True) as town:
        town.net.latency_s = 0.001
        a, b, c = await town.open("a", "b", "c")
        for one in (a, b, c):
            edits = builders.offer_edits(range(100))
            one.node.store.commit(one.shop.author(), SITE, edits)
        b.knows(a)
        c.knows(a)
        with trio.fail_after(30):
            await until(town.agree, 30)
            for price in range(10):
                for one in (a, b, c):
                    one.sell(5, 100 + price)
                await trio.sleep(0.01)
            await until(town.agree, 30)
        assert len(a.service._fetches) == 0
