"""The core of replication: however a log travels, it arrives as it is, or not at all."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.digest import root
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Outcome
from fedretail.errors import FedretailError, MalformedInput, PeerError, Refused
from fedretail.store import intake, logs
from fedretail.store.commits import Edit
from fedretail.store.intake import DigestMismatch
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.naive_log import NaiveLog
from fedretail.testing.sim.oracles import Follower

SHOP = builders.shop()
LOG = SHOP.log()
KEYS = st.sampled_from(["a", "b", "c\0", "ä"])
VALUES = st.sampled_from([1, None, "x", [1, ["y"]], {"k": b"z"}])
EDITS = st.lists(
    st.builds(
        Edit,
        st.sampled_from(["offer", "source"]),
        KEYS,
        # Unknown names: fields of a later version.
        st.dictionaries(st.sampled_from(["f", "g", "h"]), VALUES, min_size=1, max_size=3),
        is_deletion=st.sampled_from([False, False, False, True]),
        keep_unknown=st.just(True),
    ),
    min_size=1,
    max_size=5,
)
KINDS = ("offer", "source")
NODES = st.integers(0, 3)
DAY_MS = 24 * 3600 * 1000
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), EDITS, st.integers(0, 2)),
        st.tuples(st.just("vacate"), st.sets(st.integers(0, 7), min_size=1)),
        st.tuples(st.just("winter"), st.sets(st.integers(0, 7), min_size=1)),
        st.tuples(st.just("renew"), st.sampled_from([0, 1, 31])),
        st.tuples(st.just("part"), st.integers(1, 3), NODES),
        st.tuples(st.just("fetch"), st.integers(1, 3), NODES),
        st.tuples(st.just("push"), st.integers(1, 3), NODES, st.integers(0, 9)),
        st.tuples(st.just("blunt"), st.integers(1, 3), NODES, st.booleans()),
    ),
    max_size=30,
)


class World:
    """A shop's store and three peers, beside a naive log that commits the same."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.naive = NaiveLog()
        self.points = [Point(0, 0)]
        first = builders.shop_store(folder, SHOP, clock=self.clock)
        names = ["b", "c", "d"]
        peers = [builders.peer_store(folder, name, SHOP, clock=self.clock) for name in names]
        self.stores = [first, *peers]
        self.followers = [Follower() for _ in self.stores]

    def commit(self, edits: list[Edit], pause_ms: int) -> None:
        self.clock.advance(pause_ms)
        signed = self.stores[0].commit(SHOP.author(), SITE, edits)
        assert signed is not None
        self._note(signed, operations(edits, signed.head.stamp))

    def vacate(self, numbers: set[int]) -> None:
        """Empty some of the rows, whatever they hold."""
        present = sorted(self.naive.rows)
        keys = [present[number] for number in numbers if number < len(present)]
        if keys:
            signed = builders.empty(self.stores[0], SHOP.author(), keys)
            self._note(signed, [("replace", key, {}) for key in keys])

    def winter(self, numbers: set[int]) -> None:
        """Empty some rows, and let them go in time."""
        self.vacate(numbers)
        self.renew(1)
        self.renew(31)

    def renew(self, days: int) -> None:
        self.clock.advance(days * DAY_MS)
        signed = self.stores[0].renew(SHOP.author(), SITE)
        if signed is not None:
            self._note(signed, [])

    def _note(self, signed: SignedHead, done: list[Any]) -> None:
        head = signed.head
        assert self.naive.floor <= head.floor < head.seq
        assert self.points[head.floor].stamp <= max(0, self.clock.now_ms() - 30 * DAY_MS)
        self.naive.commit(head.stamp, done, floor=head.floor)
        self.points.append(Point(head.seq, head.stamp))

    def part(self, target: int, source: int) -> None:
        builders.fetch_part(self.stores[target], self.stores[source], LOG)

    def fetch(self, target: int, source: int) -> None:
        builders.fetch(self.stores[target], self.stores[source], LOG)

    def push(self, target: int, source: int, base: int) -> None:
        point = self.points[min(base, len(self.points) - 1)]
        builders.push(self.stores[target], self.stores[source], LOG, point)

    def blunt(self, target: int, source: int, is_push: bool) -> None:
        """Changes since the place where the target stands, of a holder that knows no floor."""
        held = self.stores[target].log(LOG)
        assert held is not None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(logs, "START", held.point)
            part = self.stores[source].changes_since(LOG, held.point, None)
        if part is not None:
            with contextlib.suppress(FedretailError):
                head = SignedHead.parse(part.head)
                self.stores[target].advance(
                    head, held.point.seq, pack(part.changes), after=part.after, is_push=is_push
                )

    def check(self, store: Store) -> None:
        """What a store claims is what it holds, and what was true of the log at that seq."""
        state = store.log(LOG)
        if state is None:
            return
        follower = self.followers[self.stores.index(store)]
        follower.follow(store)
        present = {place: found.fields for kind in KINDS for place, found in store.records(kind)}
        assert follower.values == present
        then = self.naive.history[state.point.seq]
        assert state.point == self.points[state.point.seq]
        assert builders.rows(store, LOG) == then.packed()
        assert (state.count, state.size, root(state.state)) == then.sums()
        assert builders.problems(store) == []

    def close(self) -> None:
        for store in self.stores:
            store.close()


