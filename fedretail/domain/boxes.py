"""A part of a map: what lies between two parallels and two meridians.

A viewport may lie over the antimeridian: then its western edge has the greater longitude. The
poles have every longitude, and the antimeridian has two.
"""

import re
from dataclasses import dataclass

from fedretail.domain.geo import Position
from fedretail.domain.texts import quoted
from fedretail.errors import MalformedInput

_NUMBER = r"\s*([+-]?[0-9]{1,3}(?:\.[0-9]{1,15})?)\s*"
_BOX = re.compile(",".join([_NUMBER] * 4))


@dataclass(frozen=True, slots=True)
class Box:
    """From `south` to `north` and from `west` eastwards to `east`, edges included; degrees.

    MalformedInput where south lies north of north, or a number is no latitude or longitude.
    """

    south: float
    west: float
    north: float
    east: float

    def __post_init__(self) -> None:
        Position(self.south, self.west)
        Position(self.north, self.east)
        if self.south > self.north:
            raise MalformedInput("the southern edge lies north of the northern one")

    @property
    def middle(self) -> Position:
        """The place in its middle."""
        width = self.east - self.west + (360 if self.west > self.east else 0)
        return Position((self.south + self.north) / 2, _wrapped(self.west + width / 2))

    def holds(self, place: Position) -> bool:
        """Whether the place lies in it."""
        if not self.south <= place.lat <= self.north:
            return False
        if abs(place.lat) == 90:
            return True
        lons = (place.lon, -place.lon) if abs(place.lon) == 180 else (place.lon,)
        return any(self._spans(lon) for lon in lons)

    def _spans(self, lon: float) -> bool:
        if self.west <= self.east:
            return self.west <= lon <= self.east
        return lon >= self.west or lon <= self.east


def parse_box(text: str) -> Box:
    """The box of "SOUTH,WEST,NORTH,EAST" in degrees.

    Longitudes may run over 180, as maps write them that were turned; a width of 360 or more is
    all the way round.
    """
    match = _BOX.fullmatch(text) if len(text) <= 100 else None
    if match is None:
        raise MalformedInput(
            f"{quoted(text, 60)} is no part of a map",
            hint="Write its edges in degrees: south,west,north,east, such as 48.4,8.9,48.6,9.2.",
        )
    south, west, north, east = (float(number) for number in match.groups())
    if max(abs(west), abs(east)) > 180 and east > west:
        west, east = (-180.0, 180.0) if east - west >= 360 else (_wrapped(west), _wrapped(east))
    return Box(south, west, north, east)


def _wrapped(lon: float) -> float:
    return lon if abs(lon) <= 180 else (lon + 180) % 360 - 180
