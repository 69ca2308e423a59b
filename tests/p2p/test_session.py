"""Whole conversations: whatever happens on the line, both sides end with the same logs."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedretail.crdt.access import renewal
from fedretail.crdt.changes import START
from fedretail.crdt.charter import Charter
from fedretail.crdt.codec import pack
from fedretail.crdt.names import log_id
from fedretail.crdt.row import RowKey
from fedretail.domain.kind import Field, Kind
from fedretail.domain.kinds import registry
from fedretail.errors import PeerError
from fedretail.p2p import costs, wire
from fedretail.p2p.effects import Ended, Moved, Pause, PeerAddresses, PeerClock, Synced
from fedretail.p2p.ranges import END, Answer, Range
from fedretail.p2p.serving import CREDIT_BYTES
from fedretail.p2p.session import BURST, IDLE_MS, ROUND_MS, State
from fedretail.p2p.view import AUTH_ADDRESS, AUTH_CHARTER, AUTH_LOG, AUTH_RECORD
from fedretail.store.commits import Author, Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import NETWORK, Conversation, Neighbour, Side, neighbour

SHOPS = (builders.shop("first"), builders.shop("second"))
SHOP, OTHER = SHOPS
LOG = SHOP.log()
HELLO = wire.Hello(1, 1, NETWORK, b"s" * 16, b"n" * 16, 5, [], [])


def stocked(folder: Path, name: str, shop: builders.Shop, offers: int) -> Neighbour:
    """A shop's own node with so many offers."""
    node = neighbour(folder, name, shop)
    node.store.set_meta({"owner": shop.owner, "device": shop.devices[0].public})
    node.mirror = Neighbour(node.store, name).mirror
    sell(node, shop, range(offers))
    return node


def sell(node: Neighbour, shop: builders.Shop, numbers: range, *, amount_minor: int = 129) -> None:
    for start in range(numbers.start, numbers.stop, 500):
        some = range(start, min(numbers.stop, start + 500))
        edits = builders.offer_edits(some, amount_minor=amount_minor)
        node.store.commit(shop.author(), SITE, edits)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Neighbour, Neighbour]:
    """A shop with three offers, and a node that knows nobody."""
    return stocked(tmp_path, "a", SHOP, 3), neighbour(tmp_path, "b")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Neighbour:
    """A shop whose catalog takes several parts; only read."""
    return stocked(tmp_path_factory.mktemp("large"), "large", OTHER, 4000)


def same(*nodes: Neighbour) -> bool:
    first = nodes[0]
    return all(
        node.state() == first.state()
        and node.folds() == first.folds()
        and builders.problems(node.store) == []
        for node in nodes
    )


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


# --- large catalogs ---


def test_a_large_catalog_is_announced_and_comes_in_parts(large: Neighbour, tmp_path: Path) -> None:
    node = neighbour(tmp_path, "b")
    talk = Conversation(large, node).settle()
    assert same(large, node)
    parts = [one for one in talk.sides[0].sent if isinstance(one, wire.Advance)]
    assert len(parts) > 2
    (offer,) = [one for one in talk.sides[0].sent if isinstance(one, wire.Offer)]
    assert offer.items[0][1] == 4000
    assert any(getattr(effect, "rows", 0) == 4000 for effect in talk.sides[1].effects)


@pytest.mark.parametrize("heard", [1, 2, 3])
def test_a_cold_sync_goes_on_from_what_is_staged(
    large: Neighbour, tmp_path: Path, heard: int
) -> None:
    node = neighbour(tmp_path, "b")
    talk = Conversation(large, node)
    places = {None}
    while len(places) <= heard:
        assert talk.deliver(0) | talk.deliver(1, 500)
        if node.store.log(OTHER.log()):
            staged = node.store.wanted(OTHER.log())
            assert staged is not None
            places.add(staged.after)
    talk.drop()
    again = Conversation(large, node, nonce=1).settle()
    assert same(large, node)
    (asked,) = [one for one in again.sides[1].sent if isinstance(one, wire.Since)]
    assert asked.wishes[0].after == staged.after
    assert again.carried[1] < 50_000 - heard * 8000