def operations(edits: list[Edit], stamp: int) -> list[tuple[str, tuple[str, str], dict[str, Any]]]:
    """The edits of one commit as the naive log takes them: one operation a record."""
    deleted: set[tuple[str, str]] = set()
    fields: dict[tuple[str, str], dict[str, Any]] = {}
    for edit in edits:
        key = (edit.kind, edit.key)
        if edit.is_deletion:
            deleted.add(key)
            fields[key] = {}
        else:
            fields.setdefault(key, {}).update(edit.fields)
    result = []
    for key, new in fields.items():
        if key in deleted:
            at = stamp - 1 if new else stamp
            whole = {name: (stamp, value) for name, value in new.items()}
            result.append(("replace", key, {**whole, "!": (at, True)}))
        else:
            result.append(("merge", key, new))
    return result


@given(STEPS, st.sampled_from([1, 60, 400]))
def test_however_a_log_travels_it_arrives_as_it_is(steps: list[Any], part_bytes: int) -> None:
    """Any base, any holder, parts at different heads, pushes in any order: one digest."""
    replay(steps, part_bytes)


def replay(steps: list[Any], part_bytes: int) -> None:
    """Do these steps, and look at the stores after each of them."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(logs, "PART_BYTES", part_bytes)
        world = World(Path(folder))
        for name, *values in steps:
            getattr(world, name)(*values)
            world.check(
                world.stores[values[0] if name in ("part", "fetch", "push", "blunt") else 0]
            )
        for target in (1, 2, 3):
            world.fetch(target, 0)
            world.check(world.stores[target])
            assert world.stores[target].heads() == [] or (
                world.stores[target].heads()[0][2] == world.stores[0].heads()[0][2]
            )
        world.close()


EVERYTHING = [Edit("offer", key, {"name": key}) for key in ["a", "b", "c\0", "ä"]]
AFTERWARDS = st.tuples(STEPS, st.sets(st.integers(0, 4), min_size=1), STEPS)


@given(AFTERWARDS, AFTERWARDS, st.sampled_from([1, 60, 400]))
def test_below_the_floor_it_arrives_as_it_is_too(before: Any, after: Any, part_bytes: int) -> None:
    """Rows go for ever while some nodes know them, or are half on their way to know them."""
    steps: list[Any] = [("commit", EVERYTHING, 0), ("fetch", 1, 0), ("part", 2, 0)]
    for more, vacated, last in (before, after):
        steps += [*more, ("winter", vacated), *last]
    replay(steps, part_bytes)


@given(STEPS)
def test_naive_logs_agree_with_their_own_definition(steps: list[Any]) -> None:
    """Changes since b applied to a state at n >= b give the same rows: the rule itself holds."""
    log, stamp = NaiveLog(), 100
    for name, *values in steps:
        if name == "commit":
            stamp += 2
            log.commit(stamp, operations(values[0], stamp), floor=log.floor)
        elif name in ("vacate", "winter") and log.rows:
            stamp += 2
            log.commit(stamp, [("replace", min(log.rows), {})], floor=log.floor)
        elif name == "renew":
            stamp += 2
            log.commit(stamp, [], floor=max(log.floor, log.seq - values[0] % 4))
    for at in range(log.seq):
        for base in range(at + 1):
            moved = NaiveLog()
            moved.rows, moved.seq = dict(log.history[at].rows), at
            if moved.knows_enough(log, base):
                moved.advance(log, base)
                assert moved.packed() == log.packed()


# --- refusals ---


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def source(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    """A shop's store with three commits: three offers, a price, a deletion."""
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    store.commit(SHOP.author(), SITE, builders.offer_edits(range(3)))
    store.commit(SHOP.author(), SITE, [Edit("offer", "sku1", {"prices": [[99]]})])
    store.commit(SHOP.author(), SITE, [Edit("offer", "sku2", is_deletion=True)])
    yield store
    store.close()


