"""Who greets, who is silent, who floods: what a session bears, and what it costs."""

from pathlib import Path

import pytest

from fedretail.crdt.row import RowKey
from fedretail.errors import PeerError
from fedretail.p2p import wire
from fedretail.p2p.effects import Ended, Pause
from fedretail.p2p.ranges import END, Answer, Range
from fedretail.p2p.serving import CREDIT_BYTES
from fedretail.p2p.session import BURST, IDLE_MS, MIN_PAUSE_S, RATE, ROUND_MS, State
from fedretail.p2p.view import AUTH_ADDRESS, AUTH_CHARTER, AUTH_LOG, AUTH_RECORD
from fedretail.testing import builders
from fedretail.testing.conversations import (
    HELLO,
    Conversation,
    Neighbour,
    Side,
    greeted,
    neighbour,
    same,
    stocked,
)

SHOP = builders.shop("first")
LOG = SHOP.log()


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        (HELLO._replace(network=b"x" * 32), "network"),
        (HELLO._replace(version=3, min_version=2), "version"),
        (HELLO._replace(version=0, min_version=0), "version"),
        (HELLO._replace(store=b"b".ljust(16, b".")), "self"),
    ],
)
def test_who_does_not_belong_here_is_told_why(tmp_path: Path, hello: wire.Hello, code: str) -> None:
    side = Side(neighbour(tmp_path, "b"))
    side.start()
    side.hear(hello)
    assert side.failure is None
    assert side.session.state is State.ENDED
    assert isinstance(side.sent[-1], wire.Done)
    assert (side.sent[-1].code, side.sent[-1].retry_s) == (code, 3600)
    assert isinstance(side.effects[-1], Ended)


def test_a_later_version_that_still_speaks_ours_is_welcome(tmp_path: Path) -> None:
    side = Side(neighbour(tmp_path, "b"))
    side.start()
    side.hear(HELLO._replace(version=7, capabilities=["more"], areas=[[3, 1]]))
    side.receive(b"\x02\x91\x7f")
    assert side.session.state is State.OPEN


@pytest.mark.parametrize(
    "message",
    [
        wire.Ranges(wire.HEADS_AND_AUTH, False, [Range(END, None)]),
        wire.Heads([]),
        wire.Push(b"", 0, None),
        wire.Credit(5),
        wire.Auth([]),
        wire.Since([]),
    ],
)
def test_who_does_not_greet_first_is_refused(tmp_path: Path, message: wire.Message) -> None:
    side = Side(neighbour(tmp_path, "b"))
    side.start()
    side.hear(message)
    assert side.failure is not None
    assert side.session.state is State.ENDED


def test_a_second_greeting_is_out_of_turn(tmp_path: Path) -> None:
    side = greeted(neighbour(tmp_path, "b"))
    side.hear(HELLO)
    assert side.failure is not None


def test_after_the_end_nothing_is_heard_or_said(pair: tuple[Neighbour, Neighbour]) -> None:
    talk = Conversation(*pair).settle()
    side = talk.sides[0]
    side.hear(wire.Done("closing", "Good night.", 7))
    assert side.effects[-1] == Ended("closing", "Good night.", 7)
    said = len(side.sent)
    for message in (
        HELLO,
        wire.Ranges(wire.HEADS_AND_AUTH, False, [Range(END, None)]),
        wire.Credit(1),
        wire.Advance(LOG, 0, b"", b"", None),
    ):
        side.hear(message)
    side.take(side.session.push(LOG, None))
    side.take(side.session.resync())
    side.take(side.session.retry())
    side.take(side.session.end())
    assert len(side.sent) == said
    assert side.failure is None


@pytest.mark.parametrize(
    "message",
    [
        wire.Auth([[AUTH_RECORD, b"no record"]]),
        wire.Auth([[AUTH_RECORD, 7]]),
        wire.Auth([[AUTH_LOG, b"short", "member", b"d" * 32, 1]]),
        wire.Ranges(wire.HEADS_AND_AUTH, True, [Range(END, Answer(b"\x80", b""))]),
        wire.Heads([b"no head"]),
        wire.Push(b"no head", 0, None),
        wire.Advance(LOG, 0, b"no head", b"", None),
    ],
)
def test_what_breaks_the_rules_ends_the_session(tmp_path: Path, message: wire.Message) -> None:
    side = greeted(stocked(tmp_path, "b", SHOP, 1))
    side.hear(message)
    assert isinstance(side.failure, PeerError)
    assert isinstance(side.sent[-1], wire.Done)
    assert side.sent[-1].code == "protocol"


def test_more_wishes_than_credit_can_ever_serve(tmp_path: Path) -> None:
    side = greeted(stocked(tmp_path, "b", SHOP, 30))
    side.hear(wire.Since([wire.Wish(LOG, 0, 0, None)] * 4096))
    assert len(side.outbox) < CREDIT_BYTES * 1.1
    side.hear(wire.Since([wire.Wish(LOG, 0, 0, None)] * 4096))
    assert side.failure is not None


