"""The door, and listening and dialling with errors people understand."""

import pytest
import trio

from fedretail.errors import Unavailable
from fedretail.p2p import sockets
from fedretail.p2p.address import Address, peer_id_of
from fedretail.p2p.transport import Limits

PEER = peer_id_of(bytes(32))


async def free_port() -> int:
    """A port of loopback on which nothing listens."""
    (listener,) = await sockets.listen([Address("ip4", "127.0.0.1", 0)])
    port = int(listener.socket.getsockname()[1])
    await listener.aclose()
    return port


def test_the_door_counts_each_address_apart() -> None:
    door = sockets.Door(Limits(connections_per_address=2))
    first = door.enter("10.0.0.1")
    assert first
    assert door.enter("10.0.0.1")
    assert door.enter("10.0.0.1") is None
    assert door.enter("10.0.0.2")
    door.leave(first)
    door.leave(first)
    assert door.enter("10.0.0.1")
    assert door.enter("10.0.0.1") is None


def test_the_door_has_a_total() -> None:
    door = sockets.Door(Limits(connections=2))
    for host in ("10.0.0.1", "10.0.0.2"):
        guest = door.enter(host)
        assert guest
        door.known(guest)
    assert door.inside == 2
    assert door.enter("10.0.0.3") is None


def test_the_oldest_handshake_of_an_address_makes_room() -> None:
    door = sockets.Door(Limits(handshakes=2))
    guests = [door.enter("10.0.0.1") for _ in range(3)]
    assert all(guests)
    assert [guest is not None and guest.away.is_set() for guest in guests] == [True, False, False]
    assert door.shaking == 2
    first = guests[0]
    assert first
    door.known(first)
    door.leave(first)
    assert (door.inside, door.shaking) == (0, 2)


def entered(door: sockets.Door, host: str) -> sockets.Guest:
    guest = door.enter(host)
    assert guest
    return guest


def test_a_slow_line_comes_in_while_many_addresses_call() -> None:
    """Each time one of four addresses gives way by chance: not always who is the slowest."""
    door = sockets.Door(Limits(handshakes=4), choose=lambda origins: origins[-1])
    slow = entered(door, "10.0.0.1")
    crowd = [entered(door, f"10.0.1.{number}") for number in range(40)]
    assert not slow.away.is_set()
    assert sum(not guest.away.is_set() for guest in crowd) == 3


def test_a_real_door_lets_everybody_have_a_chance() -> None:
    door = sockets.Door(Limits(handshakes=8))
    stayed = 0
    for attempt in range(200):
        slow = entered(door, f"10.1.0.{attempt}")
        for number in range(9):
            entered(door, f"10.2.{attempt}.{number}")
        stayed += not slow.away.is_set()
    # (7/8)^9 = 0.3 of 200; that none of them stays happens once in 10^30.
    assert 0 < stayed < 200


def test_the_address_with_the_most_gives_way() -> None:
    door = sockets.Door(Limits(handshakes=4))
    single = entered(door, "10.0.0.1")
    many = [entered(door, "10.0.0.2") for _ in range(20)]
    assert not single.away.is_set()
    assert [guest.away.is_set() for guest in many] == [True] * 17 + [False] * 3


def test_strangers_keep_no_known_address_out_and_known_ones_no_stranger() -> None:
    door = sockets.Door(Limits(handshakes=4))
    for number in range(50):
        visitor = entered(door, f"10.0.0.{number}")
        door.known(visitor)
        door.leave(visitor)
    known = [entered(door, f"10.0.0.{number}") for number in range(2)]
    strangers = [entered(door, f"10.0.1.{number}") for number in range(100)]
    assert not any(guest.away.is_set() for guest in known)
    standing = [guest for guest in strangers if not guest.away.is_set()]
    known += [entered(door, f"10.0.0.{number}") for number in range(2, 50)]
    assert not any(guest.away.is_set() for guest in standing)
    assert (len(standing), sum(not guest.away.is_set() for guest in known)) == (2, 2)


@pytest.mark.parametrize("is_met", [False, True])
def test_a_door_of_one_place_opens_to_all(is_met: bool) -> None:
    door = sockets.Door(Limits(handshakes=1))
    if is_met:
        door.known(entered(door, "10.0.0.1"))
    guests = [entered(door, f"10.0.0.{number}") for number in (1, 2, 1, 1, 2, 2)]
    assert [guest.away.is_set() for guest in guests] == [True] * 5 + [False]


def test_who_is_refused_a_place_to_wait_has_lost_no_turn() -> None:
    door = sockets.Door(Limits(calls_per_address=1, handshakes=0))
    assert door.turn_s("10.0.0.1", 0.0) == 0
    assert [door.turn_s("10.0.0.1", 0.0) for _ in range(3)] == [None] * 3
    assert door.turn_s("10.0.0.1", 1.0) == 0


