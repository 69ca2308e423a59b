"""Both sides learn what the other lacks, and nobody is told what it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.errors import PeerError
from fedretail.p2p import reconcile
from fedretail.p2p.reconcile import AUTH, Item

KEY = reconcile.salt(b"a" * 16, b"b" * 16)
ITEMS = st.lists(
    st.builds(Item, st.sampled_from([AUTH, b"l" * 16, b"m" * 16]), st.binary(max_size=4)),
    unique=True,
    max_size=30,
)


def test_both_ends_make_one_salt_and_each_session_another() -> None:
    assert reconcile.salt(b"b" * 16, b"a" * 16) == KEY
    assert reconcile.salt(b"a" * 16, b"c" * 16) != KEY


@given(ITEMS, ITEMS)
def test_items_are_divided_by_what_the_other_side_has(mine: list[Item], theirs: list[Item]) -> None:
    told = reconcile.parse_ids(reconcile.ids(theirs, KEY))
    lacked, common = reconcile.divided(mine, told, KEY)
    assert lacked == [item for item in mine if item not in theirs]
    assert common == [item for item in mine if item in theirs]


@given(ITEMS, st.randoms(use_true_random=False))
def test_a_fingerprint_does_not_depend_on_order(items: list[Item], random: object) -> None:
    mixed = list(items)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert reconcile.fingerprint(mixed, KEY) == reconcile.fingerprint(items, KEY)
    assert len(reconcile.fingerprint(items, KEY)) == 16


@given(ITEMS, ITEMS)
def test_fingerprints_are_equal_where_the_items_are(mine: list[Item], theirs: list[Item]) -> None:
    same = reconcile.fingerprint(mine, KEY) == reconcile.fingerprint(theirs, KEY)
    assert same == (set(mine) == set(theirs))


def test_an_id_depends_on_the_salt_and_on_what_it_is_about() -> None:
    item = Item(b"l" * 16, b"raw")
    assert len(reconcile.item_id(item, KEY)) == reconcile.ID_BYTES
    assert reconcile.item_id(item, KEY) != reconcile.item_id(item, b"another salt")
    assert reconcile.item_id(item, KEY) != reconcile.item_id(Item(b"m" * 16, b"raw"), KEY)


@given(st.binary(max_size=64))
def test_any_bytes_are_ids_or_the_neighbours_fault(data: bytes) -> None:
    if len(data) % reconcile.ID_BYTES:
        with pytest.raises(PeerError):
            reconcile.parse_ids(data)
    else:
        assert len(reconcile.parse_ids(data)) <= len(data) // reconcile.ID_BYTES


def test_no_more_ids_than_fit_into_a_frame() -> None:
    many = [Item(AUTH, number.to_bytes(3, "big")) for number in range(reconcile.MAX_IDS + 1)]
    data = reconcile.ids(many, KEY)
    assert len(data) == reconcile.MAX_IDS * reconcile.ID_BYTES
    assert len(reconcile.parse_ids(data)) == reconcile.MAX_IDS
    with pytest.raises(PeerError):
        reconcile.parse_ids(data + bytes(reconcile.ID_BYTES))