@pytest.fixture
def target(tmp_path: Path, clock: ManualClock, source: Store) -> Iterator[Store]:
    """A peer's store at the first of these commits."""
    store = builders.peer_store(tmp_path, "target", SHOP, clock=clock)
    yield store
    store.close()


def whole(source: Store) -> tuple[SignedHead, list[Any]]:
    """The head and all changes since the start."""
    part = source.changes_since(LOG, Point(0, 0), None)
    assert part is not None
    assert part.after is None
    return SignedHead.parse(part.head), part.changes


def resigned(signed: SignedHead, *, device: int = 0, **changes: Any) -> SignedHead:
    """The head with other items, signed by the shop's device all the same."""
    return SignedHead.sign(signed.head._replace(**changes), SHOP.devices[device])


def refused(
    store: Store, kind: type[FedretailError], head: SignedHead, changes: Any, **more: Any
) -> FedretailError:
    """The error of an advance, which must leave everything in the store as it was."""
    before = contents(store)
    packed = changes if isinstance(changes, bytes) else pack(changes)
    with pytest.raises(kind) as caught:
        store.advance(head, more.pop("base_seq", 0), packed, **more)
    assert contents(store) == before
    assert builders.problems(store) == []
    return caught.value


def contents(store: Store) -> dict[str, list[Any]]:
    """Every byte of every table."""
    connection = builders.QuickConnection(store.path)
    tables = ["meta", "auth", "collection", "log", "row", "feed", "staging"]
    found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    connection.close()
    return found


def test_what_was_sent_arrives(source: Store, target: Store) -> None:
    head, changes = whole(source)
    assert target.advance(head, 0, pack(changes)) is Outcome.MOVED
    assert target.advance(head, 0, pack(changes)) is Outcome.OLD
    assert builders.rows(target, LOG) == builders.rows(source, LOG)


def test_a_value_changed_on_the_way(source: Store, target: Store) -> None:
    head, changes = whole(source)
    line = changes[0][2][0]
    line[1] = "cheaper brand"
    assert "signed" in refused(target, intake.DigestMismatch, head, changes).message


def test_a_row_left_out_or_a_part_said_to_be_all(source: Store, target: Store) -> None:
    head, changes = whole(source)
    refused(target, intake.DigestMismatch, head, changes[:-1])
    refused(target, intake.DigestMismatch, head, [])


@pytest.mark.parametrize("item", ["count", "size", "digest"])
def test_a_head_with_another_sum(source: Store, target: Store, item: str) -> None:
    head, changes = whole(source)
    other = bytes(32) if item == "digest" else getattr(head.head, item) + 1
    refused(target, intake.DigestMismatch, resigned(head, **{item: other}), changes)


def test_a_signature_of_someone_else(source: Store, target: Store) -> None:
    head, changes = whole(source)
    stranger = SignedHead.sign(head.head, builders.key("stranger"))
    refused(target, PeerError, stranger, changes)
    cut = head._replace(signature=bytes(64))
    refused(target, PeerError, cut, changes)


def test_a_device_that_was_never_granted(source: Store, tmp_path: Path) -> None:
    head, changes = whole(source)
    store = builders.new_store(tmp_path, "no-grants")
    store.add_log(SHOP.log_name())
    refused(store, PeerError, head, changes)
    store.close()


