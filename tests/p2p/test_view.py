"""What two neighbours know of each other: by their own word, bounded, and not said twice."""

from pathlib import Path

import pytest

from fedretail.crdt.changes import Point
from fedretail.errors import PeerError
from fedretail.p2p import view, wire
from fedretail.p2p.view import AUTH_LOG, AUTH_RECORD, View
from fedretail.testing import builders
from fedretail.testing.conversations import Neighbour, neighbour

SHOP = builders.shop()
LOG = SHOP.log()


@pytest.fixture
def node(tmp_path: Path) -> Neighbour:
    one = neighbour(tmp_path, "a", SHOP)
    one.store.commit(SHOP.author(), builders.SITE, builders.offer_edits([1]))
    one.mirror.refresh()
    return one


def said(one: View, *logs: bytes) -> list[int]:
    """The tags of the statements that introduce these logs."""
    frames = [next(iter(wire.Decoder().feed(send.frame))) for send in one.introduce(logs)]
    return [
        item[0]
        for one in frames
        if isinstance(one.message, wire.Auth)
        for item in one.message.items
    ]


def test_a_head_is_shown_once_and_stands_for_its_log(node: Neighbour) -> None:
    ours, theirs = View(node.mirror), View(node.mirror)
    signed = node.mirror.signed(LOG)
    assert signed is not None
    assert not ours.has_sent(signed.head)
    with pytest.raises(PeerError, match="not shown"):
        theirs.head_of(LOG)
    ours.note_sent(signed.head)
    assert theirs.note_head(signed.raw) == signed
    assert ours.has_sent(signed.head)
    assert theirs.head_of(LOG) == signed.raw
    node.store.commit(SHOP.author(), builders.SITE, builders.offer_edits([2]))
    node.mirror.refresh()
    later = node.mirror.signed(LOG)
    assert later is not None
    assert not ours.has_sent(later.head)


def test_a_place_only_goes_forward(node: Neighbour) -> None:
    one = View(node.mirror)
    for seq in (3, 5, 4):
        one.note_shown(LOG, Point(seq, seq))
    assert one.shown[LOG] == Point(5, 5)
    assert one.is_ahead(LOG)
    assert not one.is_ahead(b"unknown log.....")


def test_a_log_is_introduced_once_and_after_its_owners_records(node: Neighbour) -> None:
    one = View(node.mirror)
    assert said(one, LOG, b"unknown log.....") == [AUTH_RECORD, AUTH_LOG]
    assert said(one, LOG) == []


def test_what_the_neighbour_has_is_not_said(node: Neighbour) -> None:
    one = View(node.mirror)
    one.note_told(SHOP.grants[0].raw for _ in [0])
    assert said(one, LOG) == [AUTH_LOG]
    other = View(node.mirror)
    other.note_shown(LOG, Point(1, 1))
    assert said(other, LOG) == []


def test_only_what_was_shown_can_be_said_to_be_held(node: Neighbour) -> None:
    one = View(node.mirror)
    one.note_held(LOG, 1)
    assert LOG not in one.shown
    head = node.mirror.head(LOG)
    assert head is not None
    one.note_sent(head)
    one.note_held(LOG, 2)
    assert LOG not in one.shown
    one.note_held(LOG, 1)
    assert one.shown[LOG] == Point(1, head.stamp)


def test_names_without_end_are_refused(node: Neighbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MAX_SHOWN", 10)
    one = View(node.mirror)
    one.note_shown(b"never heard.....", Point(1, 1))
    assert not one.shown
    monkeypatch.setattr(node.mirror, "name", lambda log: SHOP.log_name())
    for number in range(10):
        one.note_shown(bytes([number]) * 16, Point(1, 1))
    one.note_shown(bytes([3]) * 16, Point(2, 2))
    with pytest.raises(PeerError):
        one.note_shown(b"one more........", Point(1, 1))
