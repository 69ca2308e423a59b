"""Which places lie within a radius: exact great-circle distances, few or many places.

Few places are looked through one by one. Many stand in an R-tree over points of the unit sphere,
where there is no antimeridian and no pole. Both refine by the same distance, so that they give
the same answer.
"""

import math
import threading
from typing import Any, Protocol

from fedretail.domain.geo import EARTH_RADIUS_M, Position, distance_m, unit_xyz

# Importing numpy and rtree costs 0.1 to 0.2 s, looking through 2,000 places 2 ms: a cold search
# in a town pays neither. A country's 20,000 would cost 20 ms every time.
TREE_FROM_PLACES = 2_000
# A degree of latitude is at least this long on the sphere of the mean radius (111,195 m); used
# to pass over places without working out their distance.
_LEAST_DEGREE_M = 111_100.0
# Coordinates on the unit sphere are exact to about 1e-16; a box a nanometre wide of doubt keeps
# what lies on the edge.
_SLACK = 1e-9

# libspatialindex is not thread-safe even for reads (two readers abort the process), and its
# error stack is one for all trees: one lock around every call.
_one_at_a_time = threading.Lock()


class Reach(Protocol):
    """Answers which places lie near."""

    def within(self, center: Position, radius_m: float) -> list[tuple[int, float]]:
        """(number of the place, distance in metres) of those at most `radius_m` away."""
        ...


def reach_for(places: list[Position]) -> Reach:
    """The cheaper Reach for so many places."""
    return Scan(places) if len(places) < TREE_FROM_PLACES else Tree(places)


class Scan:
    """Looks at every place."""

    def __init__(self, places: list[Position]) -> None:
        self._places = places

    def within(self, center: Position, radius_m: float) -> list[tuple[int, float]]:
        """(number of the place, distance in metres) of those at most `radius_m` away."""
        # Distances of less than a nanometre vanish in rounding; degrees of latitude do not.
        band_deg = radius_m / _LEAST_DEGREE_M + _SLACK
        near = []
        for number, place in enumerate(self._places):
            if abs(place.lat - center.lat) <= band_deg:
                distance = distance_m(center, place)
                if distance <= radius_m:
                    near.append((number, distance))
        return near


class Tree:
    """An R-tree in memory over the unit sphere; any thread may ask, one at a time."""

    def __init__(self, places: list[Position]) -> None:
        self._places = places
        self._tree = _build(places)

    def within(self, center: Position, radius_m: float) -> list[tuple[int, float]]:
        """(number of the place, distance in metres) of those at most `radius_m` away."""
        # A chord spans the angle r / R; half the circle holds everything.
        angle = min(radius_m / EARTH_RADIUS_M, math.pi)
        chord = 2 * math.sin(angle / 2) + _SLACK
        xyz = unit_xyz(center)
        box = (*(x - chord for x in xyz), *(x + chord for x in xyz))
        with _one_at_a_time:
            found = list(self._tree.intersection(box))
        near = ((number, distance_m(center, self._places[number])) for number in found)
        return [(number, distance) for number, distance in near if distance <= radius_m]


def _build(places: list[Position]) -> Any:
    import numpy
    from rtree import index

    points = numpy.array([unit_xyz(place) for place in places]).reshape(-1, 3)
    numbers = numpy.arange(len(places))
    with _one_at_a_time:
        if not len(places):
            return index.Index(properties=index.Property(dimension=3))
        return index.Index((numbers, points, points), properties=index.Property(dimension=3))
