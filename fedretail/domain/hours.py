"""When a site is open: OpenStreetMap opening_hours, public holidays, special days, closures.

The stored form is what the shopkeeper wrote. What cannot be read, and what the text itself
calls unknown or hangs a condition on ("by appointment"), is unknown: never open, never
closed. In this order decide: a closed range; the hours of a special day; the usual hours.

opening-hours-py is imported when the first text is parsed, so that nobody else pays for it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fedretail.domain.geo import Position
from fedretail.domain.texts import quoted
from fedretail.domain.times import MAX_TIME_MS, is_day, to_datetime, to_ms
from fedretail.errors import MalformedInput

if TYPE_CHECKING:
    from opening_hours import OpeningHours

# OpenStreetMap itself cuts values at 255 characters; a thousand bounds the parser's work.
MAX_HOURS = 1000
# Further ahead than a year nobody plans a purchase, and the evaluator may stop looking.
HORIZON_DAYS = 366
# Changes of rule (midnight of a special day, a closed range) walked through for "until".
_MAX_STEPS = 64

_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]{0,30}(?:/[A-Za-z0-9_+\-]{1,30}){0,2}")
# OSM's words for it: sunrise, sunset, dawn, dusk.
_SUN = re.compile("sun|dawn|dusk", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Closure:
    """A time in which a site is closed whatever its hours say; until_ms is exclusive."""

    from_ms: int
    until_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OpenState:
    """Open, closed or unknown (None), and until when that is known to last."""

    open: bool | None
    until_ms: int | None = None


UNKNOWN = OpenState(None)


def validate_zone(name: str) -> str:
    """The name of an IANA time zone; MalformedInput when this machine knows none of it."""
    if _ZONE.fullmatch(name):
        try:
            return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            pass
    raise MalformedInput(
        f"{quoted(name)} is not a time zone", hint="Write it as Europe/Berlin or America/New_York."
    )


def zone_of(name: str, *, at_ms: int) -> tzinfo:
    """The time zone of this name; where this machine knows none of it, its own as of a moment."""
    try:
        return ZoneInfo(validate_zone(name))
    except MalformedInput:
        own = to_datetime(at_ms).astimezone().tzinfo
        assert own is not None
        return own


class Hours:
    """Parsed opening hours in one time zone."""

    __slots__ = ("_hours", "zone")

    def __init__(self, hours: "OpeningHours", zone: ZoneInfo) -> None:
        self._hours = hours
        self.zone = zone

    @staticmethod
    def parse(
        text: str, zone: str, *, position: Position | None = None, country: str = ""
    ) -> "Hours | None":
        """The hours of an OSM text, or None when it cannot be read. Never raises.

        The position gives sunrise and sunset, the country (ISO 3166) its public holidays.
        """
        if len(text) > MAX_HOURS:
            return None
        # Sites that write the same are parsed once, but where the sun decides.
        return _parse(text, zone, position if _SUN.search(text) else None, country)

    def is_open(self, at_ms: int) -> bool | None:
        """Open, closed or unknown at that moment."""
        from opening_hours import State

        state, comment = self._hours.state(to_datetime(at_ms, self.zone))
        if state == State.CLOSED:
            return False
        # OSM: a comment without a word of state makes a rule unknown ("by appointment").
        return True if state == State.OPEN and not comment else None

    def next_change(self, at_ms: int) -> int | None:
        """The next moment at which another rule holds, or None within a year."""
        moment: datetime | None = self._hours.next_change(to_datetime(at_ms, self.zone))
        if moment is None:
            return None
        try:
            change_ms = to_ms(moment)
        except ValueError:
            return None
        return change_ms if change_ms > at_ms else None


# A town's shops fit; each is asked again with every search.
@lru_cache(maxsize=4096)
def _parse(text: str, zone: str, position: Position | None, country: str) -> Hours | None:
    from opening_hours import OpeningHours

    place: dict[str, Any] = {"coords": (position.lat, position.lon)} if position else {}
    try:
        info = ZoneInfo(validate_zone(zone))
        # Never auto_timezone=False: the library then forgets the place, and the sun with it.
        place |= {"timezone": info, "auto_country": False, "country": country.upper() or None}
        place |= {"max_interval_days": HORIZON_DAYS}
        return Hours(OpeningHours(text, **place), info)
    except Exception:  # noqa: BLE001 - ParserError, UnicodeEncodeError and what comes next
        # A country without a calendar of holidays still has hours.
        return _parse(text, zone, position, "") if country else None
    except BaseException as error:
        # A panic of the Rust library is a BaseException of a class that cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        return None


def parse_hours(text: str) -> str:
    """The text, when it is an OSM opening_hours value; else MalformedInput with an example."""
    cleaned = text.strip()
    if Hours.parse(cleaned, "UTC") is None:
        raise MalformedInput(
            f"{quoted(text)} are no opening hours",
            hint='Write them as OpenStreetMap does: "Mo-Fr 08:00-18:30; Sa 08:00-13:00; PH off".',
        )
    return cleaned


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that decides whether a site is open; `special` maps "2026-12-24" to its hours."""

    usual: Hours | None
    special: Mapping[str, Hours | None]
    closed: Sequence[Closure]
    zone: ZoneInfo

    def is_open(self, at_ms: int) -> bool | None:
        """Open, closed or unknown at that moment."""
        if any(closure.from_ms <= at_ms < closure.until_ms for closure in self.closed):
            return False
        hours = self._hours(at_ms)
        return None if hours is None else hours.is_open(at_ms)

    def next_rule(self, at_ms: int) -> int | None:
        """The next moment at which the answer may change."""
        hours = self._hours(at_ms)
        changes = [hours.next_change(at_ms)] if hours is not None else []
        changes += [edge for one in self.closed for edge in (one.from_ms, one.until_ms)]
        changes += [edge for day in self.special for edge in self._edges(day)]
        return min((change for change in changes if change and change > at_ms), default=None)

    def _hours(self, at_ms: int) -> Hours | None:
        if not self.special:
            return self.usual
        day = to_datetime(at_ms, self.zone).date().isoformat()
        return self.special.get(day, self.usual)

    def _edges(self, day: str) -> tuple[int, int]:
        start = datetime.fromisoformat(day).replace(tzinfo=self.zone)
        return to_ms(start), to_ms(start + timedelta(days=1))


