"""Proofs of two states: what is one, what is none, and that bytes from outside are judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.names import log_id
from fedretail.crdt.proof import Proof, contradicts, outranks, proof
from fedretail.errors import MalformedInput
from fedretail.testing import builders

SHOP = builders.shop(devices=2)
NAME = SHOP.log_name()
OTHER = SHOP.log_name("member")


def head(**change: object) -> SignedHead:
    wanted = Head(log_id(NAME), 3, 1000, 7, 2, 90, b"d" * 32)
    return SignedHead.sign(wanted._replace(**change), SHOP.devices[0])


# One letter each: seqs, stamps and digests meet often.
HEADS = st.builds(
    lambda log, seq, stamp, digest, device: SignedHead.sign(
        Head(log_id(log), seq, stamp, 7, 2, 90, digest * 32), SHOP.devices[device]
    ),
    st.sampled_from([NAME, OTHER]),
    st.integers(1, 2),
    st.integers(0, 1),
    st.sampled_from([b"a", b"b"]),
    st.sampled_from([0, 0, 0, 1]),
)


@given(HEADS, HEADS)
def test_two_signed_states_of_one_number_and_nothing_else(
    one: SignedHead, other: SignedHead
) -> None:
    found = proof(NAME, one, other)
    by_device = all(signed.is_by(SHOP.devices[0].public) for signed in (one, other))
    is_same_place = one.head[:2] == other.head[:2] and one.head.log == log_id(NAME)
    expected = by_device and is_same_place and one.head.digest != other.head.digest
    assert (found is not None) == expected
    assert found == proof(NAME, other, one)
    if found is not None:
        assert Proof.parse(unpack(pack(found.items()), max_bytes=4096)) == found
        assert {found.first.raw, found.second.raw} == {one.raw, other.raw}


@given(HEADS, HEADS)
def test_one_of_two_twins_counts(one: SignedHead, other: SignedHead) -> None:
    if one.raw != other.raw and not contradicts(one, other):
        assert outranks(one, other) != outranks(other, one)
    assert not outranks(one, one)


def test_the_later_stamp_counts_then_the_greater_bytes() -> None:
    present, later = head(), head(stamp=1001)
    assert outranks(later, present)
    # A longer head has the greater bytes, whatever its stamp.
    assert outranks(later, head(lease=200))
    assert later.raw < head(lease=200).raw
    low, high = sorted((head(lease=1), head(lease=2)), key=lambda one: one.raw)
    assert outranks(high, low)


def test_a_proof_takes_less_than_half_a_kibibyte() -> None:
    found = proof(NAME, head(), head(digest=b"e" * 32))
    assert found is not None
    assert len(pack(found.items())) < 512


def test_a_proof_says_whose_log_it_is() -> None:
    one, other = head(), head(digest=b"e" * 32)
    assert proof(OTHER, one, other) is None
    assert proof(NAME._replace(incarnation=NAME.incarnation + 1), one, other) is None


@pytest.mark.parametrize("index", range(6))
@pytest.mark.parametrize("value", [None, b"", 1, "x", [], b"x" * 2000])
def test_what_is_no_proof(index: int, value: object) -> None:
    found = proof(NAME, head(), head(digest=b"e" * 32))
    assert found is not None
    items = found.items()
    items[index] = value
    with pytest.raises(MalformedInput):
        Proof.parse(items)
    with pytest.raises(MalformedInput):
        Proof.parse(found.items()[:index])


def test_a_proof_the_wrong_way_round_is_refused() -> None:
    found = proof(NAME, head(), head(digest=b"e" * 32))
    assert found is not None
    with pytest.raises(MalformedInput):
        Proof.parse([*NAME, found.second.raw, found.first.raw])


@given(st.binary(max_size=300), st.integers(0, 500))
def test_mutated_proofs(noise: bytes, place: int) -> None:
    found = proof(NAME, head(), head(digest=b"e" * 32))
    assert found is not None
    raw = found.second.raw
    changed = raw[:place] + noise + raw[place + len(noise) :]
    if changed != raw:
        with pytest.raises(MalformedInput):
            Proof.parse([*NAME, found.first.raw, changed])
