"""One stream and its session: order, backpressure, endings; the rest stands in test_service."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from fedretail.errors import PeerError, Unavailable
from fedretail.p2p import wire
from fedretail.p2p.effects import Effect, Ended, Send
from fedretail.p2p.link import Link
from fedretail.p2p.session import Session, State
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import NETWORK, Neighbour, neighbour

HELLO = wire.encode(wire.Hello(1, 1, NETWORK, b"s" * 16, b"n" * 16, 5, [], []))


class Wire:
    """A stream whose other end is the test."""

    peer_id = "12D3KooWtest"
    peer_key = b"k" * 32

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_stuck = False
        self.is_closed = False
        self.say, self._heard = trio.open_memory_channel[bytes](1000)

    async def send(self, data: bytes) -> None:
        if self.is_stuck:
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()
        self.sent.append(data)

    async def receive(self, max_bytes: int = 65536) -> bytes:
        try:
            data = await self._heard.receive()
        except trio.EndOfChannel:
            return b""
        if data == b"lost":
            raise PeerError("The connection to the peer is lost.")
        return data

    async def close(self) -> None:
        self.is_closed = True
        await trio.lowlevel.checkpoint()

    async def reset(self) -> None:
        self.say.send_nowait(b"lost")
        await trio.lowlevel.checkpoint()

    def messages(self) -> list[wire.Message | None]:
        return [one.message for one in wire.Decoder().feed(b"".join(self.sent))]


class Talk:
    """A link under test, and what it reported."""

    def __init__(self, node: Neighbour) -> None:
        self.stream = Wire()
        self.session = Session(node.me(), node.mirror, node.fetches)
        self.link = Link(self.stream, self.session, clock=ManualClock(), address="")
        self.reported: list[Effect] = []

    async def report(self, link: Link, effect: Effect) -> None:
        await trio.lowlevel.checkpoint()
        self.reported.append(effect)

    async def call(self, step: Callable[[], list[Effect]]) -> list[Effect]:
        await trio.lowlevel.checkpoint()
        return step()

    async def run(self) -> None:
        await self.link.run(self.report, self.call)

    def done(self) -> wire.Done:
        last = self.stream.messages()[-1]
        assert isinstance(last, wire.Done)
        return last


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(neighbour(tmp_path, "a"))


async def test_nonsense_ends_with_a_reason(talk: Talk, autojump_clock: MockClock) -> None:
    talk.stream.say.send_nowait(HELLO + wire.encode(wire.Heads([])) + b"\x01\xc1")
    await talk.run()
    assert talk.done().code == "protocol"
    assert talk.link.retry_s == 60
    assert talk.stream.is_closed
    assert talk.session.state is State.ENDED
    # What came before in the same bytes has had its effect.
    assert [type(one).__name__ for one in talk.reported] == [
        "PeerClock",
        "Greeted",
        "Synced",
        "Ended",
    ]


async def test_a_lost_connection_is_nobodys_fault(talk: Talk, autojump_clock: MockClock) -> None:
    talk.stream.say.send_nowait(HELLO)
    talk.stream.say.send_nowait(b"lost")
    await talk.run()
    assert talk.link.retry_s == 0
    assert not [one for one in talk.reported if isinstance(one, Ended)]
    assert talk.session.state is State.ENDED


async def test_the_neighbour_hangs_up(talk: Talk, autojump_clock: MockClock) -> None:
    talk.stream.say.send_nowait(HELLO)
    talk.stream.say.close()
    await talk.run()
    assert talk.session.state is State.ENDED
    assert not isinstance(talk.stream.messages()[-1], wire.Done)


async def test_silence_ends_with_a_reason(talk: Talk, autojump_clock: MockClock) -> None:
    await talk.run()
    assert talk.done().code == "slow"
    assert 30 < trio.current_time() < 45


async def test_a_fault_of_our_store_is_not_blamed_on_the_neighbour(
    talk: Talk, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*what: object) -> list[Effect]:
        raise Unavailable("The disk is full.")

    monkeypatch.setattr(talk.session, "handle_all", busy)
    talk.stream.say.send_nowait(HELLO)
    await talk.run()
    assert (talk.done().code, talk.done().text) == (
        "busy",
        "This computer cannot take more in just now.",
    )


async def test_frames_leave_in_the_order_of_the_steps(
    talk: Talk, autojump_clock: MockClock
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk.run)
        await trio.sleep(0.1)

        async def step(number: int) -> None:
            frames = [Send(wire.encode(wire.Credit(number * 100 + n))) for n in range(50)]
            await talk.link.do(lambda: [*frames], talk.report, talk.call)

        async with trio.open_nursery() as steps:
            for number in range(10):
                steps.start_soon(step, number)
        talk.stream.say.close()
    said = [one.count for one in talk.stream.messages() if isinstance(one, wire.Credit)]
    assert len(said) == 500
    for start in range(0, 500, 50):
        assert said[start : start + 50] == list(range(said[start], said[start] + 50))
    assert len(talk.stream.sent) < 60


async def test_who_does_not_read_is_cut_off(talk: Talk, autojump_clock: MockClock) -> None:
    talk.stream.is_stuck = True
    frame = Send(wire.encode(wire.Auth([[9, bytes(range(256)) * 200]])) * 200)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(talk.run)
            await trio.sleep(0.1)
            for _ in range(10_000):
                try:
                    await talk.link.do(lambda: [frame], talk.report, talk.call)
                except PeerError:
                    break
            else:
                pytest.fail("nobody noticed")
            await talk.link.reset()
    assert talk.session.state is State.ENDED


async def test_a_step_under_way_claims_nothing_after_the_end(
    talk: Talk, autojump_clock: MockClock
) -> None:
    """A thread may be in the middle of a step when the line is lost."""
    states: list[State] = []

    async def slow(step: Callable[[], list[Effect]]) -> list[Effect]:
        with trio.CancelScope(shield=True):
            await trio.sleep(5)
        states.append(talk.session.state)
        return step()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk.run)
        await trio.sleep(0.1)
        nursery.start_soon(talk.link.do, talk.session.retry, talk.report, slow)
        await trio.sleep(0.1)
        await talk.link.reset()
    assert states == [State.HELLO]
    assert talk.session.state is State.ENDED
