"""Which records a view shows, of all that a node holds."""

from fedretail.domain.ids import MEMBER_COLLECTION, collection_of
from fedretail.domain.kind import RecordId, Value
from fedretail.domain.sites import Site
from fedretail.index.answering.stored import stored, where_of
from fedretail.index.views import View
from fedretail.node import directory
from fedretail.node.base import BaseNode
from fedretail.node.genuine import Genuine


class Shown:
    """Judges records by a view, at the moment it is made."""

    def __init__(self, node: BaseNode, view: View) -> None:
        self._node = node
        self._view = view
        self._at_ms = node.time.now_ms()
        self._genuine = Genuine(node)
        self._sites: dict[tuple[bytes, str], bool] = {}
        self._members: set[bytes] | None = None
        self._owned: dict[bytes, set[str]] | None = None

    def record(self, place: RecordId) -> bool:
        """Whether this record belongs to the view."""
        if place.collection == MEMBER_COLLECTION:
            return self.member(place.owner)
        if not self.collection(place):
            return False
        if place.kind != "offer":
            return True
        found = stored(self._node.store, place, at_ms=self._at_ms)
        return found is not None and self._view.shows(found.goods, self._at_ms)

    def collection(self, place: RecordId) -> bool:
        """Whether the site in whose collection this record lies belongs to the view."""
        return self._is_shown(place.owner, place.collection)

    def ever(self, place: RecordId) -> bool:
        """Whether this record may have belonged to the view before it became what it is now."""
        if place.collection == MEMBER_COLLECTION:
            return self.member(place.owner) or any(
                self._view.may_show(place.owner, key) for key in self._sites_of(place.owner)
            )
        if place.kind == "site":
            return self._view.may_show(place.owner, place.key) and self._genuine.has(place)
        return self.collection(place)

    def site(self, owner: bytes, site: str) -> bool:
        """Whether this member's site belongs to the view."""
        return self._is_shown(owner, collection_of(site))

    def member(self, owner: bytes) -> bool:
        """Whether a site of this member belongs to the view."""
        return owner in self._shown_members()

    def _is_shown(self, owner: bytes, collection: str) -> bool:
        key = (owner, collection)
        if key not in self._sites:
            site = collection.partition("/")[2]
            value = self._node.record(RecordId(owner, collection, "site", site))
            # A view may name the site, and anyone write under its id.
            self._sites[key] = (
                value is not None
                and self._genuine.has(RecordId(owner, collection, "site", site))
                and self._has(owner, site, value.fields)
            )
        return self._sites[key]

    def _has(self, owner: bytes, name: str, fields: dict[str, Value]) -> bool:
        where = where_of(owner, name, Site.from_fields(fields), at_ms=self._at_ms)
        return self._view.at_site(where)

    def _shown_members(self) -> set[bytes]:
        if self._members is None:
            self._members = {
                owner
                for owner, keys in self._known().items()
                if any(self._is_shown(owner, collection_of(key)) for key in keys)
            }
        return self._members

    def _sites_of(self, owner: bytes) -> set[str]:
        return self._known().get(owner, set())

    def _known(self) -> dict[bytes, set[str]]:
        """The sites of each member that are its own."""
        if self._owned is None:
            self._owned = {}
            for one in directory.sites(self._node):
                self._owned.setdefault(one.owner, set()).add(one.id)
        return self._owned
