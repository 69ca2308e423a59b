"""One offer as it stands in the store: for the page of one offer, and for exports."""

from dataclasses import dataclass

from fedretail.domain.catalog import Offer
from fedretail.domain.geo import Position, distance_m
from fedretail.domain.ids import offer_id
from fedretail.domain.kind import RecordId
from fedretail.domain.listings import Listing, warnings_of
from fedretail.domain.sites import Site
from fedretail.index.records import Records
from fedretail.index.rules.goods import Age, Goods, Where, goods_of
from fedretail.index.rules.shown import AtSite, listing
from fedretail.index.rules.stock import stock_code


@dataclass(frozen=True, slots=True)
class Stored:
    """An offer, its site and its age; at_ms: the moment asked about."""

    place: RecordId
    offer: Offer
    site: Site
    age: Age
    at_ms: int

    @property
    def site_id(self) -> str:
        """The id of its site."""
        return self.place.collection.partition("/")[2]

    @property
    def where(self) -> Where:
        """Its site at the moment, with the distance from nowhere."""
        return where_of(self.place.owner, self.site_id, self.site, at_ms=self.at_ms)

    @property
    def goods(self) -> Goods:
        """What a view judges."""
        return goods_of(
            self.offer,
            self.where,
            self.age,
            shown=offer_id(self.site_id, self.place.key),
            stock=stock_code(self.offer.stock),
            at_ms=self.at_ms,
            member=False,
        )

    def listing(
        self, store: Records, *, near: Position | None, now_ms: int, is_own: bool
    ) -> Listing:
        """The offer as shown to somebody at `near`."""
        owner, collection = self.place.owner, self.place.collection
        seen_at_ms = store.seen_at(owner, collection)
        is_signed_twice = store.signed_twice(owner, collection)
        at_site = AtSite(
            site_id=self.site_id,
            site=self.site,
            key=self.place.key,
            seen_at_ms=seen_at_ms,
            age=self.age,
            warnings=warnings_of(
                seen_at_ms=seen_at_ms, now_ms=now_ms, is_signed_twice=is_signed_twice
            ),
            is_own=is_own,
        )
        return listing(self.offer, at_site, at_ms=self.at_ms, near=near)


def where_of(
    owner: bytes, site_id: str, site: Site, *, at_ms: int, near: Position | None = None
) -> Where:
    """A site at a moment, as seen from `near`."""
    away = near is not None and site.position is not None
    return Where(
        owner,
        site_id,
        site.name,
        site.position,
        site.currency,
        distance_m(near, site.position) if away else None,  # type: ignore[arg-type]
        site.open_state(at_ms),
    )


def stored(store: Records, place: RecordId, *, at_ms: int) -> Stored | None:
    """The offer of this record, None where it or its site does not exist."""
    record = place._replace(kind="site", key=place.collection.partition("/")[2])
    found = store.records_of([place, record])
    if place not in found or record not in found:
        return None
    offer = Offer.from_fields(found[place].fields)
    source = store.record(place._replace(kind="source", key=offer.source)) if offer.source else None
    read = Offer.from_fields({} if source is None else source.fields)
    age = Age(found[place].stamps.get("prices"), read.checked_at)
    return Stored(place, offer, Site.from_fields(found[record].fields), age, at_ms)