def test_a_device_that_granted_itself(source: Store, tmp_path: Path) -> None:
    head, changes = whole(source)
    store = builders.new_store(tmp_path, "own-grants")
    store.add_log(SHOP.log_name())
    own = builders.grant(SHOP.devices[0], SHOP.devices[0].public, number=1, now_ms=0)
    store.add_auth([own])
    refused(store, PeerError, head, changes)
    store.close()


def test_a_log_that_nobody_named(source: Store, tmp_path: Path) -> None:
    head, changes = whole(source)
    store = builders.new_store(tmp_path, "no-names")
    refused(store, Refused, head, changes)
    store.close()


def test_seq_and_stamp_never_go_back(source: Store, target: Store) -> None:
    head, changes = whole(source)
    target.advance(head, 0, pack(changes))
    before = contents(target)
    for seq in (1, 2):
        older = resigned(head, seq=seq, stamp=head.head.stamp + 1)
        assert target.advance(older, 0, pack([])) is Outcome.OLD
    assert contents(target) == before
    stamp = head.head.stamp
    for back in (0, 1, stamp):
        later = resigned(head, seq=4, stamp=stamp - back)
        refused(target, Refused, later, [], base_seq=3)


def test_of_twins_the_one_that_counts_stays(source: Store, target: Store) -> None:
    head, changes = whole(source)
    target.advance(head, 0, pack(changes))
    later = resigned(head, stamp=head.head.stamp + 1)
    assert target.advance(later, 3, pack([]), is_push=True) is Outcome.MOVED
    for one in (head, later, resigned(head, lease=9)):
        assert target.advance(one, 3, pack([]), is_push=True) is Outcome.OLD
    refused(target, DigestMismatch, resigned(later, count=head.head.count - 1, lease=200), [])
    assert [raw for _, _, raw in target.heads()] == [later.raw]
    assert target.trust.heads_seen(SHOP.log()) == [later.raw]
    assert not target.signed_twice(SHOP.owner, SITE)


def test_rows_of_a_second_state_freeze_the_log_they_came_for(source: Store, target: Store) -> None:
    """The first state was shown only; the second comes whole, and is not taken in."""
    head, changes = whole(source)
    assert target.trust.saw([resigned(head, digest=b"o" * 32)]) == 0
    refused(target, Refused, head, changes)
    assert target.signed_twice(SHOP.owner, SITE)
    ((_, found),) = target.trust.proofs()
    assert {found.first.head.digest, found.second.head.digest} == {b"o" * 32, head.head.digest}
    refused(target, Refused, head, changes)


def test_a_frozen_device_moves_no_log_of_any_incarnation(source: Store, target: Store) -> None:
    head, changes = whole(source)
    target.advance(head, 0, pack(changes))
    assert target.trust.saw([resigned(head, digest=b"o" * 32)]) == 1
    refused(target, Refused, resigned(head, seq=4, stamp=head.head.stamp + 1), [], base_seq=3)
    name = SHOP.log_name()._replace(incarnation=SHOP.incarnation + 1)
    target.add_log(name)
    refused(target, Refused, resigned(head, log=log_id(name)), changes)


def test_a_renewal_by_a_stranger_and_by_a_sister_device(source: Store, target: Store) -> None:
    head, changes = whole(source)
    target.advance(head, 0, pack(changes))
    later = head.head._replace(seq=4, stamp=head.head.stamp + 1)
    for name in ("stranger", "shop device 1", "shop root"):
        forged = SignedHead.sign(later, builders.key(name))
        refused(target, PeerError, forged, [], base_seq=3, is_push=True)


def test_an_older_incarnation_after_a_newer(source: Store, target: Store, clock: Any) -> None:
    old_head, old_changes = whole(source)
    signed = source.own_logs.open_next(SHOP.author(), SITE)
    assert signed is not None
    target.add_log(source.own_logs.written(SHOP.log_name()))
    builders.fetch(target, source, signed.head.log)
    # Nobody's fault: the neighbour may not have heard of the newer one.
    refused(target, Refused, old_head, old_changes)


def test_a_name_of_a_newer_incarnation_alone_stops_nothing(source: Store, target: Store) -> None:
    target.add_log(SHOP.author(incarnation=SHOP.incarnation + 1).log(SITE))
    head, changes = whole(source)
    assert target.advance(head, 0, pack(changes)) is Outcome.MOVED


