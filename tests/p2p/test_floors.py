"""Two nodes when rows have gone for ever: who knows them still is told so, in one round."""

from pathlib import Path

import pytest

from fedretail.store.commits import Edit
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import Conversation, Neighbour, neighbour, same, stocked

SHOP = builders.shop("first")
LOG = SHOP.log()


def season(node: Neighbour) -> None:
    """Offer 0 is deleted, and leaves the log for ever in time."""
    clock = node.store._clock
    assert isinstance(clock, ManualClock)
    node.store.commit(SHOP.author(), SITE, [Edit("offer", "sku0", is_deletion=True)])
    builders.empty(node.store, SHOP.author(), [("offer", "sku0")])
    for days in (1, 31):
        clock.advance(days * 24 * 3600 * 1000)
        node.store.renew(SHOP.author(), SITE)


@pytest.mark.parametrize("offers", [3, 3000])
def test_who_is_below_the_floor_ends_with_the_same(tmp_path: Path, offers: int) -> None:
    """In one part or in several; a third node that knows nothing gets no more than that."""
    a, b = stocked(tmp_path, "a", SHOP, offers), neighbour(tmp_path, "b")
    Conversation(a, b).settle()
    season(a)
    held, kept = b.store.log(LOG), a.store.log(LOG)
    assert held is not None
    assert kept is not None
    assert (held.point.seq, held.count, kept.count) == (max(1, offers // 500), offers, offers - 1)
    talk = Conversation(a, b, nonce=1).settle()
    assert [side.failure for side in talk.sides] == [None, None]
    assert same(a, b)
    assert b.store.log(LOG) == kept._replace(number=held.number, collection=held.collection)


def test_a_push_of_a_later_floor_takes_rows_away(tmp_path: Path) -> None:
    a, b = stocked(tmp_path, "a", SHOP, 3), neighbour(tmp_path, "b")
    season(a)
    talk = Conversation(a, b).settle()
    base = talk.sides[0].session.view.shown[LOG]
    a.store.commit(SHOP.author(), SITE, [Edit("offer", "sku1", is_deletion=True)])
    builders.empty(a.store, SHOP.author(), [("offer", "sku1")])
    talk.sides[0].take(talk.sides[0].session.push(LOG, base))
    talk.settle()
    clock = a.store._clock
    assert isinstance(clock, ManualClock)
    for days in (1, 31):
        base = talk.sides[0].session.view.shown[LOG]
        clock.advance(days * 24 * 3600 * 1000)
        a.store.renew(SHOP.author(), SITE)
        talk.sides[0].take(talk.sides[0].session.push(LOG, base))
        talk.settle()
    assert same(a, b)
    state = b.store.log(LOG)
    assert state is not None
    assert state.count == 1
