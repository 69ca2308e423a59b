"""What does not arrive: rows, heads and logs that are refused, and leave all as it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.crdt.transfer import Outcome
from fedretail.errors import FedretailError, MalformedInput, PeerError, Refused
from fedretail.store import intake, logs
from fedretail.store.intake import DigestMismatch
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE

SHOP = builders.shop()
LOG = SHOP.log()


def resigned(signed: SignedHead, *, device: int = 0, **changes: Any) -> SignedHead:
    """The head with other items, signed by the shop's device all the same."""
    return SignedHead.sign(signed.head._replace(**changes), SHOP.devices[device])


def refused(
    store: Store, kind: type[FedretailError], head: SignedHead, changes: Any, **more: Any
) -> FedretailError:
    """The error of an advance, which must leave all but proofs in the store as it was."""
    before = {**builders.contents(store.path), "proof": []}
    packed = changes if isinstance(changes, bytes) else pack(changes)
    with pytest.raises(kind) as caught:
        store.advance(head, more.pop("base_seq", 0), packed, **more)
    assert {**builders.contents(store.path), "proof": []} == before
    assert builders.problems(store) == []
    return caught.value


def test_what_was_sent_arrives(source: Store, target: Store) -> None:
    head, changes = builders.whole(source, LOG)
    assert target.advance(head, 0, pack(changes)) is Outcome.MOVED
    assert target.advance(head, 0, pack(changes)) is Outcome.OLD
    assert builders.rows(target, LOG) == builders.rows(source, LOG)


def test_a_value_changed_on_the_way(source: Store, target: Store) -> None:
    head, changes = builders.whole(source, LOG)
    line = changes[0][2][0]
    line[1] = "cheaper brand"
    assert "signed" in refused(target, intake.DigestMismatch, head, changes).message


def test_a_row_left_out_or_a_part_said_to_be_all(source: Store, target: Store) -> None:
    head, changes = builders.whole(source, LOG)
    refused(target, intake.DigestMismatch, head, changes[:-1])
    refused(target, intake.DigestMismatch, head, [])


@pytest.mark.parametrize("item", ["count", "size", "digest"])
def test_a_head_with_another_sum(source: Store, target: Store, item: str) -> None:
    head, changes = builders.whole(source, LOG)
    other = bytes(32) if item == "digest" else getattr(head.head, item) + 1
    refused(target, intake.DigestMismatch, resigned(head, **{item: other}), changes)


def test_a_signature_of_someone_else(source: Store, target: Store) -> None:
    head, changes = builders.whole(source, LOG)
    stranger = SignedHead.sign(head.head, builders.key("stranger"))
    refused(target, PeerError, stranger, changes)
    cut = head._replace(signature=bytes(64))
    refused(target, PeerError, cut, changes)


def test_a_device_that_was_never_granted(source: Store, tmp_path: Path) -> None:
    head, changes = builders.whole(source, LOG)
    store = builders.new_store(tmp_path, "no-grants")
    builders.add_log(store, SHOP.log_name())
    refused(store, PeerError, head, changes)
    store.close()


def test_a_device_that_granted_itself(source: Store, tmp_path: Path) -> None:
    head, changes = builders.whole(source, LOG)
    store = builders.new_store(tmp_path, "own-grants")
    builders.add_log(store, SHOP.log_name())
    own = builders.grant(SHOP.devices[0], SHOP.devices[0].public, number=1, now_ms=0)
    store.add_auth([own])
    refused(store, PeerError, head, changes)
    store.close()


def test_a_log_that_nobody_named(source: Store, tmp_path: Path) -> None:
    head, changes = builders.whole(source, LOG)
    store = builders.new_store(tmp_path, "no-names")
    refused(store, Refused, head, changes)
    store.close()