def test_who_calls_again_and_again_is_let_in_slowly_and_in_turn() -> None:
    limits = Limits(calls_per_address=3, calls_per_address_s=0.5, call_wait_s=4)
    door = sockets.Door(limits)
    turns_s = [door.turn_s("10.0.0.1", 100.0) for _ in range(7)]
    assert turns_s == [0, 0, 0, 2, 4, None, None]
    assert door.turn_s("10.0.0.2", 100.0) == 0
    assert [door.turn_s("10.0.0.1", at_s) for at_s in (101.0, 102.0, 103.0, 120.0)] == [
        None, 4, None, 0
    ]  # fmt: skip


async def test_who_waits_at_the_door_comes_in_by_and_by(autojump_clock: trio.abc.Clock) -> None:
    door = sockets.Door(Limits(calls_per_address=1, call_wait_s=2.5, handshakes=2))
    came: list[float] = []

    async def call() -> None:
        if await door.wait("10.0.0.1"):
            came.append(trio.current_time())

    began_s = trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(9):
            nursery.start_soon(call)
    assert [round(at_s - began_s, 3) for at_s in came] == [0, 1, 2]


async def test_few_wait_at_the_door(autojump_clock: trio.abc.Clock) -> None:
    door = sockets.Door(Limits(calls_per_address=1, handshakes=2))
    let_in: list[bool] = []

    async def call(host: str) -> None:
        let_in.append(await door.wait(host))

    async with trio.open_nursery() as nursery:
        for number in range(8):
            nursery.start_soon(call, f"10.0.0.{number % 4}")
    # Four at once, and two of the other four later: their addresses had called before.
    assert sorted(let_in) == [False] * 2 + [True] * 6
    assert await door.wait("10.0.1.1")


def test_few_callers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_ORIGINS", 2)
    door = sockets.Door(Limits(calls_per_address=1, calls_per_address_s=0.001))
    assert door.turn_s("10.0.0.1", 0.0) == 0
    assert door.turn_s("10.0.0.2", 0.0) == 0
    assert door.turn_s("10.0.0.1", 0.0) is None
    assert door.turn_s("10.0.0.3", 0.0) == 0
    # The one that had not called for the longest time was forgotten.
    assert door.turn_s("10.0.0.1", 0.0) is None
    assert door.turn_s("10.0.0.2", 0.0) == 0


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("2001:db8:1:ff::9", "2001:db8:1::"),
        ("2001:db8:1:102::9", "2001:db8:1:100::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(host: str, origin: str) -> None:
    assert sockets.origin_of(host) == origin


@pytest.mark.process
async def test_a_port_in_use_is_said_and_nothing_stays_open() -> None:
    (taken,) = await sockets.listen([Address("ip4", "127.0.0.1", 0)])
    port = int(taken.socket.getsockname()[1])
    free = await free_port()
    with pytest.raises(Unavailable, match=f"Port {port} is already in use") as caught:
        await sockets.listen([Address("ip4", "127.0.0.1", free), Address("ip4", "127.0.0.1", port)])
    assert "--listen" in caught.value.hint
    (again,) = await sockets.listen([Address("ip4", "127.0.0.1", free)])
    await again.aclose()
    await taken.aclose()


@pytest.mark.process
async def test_an_address_of_another_machine_is_said() -> None:
    with pytest.raises(Unavailable, match="not an address of this machine") as caught:
        await sockets.listen([Address("ip4", "192.0.2.1", 4001)])
    assert "0.0.0.0" in caught.value.hint


@pytest.mark.process
async def test_wildcards_are_written_out() -> None:
    (listener,) = await sockets.listen([Address("ip4", "0.0.0.0", 0)])
    found = sockets.listening_at([listener], PEER)
    assert found[-1].host == "127.0.0.1"
    assert all(one.host != "0.0.0.0" and one.peer_id == PEER and one.port for one in found)
    await listener.aclose()


@pytest.mark.process
async def test_names_are_looked_up() -> None:
    (listener,) = await sockets.listen([Address("ip4", "127.0.0.1", 0)])
    port = int(listener.socket.getsockname()[1])
    stream = await sockets.dial(Address("dns4", "localhost", port), 10)
    assert sockets.remote_of(stream) == ("127.0.0.1", port)
    await stream.aclose()
    await listener.aclose()
    assert sockets.remote_of(stream) == ("", 0)


@pytest.mark.process
async def test_nobody_there_is_unavailable() -> None:
    port = await free_port()
    for address in (Address("ip4", "127.0.0.1", port), Address("dns4", "localhost", port)):
        with pytest.raises(Unavailable, match=f"port {port}") as caught:
            await sockets.dial(address, 10)
        assert caught.value.hint


async def test_a_dial_has_a_time_limit(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    async def hang(host: str, port: int) -> None:
        await trio.sleep_forever()

    monkeypatch.setattr(trio, "open_tcp_stream", hang)
    with pytest.raises(Unavailable):
        await sockets.dial(Address("ip4", "127.0.0.1", 1), 10)
