"""Who gives way where there is no room for another owner, and who never does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.changes import START
from fedretail.crdt.codec import pack
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.proof import proof
from fedretail.store import strangers
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE

OWN, NEIGHBOUR = builders.shop("own"), builders.shop("neighbour")
STRANGERS = [builders.shop(f"stranger {n}", devices=1 + n % 3) for n in range(6)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """This node's store, which holds a neighbour's catalog and has heard of strangers."""
    source = builders.shop_store(tmp_path, NEIGHBOUR)
    source.commit(NEIGHBOUR.author(), SITE, builders.offer_edits(range(3)))
    store = builders.shop_store(tmp_path, OWN)
    for one in (NEIGHBOUR, *STRANGERS):
        store.learn(one.grants, [one.log_name()])
    builders.fetch(store, source, NEIGHBOUR.log())
    return store


def counts(store: Store) -> tuple[int, int]:
    """How many logs and collections there are."""
    query = "SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM collection)"
    return tuple(store._read.execute(query).fetchone())


def test_the_oldest_give_way_with_their_names(store: Store) -> None:
    assert strangers.forget(store._write, 3) == [one.owner for one in STRANGERS[:2]]
    kept = [OWN, NEIGHBOUR, *STRANGERS[2:]]
    assert store.owners() == sorted(one.owner for one in kept)
    assert [store.log(one.log()) is None for one in STRANGERS[:3]] == [True, True, False]
    assert counts(store) == (5, 5)


def test_a_node_a_neighbour_with_a_catalog_and_nobody_else_stay(store: Store) -> None:
    assert len(strangers.forget(store._write, 1000)) == len(STRANGERS)
    assert store.owners() == sorted([OWN.owner, NEIGHBOUR.owner])
    assert strangers.forget(store._write, 1000) == []
    assert store.log(NEIGHBOUR.log()) is not None


def test_whose_catalog_is_on_its_way_stays(store: Store, tmp_path: Path) -> None:
    coming = STRANGERS[0]
    source = builders.shop_store(tmp_path, coming)
    source.commit(coming.author(), SITE, builders.offer_edits(range(3000)))
    builders.fetch_part(store, source, coming.log())
    assert coming.owner not in strangers.forget(store._write, 1000)
    builders.fetch(store, source, coming.log())
    state = store.log(coming.log())
    assert state is not None
    assert state.count == 3000


def test_who_was_forgotten_can_come_again(store: Store, tmp_path: Path) -> None:
    strangers.forget(store._write, 1000)
    back = STRANGERS[1]
    source = builders.shop_store(tmp_path, back)
    source.commit(back.author(), SITE, builders.offer_edits([1]))
    part = source.changes_since(back.log(), START, None)
    assert part is not None
    assert store.learn(back.grants, [back.log_name()]) == [back.log_name()]
    store.advance(SignedHead.parse(part.head), part.base.seq, pack(part.changes), after=part.after)
    assert strangers.forget(store._write, 1000) == []


def test_proofs_against_an_owner_keep_it(store: Store) -> None:
    cheat = STRANGERS[2]
    head = Head(cheat.log(), 1, 1, 0, 0, 0, bytes(32))
    pair = [
        SignedHead.sign(one, cheat.devices[0]) for one in (head, head._replace(digest=b"d" * 32))
    ]
    found = proof(cheat.log_name(), *pair)
    assert found is not None
    store.trust.prove([found])
    assert cheat.owner not in strangers.forget(store._write, 1000)


@given(st.integers(0, 20))
def test_no_more_than_needed(tmp_path_factory: pytest.TempPathFactory, count: int) -> None:
    store = builders.new_store(tmp_path_factory.mktemp("store"))
    for one in STRANGERS:
        store.learn(one.grants, [one.log_name()])
    gone = strangers.forget(store._write, count)
    sizes = [len(one.grants) for one in STRANGERS]
    assert gone == [one.owner for one in STRANGERS[: len(gone)]]
    assert sum(sizes[: len(gone)]) >= min(count, sum(sizes))
    assert not gone or sum(sizes[: len(gone) - 1]) < count
    store.close()