def test_own_log_is_not_taken_from_a_neighbour(source: Store, tmp_path: Path) -> None:
    head, changes = whole(source)
    (tmp_path / "restored").mkdir()
    restored = builders.shop_store(tmp_path / "restored", SHOP)
    restored.add_log(SHOP.log_name())
    refused(restored, Refused, head, changes)
    restored.close()


def test_logs_beyond_the_limits(source: Store, target: Store) -> None:
    head, changes = whole(source)
    for big in ({"size": intake.MAX_LOG_BYTES + 1}, {"count": intake.MAX_LOG_ROWS + 1}):
        head_ = resigned(head, **{"size": intake.MAX_LOG_ROWS + 1, **big})
        refused(target, Refused, head_, changes)


def bend(path: list[int], value: Any) -> Callable[[list[Any]], None]:
    def change(changes: list[Any]) -> None:
        place: Any = changes
        for index in path[:-1]:
            place = place[index]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "wrong",
    [
        bend([0, 2, 0, 1], 1.5),
        bend([0, 2, 0, 1], {"b": 1, "a": 2}),
        bend([0, 2, 0, 1], {"a": [[[[[[1]]]]]]}),
        bend([0, 2, 0, 1], "x" * 9000),
        bend([0, 2, 0, -2], 4),
        bend([0, 2, 0, -2], -1),
        bend([0, 2, 0, -2], True),
        bend([0, 2, 0, -3], -1),
        bend([0, 2, 0, -3], 1 << 60),
        bend([0, 2, 0, -1], 0),
        bend([0, 2, 0, -1], "now"),
        bend([0, 2, 0, 0], ""),
        bend([0, 2, 0, 0], "k" * 65),
        bend([0, 2, 0, 0], b"k"),
        bend([0, 2, 0], []),
        bend([0, 2, 0], {}),
        bend([0, 0], "k" * 65),
        bend([0, 0], None),
        bend([0, 1], ["b", "a"]),
        bend([0, 1, 0], ""),
        bend([0], []),
        bend([0], 7),
    ],
)
def test_changes_that_break_the_form(source: Store, target: Store, wrong: Any) -> None:
    head, changes = whole(source)
    wrong(changes)
    refused(target, FedretailError, head, changes)
    refused(target, FedretailError, head, changes, is_push=True)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xc1",
        b"\x91",
        b"\x90\x90",
        b"\xc7\x01\x05x",
        b"\xd6\xff\0\0\0\0",
        b"\x80",
        b"\xdd\xff",
        b"\x91" * 2000 + b"\xc0",
        bytes(300_000),
    ],
)
def test_bytes_that_are_no_changes(source: Store, target: Store, raw: bytes) -> None:
    refused(target, MalformedInput, whole(source)[0], raw)


def test_one_row_in_a_million_lines_is_refused_soon(source: Store, target: Store) -> None:
    """64 fields make 64 groups at most; comparing 60,000 with each other would take minutes."""
    head, _ = whole(source)
    lines = [["offer", ["f"], [["sku", 1, back, 0, 0]]] for back in range(10_000)]
    assert "groups" in refused(target, MalformedInput, head, lines).message


def test_a_push_from_ahead_is_a_gap(source: Store, target: Store) -> None:
    part = source.changes_since(LOG, Point(2, 0), None)
    assert part is not None
    head = SignedHead.parse(part.head)
    for is_push in (False, True):
        assert target.advance(head, 2, pack(part.changes), is_push=is_push) is Outcome.GAP
    assert builders.rows(target, LOG) == {}


def test_a_bad_push_disturbs_no_transfer(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "PART_BYTES", 1)
    assert builders.fetch_part(target, source, LOG) is Outcome.STAGED
    place = target.wanted(LOG)
    head, _ = whole_head(source)
    refused(target, MalformedInput, head, b"\xc1", is_push=True)
    refused(target, PeerError, head, [], is_push=True)
    assert target.wanted(LOG) == place
    builders.fetch(target, source, LOG)
    assert builders.rows(target, LOG) == builders.rows(source, LOG)


def whole_head(source: Store) -> tuple[SignedHead, bytes]:
    raw = source.heads()[0][2]
    return SignedHead.parse(raw), raw


