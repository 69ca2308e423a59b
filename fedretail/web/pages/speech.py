"""How a fact is said on a page: in the visitor's language, in local form, in plain words.

Prices, numbers, distances and dates go through Babel; between a number and its unit stands a space
that no line breaks at. Unknown is said as unknown.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.support import NullTranslations

from fedretail.domain.geo import compass
from fedretail.domain.hours import zone_of
from fedretail.domain.listings import ASK_AFTER_MS, HERE_M, SILENT_AFTER_MS, SOON_MS, Listing
from fedretail.domain.stock import Stock
from fedretail.domain.times import to_datetime
from fedretail.domain.units import Quantity, unit_symbol
from fedretail.web.pages import figures
from fedretail.web.pages.figures import Amount

_DAY_MS = 24 * 3600 * 1000
# English as it is written where prices are in euro: 9 Nov, not Nov 9.
_LOCALES = {"en": "en_GB", "de": "de_DE"}
_NBSP = "\u00a0"


@dataclass(frozen=True, slots=True)
class Said:
    """A fact in words, its icon, and its tone: ok, warn, near, or none."""

    text: str
    tone: str = ""
    icon: str = ""


class Speech:
    """One language at one moment on one clock."""

    def __init__(self, language: str, words: NullTranslations, *, zone: tzinfo, now_ms: int):
        self.language = language
        self.locale = _LOCALES[language]
        self.zone = zone
        self.now_ms = now_ms
        self._words = words

    def _(self, text: str, **said: object) -> str:
        """The text in this language, with these names filled in."""
        found: str = self._words.ugettext(text)
        return found % said if said else found

    def _n(self, one: str, many: str, number: int, **said: object) -> str:
        found: str = self._words.ungettext(one, many, number)
        return found % {"number": self.number(number), **said}

    # --- numbers and money ---

    def number(self, value: Decimal | int) -> str:
        """ "18,402", "18.402"."""
        return figures.number(value, self.locale)

    def money(self, amount_minor: int, currency: str) -> str:
        """ "€1.29", "1,29 €"."""
        return figures.money(amount_minor, currency, self.locale)

    def spoken_money(self, amount_minor: int, currency: str) -> str:
        """ "1.29 euros": for those who listen."""
        return figures.money(amount_minor, currency, self.locale, "name")

    def amount(self, amount_minor: int, currency: str) -> Amount:
        """The parts of a price on a tag."""
        return figures.amount(amount_minor, currency, self.locale)

    def unit_price(self, listing: Listing) -> str:
        """ "€1.29 / l", "1,29 €/l"; nothing where none is known."""
        unit = listing.unit_price
        if unit is None or listing.currency is None:
            return ""
        amount = self.money(unit.amount_minor, listing.currency)
        return self._("%(amount)s\u00a0/\u00a0%(unit)s", amount=amount, unit=self.per(unit.per))

    def per(self, unit: str) -> str:
        """The sign of a unit that prices are compared by."""
        words = {"piece": self._("piece"), "h": self._("hour"), "service": self._("service")}
        return words.get(unit, unit)

    def spoken_price(self, listing: Listing, *, is_cheapest: bool = False) -> str:
        """ "1.29 euros, 1.29 euros per litre, cheapest": the tag as one plain string."""
        if listing.amount_minor is None or listing.currency is None:
            return self._("ask the shop")
        parts = [self.spoken_money(listing.amount_minor, listing.currency)]
        if listing.unit_price is not None:
            unit = self.spoken_money(listing.unit_price.amount_minor, listing.currency)
            per = self.unit_name(listing.unit_price.per)
            parts.append(self._("%(amount)s per %(unit)s", amount=unit, unit=per))
        if is_cheapest:
            parts.append(self._("cheapest"))
        return ", ".join(parts)

    def unit_name(self, unit: str) -> str:
        """The word for a unit: "litre"."""
        words = {
            "kg": self._("kilogram"),
            "l": self._("litre"),
            "m": self._("metre"),
            "m²": self._("square metre"),
        }
        return words.get(unit) or self.per(unit)

    def cheapest_per(self, unit: str) -> str:
        """What the order by unit price is called among these results."""
        return {
            "kg": self._("Cheapest per kilogram"),
            "l": self._("Cheapest per litre"),
            "m": self._("Cheapest per metre"),
            "piece": self._("Cheapest per piece"),
        }.get(unit) or self._("Cheapest per unit")

    def pack(self, net: Quantity | None, pack: int) -> str:
        """ "1 l", "6 × 0.33 l", "6 pieces"; nothing where it is not known."""
        if net is None:
            return self._n("%(number)s piece", "%(number)s pieces", pack) if pack > 1 else ""
        one = f"{self.number(net.amount)}{_NBSP}{self.per(unit_symbol(net.unit))}"
        return one if pack == 1 else f"{self.number(pack)}{_NBSP}×{_NBSP}{one}"

    # --- places ---

    def distance(self, metres: float) -> str:
        """ "580 m", "1.4 km", "12 km"."""
        if metres < 995:
            whole = round(metres / 10) * 10 if metres >= 10 else round(metres)
            return f"{self.number(whole)}{_NBSP}m"
        kilometres = Decimal(metres / 1000)
        rounded = kilometres.quantize(Decimal("0.1") if metres < 9_950 else Decimal(1))
        return f"{self.number(rounded)}{_NBSP}km"

    def heading(self, bearing: float) -> str:
        """ "south", "Richtung Süden"."""
        return {
            "north": self._("north"),
            "north-east": self._("north-east"),
            "east": self._("east"),
            "south-east": self._("south-east"),
            "south": self._("south"),
            "south-west": self._("south-west"),
            "west": self._("west"),
            "north-west": self._("north-west"),
        }[compass(bearing)]

    def way(self, distance_m: float | None, bearing_deg: float | None) -> str:
        """ "580 m south"; "here" within a few steps; nothing where no place is known."""
        if distance_m is None or bearing_deg is None:
            return ""
        if distance_m < HERE_M:
            return self._("here")
        return f"{self.distance(distance_m)} {self.heading(bearing_deg)}"

    # --- times ---

    def local(self, at_ms: int, zone: tzinfo | None = None) -> datetime:
        """The moment on the clock of this zone, None: of this shop."""
        return to_datetime(at_ms, zone or self.zone)

    def clock(self, at_ms: int, zone: tzinfo | None = None) -> str:
        """ "19:00" on the clock of this zone, None: of this shop."""
        return f"{self.local(at_ms, zone):%H:%M}"

    def other_clock(self, zone: str, at_ms: int) -> str:
        """ "London time" where that zone shows another time than here, else ""."""
        there = zone_of(zone, at_ms=at_ms)
        is_same = self.local(at_ms, there).utcoffset() == self.local(at_ms).utcoffset()
        # What this computer knows no zone of has no hours either.
        if is_same or not isinstance(there, ZoneInfo):
            return ""
        return self._("%(place)s time", place=figures.place_of_zone(there, self.locale))

    def day(self, at_ms: int) -> str:
        """ "today", "yesterday", "Tuesday", "9 Nov", "9 Nov 2024": the nearer, the plainer."""
        then, now = self.local(at_ms).date(), self.local(self.now_ms).date()
        days_ago = (now - then).days
        if days_ago in (0, 1):
            return self._("yesterday") if days_ago else self._("today")
        if 1 < days_ago < 7:
            return figures.weekday(then, self.locale)
        return figures.calendar_day(then, self.locale, with_year=then.year != now.year)

    def moment(self, at_ms: int) -> str:
        """ "11:38" of today, "yesterday 18:40", "9 Nov"."""
        if self.local(at_ms).date() == self.local(self.now_ms).date():
            return self.clock(at_ms)
        return self.day(at_ms)

    def opening(self, is_open: bool | None, until_ms: int | None, zone: str) -> Said:
        """ "open until 19:00", "closes 12:00, in 20 min", "opens Tue 9:00", "hours unknown".

        By the clock of the shop, whose IANA zone is given, as on its door: "opens 9:00 (London
        time)" where it shows another time than here.
        """
        if is_open is None:
            return Said(self._("hours unknown"), "", "clock")
        if until_ms is None:
            text = self._("open day and night") if is_open else self._("closed")
            return Said(text, "ok" if is_open else "", "clock")
        text, tone = self._change(is_open, until_ms, zone_of(zone, at_ms=until_ms))
        other = self.other_clock(zone, until_ms)
        return Said(f"{text} ({other})" if other else text, tone, "clock")

    def _change(self, is_open: bool, until_ms: int, zone: tzinfo) -> tuple[str, str]:
        """(words, tone) of when a shop opens or closes."""
        when = self._when(until_ms, zone)
        if not is_open:
            return self._("opens %(time)s", time=when), ""
        left_ms = until_ms - self.now_ms
        if left_ms <= SOON_MS:
            minutes = max(1, left_ms // 60_000)
            said = self._("closes %(time)s, in %(number)s min")
            return said % {"time": self.clock(until_ms, zone), "number": minutes}, "warn"
        return self._("open until %(time)s", time=when), "ok"

    def _when(self, at_ms: int, zone: tzinfo) -> str:
        """A time of today as it is; of another day with its weekday."""
        time = self.clock(at_ms, zone)
        then, now = self.local(at_ms, zone).date(), self.local(self.now_ms, zone).date()
        if then == now or (0 <= at_ms - self.now_ms < _DAY_MS / 4):
            return time
        name = figures.weekday(then, self.locale, short=True).removesuffix(".")
        if (then - now).days > 6:
            name = figures.calendar_day(then, self.locale, with_year=False)
        return f"{name}{_NBSP}{time}"

    def stock(self, stock: Stock) -> Said:
        """ "In stock", "3 left", "sold out", "stock unknown"."""
        if stock.level == "some":
            return Said(self._("In stock"), "ok", "stock")
        if stock.level == "few":
            few = self._n("%(number)s left", "%(number)s left", stock.left) if stock.left else ""
            return Said(few or self._("few left"), "warn", "stock")
        if stock.made_to_order:
            return Said(self._("made to order"), "", "stock")
        if stock.level == "none":
            return Said(self._("sold out"), "warn", "stock")
        return Said(self._("stock unknown"), "", "stock")

    def age(self, listing: Listing) -> Said:
        """ "confirmed today 10:12", "not heard from since 9 Nov", "not confirmed since 2 Nov"."""
        seen_ms, confirmed_ms = listing.seen_at_ms, listing.confirmed_at_ms
        if seen_ms is not None and self.now_ms - seen_ms > SILENT_AFTER_MS:
            return Said(self._("not heard from since %(day)s", day=self.day(seen_ms)), "warn")
        if confirmed_ms is None:
            return Said(self._("not confirmed"))
        day = self.day(confirmed_ms)
        if self.now_ms - confirmed_ms > ASK_AFTER_MS:
            return Said(self._("not confirmed since %(day)s", day=day), "warn")
        if self.local(confirmed_ms).date() == self.local(self.now_ms).date():
            day = f"{day}{_NBSP}{self.clock(confirmed_ms)}"
        return Said(self._("confirmed %(day)s", day=day))

    def is_old(self, listing: Listing) -> bool:
        """Whether to ask the shop before one goes there."""
        at_ms = listing.confirmed_at_ms
        return at_ms is not None and self.now_ms - at_ms > ASK_AFTER_MS

    def map_label(self, shops: int, is_open: int) -> str:
        """What a map shows, for those who listen."""
        count = self._n("%(number)s shop", "%(number)s shops", shops)
        return self._(
            "Map without streets: %(shops)s around you, %(open)s open now",
            shops=count,
            open=self.number(is_open),
        )
