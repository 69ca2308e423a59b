"""A device that signs two states of one number: whoever meets both proves it, and all learn it."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest

from fedretail.crdt.changes import START, Point
from fedretail.crdt.head import SignedHead
from fedretail.crdt.proof import proof
from fedretail.p2p import wire
from fedretail.p2p.view import AUTH_PROOF, AUTH_SEEN
from fedretail.store.commits import Edit
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.conversations import Conversation, Neighbour, greeted, neighbour

SHOP = builders.shop()
LOG = SHOP.log()
NAME = SHOP.log_name()


def tongue(folder: Path, name: str, *, amount_minor: int, commits: int = 1) -> Neighbour:
    """A store in which the shop's device signs this price; two of them are a forked tongue."""
    node = neighbour(folder, name, SHOP)
    node.store.set_meta({"owner": SHOP.owner, "device": SHOP.devices[0].public})
    node.mirror = Neighbour(node.store, name).mirror
    for number in range(commits):
        edit = Edit("offer", f"sku{number}", {"name": "Milk", "prices": [[amount_minor]]})
        node.store.commit(SHOP.author(), SITE, [edit])
    return node


def forked(folder: Path, *, commits: int = 1) -> tuple[Neighbour, Neighbour]:
    """The same device in two places, with two states of every number."""
    low = tongue(folder, "low", amount_minor=99, commits=commits)
    return low, tongue(folder, "high", amount_minor=199, commits=commits)


def talk(one: Neighbour, other: Neighbour, nonce: int = 0) -> Conversation:
    conversation = Conversation(one, other, nonce).settle()
    assert [side.failure for side in conversation.sides] == [None, None]
    return conversation


def is_frozen(node: Neighbour) -> bool:
    assert (node.mirror.proof(NAME) is not None) == node.store.signed_twice(SHOP.owner, SITE)
    return node.mirror.proof(NAME) is not None


def prices(node: Neighbour) -> list[object]:
    return [found.fields["prices"] for _, found in node.store.records("offer")]


def test_two_who_meet_prove_it_and_a_third_learns_it(tmp_path: Path) -> None:
    low, high = forked(tmp_path)
    x, y, third, late = (neighbour(tmp_path, name) for name in ("x", "y", "third", "late"))
    talk(low, x)
    talk(high, y)
    assert not is_frozen(x)
    assert not is_frozen(y)
    talk(x, y)
    assert is_frozen(x)
    assert is_frozen(y)
    assert (prices(x), prices(y)) == ([[[99]]], [[[199]]])
    talk(y, third)
    assert is_frozen(third)
    assert prices(third) == []
    talk(third, late)
    assert is_frozen(late)
    assert x.mirror.proof(NAME) == y.mirror.proof(NAME) == late.mirror.proof(NAME)


@pytest.mark.parametrize("order", list(permutations([(0, 1), (1, 2), (0, 2)])))
def test_whoever_meets_first_all_end_frozen_and_say_no_more(
    tmp_path: Path, order: Sequence[tuple[int, int]]
) -> None:
    low, high = forked(tmp_path)
    nodes = [neighbour(tmp_path, name) for name in "abc"]
    talk(low, nodes[0])
    talk(high, nodes[1])
    for nonce, (one, other) in enumerate([*order, *order]):
        talk(nodes[one], nodes[other], nonce)
    assert all(map(is_frozen, nodes))
    assert len({found.items()[5] for node in nodes for found in node.mirror.proofs()}) == 1
    again = talk(nodes[0], nodes[1], 9)
    assert not any(isinstance(one, wire.Auth) for side in again.sides for one in side.sent)


def test_a_frozen_log_admits_nothing_and_is_shown_to_nobody(tmp_path: Path) -> None:
    low, high = forked(tmp_path)
    x = neighbour(tmp_path, "x")
    talk(low, x)
    talk(high, x)
    assert is_frozen(x)
    assert is_frozen(high)
    before = x.state()
    low.store.commit(SHOP.author(), SITE, [Edit("offer", "sku1", {"name": "Bread"})])
    conversation = talk(low, x, 1)
    assert x.state() == before
    conversation.sides[0].push_moves()
    conversation.settle()
    assert x.state() == before
    assert not any(isinstance(one, wire.Push) for one in conversation.sides[0].sent)
    assert all(item.head is None for item in x.mirror.items())


