"""Collections that were let go: not fetched back from who still holds them, unless they live."""

from pathlib import Path

import pytest

from fedretail.store.upkeep import EVICT_MS
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import Conversation, Neighbour

SILENT, OTHER = builders.shop("silent"), builders.shop("other")
DAY_MS = 24 * 3600 * 1000


class Street:
    """A shop that falls silent, one that goes on, and two who hold both."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self.silent, self.other = (
            Neighbour(builders.shop_store(folder, shop, clock=clock), name)
            for shop, name in ((SILENT, "silent"), (OTHER, "other"))
        )
        self.one, self.two = (
            Neighbour(builders.new_store(folder, name, clock=clock), name) for name in ("1", "2")
        )
        self._nonce = 0
        for node, shop in ((self.silent, SILENT), (self.other, OTHER)):
            node.store.commit(shop.author(), SITE, builders.offer_edits([1, 2]))
            self.talk(node, self.one)
        self.talk(self.one, self.two)

    def talk(self, one: Neighbour, other: Neighbour) -> None:
        self._nonce += 1
        sides = Conversation(one, other, self._nonce).settle().sides
        assert [side.failure for side in sides] == [None, None]

    def half_a_year(self, clock: ManualClock) -> None:
        clock.advance(EVICT_MS + DAY_MS)
        self.other.store.renew(OTHER.author(), SITE)
        self.talk(self.other, self.one)
        self.talk(self.other, self.two)


@pytest.fixture
def street(tmp_path: Path, clock: ManualClock) -> Street:
    return Street(tmp_path, clock)


def owners(node: Neighbour) -> set[bytes]:
    return {name.owner for name in node.state()}


def test_what_was_let_go_is_not_fetched_back_from_who_still_holds_it(
    street: Street, clock: ManualClock
) -> None:
    street.half_a_year(clock)
    assert street.one.mirror.evict() == 1
    assert street.one.mirror.evict() == 0
    assert owners(street.one) == {OTHER.owner}
    assert street.one.mirror.head(SILENT.log()) is None
    street.talk(street.two, street.one)
    street.talk(street.one, street.two)
    assert owners(street.one) == {OTHER.owner}
    assert owners(street.two) == {OTHER.owner, SILENT.owner}


def test_whoever_comes_back_is_fetched_anew_by_way_of_others(
    street: Street, clock: ManualClock
) -> None:
    street.half_a_year(clock)
    street.one.mirror.evict()
    street.silent.store.renew(SILENT.author(), SITE)
    street.talk(street.silent, street.two)
    street.talk(street.two, street.one)
    assert street.one.state() == street.two.state()
    assert street.one.folds() == street.two.folds()
    assert builders.problems(street.one.store) == []


def test_a_silent_device_of_a_shop_that_goes_on_is_fetched(
    street: Street, tmp_path: Path, clock: ManualClock
) -> None:
    pair = builders.shop("pair", devices=2)
    silent = Neighbour(builders.shop_store(tmp_path, pair, clock=clock), "silent till")
    silent.store.commit(pair.author(1), SITE, builders.offer_edits([3]))
    street.half_a_year(clock)
    lively = Neighbour(builders.shop_store(tmp_path, pair, clock=clock, device=1), "till")
    lively.store.commit(pair.author(0), SITE, builders.offer_edits([4]))
    street.talk(silent, street.one)
    assert pair.owner not in owners(street.one)
    street.talk(lively, street.one)
    street.talk(silent, street.one)
    assert [name.owner for name in street.one.state()].count(pair.owner) == 2


def test_after_a_restart_it_is_as_before(street: Street, clock: ManualClock) -> None:
    street.half_a_year(clock)
    street.one.mirror.evict()
    street.one = Neighbour(street.one.store, "1")
    street.talk(street.two, street.one)
    assert owners(street.one) == {OTHER.owner}


def test_any_log(street: Street, tmp_path: Path) -> None:
    mirror = street.one.mirror
    assert {mirror.any_log(choice) for choice in (0.0, 0.99)} == {SILENT.log(), OTHER.log()}
    assert Neighbour(builders.new_store(tmp_path, "new"), "new").mirror.any_log(0.5) is None
