"""How search results are said to people: always in the same order and the same words.

Price, price per unit, distance and direction, open or not, stock, age. Unknown is said as
unknown. Times are those of this computer, but for opening hours: these are the shop's.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from fedretail.commands.output import Cell, Tone
from fedretail.domain.geo import arrow, compass, human_distance
from fedretail.domain.hours import zone_of
from fedretail.domain.listings import ASK_AFTER_MS, HERE_M, SILENT_AFTER_MS, SOON_MS, Listing
from fedretail.domain.money import human_amount
from fedretail.domain.stock import Stock
from fedretail.domain.texts import count
from fedretail.domain.times import to_datetime

if TYPE_CHECKING:
    from fedretail.domain.sites import Site

_DAY_MS = 24 * 3600 * 1000

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Said:
    """A fact in words, and whether it is well or wants care."""

    text: str
    tone: Tone = ""

    @property
    def cell(self) -> Cell:
        """The fact as a cell of a table."""
        return Cell(self.text, tone=self.tone)


def local(at_ms: int, zone: tzinfo | None = None) -> datetime:
    """The moment on the clock of this zone, None: of this computer."""
    return to_datetime(at_ms).astimezone(zone)


def clock(at_ms: int, zone: tzinfo | None = None) -> str:
    """ "19:00" on the clock of this zone, None: of this computer."""
    return local(at_ms, zone).strftime("%H:%M")


def day(at_ms: int, now_ms: int) -> str:
    """ "today", "yesterday", "Tuesday", "9 Nov", "9 Nov 2024": the nearer, the plainer."""
    then, now = local(at_ms), local(now_ms)
    days_ago = (now.date() - then.date()).days
    if days_ago in (0, 1):
        return "yesterday" if days_ago else "today"
    if 1 < days_ago < 7:
        return _DAYS[then.weekday()]
    date = f"{then.day} {_MONTHS[then.month - 1]}"
    return date if then.year == now.year else f"{date} {then.year}"


def moment(at_ms: int, now_ms: int) -> str:
    """ "today 10:12", "yesterday 18:40", "9 Nov"."""
    named = day(at_ms, now_ms)
    return named if named[0].isdigit() else f"{named} {clock(at_ms)}"


def price(listing: Listing) -> str:
    """ "€1.29", or that there is none."""
    if listing.amount_minor is None or listing.currency is None:
        return "ask"
    return human_amount(listing.amount_minor, listing.currency)


def unit_price(listing: Listing, *, bare: bool = False) -> str:
    """ "€1.29/l"; `bare`: "1.29", where the heading says the rest."""
    if listing.unit_price is None or listing.currency is None:
        return ""
    amount = human_amount(listing.unit_price.amount_minor, listing.currency)
    return amount.lstrip("€$£¥₹") if bare else f"{amount}/{listing.unit_price.per}"


def distance(listing: Listing, *, is_own: bool = False) -> Said:
    """ "↗ 580 m", "here" in the own shop; nothing where no place is known."""
    if is_own and (listing.distance_m is None or listing.distance_m < HERE_M):
        return Said("here", "ok")
    if listing.distance_m is None or listing.bearing_deg is None:
        return Said("")
    return Said(f"{arrow(listing.bearing_deg)} {human_distance(listing.distance_m)}", "near")


def way(listing: Listing) -> str:
    """ "580 m south", "here"; nothing where no place is known."""
    if listing.distance_m is None or listing.bearing_deg is None:
        return ""
    if listing.distance_m < HERE_M:
        return "here"
    return f"{human_distance(listing.distance_m)} {compass(listing.bearing_deg)}"


def open_now(site: "Site", now_ms: int) -> str:
    """ ", open now until 17:00", ", closed now"; nothing where no hours are known."""
    state = site.open_state(now_ms) if site.hours else None
    if state is None or state.open is None:
        return ""
    if not state.open:
        return ", closed now"
    if state.until_ms is None:
        return ", open now"
    elsewhere = other_zone(site.time_zone, state.until_ms)
    until = clock(state.until_ms, zone_of(site.time_zone, at_ms=state.until_ms))
    return f", open now until {until}{f' ({elsewhere})' if elsewhere else ''}"


def opening(listing: Listing, now_ms: int) -> Said:
    """ "until 19:00", "closes 13:00", "always", "opens Tue 09:00", "closed", "unknown".

    By the shop's clock, as on its door; `opening_zone` is to be said with it.
    """
    until_ms = listing.open_until_ms
    if listing.open is None:
        return Said("unknown", "dim")
    if until_ms is None:
        return Said("always", "ok") if listing.open else Said("closed", "dim")
    zone = zone_of(listing.time_zone, at_ms=until_ms)
    then, now = local(until_ms, zone), local(now_ms, zone)
    when = clock(until_ms, zone)
    if until_ms - now_ms >= _DAY_MS or (not listing.open and then.date() != now.date()):
        when = f"{_DAYS[then.weekday()][:3]} {when}"
    if not listing.open:
        return Said(f"opens {when}", "dim")
    if until_ms - now_ms <= SOON_MS:
        return Said(f"closes {when}", "warn")
    return Said(f"until {when}", "ok")


def opening_zone(listing: Listing) -> str:
    """The zone of the time that `opening` says, where this computer's clock shows another."""
    if listing.open is None or listing.open_until_ms is None:
        return ""
    return other_zone(listing.time_zone, listing.open_until_ms)