def test_a_catalog_that_grows_while_it_is_fetched(tmp_path: Path) -> None:
    shop, node = stocked(tmp_path, "a", SHOP, 3000), neighbour(tmp_path, "b")
    talk = Conversation(shop, node)
    for count in range(400):
        if count % 20 == 0 and count < 120:
            sell(shop, SHOP, range(count, count + 3), amount_minor=count + 1)
            talk.sides[0].push_moves()
        if not talk.deliver(0) | talk.deliver(1, 4000):
            break
    talk.settle()
    assert [side.failure for side in talk.sides] == [None, None]
    assert same(shop, node)


def test_a_push_in_the_middle_of_a_transfer_blames_nobody(tmp_path: Path) -> None:
    """The log moves by way of another neighbour while parts of it are under way from one."""
    shop, node = stocked(tmp_path, "a", SHOP, 3000), neighbour(tmp_path, "b")
    other = neighbour(tmp_path, "c")
    slow = Conversation(shop, node)
    while not slow.sides[0].first(wire.Advance):
        slow.deliver(0)
        slow.deliver(1)
    slow.deliver(1, 70_000)
    Conversation(shop, other).settle()
    builders.fetch(node.store, other.store, LOG)
    slow.settle()
    assert [side.failure for side in slow.sides] == [None, None]
    assert same(shop, node, other)
    assert slow.is_live


def test_all_credit_comes_back(large: Neighbour, tmp_path: Path) -> None:
    """Not a byte may be lost: a long session would run dry."""
    shop, node = stocked(tmp_path, "a", SHOP, 500), neighbour(tmp_path, "b")
    talk = Conversation(shop, node).settle()
    for price in range(40):
        sell(shop, SHOP, range(300), amount_minor=price + 1)
        talk.sides[0].push_moves()
        talk.settle()
    assert same(shop, node)
    assert talk.sides[0].session._serving._credit == CREDIT_BYTES


def test_many_small_shops_cost_little_more_than_one_large(tmp_path: Path) -> None:
    street, node = neighbour(tmp_path, "a"), neighbour(tmp_path, "b")
    for number in range(600):
        shop = builders.shop(f"shop {number}")
        street.store.add_auth(shop.grants)
        street.store.commit(shop.author(), SITE, builders.offer_edits([number]))
    talk = Conversation(street, node).settle()
    assert same(street, node)
    asked = [one for one in talk.sides[1].sent if isinstance(one, wire.Since)]
    assert len(asked) <= 5
    assert all(len(one.wishes) <= 256 for one in asked)
    assert talk.carried[1] < 600 * 800


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


# --- manners ---


def greeted(node: Neighbour) -> Side:
    """A side that has heard HELLO from somebody who will say whatever a test likes."""
    side = Side(node)
    side.start()
    side.hear(HELLO)
    assert side.session.state is State.OPEN
    return side


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


def test_small_parts_are_paid_for_and_rows_are_not(pair: tuple[Neighbour, Neighbour]) -> None:
    def part(size: int, after: RowKey | None) -> wire.Received:
        return wire.Received(wire.Advance(LOG, 0, b"h" * 200, bytes(size), after), 99, size + 250)

    whole, small = part(240_000, RowKey("a", "x")), part(1, RowKey("a", "x"))
    assert costs.taking([whole, part(90, None)], 240_090) == 0
    assert costs.taking([whole], 0) > 200
    assert costs.taking([small] * 400, 400) >= BURST


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


# --- silence ---


def test_a_neighbour_that_says_nothing_is_overdue(tmp_path: Path) -> None:
    session = greeted(neighbour(tmp_path, "b")).session
    assert not session.is_overdue(1000)
    assert not session.is_overdue(IDLE_MS)
    assert session.is_overdue(IDLE_MS + 1001)


def test_a_neighbour_that_owes_nothing_may_be_silent(pair: tuple[Neighbour, Neighbour]) -> None:
    session = Conversation(*pair).settle().sides[1].session
    assert not any(session.is_overdue(hour * 3_600_000) for hour in range(24))


