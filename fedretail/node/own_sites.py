"""The places that this node's member trades from."""

from dataclasses import dataclass

from fedretail.domain.kind import Value
from fedretail.domain.sites import Site


@dataclass(frozen=True, slots=True)
class OwnSite:
    """One of this member's sites: its id, its name, its record's fields."""

    id: str
    name: str
    fields: dict[str, Value]

    @property
    def site(self) -> Site:
        """The fields, judged."""
        return Site.from_fields(self.fields)
