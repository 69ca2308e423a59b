"""Wrong rows, forged heads, others' logs: the liar's session ends, and nobody else pays."""

from pathlib import Path

from fedretail.crdt.changes import START
from fedretail.crdt.codec import pack
from fedretail.crdt.names import log_id
from fedretail.p2p import wire
from fedretail.p2p.view import AUTH_LOG
from fedretail.store.commits import Author
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import (
    Conversation,
    Neighbour,
    Side,
    greeted,
    neighbour,
    same,
    sell,
    stocked,
)

SHOP = builders.shop("first")
OTHER = builders.shop("second")
LOG = SHOP.log()


def answer(shop: Neighbour, log: bytes = LOG) -> wire.Advance:
    """The honest answer to the first SINCE."""
    (part,) = builders.parts(shop.store, log)
    return wire.Advance(log, 0, part.head, pack(part.changes), part.after)


def test_wrong_rows_cost_their_sender_the_session_and_nobody_else(
    withheld: tuple[Neighbour, Side],
) -> None:
    shop, side = withheld
    honest = answer(shop)
    wrong = honest._replace(changes=honest.changes.replace(b"Organic", b"Poisons"))
    side.hear(wrong)
    assert isinstance(side.sent[-1], wire.Since)
    side.hear(wrong)
    assert side.failure is not None
    assert not side.node.folds()
    assert len(side.node.fetches) == 0
    Conversation(shop, side.node, nonce=2).settle()
    assert same(shop, side.node)


def test_rows_kept_from_a_liar_are_not_blamed_on_the_next(tmp_path: Path, large: Neighbour) -> None:
    node = neighbour(tmp_path, "b")
    talk = Conversation(large, node)
    while not talk.sides[1].first(wire.Since):
        talk.deliver(0)
        talk.deliver(1)
    part = large.store.changes_since(OTHER.log(), START, None)
    assert part is not None
    changes = pack(part.changes).replace(b"Organic", b"Poisons")
    talk.sides[1].hear(wire.Advance(OTHER.log(), 0, part.head, changes, part.after))
    talk.drop()
    honest = Conversation(large, node, nonce=1).settle()
    assert [side.failure for side in honest.sides] == [None, None]
    assert same(large, node)


def test_rows_nobody_asked_for(tmp_path: Path) -> None:
    shop = stocked(tmp_path, "a", SHOP, 3)
    side = greeted(neighbour(tmp_path, "b", SHOP))
    builders.add_log(side.node.store, SHOP.log_name())
    side.hear(answer(shop))
    assert side.failure is not None
    assert "nobody asked" in side.failure.message
    assert not side.node.folds()


def test_a_head_that_its_device_did_not_sign(withheld: tuple[Neighbour, Side]) -> None:
    shop, side = withheld
    honest = answer(shop)
    forged = bytearray(honest.head)
    forged[-1] ^= 1
    side.hear(honest._replace(head=bytes(forged)))
    assert side.failure is not None
    assert "signature" in side.failure.message


def test_a_device_that_its_owner_never_named_is_not_even_noted(tmp_path: Path) -> None:
    stranger = builders.shop("stranger")
    thief = neighbour(tmp_path, "thief", stranger)
    author = stranger.author()
    stolen = Author(SHOP.owner, author.key, author.incarnation)
    thief.store.add_auth(SHOP.grants)
    thief.store.commit(stolen, SITE, builders.offer_edits([1]))
    node = neighbour(tmp_path, "b")
    talk = Conversation(thief, node).settle()
    assert node.folds() == []
    assert node.store.log(log_id(stolen.log(SITE))) is None
    assert not talk.sides[1].first(wire.Since)


def test_own_logs_are_nobody_elses_to_change(tmp_path: Path) -> None:
    """A restored disk: neighbours know a newer state of this device's own log."""
    shop = stocked(tmp_path, "a", SHOP, 3)
    node = neighbour(tmp_path, "b")
    Conversation(shop, node).settle()
    (tmp_path / "r").mkdir()
    restored = stocked(tmp_path / "r", "r", SHOP, 1)
    own = restored.state()
    talk = Conversation(node, restored).settle()
    assert restored.state() == own
    assert not talk.sides[1].first(wire.Since)
    sell(shop, SHOP, range(5), amount_minor=7)
    Conversation(shop, node, nonce=1).settle()
    talk.sides[0].push_moves()
    talk.settle()
    assert restored.state() == own
    assert [side.failure for side in talk.sides] == [None, None]


def test_private_collections_are_neither_shown_nor_taken(tmp_path: Path) -> None:
    shop, node = stocked(tmp_path, "a", SHOP, 1), neighbour(tmp_path, "b", SHOP)
    shop.store.commit(SHOP.author(), "own/x", builders.offer_edits([9]))
    talk = Conversation(shop, node).settle()
    private = SHOP.log("own/x")
    assert node.store.log(private) is None
    side = talk.sides[0]
    side.hear(wire.Since([wire.Wish(private, 0, 0, None)]))
    assert not any(isinstance(one, wire.Advance) and one.log == private for one in side.sent)
    talk.sides[1].hear(wire.Auth([[AUTH_LOG, *SHOP.log_name("own/x")]]))
    assert node.store.log(private) is None