def test_a_newer_incarnation_of_the_device_is_frozen_too_other_devices_go_on(
    tmp_path: Path,
) -> None:
    shop = builders.shop("two", devices=2)
    x = neighbour(tmp_path, "x")
    for amount_minor in (99, 199):
        folder = tmp_path / str(amount_minor)
        folder.mkdir()
        store = builders.shop_store(folder, shop)
        store.commit(shop.author(), SITE, builders.offer_edits([1], amount_minor=amount_minor))
        node = Neighbour(store, str(amount_minor))
        talk(node, x)
    assert x.mirror.proof(shop.log_name()) is not None
    newer = shop.author(incarnation=shop.incarnation + 1)
    store.commit(newer, SITE, builders.offer_edits([2]))
    store.commit(shop.author(1), SITE, builders.offer_edits([3]))
    talk(Neighbour(store, "later"), x, 1)
    assert {name.device for name in x.state()} == {device.public for device in shop.devices}
    assert newer.log(SITE) not in x.state()


def test_a_push_of_the_other_state_is_answered_with_the_proof(tmp_path: Path) -> None:
    low, high = forked(tmp_path)
    x, y = neighbour(tmp_path, "x"), neighbour(tmp_path, "y")
    conversation = talk(x, y)
    talk(low, x, 1)
    conversation.sides[0].push_moves()
    conversation.settle()
    assert y.state() == x.state()
    talk(high, x, 2)
    assert is_frozen(x)
    raw = high.state()[NAME]
    conversation.sides[0].hear(wire.Push(raw, 0, None))
    conversation.settle()
    assert is_frozen(y)


def test_states_built_on_two_tongues_cost_no_honest_neighbour_its_session(tmp_path: Path) -> None:
    """The one holds number 1 of one tongue, the other number 2 of the other: rows cannot fit."""
    low, high = forked(tmp_path)
    x, y = neighbour(tmp_path, "x"), neighbour(tmp_path, "y")
    talk(low, x)
    talk(high, y)
    high.store.commit(SHOP.author(), SITE, [Edit("offer", "sku7", {"name": "Bread"})])
    talk(high, y, 1)
    talk(x, y, 2)
    assert is_frozen(x)
    assert is_frozen(y)


@pytest.mark.parametrize("base", [START._replace(seq=1), None])
def test_rows_onto_the_other_state_are_answered_with_the_state_held(
    tmp_path: Path, base: Point | None
) -> None:
    """Nobody shows an older head to who is further, so it takes rows that do not fit."""
    low, high = forked(tmp_path)
    x, y = neighbour(tmp_path, "x"), neighbour(tmp_path, "y")
    conversation = talk(x, y)
    talk(low, x, 1)
    talk(high, y, 2)
    for node in (x, y):
        node.mirror.refresh()
    high.store.commit(SHOP.author(), SITE, [Edit("offer", "sku7", {"name": "Bread"})])
    talk(high, y, 3)
    side = conversation.sides[1]
    side.take(side.session.push(LOG, base))
    conversation.settle()
    assert [one.failure for one in conversation.sides] == [None, None]
    assert is_frozen(x)
    assert is_frozen(y)


def test_who_goes_on_showing_a_frozen_log_is_told_once(tmp_path: Path) -> None:
    low, high = forked(tmp_path)
    x = neighbour(tmp_path, "x")
    talk(low, x)
    talk(high, x)
    side = greeted(x)
    for raw in (low.state()[NAME], high.state()[NAME]):
        side.hear(wire.Push(raw, 0, None))
        side.hear(wire.Heads([raw]))
    told = [item[0] for one in side.sent if isinstance(one, wire.Auth) for item in one.items]
    assert told.count(AUTH_PROOF) == 1


def test_heads_whose_rows_never_came_count(tmp_path: Path) -> None:
    low, high = forked(tmp_path)
    x = neighbour(tmp_path, "x", SHOP)
    builders.add_log(x.store, NAME)
    side = greeted(x)
    side.hear(wire.Heads([low.state()[NAME]]))
    assert x.state() == {}
    assert not is_frozen(x)
    side.hear(wire.Heads([high.state()[NAME]]))
    assert is_frozen(x)
    assert side.failure is None


def test_heads_seen_that_are_shown_find_what_was_long_overtaken(tmp_path: Path) -> None:
    low, high = forked(tmp_path, commits=5)
    x, y = neighbour(tmp_path, "x"), neighbour(tmp_path, "y")
    talk(low, x)
    talk(high, y)
    side = greeted(x)
    side.hear(wire.Auth([[AUTH_SEEN, raw] for raw in y.mirror.heads_seen(LOG)]))
    assert is_frozen(x)
    told = [item for one in side.sent if isinstance(one, wire.Auth) for item in one.items]
    assert [item[0] for item in told].count(AUTH_PROOF) == 1


