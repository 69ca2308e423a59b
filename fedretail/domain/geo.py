"""Where things are: positions, great-circle distance, direction, Hilbert cells.

Positions travel as two integers in 1e-7 degrees (about a centimetre). Distances are on a
sphere of the earth's mean radius: at most 0.6 % off the ellipsoid, far under what a road
adds.
"""

import math
import re
from dataclasses import dataclass

from fedretail.domain.texts import quoted
from fedretail.errors import MalformedInput

# Mean earth radius of IUGG, metres.
EARTH_RADIUS_M = 6_371_008.8
E7 = 10_000_000
# 15 bits an axis: cells of 1.2 km x 0.6 km at the equator; longitude and latitude together
# make the 30 bits that the wire's areas and the index's row numbers share.
AXIS_BITS = 15
AREA_BITS = 2 * AXIS_BITS

_COMPASS = (
    "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west",
)  # fmt: skip
_ARROWS = "↑↗→↘↓↙←↖"
_METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344}


@dataclass(frozen=True, slots=True)
class Position:
    """A place in WGS84 degrees; MalformedInput when it is none."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        # Written so that NaN fails too.
        if not -90 <= self.lat <= 90:
            raise MalformedInput(f"latitude {_short(self.lat)} is outside -90 to 90")
        if not -180 <= self.lon <= 180:
            raise MalformedInput(f"longitude {_short(self.lon)} is outside -180 to 180")


def to_e7(position: Position) -> tuple[int, int]:
    """(lat_e7, lon_e7): the position in whole 1e-7 degrees, as records hold it."""
    return round(position.lat * E7), round(position.lon * E7)


def from_e7(lat_e7: int, lon_e7: int) -> Position:
    """The position of two integers in 1e-7 degrees; MalformedInput out of range."""
    if abs(lat_e7) > 90 * E7 or abs(lon_e7) > 180 * E7:
        raise MalformedInput("a position is outside the earth")
    return Position(lat_e7 / E7, lon_e7 / E7)


def distance_m(a: Position, b: Position) -> float:
    """Metres along the great circle (haversine in its atan2 form: good for all distances)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat = (lat_b - lat_a) / 2
    half_lon = math.radians(b.lon - a.lon) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.atan2(math.sqrt(h), math.sqrt(max(0.0, 1 - h)))


def bearing_deg(a: Position, b: Position) -> float:
    """The direction in which to leave a for b: degrees from north over east, 0 <= x < 360."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    lon = math.radians(b.lon - a.lon)
    east = math.sin(lon) * math.cos(lat_b)
    north = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(lon)
    bearing = math.degrees(math.atan2(east, north)) % 360
    return 0.0 if bearing >= 360 else bearing


def compass(bearing: float) -> str:
    """The word for a bearing, of eight: "north-east"."""
    return _COMPASS[round(bearing / 45) % 8]


def arrow(bearing: float) -> str:
    """The arrow for a bearing with north up, of eight: "↗"."""
    return _ARROWS[round(bearing / 45) % 8]


def unit_xyz(position: Position) -> tuple[float, float, float]:
    """The position on the unit sphere, where straight distance sorts as great-circle does."""
    lat, lon = math.radians(position.lat), math.radians(position.lon)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


def hilbert(position: Position) -> int:
    """The position's number (30 bits) along a Hilbert curve over longitude and latitude.

    Worked out from the integers of the record, so that every machine gets the same. The
    grid's column is (lon + 180) / 360 * 2**15, wrapping at the antimeridian; its row
    (lat + 90) / 180 * 2**15, the pole belonging to the last row.
    """
    lat_e7, lon_e7 = to_e7(position)
    cells = 1 << AXIS_BITS
    x = (lon_e7 + 180 * E7) * cells // (360 * E7) % cells
    y = min((lat_e7 + 90 * E7) * cells // (180 * E7), cells - 1)
    return hilbert_xy(x, y)


def hilbert_xy(x: int, y: int) -> int:
    """The place of cell (x, y), each 15 bits, along the curve."""
    number = 0
    side = 1 << (AXIS_BITS - 1)
    while side:
        right, upper = bool(x & side), bool(y & side)
        number += side * side * ((3 * right) ^ upper)
        x &= side - 1
        y &= side - 1
        if not upper:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        side >>= 1
    return number


def area(position: Position, bits: int = AREA_BITS) -> tuple[int, int]:
    """(n, the first n bits of the Hilbert number): the cell that a head names."""
    return bits, hilbert(position) >> (AREA_BITS - bits)


# A position as people paste it. Each pattern names lat and lon; compiled only when one is
# read, since a search from this node's own place needs none of them.
_DEG = r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,15})?"
_PAIR = rf"(?P<lat>{_DEG})\s*,\s*(?P<lon>{_DEG})"
_FORMS = (
    rf"{_PAIR}",
    r"(?P<lat>[+-]?[0-9]{1,3},[0-9]{1,15})\s*[;\s]\s*(?P<lon>[+-]?[0-9]{1,3},[0-9]{1,15})",
    rf"(?P<lat>{_DEG})\s*[;\s]\s*(?P<lon>{_DEG})",
    rf"geo:{_PAIR}(?:,{_DEG})?(?:[;?]\S*)?",
    rf"https?://\S*[?&]mlat=(?P<lat>{_DEG})&mlon=(?P<lon>{_DEG})(?:[&#]\S*)?",
    rf"https?://\S*#map=[0-9.]+/(?P<lat>{_DEG})/(?P<lon>{_DEG})(?:[&/]\S*)?",
    rf"https?://\S*/@{_PAIR}(?:,\S*)?",
    rf"https?://\S*[?&](?:q|ll|query|sll)=(?:loc:)?{_PAIR}(?:[&#]\S*)?",
)
_LENGTH = re.compile(r"([0-9]{1,9}(?:[.,][0-9]{1,6})?)\s*(m|km|mi)", re.IGNORECASE)
# A map link is never longer; a bound keeps patterns from walking over a pasted book.
_MAX_TEXT = 1000


def parse_position(text: str) -> Position:
    """The position of "48.5,9.05", a geo: URI, or a link of OpenStreetMap or Google Maps."""
    cleaned = text.strip() if len(text) <= _MAX_TEXT else ""
    for form in _FORMS:
        match = re.fullmatch(form, cleaned, re.IGNORECASE)
        if match:
            return Position(*(float(match[name].replace(",", ".")) for name in ("lat", "lon")))
    raise MalformedInput(
        f"{quoted(text, 60)} is not a position",
        hint="Write latitude and longitude in degrees, such as 48.52,9.05, or paste a map link.",
    )


def parse_length(text: str) -> float:
    """Metres of a length in m, km or mi: "5km", "300 m", "1,5 km", "3mi"."""
    match = _LENGTH.fullmatch(text.strip()) if len(text) <= 40 else None
    metres = 0.0
    if match:
        metres = float(match[1].replace(",", ".")) * _METRES[match[2].lower()]
    if metres <= 0:
        raise MalformedInput(
            f"{quoted(text)} is not a length", hint="Write it with its unit: 300m, 5km or 3mi."
        )
    return metres


def human_distance(metres: float) -> str:
    """The distance for English eyes: "40 m", "580 m", "1.4 km", "12 km", "1,200 km"."""
    if metres < 995:
        return f"{round(metres / 10) * 10 if metres >= 10 else round(metres)}\u00a0m"
    if metres < 9_950:
        return f"{metres / 1000:.1f}\u00a0km"
    return f"{round(metres / 1000):,}\u00a0km"


def _short(number: float) -> str:
    return f"{number:.10g}"