def test_a_lie_in_a_transfer_costs_that_transfer_only(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "PART_BYTES", 1)
    head, _ = whole_head(source)
    false = pack([["offer", ["name"], [["sku0", "lie", 0, 0, 0]]]])
    assert target.advance(head, 0, false, after=RowKey("offer", "sku0")) is Outcome.STAGED
    while (outcome := builders_outcome(target, source)) is Outcome.STAGED:
        pass
    assert outcome is None
    assert target.wanted(LOG) == (Point(0, 0), None)
    builders.fetch(target, source, LOG)
    assert builders.rows(target, LOG) == builders.rows(source, LOG)


def builders_outcome(target: Store, source: Store) -> Outcome | None:
    try:
        return builders.fetch_part(target, source, LOG)
    except intake.DigestMismatch:
        return None


def test_the_tail_of_an_overtaken_transfer_is_no_lie(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another neighbour's push moves the log between two parts that this one was asked for."""
    first = source.changes_since(LOG, Point(0, 0), None)
    assert first is not None
    target.advance(SignedHead.parse(first.head), 0, pack(first.changes))
    base = target.log(LOG)
    assert base is not None
    source.commit(SHOP.author(), SITE, builders.offer_edits(range(3), amount_minor=5))
    monkeypatch.setattr(logs, "PART_BYTES", 1)
    served = list(builders.parts(source, LOG, base.point))
    head = SignedHead.parse(served[0].head)
    target.advance(head, base.point.seq, pack(served[0].changes), after=served[0].after)
    monkeypatch.setattr(logs, "PART_BYTES", 10**6)
    other = builders.push(target, source, LOG, base.point)
    assert other is Outcome.MOVED
    source.commit(SHOP.author(), SITE, builders.offer_edits([0], amount_minor=6))
    late = list(builders.parts(source, LOG, base.point))[-1]
    tail = [[kind, names, lines[-1:]] for kind, names, lines in late.changes]
    outcome = target.advance(SignedHead.parse(late.head), base.point.seq, pack(tail))
    assert outcome is Outcome.GAP
    assert builders.problems(target) == []


def test_limits_of_the_log_list(tmp_path: Path, source: Store, target: Store) -> None:
    """Invented names give way; logs with a verified head stay, and there are 8 of them."""
    for number in range(50):
        device = builders.key(f"invented {number}").public
        target.add_log(SHOP.log_name()._replace(device=device))
    assert len(target.logs_of(SHOP.owner, SITE)) <= 2 * logs.MAX_LOGS_PER_COLLECTION
    target.add_log(SHOP.log_name())
    builders.fetch(target, source, LOG)
    for number in range(1, 8):
        author = SHOP.author(incarnation=SHOP.incarnation + number)
        signed = source.commit(author, SITE, builders.offer_edits([number]))
        assert signed is not None
        target.add_log(author.log(SITE))
        builders.fetch(target, source, signed.head.log)
    ninth = SHOP.author(incarnation=SHOP.incarnation + 8)
    with pytest.raises(Refused):
        target.add_log(ninth.log(SITE))
    before = contents(source)
    with pytest.raises(Refused):
        source.commit(ninth, SITE, builders.offer_edits([9]))
    assert contents(source) == before
    assert len(target.heads()) == 8


def test_trailing_items_of_a_later_version_are_kept(source: Store, target: Store) -> None:
    head, changes = whole(source)
    body = pack([2, *head.head, "later", {"a": 1}])
    signature = SHOP.devices[0].sign(b"fedretail/head/1" + body)
    raw = pack([body, signature])
    assert target.advance(SignedHead.parse(raw), 0, pack(changes)) is Outcome.MOVED
    assert target.heads()[0][2] == raw
    served = target.changes_since(LOG, Point(0, 0), None)
    assert served is not None
    assert served.head == raw


def test_a_log_of_another_member_is_not_journalled(source: Store, target: Store) -> None:
    builders.fetch(target, source, LOG)
    source.commit(SHOP.author(), SITE, builders.offer_edits([0], amount_minor=1))
    builders.fetch(target, source, LOG)
    for store, count in ((source, 3), (target, 0)):
        connection = builders.QuickConnection(store.path)
        found = connection.execute("SELECT count(*) FROM local_journal").fetchone()
        connection.close()
        assert found == (count,)
