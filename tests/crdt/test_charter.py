"""Charters: their hash names the network."""

from collections.abc import Callable
from typing import Any

import pytest

from fedretail.crdt.charter import Charter
from fedretail.crdt.codec import pack
from fedretail.errors import MalformedInput

CHARTER = Charter("Neighbours", (bytes(32),))


def test_golden(golden: Callable[[str], dict[str, Any]]) -> None:
    for vector in golden("charter").values():
        charter = Charter.parse(bytes.fromhex(vector["raw"]))
        assert charter.pack().hex() == vector["raw"]
        assert charter.id.hex() == vector["id"]
        assert charter.name == vector["charter"]["name"]


def test_every_item_counts() -> None:
    others = [
        CHARTER._replace(name="Others"),
        CHARTER._replace(founders=(bytes(31) + b"\1",)),
        CHARTER._replace(admission="vouch"),
        CHARTER._replace(quotas=(("offers", 1),)),
        CHARTER._replace(data_licence="CC0-1.0"),
        CHARTER._replace(rules="Be fair."),
        CHARTER._replace(parent=bytes(32)),
    ]
    assert len({item.id for item in [CHARTER, *others]}) == 8
    for item in [CHARTER, *others]:
        assert Charter.parse(item.pack()) == item


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, 2), (0, True), (1, ""), (1, "x" * 81), (1, 1), (2, [bytes(31)]), (2, None), (3, 1),
        (4, {"a": "b"}), (4, []), (5, None), (6, 1), (7, bytes(31)), (7, "x" * 32),
    ],
)  # fmt: skip
def test_what_is_no_charter(place: int, value: Any) -> None:
    items: list[Any] = [1, "Neighbours", [bytes(32)], "open", {}, "ODbL-1.0", "", None]
    assert Charter.parse(pack(items)) == CHARTER
    items[place] = value
    with pytest.raises(MalformedInput):
        Charter.parse(pack(items))
    for raw in (None, b"", b"\xc1", bytes(20_000)):
        with pytest.raises(MalformedInput):
            Charter.parse(raw)
