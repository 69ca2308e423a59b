"""Who may write: root names devices, managing devices renew, in any order of arrival."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.access import (
    GRANT,
    GRANT_MS,
    MANAGE,
    WRITE,
    AuthRecord,
    Grants,
    SignedRecord,
    first_grant,
    renewal,
)
from fedretail.crdt.codec import pack
from fedretail.crdt.keys import SigningKey
from fedretail.errors import MalformedInput
from fedretail.testing import builders

ROOT, DEVICE, SECOND = builders.key("root"), builders.key("device"), builders.key("second")
FIRST = first_grant(ROOT, DEVICE.public, now_ms=1000)
OWNER = FIRST.record.owner


def test_golden(golden: Callable[[str], dict[str, Any]]) -> None:
    for vector in golden("auth").values():
        signed = SignedRecord.parse(bytes.fromhex(vector["raw"]))
        assert signed.id.hex() == vector["id"]
        assert signed.record.owner.hex() == vector["owner"]
        items = {**vector["record"], "scopes": tuple(vector["record"]["scopes"])}
        assert signed.record == AuthRecord(**items)
        key = SigningKey.from_seed(bytes.fromhex(vector["signer_seed"]))
        assert SignedRecord.sign(signed.record, key) == signed


def test_the_first_device_manages_and_writes() -> None:
    grants = Grants([FIRST.record])
    assert grants.may_write(OWNER, DEVICE.public)
    assert grants.may_manage(OWNER, DEVICE.public)
    assert not grants.may_write(OWNER, SECOND.public)
    assert not grants.may_write(b"x" * 16, DEVICE.public)
    assert grants.until_ms(OWNER, DEVICE.public) == 1000 + GRANT_MS
    assert grants.until_ms(OWNER, SECOND.public) == 0
    assert grants.devices(OWNER) == {DEVICE.public}


def test_nobody_but_root_names_a_device() -> None:
    own = FIRST.record._replace(device=SECOND.public, signer=DEVICE.public)
    other_root = first_grant(SECOND, SECOND.public, now_ms=1).record
    grants = Grants([FIRST.record, SignedRecord.sign(own, DEVICE).record, other_root])
    assert not grants.may_write(OWNER, SECOND.public)


def test_a_renewal_counts_from_a_managing_device_only() -> None:
    second = FIRST.record._replace(number=2, device=SECOND.public, scopes=(WRITE,))
    by_manager = renewal(second, DEVICE, now_ms=5000).record
    by_writer = renewal(FIRST.record, SECOND, now_ms=9000).record
    grants = Grants([by_manager, by_writer, second, FIRST.record])
    assert grants.until_ms(OWNER, SECOND.public) == 5000 + GRANT_MS
    assert grants.until_ms(OWNER, DEVICE.public) == 1000 + GRANT_MS


RECORDS = st.lists(
    st.builds(
        lambda number, device, scopes, stamp: AuthRecord(
            GRANT, ROOT.public, number, device, scopes, stamp + 7, stamp, {}, ROOT.public
        ),
        st.integers(1, 3),
        st.sampled_from([DEVICE.public, SECOND.public]),
        st.sampled_from([(), (WRITE,), (MANAGE,), (MANAGE, WRITE)]),
        st.integers(0, 3),
    ),
    max_size=6,
)


@given(RECORDS, st.randoms(use_true_random=False))
def test_any_order_and_repetition(records: list[AuthRecord], random: Any) -> None:
    one, two = Grants(records), Grants(random.sample(records, len(records)) + records[:2])
    for device in (DEVICE.public, SECOND.public):
        assert one.may_write(OWNER, device) == two.may_write(OWNER, device)
        assert one.may_manage(OWNER, device) == two.may_manage(OWNER, device)
        assert one.until_ms(OWNER, device) == two.until_ms(OWNER, device)


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("type", 1), ("root", bytes(31)), ("number", 0), ("number", "1"), ("number", True),
        ("device", bytes(31)), ("device", "x"), ("scopes", (1,)), ("scopes", None),
        ("until_ms", -1), ("until_ms", 1 << 60), ("until_ms", True), ("stamp", -1),
        ("stamp", False), ("details", []), ("details", {"a": 1.5}), ("signer", bytes(31)),
    ],
)  # fmt: skip
def test_an_item_off_its_limits(item: str, value: Any) -> None:
    wrong = SignedRecord.sign(FIRST.record._replace(**{item: value}), ROOT)
    with pytest.raises(MalformedInput):
        SignedRecord.parse(wrong.raw)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_bent_record_is_refused(at: int, by: int) -> None:
    raw = bytearray(FIRST.raw)
    raw[at % len(raw)] ^= by
    with pytest.raises(MalformedInput):
        SignedRecord.parse(bytes(raw))


@pytest.mark.parametrize("raw", [None, b"", pack([b"", b""]), pack([1, bytes(64)]), bytes(5000)])
def test_what_is_no_record(raw: Any) -> None:
    with pytest.raises(MalformedInput):
        SignedRecord.parse(raw)
