"""Which places lie within a radius: exact great-circle distances, few or many places.

Few places are looked through one by one. Many stand as points of the unit sphere, where there is
no antimeridian and no pole, in the order of their latitude: a radius looks at a band of them, all
at once (20,000 places: a tenth of a millisecond). Both refine by the same distance, so that they
give the same answer.
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

from fedretail.domain.geo import EARTH_RADIUS_M, Position, distance_m, unit_xyz

# Importing numpy costs 0.1 s, looking through 2,000 places 2 ms: a cold search
# in a town pays neither. A country's 20,000 would cost 20 ms every time.
GLOBE_FROM_PLACES = 2_000
# A degree of latitude is at least this long on the sphere of the mean radius (111,195 m); used
# to pass over places without working out their distance.
_LEAST_DEGREE_M = 111_100.0
# Coordinates on the unit sphere are exact to about 1e-16; some millimetres of doubt keep what lies
# on the edge.
_SLACK = 1e-9
# From here on the arc sine of half a chord is steep.
_FAR_M = 1.9e7


class Reach(Protocol):
    """Answers which places lie near."""

    def within(self, center: Position, radius_m: float) -> list[int]:
        """The numbers of the places at most `radius_m` away."""
        ...


def band_deg(radius_m: float) -> float:
    """How many degrees of latitude a place within a radius is away at most."""
    # Distances of less than a nanometre vanish in rounding; degrees of latitude do not.
    return min(radius_m / _LEAST_DEGREE_M + _SLACK, 180.0)


def reach_for(places: list[Position]) -> Reach:
    """The cheaper Reach for so many places."""
    return Scan(places) if len(places) < GLOBE_FROM_PLACES else Globe(places)


class Scan:
    """Looks at every place."""

    def __init__(self, places: list[Position]) -> None:
        self._places = places

    def within(self, center: Position, radius_m: float) -> list[int]:
        """The numbers of the places at most `radius_m` away."""
        band = band_deg(radius_m)
        return [
            number
            for number, place in enumerate(self._places)
            if abs(place.lat - center.lat) <= band and distance_m(center, place) <= radius_m
        ]


class Globe:
    """Points of the unit sphere in the order of their latitude; any thread may ask."""

    def __init__(self, places: list[Position]) -> None:
        import numpy

        self._places = places
        points = unit_points(places)
        self._order = numpy.argsort(points[:, 2])
        self._points = points[self._order]
        self._heights = numpy.ascontiguousarray(self._points[:, 2])

    def within(self, center: Position, radius_m: float) -> list[int]:
        """The numbers of the places at most `radius_m` away."""
        found: list[int] = self.numbers(center, radius_m).tolist()
        return found

    def numbers(self, center: Position, radius_m: float) -> Any:
        """The same as a numpy array; not in order."""
        import numpy

        # Between two parallels, a band as high as the circle; over a pole it has one edge.
        angle = min(radius_m / EARTH_RADIUS_M, math.pi)
        lat = math.radians(center.lat)
        south, north = lat - angle, lat + angle
        low = -1.0 if south <= -math.pi / 2 else math.sin(south)
        high = 1.0 if north >= math.pi / 2 else math.sin(north)
        start = numpy.searchsorted(self._heights, low - _SLACK)
        end = numpy.searchsorted(self._heights, high + _SLACK, "right")
        away = distances_m(self._points[start:end], unit_xyz(center))
        near = away <= radius_m
        for place in numpy.flatnonzero(abs(away - radius_m) <= doubt_m(away)).tolist():
            found = self._places[self._order[start + place]]
            near[place] = distance_m(center, found) <= radius_m
        return self._order[start:end][near]


def unit_points(places: Sequence[Position]) -> Any:
    """Numpy array of unit_xyz of places."""
    import numpy

    lats = numpy.radians([place.lat for place in places])
    lons = numpy.radians([place.lon for place in places])
    flat = numpy.cos(lats)
    return numpy.stack((flat * numpy.cos(lons), flat * numpy.sin(lons), numpy.sin(lats)), axis=1)


def distances_m(points: Any, xyz: tuple[float, float, float]) -> Any:
    """Numpy array of great-circle distances of points of the unit sphere from one of them.

    Off by less than `doubt_m`; distance_m is the one that decides.
    """
    import numpy

    apart = points - numpy.array(xyz)
    chords = numpy.sqrt(numpy.einsum("ij,ij->i", apart, apart))
    return 2 * EARTH_RADIUS_M * numpy.arcsin(numpy.minimum(chords / 2, 1.0))


def doubt_m(metres: Any) -> Any:
    """How far `distances_m` may be off: near the other end of the earth a chord says little."""
    return 0.01 + 10.0 * (metres > _FAR_M)