def test_seq_and_stamp_never_go_back(source: Store, target: Store) -> None:
    head, changes = builders.whole(source, LOG)
    target.advance(head, 0, pack(changes))
    before = builders.contents(target.path)
    for seq in (1, 2):
        older = resigned(head, seq=seq, stamp=head.head.stamp + 1)
        assert target.advance(older, 0, pack([])) is Outcome.OLD
    assert builders.contents(target.path) == before
    stamp = head.head.stamp
    for back in (0, 1, stamp):
        later = resigned(head, seq=4, stamp=stamp - back)
        refused(target, Refused, later, [], base_seq=3)


def test_of_twins_the_one_that_counts_stays(source: Store, target: Store) -> None:
    head, changes = builders.whole(source, LOG)
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
    head, changes = builders.whole(source, LOG)
    assert target.trust.saw([resigned(head, digest=b"o" * 32)]) == 0
    refused(target, Refused, head, changes)
    assert target.signed_twice(SHOP.owner, SITE)
    ((_, found),) = target.trust.proofs()
    assert {found.first.head.digest, found.second.head.digest} == {b"o" * 32, head.head.digest}
    refused(target, Refused, head, changes)


def test_a_frozen_device_moves_no_log_of_any_incarnation(source: Store, target: Store) -> None:
    head, changes = builders.whole(source, LOG)
    target.advance(head, 0, pack(changes))
    assert target.trust.saw([resigned(head, digest=b"o" * 32)]) == 1
    refused(target, Refused, resigned(head, seq=4, stamp=head.head.stamp + 1), [], base_seq=3)
    name = SHOP.log_name()._replace(incarnation=SHOP.incarnation + 1)
    builders.add_log(target, name)
    refused(target, Refused, resigned(head, log=log_id(name)), changes)


def test_a_renewal_by_a_stranger_and_by_a_sister_device(source: Store, target: Store) -> None:
    head, changes = builders.whole(source, LOG)
    target.advance(head, 0, pack(changes))
    later = head.head._replace(seq=4, stamp=head.head.stamp + 1)
    for name in ("stranger", "shop device 1", "shop root"):
        forged = SignedHead.sign(later, builders.key(name))
        refused(target, PeerError, forged, [], base_seq=3, is_push=True)


def test_an_older_incarnation_after_a_newer(source: Store, target: Store, clock: Any) -> None:
    old_head, old_changes = builders.whole(source, LOG)
    signed = source.own_logs.open_next(SHOP.author(), SITE)
    assert signed is not None
    builders.add_log(target, source.own_logs.written(SHOP.log_name()))
    builders.fetch(target, source, signed.head.log)
    # Nobody's fault: the neighbour may not have heard of the newer one.
    refused(target, Refused, old_head, old_changes)


def test_a_name_of_a_newer_incarnation_alone_stops_nothing(source: Store, target: Store) -> None:
    builders.add_log(target, SHOP.author(incarnation=SHOP.incarnation + 1).log(SITE))
    head, changes = builders.whole(source, LOG)
    assert target.advance(head, 0, pack(changes)) is Outcome.MOVED


def test_own_log_is_not_taken_from_a_neighbour(source: Store, tmp_path: Path) -> None:
    head, changes = builders.whole(source, LOG)
    (tmp_path / "restored").mkdir()
    restored = builders.shop_store(tmp_path / "restored", SHOP)
    builders.add_log(restored, SHOP.log_name())
    refused(restored, Refused, head, changes)
    restored.close()


def test_logs_beyond_the_limits(source: Store, target: Store) -> None:
    head, changes = builders.whole(source, LOG)
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
    head, changes = builders.whole(source, LOG)
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
    refused(target, MalformedInput, builders.whole(source, LOG)[0], raw)


def test_one_row_in_a_million_lines_is_refused_soon(source: Store, target: Store) -> None:
    """64 fields make 64 groups at most; comparing 60,000 with each other would take minutes."""
    head, _ = builders.whole(source, LOG)
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
    head = SignedHead.parse(source.heads()[0][2])
    refused(target, MalformedInput, head, b"\xc1", is_push=True)
    refused(target, PeerError, head, [], is_push=True)
    assert target.wanted(LOG) == place
    builders.fetch(target, source, LOG)
    assert builders.rows(target, LOG) == builders.rows(source, LOG)
