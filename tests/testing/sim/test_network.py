"""Lines that are bad in ways that the memory network does not know."""

import pytest
import trio
import trio.testing

from fedretail.errors import PeerError
from fedretail.p2p.transport import Stream
from fedretail.testing.sim.network import SimNetwork, SimTransport
from fedretail.testing.sim.world import World


async def echo(stream: Stream) -> None:
    """Say whatever is heard."""
    while data := await stream.receive():
        await stream.send(data)


def transport(network: SimNetwork, name: bytes) -> SimTransport:
    """A device whose tap lets everything pass."""
    device = network.transport(name.ljust(32, b"."))
    return SimTransport(device, lambda stream: lambda data: data, is_off=lambda: False)


@pytest.fixture
def network() -> SimNetwork:
    return SimNetwork(World(1))


async def test_what_is_under_way_on_a_dead_line_never_arrives_and_new_ones_work(
    network: SimNetwork, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    here, there = transport(network, b"here"), transport(network, b"there")
    await nursery.start(there.serve, echo)
    stream = await here.connect(there.addresses()[0])
    await stream.send(b"once")
    assert await stream.receive() == b"once"

    network.hang(here.peer_id, there.peer_id)
    network.mend()
    await stream.send(b"lost")
    with trio.move_on_after(5.0) as waiting:
        await stream.receive()
    assert waiting.cancelled_caught

    other = await here.connect(there.addresses()[0])
    await other.send(b"new")
    assert await other.receive() == b"new"


async def test_a_dead_line_is_given_up_in_the_end(
    network: SimNetwork, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    here, there = transport(network, b"here"), transport(network, b"there")
    await nursery.start(there.serve, echo)
    stream = await here.connect(there.addresses()[0])
    network.hang(there.peer_id, here.peer_id)
    with pytest.raises(PeerError):
        await stream.receive()
    assert trio.current_time() < 120
