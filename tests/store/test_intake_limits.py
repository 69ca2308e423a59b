"""Transfers that a lie or a push overtakes, how many logs there may be, and later versions."""

from pathlib import Path

import pytest

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Outcome
from fedretail.errors import Refused
from fedretail.store import intake, logs
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE

SHOP = builders.shop()
LOG = SHOP.log()


def test_a_lie_in_a_transfer_costs_that_transfer_only(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "PART_BYTES", 1)
    head = SignedHead.parse(source.heads()[0][2])
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
        builders.add_log(target, SHOP.log_name()._replace(device=device))
    assert len(target.logs_of(SHOP.owner, SITE)) <= 2 * logs.MAX_LOGS_PER_COLLECTION
    builders.add_log(target, SHOP.log_name())
    builders.fetch(target, source, LOG)
    for number in range(1, 8):
        author = SHOP.author(incarnation=SHOP.incarnation + number)
        signed = source.commit(author, SITE, builders.offer_edits([number]))
        assert signed is not None
        builders.add_log(target, author.log(SITE))
        builders.fetch(target, source, signed.head.log)
    ninth = SHOP.author(incarnation=SHOP.incarnation + 8)
    with pytest.raises(Refused):
        builders.add_log(target, ninth.log(SITE))
    before = builders.contents(source.path)
    with pytest.raises(Refused):
        source.commit(ninth, SITE, builders.offer_edits([9]))
    assert builders.contents(source.path) == before
    assert len(target.heads()) == 8


def test_trailing_items_of_a_later_version_are_kept(source: Store, target: Store) -> None:
    head, changes = builders.whole(source, LOG)
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