def withholding(tmp_path: Path) -> tuple[Neighbour, Side]:
    """A node whose neighbour has shown a catalog and been asked for it."""
    shop, node = stocked(tmp_path, "a", SHOP, 3), neighbour(tmp_path, "b")
    talk = Conversation(shop, node)
    while not talk.sides[1].first(wire.Since):
        talk.deliver(0)
        talk.deliver(1)
    return shop, talk.sides[1]


def test_chatter_does_not_make_up_for_rows_withheld(tmp_path: Path) -> None:
    _, side = withholding(tmp_path)
    assert not side.session.is_overdue(0)
    for now_ms in range(0, IDLE_MS + 5000, 1000):
        side.session.state = State.LIVE
        side.hear(wire.Heads([]), now_ms)
        overdue = side.session.is_overdue(now_ms)
    assert overdue


def test_rows_withheld_are_had_from_another(tmp_path: Path) -> None:
    shop, side = withholding(tmp_path)
    node = side.node
    other = Conversation(shop, node, nonce=1).settle()
    assert not node.folds()
    assert other.sides[1].session.wants_retry()
    side.session.close()
    other.sides[1].take(other.sides[1].session.retry())
    other.settle()
    assert same(shop, node)


def test_crumbs_are_not_taken_for_ever(tmp_path: Path) -> None:
    """Who sends a part now and then keeps a log from others for ten minutes, not more."""
    _, side = withholding(tmp_path)
    overdue = False
    for now_ms in range(0, ROUND_MS + 30_000, 10_000):
        side.session._quiet_since_ms = now_ms
        overdue = side.session.is_overdue(now_ms)
        assert not overdue or now_ms > ROUND_MS
    assert overdue


# --- liars ---


def answer(shop: Neighbour, log: bytes = LOG) -> wire.Advance:
    """The honest answer to the first SINCE."""
    (part,) = builders.parts(shop.store, log)
    return wire.Advance(log, 0, part.head, pack(part.changes), part.after)


def test_wrong_rows_cost_their_sender_the_session_and_nobody_else(tmp_path: Path) -> None:
    shop, side = withholding(tmp_path)
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
    side.node.store.add_log(SHOP.log_name())
    side.hear(answer(shop))
    assert side.failure is not None
    assert "nobody asked" in side.failure.message
    assert not side.node.folds()


def test_a_head_that_its_device_did_not_sign(tmp_path: Path) -> None:
    shop, side = withholding(tmp_path)
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


def test_a_full_disk_keeps_serving(tmp_path: Path) -> None:
    shop = stocked(tmp_path, "a", SHOP, 3)
    full = stocked(tmp_path, "b", OTHER, 3)
    is_full = True
    full = Neighbour(full.store, "b", has_space=lambda: not is_full)
    talk = Conversation(shop, full).settle()
    assert [side.failure for side in talk.sides] == [None, None]
    assert len(shop.folds()) == 6
    assert len(full.folds()) == 3
    is_full = False
    assert talk.sides[1].session.wants_retry()
    talk.sides[1].take(talk.sides[1].session.retry())
    talk.settle()
    assert same(shop, full)


def test_four_sessions_fetch_and_a_fifth_waits(tmp_path: Path) -> None:
    node = neighbour(tmp_path, "node")
    talks = []
    for number in range(5):
        shop = stocked(tmp_path, f"n{number}", builders.shop(f"shop {number}"), 2)
        talk = Conversation(shop, node, nonce=number)
        while talk.deliver(1) or not talk.sides[1].outbox:
            if talk.sides[1].session.wants_retry() or talk.sides[1].first(wire.Since):
                break
            talk.deliver(0)
        talks.append(talk)
    assert [talk.sides[1].first(wire.Since) for talk in talks] == [True] * 4 + [False]
    for talk in talks[:4]:
        talk.settle()
    talks[4].sides[1].take(talks[4].sides[1].session.retry())
    talks[4].settle()
    assert len(node.folds()) == 10