def test_a_session_shows_the_heads_seen_of_a_log(tmp_path: Path) -> None:
    low = tongue(tmp_path, "low", amount_minor=99, commits=3)
    x = neighbour(tmp_path, "x")
    conversation = talk(low, x)
    conversation.sides[0].take(conversation.sides[0].session.show_seen(LOG))
    shown = conversation.sides[0].sent[-1]
    assert isinstance(shown, wire.Auth)
    assert [SignedHead.parse(item[1]).head.seq for item in shown.items] == [3, 2, 1]
    conversation.settle()
    assert not is_frozen(x)


def test_of_twins_the_same_one_counts_whoever_had_which(tmp_path: Path) -> None:
    """Two heads over the same rows and number: the later stamp stays, and nobody is accused."""
    low = tongue(tmp_path, "low", amount_minor=99)
    x, y = neighbour(tmp_path, "x"), neighbour(tmp_path, "y")
    talk(low, x)
    talk(low, y)
    held = SignedHead.parse(low.state()[NAME])
    twins = [
        SignedHead.sign(held.head._replace(**change), SHOP.devices[0])
        for change in ({"lease": 9}, {"lease": 8}, {"stamp": held.head.stamp + 1})
    ]
    wanted = twins[-1].raw
    for node, order in ((x, twins), (y, twins[::-1])):
        side = greeted(node)
        for one in order:
            side.hear(wire.Heads([one.raw]))
        assert side.failure is None
        assert node.state()[NAME] == wanted
    talk(low, x, 7)
    assert not is_frozen(x)
    assert builders.problems(x.store) == []


# --- liars ---


def test_forged_proofs_cost_their_sender_the_session(tmp_path: Path) -> None:
    low, high = forked(tmp_path)
    heads = [SignedHead.parse(node.state()[NAME]) for node in (low, high)]
    found = proof(NAME, *heads)
    assert found is not None
    forger = builders.key("forger")
    forged = sorted(SignedHead.sign(one.head, forger).raw for one in heads)
    same = [heads[0].raw, heads[0].raw]
    for number, pair in enumerate((forged, same, [heads[0].raw, b"x"], found.items()[:3:-1])):
        x = neighbour(tmp_path, f"x{number}", SHOP)
        side = greeted(x)
        side.hear(wire.Auth([[AUTH_PROOF, *NAME, *pair]]))
        assert side.failure is not None
        assert x.mirror.proofs() == []


def test_proofs_against_devices_that_nobody_named_are_passed_over(tmp_path: Path) -> None:
    low, high = forked(tmp_path)
    heads = [SignedHead.parse(node.state()[NAME]) for node in (low, high)]
    found = proof(NAME, *heads)
    assert found is not None
    x = neighbour(tmp_path, "x")
    side = greeted(x)
    side.hear(wire.Auth([[AUTH_PROOF, *found.items()]]))
    assert side.failure is None
    assert x.mirror.proofs() == []


def test_of_proofs_against_invented_devices_nothing_is_kept(tmp_path: Path) -> None:
    low, high = forked(tmp_path)
    found = proof(NAME, *(SignedHead.parse(node.state()[NAME]) for node in (low, high)))
    assert found is not None
    for shops, is_kept in (((), False), ((SHOP,), True)):
        side = greeted(neighbour(tmp_path, f"x{is_kept}", *shops))
        side.hear(wire.Auth([[AUTH_PROOF, *found.items()]]))
        assert (side.session.view.prove([found]) == []) == is_kept


def test_old_heads_shown_again_are_neither_verified_nor_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = tongue(tmp_path, "low", amount_minor=99)
    x = neighbour(tmp_path, "x")
    old = []
    for number in range(20):
        edit = Edit("offer", "sku0", {"prices": [[number]]})
        low.store.commit(SHOP.author(), SITE, [edit])
        old.append(low.state()[NAME])
    talk(low, x)
    calls: list[bytes] = []
    monkeypatch.setattr(SignedHead, "is_by", lambda _, device: not calls.append(device))  # type: ignore[func-returns-value]
    before = x.mirror.heads_seen(LOG)
    side = greeted(x)
    side.hear(wire.Heads(old[:-1] * 10))
    side.hear(wire.Auth([[AUTH_SEEN, raw] for raw in old[:-1]]))
    assert calls == []
    assert x.mirror.heads_seen(LOG) == before
