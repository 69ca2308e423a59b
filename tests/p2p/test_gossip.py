"""Pushes: everyone is told in the end, nobody too often, and the first word is at once."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.changes import Point
from fedretail.p2p import gossip
from fedretail.p2p.gossip import FANOUT, QUIET_MS, Gossip, PushOrder

LOG, OTHER = b"l" * 16, b"m" * 16
PEERS = ["p1", "p2", "p3"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.sampled_from([LOG, OTHER])),
        st.tuples(st.just("wait"), st.integers(1, 7000)),
        st.tuples(st.just("shown"), st.sampled_from([LOG, OTHER]), st.sampled_from(PEERS)),
        st.tuples(st.just("gone"), st.sampled_from(PEERS)),
        st.tuples(st.just("back"), st.sampled_from(PEERS)),
    ),
    max_size=60,
)


class Street:
    """A node's gossip and its neighbours, who hold whatever they were pushed or shown."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.gossip = Gossip()
        self.newest: dict[bytes, int] = defaultdict(int)
        self.shown: dict[str, dict[bytes, Point]] = {peer: {} for peer in PEERS}
        self.told: dict[tuple[str, bytes], list[int]] = defaultdict(list)

    def tick(self) -> list[PushOrder]:
        orders = self.gossip.due(self.now_ms, self.shown)
        for order in orders:
            told = self.told[order.peer, order.log]
            assert not told or self.now_ms - told[-1] >= QUIET_MS, "too often"
            told.append(self.now_ms)
            assert order.base == self.shown[order.peer].get(order.log)
        wait_ms = self.gossip.wait_ms(self.now_ms, self.shown)
        assert wait_ms is None or 0 < wait_ms <= QUIET_MS
        return orders

    def step(self, name: str, *what: object) -> None:
        match name, what:
            case "move", (bytes(log),):
                self.newest[log] += 1
                self.gossip.moved(log, self.newest[log])
            case "wait", (int(wait_ms),):
                self.now_ms += wait_ms
            case "shown", (bytes(log), str(peer)) if peer in self.shown:
                self.shown[peer][log] = Point(self.newest[log], 0)
            case "gone", (str(peer),):
                self.shown.pop(peer, None)
                self.gossip.forget(peer)
                for log in (LOG, OTHER):
                    self.told.pop((peer, log), None)
            case "back", (str(peer),):
                self.shown.setdefault(peer, {})
        self.tick()


@given(STEPS)
def test_at_most_once_in_five_seconds_and_in_the_end_all(steps: list[tuple[object, ...]]) -> None:
    street = Street()
    pushed: dict[tuple[str, bytes], int] = {}
    for step in steps:
        street.step(*step)  # type: ignore[arg-type]
    for log in (LOG, OTHER):
        if street.newest[log]:
            street.step("move", log)
    for _ in range(3):
        street.now_ms += QUIET_MS
        for order in street.tick():
            pushed[order.peer, order.log] = street.newest[order.log]
    assert street.gossip.wait_ms(street.now_ms, street.shown) is None
    for peer, places in street.shown.items():
        for log in (LOG, OTHER):
            if street.newest[log] and places.get(log, Point(0, 0)).seq < street.newest[log]:
                assert street.told[peer, log]


def test_the_first_after_quiet_is_pushed_at_once_and_the_last_after_five_seconds() -> None:
    street = Street()
    street.step("move", LOG)
    assert len(street.told[PEERS[0], LOG]) == 1
    for _ in range(49):
        street.step("wait", 100)
        street.step("move", LOG)
    assert len(street.told[PEERS[0], LOG]) == 1
    assert street.gossip.wait_ms(street.now_ms, street.shown) == 100
    street.step("wait", 100)
    assert street.told[PEERS[0], LOG] == [0, QUIET_MS]
    street.step("wait", 60_000)
    assert len(street.told[PEERS[0], LOG]) == 2
    street.step("move", LOG)
    assert street.told[PEERS[0], LOG] == [0, QUIET_MS, 65_000]


def test_one_busy_log_delays_no_other() -> None:
    street = Street()
    street.step("move", LOG)
    street.step("wait", 1000)
    street.step("move", OTHER)
    assert street.told[PEERS[0], OTHER] == [1000]


def test_who_has_shown_it_is_not_told() -> None:
    push = Gossip()
    push.moved(LOG, 5)
    shown = {"has": {LOG: Point(5, 9)}, "is ahead": {LOG: Point(6, 9)}, "lacks": {LOG: Point(4, 8)}}
    assert push.due(0, shown) == [PushOrder("lacks", LOG, Point(4, 8))]
    assert push.wait_ms(0, shown) is None


def test_six_get_the_changes_and_the_rest_the_head_alone() -> None:
    push = Gossip()
    push.moved(LOG, 5)
    shown = {f"p{n}": {LOG: Point(4, 8)} for n in range(9)}
    bases = [order.base for order in push.due(0, shown)]
    assert bases == [Point(4, 8)] * FANOUT + [None] * 3


def test_an_older_seq_takes_nothing_back() -> None:
    push = Gossip()
    push.moved(LOG, 5)
    push.moved(LOG, 4)
    assert push.due(0, {"p": {LOG: Point(4, 8)}}) == [PushOrder("p", LOG, Point(4, 8))]


def test_what_is_remembered_stays_bounded() -> None:
    push = Gossip()
    shown: dict[str, dict[bytes, Point]] = {f"p{n}": {} for n in range(64)}
    for number in range(1000):
        push.moved(number.to_bytes(16, "big"), 1)
        assert len(push.due(number * QUIET_MS, shown)) == 64
    assert len(push._pushed) <= gossip._MAX_KEPT + 64
