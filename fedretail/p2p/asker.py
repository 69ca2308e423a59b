"""The part of a node that asks its neighbours what they know of its own logs; then watches them."""

from functools import partial
from typing import Never

import trio

from fedretail.p2p.address import parse_peer
from fedretail.p2p.asking import is_answered
from fedretail.p2p.link import steady_ms
from fedretail.p2p.own import Own
from fedretail.p2p.service import SyncService
from fedretail.p2p.session import State

# While others are asked the shopkeeper's news waits; a look costs nothing.
_ASK_S = 0.05
# What was lost has been fetched, or turns up late: nobody waits for that to the second.
_SETTLE_S = 0.25


async def settle_own(service: SyncService, own: Own) -> Never:
    """Runs until cancelled; to be started when the known neighbours were added to `service`."""
    await service.call(own.look_at_rows)
    first_met_ms: int | None = None
    answered: set[str] = set()
    while own.is_asking:
        links = service.links
        # Somebody who is gone again, or has not said who he is, is nobody to show anything to.
        if all(link.session.state is State.HELLO for link in links.values()):
            first_met_ms = None
        elif first_met_ms is None:
            first_met_ms = steady_ms()
        answered |= {peer for peer, link in links.items() if link.session.has_answered()}
        known = {*links, *(parse_peer(one).peer_id for one in service.dialer.addresses())}
        met_ms = None if first_met_ms is None else steady_ms() - first_met_ms
        if is_answered(len(answered), len(known), met_ms):
            break
        await trio.sleep(_ASK_S)
    while True:
        if own.has_work() and await service.call(partial(own.settle, steady_ms())):
            own.is_asking = False
            service.look_again()
        await trio.sleep(_SETTLE_S)