def open_state(
    hours_text: str | None,
    zone: str,
    at_ms: int,
    *,
    position: Position | None = None,
    country: str = "",
    holidays: Mapping[str, str] | None = None,
    closed: Sequence[Closure] = (),
) -> OpenState:
    """Whether the site is open at that moment, and until when that holds (within a year).

    holidays: special days, "2026-12-24" -> OSM hours of that day ("off", "08:00-12:00").
    Daylight saving is in the zone; a span past midnight of a special day ends with the day.
    Anything unreadable makes the answer unknown; nothing raises.
    """
    calendar = _calendar(
        hours_text,
        zone,
        position=position,
        country=country,
        holidays=holidays or {},
        closed=closed,
    )
    if calendar is None or not 0 <= at_ms <= MAX_TIME_MS - HORIZON_DAYS * 86_400_000:
        return UNKNOWN
    now = calendar.is_open(at_ms)
    horizon_ms = at_ms + HORIZON_DAYS * 86_400_000
    change = at_ms
    for _ in range(_MAX_STEPS):
        later = calendar.next_rule(change)
        if now is None or later is None or later > horizon_ms:
            return OpenState(now)
        if calendar.is_open(later) is not now:
            return OpenState(now, later)
        change = later
    return OpenState(now)


def _calendar(
    text: str | None,
    zone: str,
    *,
    position: Position | None,
    country: str,
    holidays: Mapping[str, str],
    closed: Sequence[Closure],
) -> Calendar | None:
    """The parts parsed, or None when the zone is none or nothing at all is said."""
    if text is None and not holidays and not closed:
        return None
    try:
        info = ZoneInfo(validate_zone(zone))
    except MalformedInput:
        return None
    usual = Hours.parse(text, zone, position=position, country=country) if text else None
    special = {
        day: Hours.parse(hours, zone, position=position, country=country)
        for day, hours in holidays.items()
        if is_day(day)
    }
    return Calendar(usual, special, closed, info)
