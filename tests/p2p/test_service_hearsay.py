"""What neighbours make a node say to its other neighbours."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from trio.testing import MockClock

from fedretail.p2p import wire
from fedretail.p2p.effects import Effect
from fedretail.p2p.transport import Stream
from fedretail.p2p.view import AUTH_ADDRESS
from fedretail.testing.conversations import NETWORK
from fedretail.testing.streets import Machine, street, until

HELLO = wire.Hello(1, 1, NETWORK, b"s" * 16, b"n" * 16, 5, [], [])


def is_at(node: Machine, address: str) -> bool:
    """Whether a neighbour was heard to be reached there."""
    return any(link.own_addresses == (address,) for link in node.service.links.values())


async def test_who_is_elsewhere_each_moment_is_told_of_a_few_times(
    autojump_clock: MockClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each word of its own goes to all neighbours, who take it for this node's, and let it pay."""
    async with street(tmp_path) as town:
        a, b = await town.open("a", "b")
        b.knows(a)
        await until(lambda: a.is_live(b))
        told: list[list[str]] = []
        session = next(iter(a.service.links.values())).session

        def tell(addresses: Iterable[str]) -> list[Effect]:
            told.append([*addresses])
            return []

        monkeypatch.setattr(session, "tell_addresses", tell)

        async def silent(stream: Stream) -> None:
            raise AssertionError("nobody calls back")

        transport = town.net.transport(bytes([250]) * 32)
        await town.nursery.start(transport.serve, silent)
        for call in range(2):
            stream = await transport.connect(a.transport.addresses()[0])
            await stream.send(wire.encode(HELLO))
            for port in range(2000, 2100):
                own = f"/ip4/192.0.2.{call + 7}/tcp/{port}/p2p/{transport.peer_id}"
                await stream.send(wire.encode(wire.Auth([[AUTH_ADDRESS, own]])))
            await until(partial(is_at, a, own))
            await stream.reset()
            await until(lambda: len(a.service.links) == 1)
    assert len(told) == 2