def other_zone(name: str, at_ms: int) -> str:
    """This zone's name where this computer's clock shows another time at that moment, else ""."""
    there, here = local(at_ms, zone_of(name, at_ms=at_ms)), local(at_ms)
    return "" if there.utcoffset() == here.utcoffset() else name


def stock(held: Stock) -> Said:
    """ "in stock", "3 left", "few left", "to order", "sold out", "unknown"."""
    if held.level in ("few", "some"):
        tone: Tone = "ok" if held.level == "some" else "warn"
        few = f"{held.left} left" if held.left else "few left"
        return Said(few if held.level == "few" else "in stock", tone)
    if held.made_to_order:
        return Said("to order")
    return Said("sold out", "warn") if held.level == "none" else Said("unknown", "dim")


def age(listing: Listing, now_ms: int) -> Said:
    """When somebody last stood behind the price; "not since 9 Nov" of a silent shop."""
    seen_ms, confirmed_ms = listing.seen_at_ms, listing.confirmed_at_ms
    if seen_ms is not None and now_ms - seen_ms > SILENT_AFTER_MS:
        return Said(f"not since {day(seen_ms, now_ms)}", "warn")
    if confirmed_ms is None:
        return Said("unknown", "dim")
    if now_ms - confirmed_ms > ASK_AFTER_MS:
        return Said("ask first", "warn")
    named = day(confirmed_ms, now_ms)
    return Said(f"{named} {clock(confirmed_ms)}" if named == "today" else named)


def long_age(listing: Listing, now_ms: int) -> Said:
    """The age as a sentence part: "confirmed today 10:12", "not heard from since 9 Nov"."""
    said = age(listing, now_ms)
    if said.text.startswith("not since "):
        return Said(said.text.replace("not since", "not heard from since"), said.tone)
    if said.text in ("unknown", "ask first"):
        words = {"unknown": "age unknown", "ask first": "ask first: not confirmed for 90 days"}
        return Said(words[said.text], said.tone)
    return Said(f"confirmed {said.text}", said.tone)


def size(number_bytes: int) -> str:
    """ "38 MB", "640 kB"."""
    if number_bytes >= 995_000:
        return f"{number_bytes / 1e6:,.0f} MB"
    return f"{number_bytes / 1e3:,.0f} kB"


def span(length_ms: int) -> str:
    """ "10 minutes", "5 hours", "400 days", of a length of either sign."""
    minutes = round(abs(length_ms) / 60_000)
    if minutes < 120:
        return count(minutes, "minute")
    hours = round(minutes / 60)
    return count(hours, "hour") if hours < 48 else count(round(hours / 24), "day")
