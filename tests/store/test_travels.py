"""The core of replication: however a log travels, it arrives as it is."""

import contextlib
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
from fedretail.errors import FedretailError
from fedretail.store import logs
from fedretail.store.commits import Edit
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
