"""Which records at sites are their owners': anyone can write under the id of any site."""

from fedretail.domain.ids import MEMBER_COLLECTION, collection_of
from fedretail.domain.kind import RecordId
from fedretail.domain.sites import SITE, Site
from fedretail.node import directory
from fedretail.node.base import BaseNode


class Genuine:
    """Judges records by the owners of their sites, as long as one answer is made."""

    def __init__(self, node: BaseNode) -> None:
        self._node = node
        self._known: dict[tuple[bytes, str], bool] = {}
        self._owners: dict[str, bytes] | None = None

    def has(self, place: RecordId) -> bool:
        """Whether this record is of the member whose site it is of, and in its collection.

        Of a site that is withdrawn nobody can tell; it is held for its writer's where no other
        member has a site of that id.
        """
        is_of_member, kind = place.collection == MEMBER_COLLECTION, self._node.kinds.get(place.kind)
        if kind is not None and (kind.collection == "member") != is_of_member:
            return False
        if is_of_member:
            return True
        if place.kind == SITE.name and collection_of(place.key) != place.collection:
            return False
        log = place.owner, place.collection
        if log not in self._known:
            self._known[log] = self._is_genuine(*log)
        return self._known[log]

    def _is_genuine(self, owner: bytes, collection: str) -> bool:
        site = collection.partition("/")[2]
        place = RecordId(owner, collection, "site", site)
        found = self._node.record(place)
        if found is not None:
            return directory.is_owners(place, Site.from_fields(found.fields))
        if self._owners is None:
            self._owners = {one.id: one.owner for one in directory.sites(self._node)}
        return self._owners.get(site, owner) == owner
