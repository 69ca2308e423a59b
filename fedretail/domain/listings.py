"""An offer as search shows it to one shopper: with distance, unit price, stock and age."""

from collections.abc import Iterable
from dataclasses import dataclass

from fedretail.domain.geo import Position
from fedretail.domain.money import format_amount
from fedretail.domain.prices import UnitPrice
from fedretail.domain.stock import UNKNOWN, Stock
from fedretail.domain.times import rfc3339
from fedretail.domain.units import Quantity

_DAY_MS = 24 * 3600 * 1000
# Nearer than a pasted position is exact.
HERE_M = 10.0
# Within an hour of closing a shopper has to hurry.
SOON_MS = 3600 * 1000
# A price that nobody has looked at for a season is a question, not an answer.
ASK_AFTER_MS = 90 * _DAY_MS
# A shop computer is off over a weekend, or a holiday; a week is silence.
SILENT_AFTER_MS = 7 * _DAY_MS
# What search warns of. SIGNED_TWICE: the shop's machine has signed two states of its catalog at
# once, and other nodes may show the other one.
SILENT = "silent"
SIGNED_TWICE = "signed-twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One hit of a search.

    Amounts are minor units of `currency`; amount_minor is None when no price is valid now.
    distance_m and bearing_deg are None when the search has no place. time_zone: the IANA name of
    the zone that the site's people live by, and its open_until_ms is told in. seen_at_ms: when the
    shop's machine last signed; confirmed_at_ms: when a person, till or source last stood
    behind the price. warnings: SILENT, SIGNED_TWICE. is_own: the searching member offers it;
    for_members: only members pay this price. net, pack, claims and language: as Offer has them;
    they and time_zone are in no JSON of a hit; they save a page of results from reading each offer.
    """

    offer: str
    name: str
    gtin: str | None = None
    currency: str | None = None
    amount_minor: int | None = None
    regular_minor: int | None = None
    deposit_minor: int | None = None
    lowest_30d_minor: int | None = None
    unit_price: UnitPrice | None = None
    stock: Stock = UNKNOWN
    distance_m: float | None = None
    bearing_deg: float | None = None
    site_id: str
    site_name: str = ""
    position: Position | None = None
    open: bool | None = None
    open_until_ms: int | None = None
    time_zone: str = "UTC"
    seen_at_ms: int | None = None
    confirmed_at_ms: int | None = None
    category: str = ""
    min_age: int | None = None
    warnings: tuple[str, ...] = ()
    score: float = 0.0
    is_own: bool = False
    for_members: bool = False
    net: Quantity | None = None
    pack: int = 1
    claims: tuple[str, ...] = ()
    language: str = ""

    def to_json(self) -> dict[str, object]:
        """The object that `search --json` prints for this hit, and nothing else."""
        return {
            "offer": self.offer,
            "name": self.name,
            "gtin": self.gtin,
            "price": self._money(self.amount_minor),
            "regular_price": self._money(self.regular_minor),
            "unit_price": self._unit_price(),
            "stock": {
                "level": self.stock.level,
                "left": self.stock.left,
                "made_to_order": self.stock.made_to_order,
            },
            "distance_m": None if self.distance_m is None else round(self.distance_m),
            "bearing": None if self.bearing_deg is None else round(self.bearing_deg) % 360,
            "site": {
                "id": self.site_id,
                "name": self.site_name,
                "lat": None if self.position is None else round(self.position.lat, 7),
                "lon": None if self.position is None else round(self.position.lon, 7),
                "open": self.open,
            },
            "seen_at": _moment(self.seen_at_ms),
            "confirmed_at": _moment(self.confirmed_at_ms),
            "warnings": list(self.warnings),
            "own": self.is_own,
            "for_members": self.for_members,
        }

    def _money(self, amount_minor: int | None) -> dict[str, object] | None:
        if amount_minor is None or self.currency is None:
            return None
        return {"amount": format_amount(amount_minor, self.currency), "currency": self.currency}

    def _unit_price(self) -> dict[str, object] | None:
        if self.unit_price is None:
            return None
        money = self._money(self.unit_price.amount_minor)
        return None if money is None else {**money, "per": self.unit_price.per}


def cheapest(listings: Iterable[Listing]) -> set[str]:
    """Ids of the offers that are cheapest per unit in view.

    Only what compares is compared: the unit and currency that most of them share; where all cost
    the same none is cheapest.
    """
    groups: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for one in listings:
        if one.unit_price is not None and one.currency is not None:
            key = (one.currency, one.unit_price.per)
            groups.setdefault(key, []).append((one.unit_price.amount_minor, one.offer))
    if not groups:
        return set()
    shared = max(groups.values(), key=len)
    least, most = min(shared)[0], max(shared)[0]
    return {offer for amount, offer in shared if amount == least} if least < most else set()


def warnings_of(*, seen_at_ms: int | None, now_ms: int, is_signed_twice: bool) -> tuple[str, ...]:
    """What to warn of before somebody relies on a shop's prices."""
    is_silent = seen_at_ms is not None and now_ms - seen_at_ms > SILENT_AFTER_MS
    found = ((SILENT, is_silent), (SIGNED_TWICE, is_signed_twice))
    return tuple(name for name, is_so in found if is_so)


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms)
