"""Addresses: their text and back, and what is none."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.errors import MalformedInput
from fedretail.p2p.address import (
    Address,
    parse_address,
    parse_listen,
    parse_peer,
    parse_peer_id,
    peer_id_of,
)

KEY = bytes(range(32))
PEER = peer_id_of(KEY)


def test_known_peer_id() -> None:
    # Made by py-libp2p 0.8.1: ID.from_pubkey(Ed25519PublicKey(bytes(range(32)))).
    assert PEER == "12D3KooW9pP4Seg3kZYhySpuVjn1RPdQBsUFZKiFxGMGQN5MeL6A"


@pytest.mark.parametrize(
    "text", ["foo", "/dns4/shop.example/tcp/4817", f"/ip4/127.0.0.1/tcp/1/p2p/{PEER}"]
)
def test_where_nobody_can_listen(text: str) -> None:
    with pytest.raises(MalformedInput, match=r"is (not an|no) address") as caught:
        parse_listen(text)
    assert "listen at looks like /ip4/0.0.0.0/tcp/4817" in caught.value.hint
    assert parse_listen("/ip6/::/tcp/0") == Address("ip6", "::", 0)


@given(st.binary(min_size=32, max_size=32))
def test_peer_ids_are_keys_in_another_notation(key: bytes) -> None:
    peer = peer_id_of(key)
    assert parse_peer_id(peer) == key
    assert str(parse_address(f"/ip4/10.0.0.1/tcp/1/p2p/{peer}")).endswith(peer)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/ip4/127.0.0.1/tcp/4001", Address("ip4", "127.0.0.1", 4001)),
        (" /ip6/::1/tcp/0\n", Address("ip6", "::1", 0)),
        ("/ip6/2001:DB8:0::1/tcp/1", Address("ip6", "2001:db8::1", 1)),
        ("/dns4/shop.example/tcp/65535", Address("dns4", "shop.example", 65535)),
        (f"/ip4/127.0.0.1/tcp/1/p2p/{PEER}", Address("ip4", "127.0.0.1", 1, PEER)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "127.0.0.1:4001",
        "/ip4/127.0.0.1",
        "/ip4/127.0.0.256/tcp/1",
        "/ip4/127.0.0.1/udp/1",
        "/ip4/127.0.0.1/udp/1/quic-v1",
        "/ip4/127.0.0.1/tcp/65536",
        "/ip4/127.0.0.1/tcp/-1",
        "/ip4/127.0.0.1/tcp/9999999999999999999",
        "/ip4/127.0.0.1/tcp/\u0661",
        "/ip6/fe80::1%eth0%/tcp/1",
        "/dns4/a b/tcp/1",
        "/dns4//tcp/1",
        f"/dns4/{'a' * 300}/tcp/1",
        "/onion3/x/tcp/1",
        f"/ip4/127.0.0.1/tcp/1/ipfs/{PEER}",
        "/ip4/127.0.0.1/tcp/1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
        f"/ip4/127.0.0.1/tcp/1/p2p/{PEER[:-1]}",
        f"/ip4/127.0.0.1/tcp/1/p2p/{PEER}/",
    ],
)
def test_what_is_no_address_says_so_with_an_example(text: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_address(text)
    assert caught.value.hint


@given(
    st.text() | st.lists(st.sampled_from(["ip4", "dns4", "tcp", "p2p", "1", PEER])).map("/".join)
)
def test_any_text_is_an_address_or_malformed(text: str) -> None:
    with contextlib.suppress(MalformedInput):
        assert parse_address(str(parse_address(text))) == parse_address(text)


def test_what_is_dialled_names_its_peer() -> None:
    assert parse_peer(f"/ip4/127.0.0.1/tcp/1/p2p/{PEER}").peer_id == PEER
    with pytest.raises(MalformedInput, match="does not name the peer"):
        parse_peer("/ip4/127.0.0.1/tcp/1")


def test_keys_of_another_length_have_no_peer_id() -> None:
    with pytest.raises(MalformedInput):
        peer_id_of(b"short")
