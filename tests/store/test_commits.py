"""Commits: what is public becomes rows, what is own stays here, and all of it is there at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.domain.kind import RecordId
from fedretail.domain.kinds import KINDS
from fedretail.errors import MalformedInput, UsageError
from fedretail.store.commits import LEASE_DAYS, Edit
from fedretail.store.journal import KEPT_MS
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

SHOP = builders.shop()
LOG = SHOP.log()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    store = builders.shop_store(tmp_path, SHOP, clock=clock)
    yield store
    store.close()


def place(key: str, kind: str = "offer") -> RecordId:
    return RecordId(SHOP.owner, SITE, kind, key)


def commit(store: Store, *edits: Edit) -> SignedHead:
    signed = store.commit(SHOP.author(), SITE, edits)
    assert signed is not None
    return signed


def fields(store: Store, key: str) -> dict[str, Any] | None:
    folded = store.record(place(key))
    return None if folded is None else folded.fields


def test_heads_count_up_and_stamps_rise(store: Store, clock: ManualClock) -> None:
    first = commit(store, *builders.offer_edits(range(3))).head
    second = commit(store, *builders.offer_edits([0], amount_minor=1)).head
    clock.advance(-60_000)
    third = store.renew(SHOP.author(), SITE)
    assert third is not None
    heads = [first, second, third.head]
    assert [head.seq for head in heads] == [1, 2, 3]
    assert [head.count for head in heads] == [3, 3, 3]
    assert first.stamp < second.stamp < third.head.stamp
    assert third.head.digest == second.digest
    assert {(head.lease, head.floor, head.parent, head.absorbed) for head in heads} == {
        (LEASE_DAYS, 0, None, None)
    }


def test_stamps_rise_over_all_logs_of_a_device(store: Store) -> None:
    one = store.commit(SHOP.author(), SITE, [Edit("offer", "a", {"pack": 1})])
    two = store.commit(SHOP.author(), "member", [Edit("member", "self", {"name": "Shop"})])
    assert one is not None
    assert two is not None
    assert one.head.stamp < two.head.stamp
    assert two.head.seq == 1


def test_nothing_to_renew(store: Store) -> None:
    assert store.renew(SHOP.author(), SITE) is None
    assert store.commit(SHOP.author(), SITE, [Edit("offer", "a", {"cost": 3})]) is None
    assert store.renew(SHOP.author(), SITE) is None


def test_an_area_stays_until_another_is_named(store: Store) -> None:
    author = SHOP.author()
    moved = store.commit(
        type(author)(author.owner, author.key, author.incarnation, (30, 77)),
        SITE,
        [Edit("offer", "a", {"pack": 1})],
    )
    assert moved is not None
    assert moved.head.area == (30, 77)
    assert commit(store, Edit("offer", "a", {"pack": 2})).head.area == (30, 77)


def test_a_field_set_twice_the_last_counts(store: Store) -> None:
    commit(store, Edit("offer", "a", {"pack": 1, "name": "x"}), Edit("offer", "a", {"pack": 2}))
    assert fields(store, "a") == {"name": "x", "pack": 2}
    commit(store, Edit("offer", "a", {"pack": 3}), Edit("offer", "a", is_deletion=True))
    assert fields(store, "a") is None


def test_an_own_field_is_found_in_all_records_that_have_it(store: Store) -> None:
    own: dict[str, dict[str, Any]] = {
        "a": {"cost": 5, "note": "x"}, "b": {"cost": 6}, "c": {}, "d": {"cost": 7},
    }  # fmt: skip
    commit(store, *[Edit("offer", key, {"pack": 1, **fields}) for key, fields in own.items()])
    commit(store, Edit("offer", "d", is_deletion=True), Edit("offer", "b", {"cost": None}))
    assert dict(store.own_all("offer", "cost")) == {place("a"): 5, place("b"): None}
    assert dict(store.own_all("offer", "note")) == {place("a"): "x"}
    assert store.own_all("site", "cost") == []


def test_deleting_and_beginning_anew_in_one_commit(store: Store) -> None:
    commit(store, Edit("offer", "a", {"name": "old", "pack": 1, "cost": 5, "note": "old"}))
    commit(store, Edit("offer", "a", is_deletion=True), Edit("offer", "a", {"pack": 2, "cost": 6}))
    assert fields(store, "a") == {"pack": 2}
    assert store.own(place("a")) == {"cost": 6}
    commit(store, Edit("offer", "a", is_deletion=True))
    assert fields(store, "a") is None
    assert store.own(place("a")) == {}
    commit(store, Edit("offer", "a", {"name": "again"}))
    assert fields(store, "a") == {"name": "again"}


@pytest.mark.parametrize(
    ("error", "edit"),
    [
        (UsageError, Edit("offer", "a", {"prize": 1})),
        (UsageError, Edit("recipe", "a", {"name": "x"})),
        (UsageError, Edit("offer", "a", {"!": True}, keep_unknown=True)),
        (MalformedInput, Edit("offer", "", {"pack": 1})),
        (MalformedInput, Edit("offer", "k" * 65, {"pack": 1})),
        (MalformedInput, Edit("offer", "a", {"pack": 1.5})),
        (MalformedInput, Edit("offer", "a", {"cost": 1.5})),
        (MalformedInput, Edit("offer", "a", {"pack": 2**64})),
        (MalformedInput, Edit("offer", "a", {"name": "\ud800"})),
        (MalformedInput, Edit("offer", "a", {"name": "x" * 9000})),
        (MalformedInput, Edit("offer", "a", {"hazard": {1: 2}})),
        (MalformedInput, Edit("offer", "a", {"hazard": {1: 2, "a": 1}})),
        (MalformedInput, Edit("offer", "a", {"\ud800": 1}, keep_unknown=True)),
        (MalformedInput, Edit("offer", "a", {"": 1}, keep_unknown=True)),
        (MalformedInput, Edit("offer", "a", {f"f{n}": n for n in range(65)}, keep_unknown=True)),
    ],
)
def test_what_cannot_be_committed_changes_nothing(
    store: Store, error: type[Exception], edit: Edit
) -> None:
    commit(store, Edit("offer", "z", {"pack": 1}))
    before = (store.heads(), store.feed_end(), store.meta("last_stamp"))
    with pytest.raises(error):
        store.commit(SHOP.author(), SITE, [Edit("offer", "b", {"pack": 1, "cost": 2}), edit])
    assert (store.heads(), store.feed_end(), store.meta("last_stamp")) == before
    assert store.own(place("b")) == {}
    assert builders.problems(store) == []


def test_unknown_fields_survive_a_node_that_does_not_know_them(
    store: Store, tmp_path: Path
) -> None:
    later = {"colour": {"de": "blau"}, "pack": 1}
    commit(store, Edit("offer", "a", later, keep_unknown=True))
    peer = builders.peer_store(tmp_path, "peer", SHOP)
    further = builders.peer_store(tmp_path, "further", SHOP)
    builders.fetch(peer, store, LOG)
    builders.fetch(further, peer, LOG)
    assert builders.rows(further, LOG) == builders.rows(store, LOG)
    assert fields(further, "a") == later
    commit(store, Edit("offer", "a", {"pack": 2}))
    builders.fetch(peer, store, LOG)
    assert fields(peer, "a") == {**later, "pack": 2}
    peer.close()
    further.close()


def test_unknown_kinds_pass_through(tmp_path: Path) -> None:
    """A row of a kind of a later version, made by hand as that version would."""
    from fedretail.crdt import digest
    from fedretail.crdt.head import Head
    from fedretail.crdt.row import Row, RowKey, digested

    key, row = RowKey("vote-2031", "x"), Row(1, 1, [(5, {"choice": [1, {"a": b"z"}]})])
    item = digested(key, row.pack())
    sums = digest.root(digest.updated(digest.EMPTY_STATE, [item], []))
    head = SignedHead.sign(Head(LOG, 1, 5, 7, 1, len(item), sums), SHOP.devices[0])
    changes = pack([["vote-2031", ["choice"], [["x", [1, {"a": b"z"}], 0, 0, 0]]]])
    peer = builders.peer_store(tmp_path, "peer", SHOP)
    further = builders.peer_store(tmp_path, "further", SHOP)
    peer.advance(head, 0, changes)
    builders.fetch(further, peer, LOG)
    assert builders.rows(further, LOG) == {("vote-2031", "x"): row.pack()}
    assert [item.kind for _, item in further.feed(0, 9)] == ["vote-2031"]
    peer.close()
    further.close()


SECRETS = [b"zqown-text", (77_001_123_457).to_bytes(8, "big"), b"zqown-bytes"]


def secret(number: int) -> Any:
    """A value that no public field holds."""
    return ["zqown-text", 77_001_123_457, b"zqown-bytes", [{"zqown-text": 1}]][number % 4]


def test_no_own_field_is_in_any_byte_that_a_stranger_receives(store: Store, tmp_path: Path) -> None:
    names: set[bytes] = set()
    for kind in KINDS:
        public = {name: "seen" for name, field in kind.fields.items() if not field.own}
        own = {name: secret(n) for n, name in enumerate(sorted(kind.own_fields()))}
        collection = SITE if kind.name != "member" else "member"
        names |= {name.encode() for name in own if name not in public}
        for step in (public, own, {**public, **own}):
            edit = Edit(kind.name, "key", step)
            store.commit(SHOP.author(), collection, [edit])
        assert store.own(RecordId(SHOP.owner, collection, kind.name, "key")) == own
        store.commit(SHOP.author(), collection, [Edit(kind.name, "gone", {**public, **own})])
        store.commit(SHOP.author(), collection, [Edit(kind.name, "gone", is_deletion=True)])
    assert names
    served = b"".join(everything_served(store))
    assert b"seen" in served
    for needle in [*SECRETS, *(pack(name.decode()) for name in names)]:
        assert needle not in served
    peer = builders.peer_store(tmp_path, "peer", SHOP)
    builders.fetch(peer, store, LOG)
    peer.close()
    for needle in SECRETS:
        assert needle not in peer.path.read_bytes()


def everything_served(store: Store) -> Iterator[bytes]:
    """Heads, names, rows since every point, auth records: all that a session can send."""
    for _, name, raw in store.heads():
        yield raw
        yield pack(list(name))
        signed = SignedHead.parse(raw)
        for seq in range(signed.head.seq):
            for part in builders.parts(store, signed.head.log, Point(seq, 0)):
                yield part.head
                yield pack(part.changes)
        yield from builders.rows(store, signed.head.log).values()
    for _, record in store.auth_records():
        yield record.raw
    for _, place_ in store.feed(0, 1000):
        yield pack(list(place_))


def test_the_journal_keeps_what_was_replaced_for_30_days(store: Store, clock: ManualClock) -> None:
    commit(store, Edit("offer", "a", {"pack": 1}))
    commit(store, Edit("offer", "a", {"pack": 2}))
    clock.advance(KEPT_MS - 1)
    store.prune()
    assert journal(store) == 1
    commit(store, Edit("offer", "a", is_deletion=True))
    clock.advance(2)
    store.prune()
    assert journal(store) == 1


def journal(store: Store) -> int:
    connection = builders.QuickConnection(store.path)
    (count,) = connection.execute("SELECT count(*) FROM local_journal").fetchone()
    connection.close()
    return int(count)
