"""Whole conversations: whatever happens on the line, both sides end with the same logs."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedretail.crdt.access import renewal
from fedretail.crdt.charter import Charter
from fedretail.crdt.head import SignedHead
from fedretail.domain.kind import Field, Kind
from fedretail.domain.kinds import registry
from fedretail.p2p import wire
from fedretail.p2p.effects import Moved, PeerAddresses, PeerClock, Synced
from fedretail.p2p.view import AUTH_ADDRESS, AUTH_CHARTER
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import (
    Conversation,
    Neighbour,
    greeted,
    neighbour,
    same,
    sell,
    stocked,
)

SHOPS = (builders.shop("first"), builders.shop("second"))
SHOP = SHOPS[0]
LOG = SHOP.log()


# --- two that are honest ---


def test_a_shop_and_a_stranger_end_with_the_same(pair: tuple[Neighbour, Neighbour]) -> None:
    talk = Conversation(*pair).settle()
    assert talk.is_live
    assert same(*pair)
    assert [side.failure for side in talk.sides] == [None, None]
    a, b = talk.sides
    assert [effect for effect in a.effects if isinstance(effect, Synced)] == [Synced()]
    assert Moved(LOG, 1) in b.effects
    assert PeerClock(ManualClock.START_MS) in b.effects
    assert not a.session.is_waiting()
    assert not b.session.is_waiting()


@pytest.mark.parametrize("most", [1, 7, 100, 65536])
def test_however_small_the_pieces(pair: tuple[Neighbour, Neighbour], most: int) -> None:
    Conversation(*pair).settle(most)
    assert same(*pair)


def test_equal_stores_say_so_in_few_bytes(pair: tuple[Neighbour, Neighbour]) -> None:
    Conversation(*pair).settle()
    again = Conversation(*pair, nonce=1).settle()
    assert again.is_live
    before = list(again.carried)
    again.sides[0].take(again.sides[0].session.resync())
    again.settle()
    assert again.carried[1] - before[1] < 30
    assert again.carried[0] - before[0] < 16


def test_a_comparison_finds_what_no_push_told(pair: tuple[Neighbour, Neighbour]) -> None:
    a, _ = pair
    talk = Conversation(*pair).settle()
    sell(a, SHOP, range(5, 8))
    talk.sides[1].take(talk.sides[1].session.resync())
    talk.settle()
    assert same(*pair)


def test_a_push_moves_the_other_at_once_and_is_answered(
    pair: tuple[Neighbour, Neighbour],
) -> None:
    talk = Conversation(*pair).settle()
    a, b = talk.sides
    a.node.mirror.refresh()
    pair[0].store.commit(SHOP.author(), SITE, [Edit("offer", "sku0", {"prices": [[99]]})])
    before = list(talk.carried)
    a.push_moves()
    talk.settle()
    assert same(*pair)
    assert talk.carried[1] - before[1] < 300
    assert Moved(LOG, 2) in b.effects
    assert a.session.view.shown[LOG].seq == 2
    assert not b.first(wire.Since) or b.sent[-1] == wire.Heads([[LOG, 2]])


def test_a_large_change_is_announced_and_fetched(pair: tuple[Neighbour, Neighbour]) -> None:
    talk = Conversation(*pair).settle()
    pair[0].mirror.refresh()
    sell(pair[0], SHOP, range(400))
    talk.sides[0].push_moves()
    pushed = talk.sides[0].sent[-1]
    assert isinstance(pushed, wire.Push)
    assert pushed.changes is None
    talk.settle()
    assert same(*pair)


def test_a_renewal_costs_one_head(pair: tuple[Neighbour, Neighbour]) -> None:
    Conversation(*pair).settle()
    pair[0].store.renew(SHOP.author(), SITE)
    talk = Conversation(*pair, nonce=1).settle()
    assert same(*pair)
    assert not talk.sides[1].first(wire.Since)


def test_a_renewal_that_is_pushed_alone_needs_no_rows(pair: tuple[Neighbour, Neighbour]) -> None:
    talk = Conversation(*pair).settle()
    [(_, _, held)] = pair[0].store.heads()
    pair[0].store.renew(SHOP.author(), SITE)
    [(_, _, later)] = pair[0].store.heads()
    talk.sides[1].sent.clear()
    talk.sides[1].hear(wire.Push(later, 0, None))
    seq = SignedHead.parse(later).head.seq
    assert seq == SignedHead.parse(held).head.seq + 1
    assert talk.sides[1].sent == [wire.Heads([[SHOP.log(), seq]])]


def test_renewed_grants_replace_each_other(pair: tuple[Neighbour, Neighbour]) -> None:
    """A store forgets a replaced renewal; who has run for long must not go on naming it."""
    talk = Conversation(*pair).settle()
    grant, key = SHOP.grants[0].record, SHOP.devices[0]
    for day in (1, 2):
        later = renewal(grant, key, now_ms=ManualClock.START_MS + day)
        pair[0].store.add_auth([later])
        assert len(pair[0].mirror.items()) == 3
    talk.sides[0].take(talk.sides[0].session.resync())
    talk.settle()
    assert set(pair[0].mirror.items()) == set(pair[1].mirror.items())


def test_looking_at_all_items_loses_no_push(pair: tuple[Neighbour, Neighbour]) -> None:
    mirror = pair[0].mirror
    mirror.refresh()
    sell(pair[0], SHOP, range(1), amount_minor=1)
    mirror.items()
    assert mirror.refresh() == [(LOG, 2)]
    assert mirror.refresh() == []


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sell"), st.integers(0, 1), st.integers(0, 5)),
        st.tuples(st.just("delete"), st.integers(0, 1), st.integers(0, 5)),
        st.tuples(st.just("deliver"), st.integers(0, 1), st.sampled_from([1, 50, 300, 9999])),
        st.tuples(st.just("deliver"), st.integers(0, 1), st.sampled_from([50, 300, 9999])),
        st.tuples(st.just("push"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("drop"), st.just(0), st.just(0)),
        st.tuples(st.just("compare"), st.integers(0, 1), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=40)
@given(STEPS, st.integers(1, 2000))
def test_both_commit_while_the_line_breaks_and_still_agree(
    steps: list[tuple[str, int, int]], most: int
) -> None:
    with TemporaryDirectory() as folder:
        nodes = [neighbour(Path(folder), name, shop) for name, shop in zip("ab", SHOPS)]
        talk = Conversation(nodes[0], nodes[1])
        for count, (name, who, what) in enumerate(steps):
            author = SHOPS[who].author()
            if name == "sell":
                edits = builders.offer_edits([what], amount_minor=100 + count)
                nodes[who].store.commit(author, SITE, edits)
            elif name == "delete":
                gone = [Edit("offer", f"sku{what}", is_deletion=True)]
                nodes[who].store.commit(author, SITE, gone)
            elif name == "deliver":
                talk.deliver(who, what)
            elif name == "push":
                talk.sides[who].push_moves()
            elif name == "compare":
                talk.sides[who].take(talk.sides[who].session.resync())
            else:
                talk.drop()
                talk = Conversation(nodes[0], nodes[1], nonce=count)
            assert [side.failure for side in talk.sides] == [None, None]
        talk.settle(most)
        for side in talk.sides:
            side.push_moves()
        talk.settle(most)
        talk.drop()
        talk = Conversation(nodes[0], nodes[1], nonce=99).settle(most)
        assert talk.is_live
        assert same(*nodes)
        assert [len(node.fetches) for node in nodes] == [0, 0]


def test_three_nodes_by_way_of_one_that_is_between(tmp_path: Path) -> None:
    a = stocked(tmp_path, "a", SHOP, 3)
    b, c = neighbour(tmp_path, "b"), neighbour(tmp_path, "c")
    Conversation(a, b).settle()
    del a
    talk = Conversation(b, c).settle()
    assert same(b, c)
    assert len(c.folds()) == 3
    assert talk.is_live


def test_a_new_shop_is_pushed_with_its_owners_word(tmp_path: Path) -> None:
    """Neighbours that live together hear of a shop that comes later from one of them."""
    a = stocked(tmp_path, "a", SHOP, 3)
    b, c = neighbour(tmp_path, "b"), neighbour(tmp_path, "c")
    between = Conversation(b, c).settle()
    assert between.is_live
    Conversation(a, b).settle()
    between.sides[0].push_moves()
    between.settle()
    assert [side.failure for side in between.sides] == [None, None]
    assert same(a, b, c)


def test_a_second_device_of_a_known_shop_is_pushed_with_its_grant(tmp_path: Path) -> None:
    two = builders.shop("first", devices=2)
    b, c = neighbour(tmp_path, "b"), neighbour(tmp_path, "c")
    b.store.add_auth(two.grants[:1])
    b.store.commit(two.author(0), SITE, builders.offer_edits([1]))
    talk = Conversation(b, c).settle()
    b.mirror.refresh()
    b.store.add_auth(two.grants[1:])
    b.store.commit(two.author(1), SITE, builders.offer_edits([2]))
    talk.sides[0].push_moves()
    talk.settle()
    assert same(b, c)
    assert len(c.folds()) == 2


def test_kinds_and_fields_of_a_later_version_pass_through(tmp_path: Path) -> None:
    future = Kind("recipe", "site", {"steps": Field("steps")}, doc="")
    kinds = {**registry(), "recipe": future}
    store = Store.create(tmp_path / "later.db", clock=ManualClock(), kinds=kinds)
    store.add_auth(SHOP.grants)
    values = {"steps": [1, {"deep": [b"raw", None, True]}], "never heard": "of"}
    store.commit(SHOP.author(), SITE, [Edit("recipe", "soup", values, keep_unknown=True)])
    later, between = Neighbour(store, "later"), neighbour(tmp_path, "b")
    Conversation(later, between).settle()
    last = neighbour(tmp_path, "c")
    Conversation(between, last).settle()
    assert builders.rows(last.store, LOG) == builders.rows(store, LOG)
    assert same(later, between, last)


# --- the charter, addresses ---


def test_the_charter_comes_from_the_first_neighbour(tmp_path: Path) -> None:
    charter = Charter("Bakers", (SHOP.root.public,))
    a = Neighbour(builders.new_store(tmp_path, "a"), "a", network=charter.id)
    b = Neighbour(builders.new_store(tmp_path, "b"), "b", network=charter.id)
    a.store.set_meta({"charter": charter.pack()})
    Conversation(a, b).settle()
    assert b.mirror.charter() == charter.pack()
    again = Conversation(a, b, nonce=1).settle()
    assert not any(
        item[0] == AUTH_CHARTER
        for one in again.sides[0].sent
        if isinstance(one, wire.Auth)
        for item in one.items
    )


@pytest.mark.parametrize("raw", [Charter("Other", ()).pack(), b"no charter"])
def test_the_charter_of_another_network_ends_the_session(tmp_path: Path, raw: bytes) -> None:
    side = greeted(neighbour(tmp_path, "b"))
    side.hear(wire.Auth([[AUTH_CHARTER, raw]]))
    assert side.failure is not None
    assert side.node.mirror.charter() is None


def test_addresses_are_passed_on_as_hearsay(tmp_path: Path) -> None:
    side = greeted(neighbour(tmp_path, "b"))
    side.hear(wire.Auth([[AUTH_ADDRESS, "x"], [AUTH_ADDRESS, "y" * 201]] + [[3, "z"]] * 50))
    assert side.effects[-1] == PeerAddresses(["x", *["z"] * 31])


# --- what a neighbour holds, by its own word ---


def test_nobody_is_taken_to_hold_what_it_has_not_shown(pair: tuple[Neighbour, Neighbour]) -> None:
    talk = Conversation(*pair)
    shop = talk.sides[0].session.view.shown
    while not talk.sides[1].effects or not any(isinstance(e, Moved) for e in talk.sides[1].effects):
        assert LOG not in shop
        assert talk.deliver(0, 100) | talk.deliver(1, 100)
    talk.settle()
    assert shop[LOG].seq == 1
    sell(pair[0], SHOP, range(1), amount_minor=5)
    talk.sides[0].push_moves()
    assert shop[LOG].seq == 1
    talk.settle()
    assert shop[LOG].seq == 2


def test_nobody_holds_more_than_it_was_shown(pair: tuple[Neighbour, Neighbour]) -> None:
    talk = Conversation(*pair).settle()
    shop = talk.sides[0]
    shop.hear(wire.Heads([[LOG, 1 << 40], [b"x" * 16, 7]]))
    assert shop.failure is None
    assert shop.session.view.shown[LOG].seq == 1
    assert b"x" * 16 not in shop.session.view.shown
