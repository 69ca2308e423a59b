"""From an offer to the listing that one shopper sees."""

from dataclasses import dataclass

from fedretail.domain.ages import min_age_for
from fedretail.domain.catalog import Offer
from fedretail.domain.geo import Position, bearing_deg, distance_m
from fedretail.domain.hours import OpenState
from fedretail.domain.ids import offer_id
from fedretail.domain.listings import Listing
from fedretail.domain.prices import price_now, unit_price
from fedretail.domain.sites import Site
from fedretail.index.rules.goods import NO_AGE, Age


@dataclass(frozen=True, slots=True, kw_only=True)
class AtSite:
    """An offer's site, and what is known there of its age.

    seen_at_ms: newest head of its collection, None: not known. warnings: as Listing has them.
    state: open or not, and away_m: its distance, when worked out already. is_own: it is the
    searching member's.
    """

    site_id: str
    site: Site
    key: str
    seen_at_ms: int | None = None
    age: Age = NO_AGE
    warnings: tuple[str, ...] = ()
    state: OpenState | None = None
    is_own: bool = False
    away_m: float | None = None


def listing(
    offer: Offer,
    at_site: AtSite,
    *,
    at_ms: int,
    near: Position | None,
    score: float = 0.0,
    member: bool = False,
) -> Listing:
    """The offer as shown at a moment to somebody at `near` (None: nowhere), a `member` or not."""
    site, place = at_site.site, at_site.site.position
    currency = offer.currency or site.currency
    price = price_now(offer.prices, at_ms, member=member) if currency else None
    amount = None if price is None else price.amount_minor
    unit = None if amount is None else unit_price(amount, offer.net, offer.pack, offer.sold_by)
    state = at_site.state or site.open_state(at_ms)
    away_m, bearing = _way(near, place, at_site.away_m)
    return Listing(
        offer=offer_id(at_site.site_id, at_site.key),
        name=offer.name,
        gtin=offer.gtin,
        currency=currency,
        amount_minor=amount,
        regular_minor=_regular(offer.regular, amount),
        deposit_minor=offer.deposit,
        lowest_30d_minor=offer.lowest_30d,
        unit_price=unit,
        stock=offer.stock,
        distance_m=away_m,
        bearing_deg=bearing,
        site_id=at_site.site_id,
        site_name=site.name,
        position=place,
        open=state.open,
        open_until_ms=state.until_ms,
        time_zone=site.time_zone,
        seen_at_ms=at_site.seen_at_ms,
        confirmed_at_ms=at_site.age.confirmed_at_ms(offer),
        category=offer.category,
        warnings=at_site.warnings,
        min_age=offer.min_age if offer.min_age is not None else min_age_for(offer.category),
        score=score,
        is_own=at_site.is_own,
        for_members=price is not None and price.audience == "members",
        net=offer.net,
        pack=offer.pack,
        claims=offer.claims,
        language=offer.language,
    )


def _way(
    near: Position | None, place: Position | None, away_m: float | None
) -> tuple[float | None, float | None]:
    """How far it is, worked out where `away_m` is None, and in which direction."""
    if near is None or place is None:
        return away_m, None
    return distance_m(near, place) if away_m is None else away_m, bearing_deg(near, place)


def _regular(regular: int | None, amount: int | None) -> int | None:
    """What it costs without the reduction; None where there is none, as before its first day."""
    return regular if regular is not None and amount is not None and regular > amount else None
