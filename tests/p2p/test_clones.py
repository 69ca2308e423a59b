"""Two starts of one key: neighbours ask both, and nobody but the key itself can prove it."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.p2p.clones import _PEERS, AUTH_MET, Clones, Witness, witness
from fedretail.testing import builders

KEY, OTHER = builders.key("shop device"), builders.key("stranger")
ONE, TWO, THREE = (bytes([n]) * 16 for n in (1, 2, 3))
DEVICE = KEY.public
OWN = (OTHER.public, bytes(16))


def test_a_start_that_follows_another_is_asked_about_it() -> None:
    clones = Clones(OWN)
    assert clones.met(DEVICE, ONE) == []
    assert clones.met(DEVICE, ONE) == []
    assert clones.met(DEVICE, TWO) == [[AUTH_MET, ONE]]
    assert clones.met(OTHER.public, THREE) == []


def test_a_start_that_comes_back_is_shown_the_proof() -> None:
    clones = Clones(OWN)
    clones.met(DEVICE, ONE)
    clones.met(DEVICE, TWO)
    proof = witness(ONE, TWO, KEY.sign)
    clones.heard(DEVICE, proof)
    # The first has gone for good: nobody hears of it.
    assert clones.met(DEVICE, THREE) == [[AUTH_MET, ONE], [AUTH_MET, TWO]]
    assert clones.met(DEVICE, ONE)[0] == proof.line()
    assert proof.is_by(DEVICE)


@given(st.sampled_from([ONE, TWO, THREE]), st.sampled_from([ONE, TWO, THREE]), st.booleans())
def test_what_others_say_is_no_proof(about: bytes, by: bytes, is_own: bool) -> None:
    clones = Clones(OWN)
    clones.met(DEVICE, ONE)
    clones.met(DEVICE, TWO)
    told = witness(about, by, (KEY if is_own else OTHER).sign)
    clones.heard(DEVICE, told)
    is_proof = is_own and {about, by} == {ONE, TWO}
    assert (clones.met(DEVICE, about)[:1] == [told.line()]) is is_proof
    assert not told._replace(by=bytes(16)).is_by(DEVICE)


def test_who_has_a_twin_hears_it_from_its_own_key_alone() -> None:
    clones = Clones((DEVICE, ONE))
    assert clones.heard(OTHER.public, witness(ONE, TWO, KEY.sign))
    assert not clones.heard(OTHER.public, witness(TWO, THREE, KEY.sign))
    assert not clones.heard(DEVICE, witness(ONE, ONE, KEY.sign))
    for who in (DEVICE, OTHER.public):
        assert not clones.heard(who, witness(ONE, TWO, OTHER.sign))
    assert clones.is_twin(DEVICE, TWO)
    assert not clones.is_twin(DEVICE, ONE)
    assert not clones.is_twin(OTHER.public, TWO)


def test_a_start_proves_nothing_against_itself() -> None:
    assert not witness(ONE, ONE, KEY.sign).is_by(DEVICE)
    assert not Witness(ONE, TWO, b"").is_by(DEVICE)


def test_strangers_in_crowds_are_forgotten_one_by_one() -> None:
    clones = Clones(OWN)
    clones.met(DEVICE, ONE)
    for number in range(_PEERS):
        clones.met(number.to_bytes(32, "big"), TWO)
    assert clones.met(DEVICE, TWO) == []
    for number in range(20):
        clones.met(DEVICE, bytes([number + 10]) * 16)
    assert len(clones.met(DEVICE, ONE)) < 6
