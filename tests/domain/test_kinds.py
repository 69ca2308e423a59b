"""The list of kinds, and what plug-ins may add to it."""

import pytest

from fedretail.domain.catalog import OFFER
from fedretail.domain.kind import Kind
from fedretail.domain.kinds import KINDS, registry
from fedretail.errors import UsageError


def test_names_are_unique() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert list(registry()) == [kind.name for kind in KINDS]


def test_the_shops_secrets_are_own() -> None:
    secrets = {"cost", "supplier", "reorder_point", "stock_count", "note"}
    # An address of a list may say where the shop's pictures lie, and bear a key.
    assert registry()["offer"].own_fields() == secrets | {"picture_from", "picture_made"}
    assert registry()["source"].own_fields() == {"file_name", "format", "profile"}
    assert not registry()["site"].own_fields() | registry()["member"].own_fields()


def test_plug_ins() -> None:
    extra = Kind("recipe", "site", {})
    assert registry([extra])["recipe"] is extra
    with pytest.raises(UsageError):
        registry([OFFER])
    with pytest.raises(TypeError):
        registry()["recipe"] = extra  # type: ignore[index]
