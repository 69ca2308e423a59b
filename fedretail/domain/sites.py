"""Where a member trades from: a place with hours, a time zone and a contact.

A member may have several. Shoppers rely on the position (distance), on the hours, and on
the currency in which a file without a currency column was read. The position of a private
seller may be blurred; `position_note` then says so ("by arrangement").
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from fedretail.domain.geo import E7, Position, from_e7, to_e7
from fedretail.domain.hours import MAX_HOURS, Closure, OpenState, open_state
from fedretail.domain.ids import is_gln
from fedretail.domain.judges import block, choice, formed, line, whole
from fedretail.domain.kind import Field, Kind, Value, fields_of
from fedretail.domain.money import MINOR_DIGITS
from fedretail.domain.times import MAX_TIME_MS, is_day

MAX_SITE_NAME = 120
# An address or a contact is a few lines on an envelope.
MAX_LINES = 300
# Special days and closures of a year, with room; more is no calendar of a shop.
MAX_DAYS = 100

SITE = Kind(
    "site",
    "site",
    fields_of(
        Field("name", doc=f"text of at most {MAX_SITE_NAME} characters"),
        Field("lat_e7", doc="latitude in 1e-7 degrees"),
        Field("lon_e7", doc="longitude in 1e-7 degrees"),
        Field("position_note", doc="text: what the position leaves open"),
        Field("hours", doc="OpenStreetMap opening_hours"),
        Field("holidays", doc='special days: {"2026-12-24": OSM hours of that day}'),
        Field("closed", doc="[[from ms, until ms, reason], ...]"),
        Field("time_zone", doc="IANA name"),
        Field("contact", doc="text: telephone, mail, web"),
        Field("currency", doc="ISO 4217 code where a price names none"),
        Field("gln", doc="global location number, 13 digits"),
        Field("address", doc="text of several lines"),
        Field("country", doc="ISO 3166 code, two letters: whose public holidays hold"),
        Field("colour", doc="of awning and sign, 0 to 7, as the pages name them"),
        Field("nonce", doc="bytes from which the site id follows"),
    ),
    doc="a place a member trades from",
)

_name = line(MAX_SITE_NAME)
_note = line(MAX_LINES)
_hours = line(MAX_HOURS)
_lines = block(MAX_LINES)
_currency = choice(*MINOR_DIGITS)
_country = formed(re.compile(r"[A-Z]{2}"))
# Spruce, blue, berry, brick, chestnut, plum, petrol, slate: white can be read on each.
COLOURS = 8
_colour = whole(0, COLOURS - 1)
_lat = whole(-90 * E7, 90 * E7)
_lon = whole(-180 * E7, 180 * E7)


@dataclass(frozen=True, slots=True)
class Site:
    """A site's fields, judged. `holidays` are (day, hours) pairs, sorted."""

    name: str = ""
    position: Position | None = None
    position_note: str = ""
    hours: str | None = None
    holidays: tuple[tuple[str, str], ...] = ()
    closed: tuple[Closure, ...] = ()
    time_zone: str = "UTC"
    contact: str = ""
    currency: str | None = None
    gln: str | None = None
    address: str = ""
    country: str = ""
    colour: int | None = None
    nonce: bytes = b""

    @classmethod
    def from_fields(cls, fields: Mapping[str, Value]) -> Self:
        """The site that these record fields say; what makes no sense is left out."""
        # Most sites say half of what they could.
        said = {
            name: judged
            for name, value in fields.items()
            if name in _JUDGES and (judged := _JUDGES[name](value)) not in (None, "")
        }
        position = _position(fields.get("lat_e7"), fields.get("lon_e7"))
        return cls(position=position, **said)

    def to_fields(self) -> dict[str, Value]:
        """The record fields of this site, without those that say nothing."""
        lat_e7, lon_e7 = to_e7(self.position) if self.position else (None, None)
        closed: list[Value] = [[one.from_ms, one.until_ms, one.reason] for one in self.closed]
        said: dict[str, Value] = {
            "name": self.name,
            "lat_e7": lat_e7,
            "lon_e7": lon_e7,
            "position_note": self.position_note,
            "hours": self.hours,
            "holidays": dict(self.holidays),
            "closed": closed,
            "time_zone": self.time_zone,
            "contact": self.contact,
            "currency": self.currency,
            "gln": self.gln,
            "address": self.address,
            "country": self.country,
            "colour": self.colour,
            "nonce": self.nonce,
        }
        return {name: value for name, value in said.items() if value not in (None, "", b"", [], {})}

    def open_state(self, at_ms: int) -> OpenState:
        """Whether the site is open at that moment; unknown when its hours cannot be read."""
        return open_state(
            self.hours,
            self.time_zone,
            at_ms,
            position=self.position,
            country=self.country,
            holidays=dict(self.holidays),
            closed=self.closed,
        )


def _position(lat_e7: Value, lon_e7: Value) -> Position | None:
    lat, lon = _lat(lat_e7), _lon(lon_e7)
    return None if lat is None or lon is None else from_e7(lat, lon)


def _holidays(value: Value) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or len(value) > MAX_DAYS:
        return ()
    read = ((day, _hours(hours)) for day, hours in value.items() if is_day(day))
    return tuple(sorted((day, hours) for day, hours in read if hours))


def _closed(value: Value) -> tuple[Closure, ...]:
    if not isinstance(value, list) or len(value) > MAX_DAYS:
        return ()
    closures = []
    for row in value:
        match row:
            case [int(start), int(end), *rest] if 0 <= start < end <= MAX_TIME_MS:
                reason = _note(rest[0]) if rest else None
                closures.append(Closure(int(start), int(end), reason or ""))
    return tuple(closures)


def _gln(value: Value) -> str | None:
    return value if isinstance(value, str) and is_gln(value) else None


def _nonce(value: Value) -> bytes:
    return value if isinstance(value, bytes) and len(value) <= 64 else b""


# What may be used of each field but the position; None where it makes no sense.
_JUDGES: dict[str, Callable[[Value], Any]] = {
    "name": _name,
    "position_note": _note,
    "hours": _hours,
    "holidays": _holidays,
    "closed": _closed,
    "time_zone": _name,
    "contact": _lines,
    "currency": _currency,
    "gln": _gln,
    "address": _lines,
    "country": _country,
    "colour": _colour,
    "nonce": _nonce,
}