def test_what_later_versions_say_in_auth_is_passed_over(tmp_path: Path) -> None:
    side = greeted(neighbour(tmp_path, "b"))
    said = len(side.sent)
    side.hear(wire.Auth([[9, "what"], [AUTH_ADDRESS, 7], [AUTH_CHARTER, "text"]]))
    assert side.failure is None
    assert len(side.sent) == said


@pytest.mark.parametrize(
    "message",
    [
        wire.Ranges(wire.HEADS_AND_AUTH, False, [Range(END, None)]),
        wire.Heads([b"x" * 1000] * 3),
        wire.Since([wire.Wish(LOG, 0, 0, None)] * 30),
        wire.Credit(1 << 32),
        wire.Auth([[9]] * 4000),
    ],
)
def test_a_flood_is_read_ever_more_slowly(tmp_path: Path, message: wire.Message) -> None:
    side = greeted(stocked(tmp_path, "b", SHOP, 1))
    pauses = 0.0
    for _ in range(20_000):
        if side.session.state is State.ENDED:
            return
        side.hear(message)
        side.outbox.clear()
        side.sent.clear()
        pauses = max([pauses, *(one.seconds for one in side.effects if isinstance(one, Pause))])
        side.effects.clear()
        if pauses > 1:
            return
    pytest.fail("never told to wait")


def test_unknown_messages_cost_what_they_take_to_read(tmp_path: Path) -> None:
    side = greeted(neighbour(tmp_path, "b"))
    large = wire.Received(None, 1000, 1 << 20)
    effects = [effect for _ in range(20) for effect in side.session.handle(large, 0)]
    assert any(isinstance(one, Pause) and one.seconds > 10 for one in effects)


def test_rows_of_no_use_are_paid_for(pair: tuple[Neighbour, Neighbour]) -> None:
    """A million zeros take a thousand bytes on the line, and as long to unfold as rows."""
    talk = Conversation(*pair)
    side = talk.sides[1]
    while not side.first(wire.Since):
        assert talk.deliver(0) | talk.deliver(1)
    bomb = wire.Advance(LOG, 9, b"", bytes(1_000_000), RowKey("a", "x"))
    for _ in range(9):
        side.hear(bomb)
    assert side.failure is None
    assert any(isinstance(one, Pause) for one in side.effects)


def test_who_owes_a_little_is_read_on_and_then_waits_for_all_of_it(tmp_path: Path) -> None:
    side = greeted(neighbour(tmp_path, "b"))
    small = wire.Received(None, 10, 0)
    waits = [side.session.handle(small, 0) for _ in range(BURST + int(RATE * MIN_PAUSE_S))]
    assert not any(waits[:BURST])
    [pause] = waits[-1]
    assert isinstance(pause, Pause)
    assert MIN_PAUSE_S <= pause.seconds < 2 * MIN_PAUSE_S


# --- silence ---


def test_a_neighbour_that_says_nothing_is_overdue(tmp_path: Path) -> None:
    session = greeted(neighbour(tmp_path, "b")).session
    assert not session.is_overdue(1000)
    assert not session.is_overdue(IDLE_MS)
    assert session.is_overdue(IDLE_MS + 1001)


def test_a_neighbour_that_owes_nothing_may_be_silent(pair: tuple[Neighbour, Neighbour]) -> None:
    session = Conversation(*pair).settle().sides[1].session
    assert not any(session.is_overdue(hour * 3_600_000) for hour in range(24))


@pytest.mark.parametrize("state", [State.OPEN, State.LIVE])
@pytest.mark.parametrize("chatter", [wire.Heads([]), wire.Auth([[AUTH_ADDRESS, "/ip4/10.0.0.9"]])])
def test_chatter_does_not_make_up_for_rows_withheld(
    withheld: tuple[Neighbour, Side], state: State, chatter: wire.Message
) -> None:
    """In the first round neither: what was shown then is fetched in it."""
    _, side = withheld
    assert side.session.state is State.OPEN
    assert not side.session.is_overdue(0)
    for now_ms in range(0, IDLE_MS + 5000, 1000):
        side.session.state = state
        side.hear(chatter, now_ms)
        overdue = side.session.is_overdue(now_ms)
    assert overdue


def test_rows_withheld_are_had_from_another(withheld: tuple[Neighbour, Side]) -> None:
    shop, side = withheld
    node = side.node
    other = Conversation(shop, node, nonce=1).settle()
    assert not node.folds()
    assert other.sides[1].session.wants_retry()
    side.session.close()
    other.sides[1].take(other.sides[1].session.retry())
    other.settle()
    assert same(shop, node)


def test_crumbs_are_not_taken_for_ever(withheld: tuple[Neighbour, Side]) -> None:
    """Who sends a part now and then keeps a log from others for ten minutes, not more."""
    _, side = withheld
    overdue = False
    for now_ms in range(0, ROUND_MS + 30_000, 10_000):
        side.session._quiet_since_ms = now_ms
        overdue = side.session.is_overdue(now_ms)
        assert not overdue or now_ms > ROUND_MS
    assert overdue
