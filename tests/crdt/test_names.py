"""Owners, logs and sites are named by hashes that anyone can check."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import msgpack
import pytest

from fedretail.crdt.keys import SigningKey
from fedretail.crdt.names import LogName, log_id, owner_id, parse_log_name, site_id
from fedretail.domain.ids import record_key
from fedretail.errors import MalformedInput

GOOD = [bytes(16), "site/aaaaaaaaaaaaaaaa", bytes(32), 1767607200000]


def test_golden(golden: Callable[[str], dict[str, Any]]) -> None:
    vectors = golden("names")
    owner = vectors.pop("owner")
    key = SigningKey.from_seed(bytes.fromhex(owner["root_seed"]))
    assert key.public.hex() == owner["root_public"]
    assert owner_id(key.public).hex() == owner["owner"]
    site = vectors.pop("site")
    owner_bytes, nonce = bytes.fromhex(site["owner"]), bytes.fromhex(site["nonce"])
    assert site_id(owner_bytes, nonce) == site["site"]
    whole = hashlib.blake2b(msgpack.packb([owner_bytes, nonce])).digest()
    assert base64.b32encode(whole[:10]).decode().lower() == site["site"]
    for identity, expected in vectors.pop("record keys")["keys"]:
        assert record_key(identity) == expected
    assert len(vectors) == 2
    for item in vectors.values():
        owner_bytes, device = bytes.fromhex(item["owner"]), bytes.fromhex(item["device"])
        name = LogName(owner_bytes, item["collection"], device, item["incarnation"])
        assert log_id(name).hex() == item["log"]


def test_every_part_of_a_name_counts() -> None:
    name = LogName(*GOOD)
    others = [
        name._replace(owner=b"\1" * 16),
        name._replace(collection="member"),
        name._replace(device=b"\1" * 32),
        name._replace(incarnation=1),
    ]
    assert len({log_id(item) for item in [name, *others]}) == 5


def test_a_name_from_a_neighbour() -> None:
    assert parse_log_name(GOOD) == LogName(*GOOD)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, bytes(15)),
        (0, "x" * 16),
        (1, ""),
        (1, "x" * 49),
        (1, b"member"),
        (2, bytes(31)),
        (3, -1),
        (3, 1 << 63),
        (3, True),
        (3, None),
    ],
)
def test_what_is_no_name(place: int, value: Any) -> None:
    wrong: list[Any] = [*GOOD]
    wrong[place] = value
    none_at_all: list[Any] = [wrong, wrong[:3], [*wrong, 1], None, {}]
    for item in none_at_all:
        with pytest.raises(MalformedInput):
            parse_log_name(item)
