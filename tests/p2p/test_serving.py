"""The giving half: by credit, small changes beside a push, nothing for who has it all."""

from pathlib import Path

import pytest

from fedretail.crdt.changes import Point
from fedretail.errors import PeerError
from fedretail.p2p import reconcile, wire
from fedretail.p2p.effects import Effect, GoOn, Send
from fedretail.p2p.ranges import END, Range
from fedretail.p2p.reconcile import Comparison
from fedretail.p2p.repairs import Helped
from fedretail.p2p.serving import CREDIT_BYTES, MAX_PUSH_BYTES, Serving
from fedretail.p2p.view import View
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import Neighbour, neighbour

SHOP = builders.shop()
LOG = SHOP.log()
KEY = reconcile.salt(b"a" * 16, b"b" * 16)


@pytest.fixture
def node(tmp_path: Path) -> Neighbour:
    one = neighbour(tmp_path, "a", SHOP)
    one.store.commit(SHOP.author(), SITE, builders.offer_edits(range(10)))
    one.mirror.refresh()
    return one


def serving(node: Neighbour) -> Serving:
    return Serving(node.mirror, View(node.mirror), KEY, Helped())


def all_of(one: Serving, effects: list[Effect]) -> list[Effect]:
    """What follows from these effects once all portions are read."""
    while effects and isinstance(effects[-1], GoOn):
        effects = [*effects[:-1], *one.go_on()]
    return effects


def sent(effects: list[Effect]) -> list[wire.Message]:
    frames = [effect.frame for effect in effects if isinstance(effect, Send)]
    return [one.message for data in frames for one in wire.Decoder().feed(data) if one.message]


def ranges(about: bytes, comparison: Comparison) -> list[wire.Message]:
    return [wire.Ranges(about, False, one) for one in comparison.start()]


def answered(one: Serving, messages: list[wire.Message]) -> list[wire.Message]:
    assert all(isinstance(message, wire.Ranges) for message in messages)
    return [
        answer
        for message in messages
        if isinstance(message, wire.Ranges)
        for answer in sent(one.on_ranges(message))
    ]


def test_everything_is_shown_to_who_has_nothing(node: Neighbour) -> None:
    asked = ranges(wire.HEADS_AND_AUTH, Comparison([], KEY))
    shown = answered(serving(node), asked)
    assert [type(one) for one in shown] == [wire.Ranges, wire.Auth, wire.Auth, wire.Heads]


def test_nothing_is_shown_to_who_has_all(node: Neighbour) -> None:
    asked = ranges(wire.HEADS_AND_AUTH, Comparison(node.mirror.items(), KEY))
    one = serving(node)
    same = wire.Ranges(wire.HEADS_AND_AUTH, True, [Range(END, None)])
    # The first comparison of a session ends in HEADS, those after it in nothing.
    assert answered(one, asked) == [same, wire.Heads([])]
    assert answered(one, asked) == [same]


def test_one_comparison_at_a_time(node: Neighbour) -> None:
    one = serving(node)
    (asked,) = sent(one.compare())
    assert isinstance(asked, wire.Ranges)
    assert not asked.is_answer
    assert one.is_waiting()
    assert one.compare() == []
    one.on_ranges(wire.Ranges(wire.HEADS_AND_AUTH, True, [Range(END, None)]))
    assert not one.is_waiting()
    with pytest.raises(PeerError, match="nobody asked"):
        one.on_ranges(wire.Ranges(wire.HEADS_AND_AUTH, True, [Range(END, None)]))


def test_parts_stop_when_credit_ends_and_go_on_when_it_comes(node: Neighbour) -> None:
    one = serving(node)
    wishes = [wire.Wish(LOG, 0, 0, None)] * 2000
    first = all_of(one, one.on_since(wire.Since(wishes)))
    size = sum(len(effect.frame) for effect in first if isinstance(effect, Send))
    assert CREDIT_BYTES <= size < CREDIT_BYTES + 1000
    assert one.on_credit(wire.Credit(0)) == []
    more = all_of(one, one.on_credit(wire.Credit(size)))
    assert len(sent(more)) == len(sent(first))


def test_what_is_read_leaves_before_more_is_read(node: Neighbour) -> None:
    one = serving(node)
    first = one.on_since(wire.Since([wire.Wish(LOG, 0, 0, None)] * 4000))
    assert first[-1] == GoOn()
    assert sum(isinstance(effect, Send) for effect in first) < 2000
    assert len(sent(all_of(one, first))) > len(sent(first))
    assert one.go_on() == []


def test_credit_cannot_be_heaped_up(node: Neighbour) -> None:
    one = serving(node)
    for _ in range(100):
        one.on_credit(wire.Credit(1 << 32))
    effects = all_of(one, one.on_since(wire.Since([wire.Wish(LOG, 0, 0, None)] * 4000)))
    assert sum(len(e.frame) for e in effects if isinstance(e, Send)) < CREDIT_BYTES + 1000


def test_who_can_be_sent_nothing_is_told_so(node: Neighbour) -> None:
    one = serving(node)
    wishes = [
        wire.Wish(LOG, 1, 0, None),
        wire.Wish(LOG, 9, 0, None),
        wire.Wish(KEY[:16], 0, 0, None),
    ]
    answers = sent(one.on_since(wire.Since(wishes)))
    assert answers == [wire.Offer([(wish.log, 0, 0)]) for wish in wishes]


def test_a_push_carries_changes_that_are_small(node: Neighbour) -> None:
    head = node.mirror.head(LOG)
    assert head is not None
    for count, has_changes in ((3, True), (400, False)):
        node.store.commit(
            SHOP.author(), SITE, builders.offer_edits(range(count), amount_minor=count)
        )
        node.mirror.refresh()
        *_, push = sent(serving(node).push(LOG, Point(head.seq, head.stamp)))
        assert isinstance(push, wire.Push)
        assert (push.changes is not None) == has_changes
        assert push.changes is None or len(push.changes) <= MAX_PUSH_BYTES


def test_a_push_without_base_or_of_an_unknown_log(node: Neighbour) -> None:
    *_, push = sent(serving(node).push(LOG, None))
    assert push == wire.Push(node.state()[SHOP.log_name()], 0, None)
    assert serving(node).push(b"unknown log.....", None) == []


def test_who_compares_rows_that_are_not_here_is_told_so_once(node: Neighbour) -> None:
    one, log = serving(node), b"unknown log....."
    nothing = [Range(END, None)]
    asked = [Range(END, bytes(16))]
    assert sent(one.on_ranges(wire.Ranges(log, False, asked))) == [wire.Ranges(log, True, nothing)]
    assert one.on_ranges(wire.Ranges(log, False, nothing)) == []
