"""KINDS: every kind of record, written out. A new feature adds one line."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from fedretail.domain.catalog import OFFER, SOURCE
from fedretail.domain.kind import Kind
from fedretail.domain.members import MEMBER
from fedretail.domain.sites import SITE
from fedretail.errors import UsageError

KINDS: tuple[Kind, ...] = (
    MEMBER,
    SITE,
    OFFER,
    SOURCE,
)


def registry(extra: Iterable[Kind] = ()) -> Mapping[str, Kind]:
    """All kinds by name, with those of plug-ins; unchangeable.

    UsageError when a plug-in brings a name that is taken.
    """
    kinds: dict[str, Kind] = {kind.name: kind for kind in KINDS}
    for kind in extra:
        if kind.name in kinds:
            raise UsageError(f"two kinds of record are called {kind.name!r}")
        kinds[kind.name] = kind
    return MappingProxyType(kinds)
