"""The taking half: how much is asked at once, what is tried again, what is left alone."""

from pathlib import Path

import pytest

from fedretail.crdt.changes import START
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.crdt.row import RowKey
from fedretail.errors import PeerError
from fedretail.p2p import wire
from fedretail.p2p.effects import Effect, Moved, Send
from fedretail.p2p.fetches import Fetches
from fedretail.p2p.fetching import MAX_ASKED, Fetching
from fedretail.p2p.view import View
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import Neighbour, neighbour


def street(folder: Path, shops: int) -> Neighbour:
    """A node that holds so many shops with one offer each."""
    node = neighbour(folder, "street")
    for number in range(shops):
        shop = builders.shop(f"shop {number}")
        node.store.add_auth(shop.grants)
        node.store.commit(shop.author(), SITE, builders.offer_edits([number]))
    node.mirror.refresh()
    return node


def taught(source: Neighbour, target: Neighbour) -> Fetching:
    """The taking half of a node that knows the names of all that `source` holds."""
    records = [record for _, record in source.store.auth_records()]
    target.mirror.learn(records, [name for _, name, _ in source.store.heads()])
    return Fetching(target.mirror, View(target.mirror), target.fetches)


def advanced(one: Fetching, *parts: wire.Advance) -> list[Effect]:
    effects: list[Effect] = []
    one.on_advances(parts, effects)
    return effects


def asked(effects: list[Effect]) -> list[wire.Wish]:
    frames = [effect.frame for effect in effects if isinstance(effect, Send)]
    messages = [one.message for data in frames for one in wire.Decoder().feed(data)]
    return [wish for one in messages if isinstance(one, wire.Since) for wish in one.wishes]


def answered(source: Neighbour, wish: wire.Wish) -> wire.Advance:
    part = source.store.changes_since(wish.log, START, None)
    assert part is not None
    return wire.Advance(wish.log, wish.seq, part.head, pack(part.changes), part.after)


def heads(source: Neighbour) -> wire.Heads:
    return wire.Heads([raw for _, _, raw in source.store.heads()])


def test_a_large_round_is_asked_for_in_pieces(tmp_path: Path) -> None:
    source, target = street(tmp_path, 300), neighbour(tmp_path, "b")
    one = taught(source, target)
    wishes = asked(one.on_heads(heads(source)))
    assert len(wishes) == MAX_ASKED
    rounds = 1
    for count, wish in enumerate(wishes):
        more = asked(advanced(one, answered(source, wish)))
        assert not more or count >= MAX_ASKED // 2 - 1
        rounds += bool(more)
        wishes += more
    assert rounds == 2
    assert source.state() == target.state()
    assert not one.is_waiting()
    assert len(target.fetches) == 0


def test_what_another_session_fetches_is_asked_for_when_that_has_ended(tmp_path: Path) -> None:
    source, target = street(tmp_path, 2), neighbour(tmp_path, "b")
    one = taught(source, target)
    other = object()
    log = SignedHead.parse(source.store.heads()[0][2]).head.log
    assert target.fetches.claim(log, other)
    assert len(asked(one.on_heads(heads(source)))) == 1
    assert one.wants_retry()
    assert asked(one.retry()) == []
    target.fetches.release_all(other)
    assert [wish.log for wish in asked(one.retry())] == [log]
    assert not one.wants_retry()


def test_a_session_that_ends_leaves_nothing_claimed(tmp_path: Path) -> None:
    source, target = street(tmp_path, 3), neighbour(tmp_path, "b")
    one = taught(source, target)
    one.on_heads(heads(source))
    assert len(target.fetches) == 3
    one.close()
    assert len(target.fetches) == 0
    assert not one.is_waiting()
    assert one.oldest() is None


def test_parts_that_bring_nothing_are_asked_for_three_times_and_later_again(
    tmp_path: Path,
) -> None:
    source, target = street(tmp_path, 1), neighbour(tmp_path, "b")
    one = taught(source, target)
    (wish,) = asked(one.on_heads(heads(source)))
    gap = answered(source, wish)._replace(base_seq=9)
    for _ in range(3):
        assert len(asked(advanced(one, gap))) == 1
    assert asked(advanced(one, gap)) == []
    assert not one.is_waiting()
    assert len(asked(one.retry())) == 1
    effects = advanced(one, answered(source, wish))
    assert any(isinstance(effect, Moved) for effect in effects)


def test_the_rest_of_a_broken_transfer_is_passed_over(tmp_path: Path) -> None:
    """A later part must not be taken for the first when that was not kept."""
    source, target = street(tmp_path, 1), neighbour(tmp_path, "b")
    one = taught(source, target)
    (wish,) = asked(one.on_heads(heads(source)))
    honest = answered(source, wish)
    first = honest._replace(base_seq=9, after=RowKey("offer", "a"))
    assert advanced(one, first) == []
    assert advanced(one, honest._replace(changes=pack([]), after=RowKey("offer", "b"))) == []
    assert target.store.wanted(wish.log) == (START, None)
    assert len(asked(advanced(one, honest._replace(changes=pack([]))))) == 1
    assert any(isinstance(effect, Moved) for effect in advanced(one, honest))


def test_a_log_that_lost_its_name_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = street(tmp_path, 1), neighbour(tmp_path, "b")
    one = taught(source, target)
    monkeypatch.setattr(target.mirror, "wanted", lambda log, head: None)
    assert one.on_heads(heads(source)) == []
    assert not one.is_waiting()
    assert len(target.fetches) == 0


def test_a_log_of_unknown_name_is_not_asked_for(tmp_path: Path) -> None:
    source, target = street(tmp_path, 1), neighbour(tmp_path, "b")
    one = Fetching(target.mirror, View(target.mirror), Fetches())
    assert one.on_heads(heads(source)) == []
    unasked = answered(source, wire.Wish(log_id(source.store.heads()[0][1]), 0, 0, None))
    with pytest.raises(PeerError, match="nobody asked"):
        advanced(one, unasked)
