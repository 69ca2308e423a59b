"""Signatures hold for one message, one key, one domain."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.keys import SigningKey, is_signed

KEY = SigningKey.from_seed(bytes(32))
OTHER = SigningKey.from_seed(bytes(31) + b"\1")


@given(st.binary(max_size=100))
def test_what_a_key_has_signed(message: bytes) -> None:
    signature = KEY.sign(message)
    assert len(signature) == 64
    assert is_signed(message, signature, KEY.public)
    assert not is_signed(message + b"\0", signature, KEY.public)
    assert not is_signed(message, signature, OTHER.public)
    assert not is_signed(message, OTHER.sign(message), KEY.public)


@given(st.binary(max_size=70), st.binary(max_size=40))
def test_any_bytes_are_no_signature(signature: bytes, public: bytes) -> None:
    assert not is_signed(b"message", signature, public)
    assert not is_signed(b"message", signature, KEY.public)
    assert not is_signed(b"message", KEY.sign(b"message"), public)


def test_rfc_8032_test_1() -> None:
    seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    key = SigningKey.from_seed(bytes.fromhex(seed))
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.public.hex() == public
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e0")


def test_a_key_does_not_show_itself() -> None:
    assert "secret" not in repr(KEY)
