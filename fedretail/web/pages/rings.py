"""The map without tiles: where shops, price tags and names of towns stand in the drawing. Pure.

The drawing is a square of SIDE units with this place in the middle and north up: a local
equirectangular projection, true to scale within a few parts in a thousand at 50 km.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from fedretail.domain.geo import EARTH_RADIUS_M, Position

SIDE = 480.0
MIDDLE = SIDE / 2
# Where the outermost ring runs; what stands on it still fits with its tag.
RADIUS = 196.0
DOT_R = 17.0
HOME_R = 21.0
RINGS_M = (250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
MOST_RINGS = 3
# Dots that touch move so far at most, in their own radii; further would be another place.
_MOST_SHIFT = 1.5
_SHIFTS = (0.0, 0.5, -0.5, 1.0, -1.0, _MOST_SHIFT, -_MOST_SHIFT)
TAG_H = 26.0
_TAG_CHAR, _TAG_PAD, _TAG_GAP = 9.4, 14.0, 5.0
_TOWN_CHAR, TOWN_H = 11.5, 20.0
_LABEL_CHAR = 8.5
# Where a ring may say how far it is, in degrees from north over east: the first that is free.
_LABEL_AT = (45, 135, 225, 315, 20, 70, 110, 160, 200, 250, 290, 340)
MOST_TOWNS = 5


@dataclass(frozen=True, slots=True)
class Spot:
    """A shop to draw: its id, its place, and its price where one is shown.

    rank: of its price, the cheapest first.
    """

    id: str
    position: Position
    tag: str = ""
    rank: float = math.inf


@dataclass(frozen=True, slots=True)
class Dot:
    """Shops that stand at one point of the drawing: one, or the first with what hides behind it."""

    x: float
    y: float
    ids: tuple[str, ...]

    @property
    def more(self) -> int:
        """How many stand behind the first."""
        return len(self.ids) - 1


@dataclass(frozen=True, slots=True)
class Box:
    """A label: its middle, its size, what it says, and of which shop."""

    x: float
    y: float
    width: float
    height: float
    text: str
    id: str = ""

    def meets(self, other: "Box", gap: float = 2.0) -> bool:
        """Whether the two overlap, or nearly do."""
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2 + gap
            and abs(self.y - other.y) < (self.height + other.height) / 2 + gap
        )

    @property
    def is_inside(self) -> bool:
        """Whether all of it lies in the drawing."""
        return (
            self.width / 2 <= self.x <= SIDE - self.width / 2
            and self.height / 2 <= self.y <= SIDE - self.height / 2
        )


@dataclass(frozen=True, slots=True)
class Rings:
    """A drawing: rings as (metres, radius), dots, tags, towns; `beyond` do not fit on it."""

    rings: tuple[tuple[int, float], ...]
    dots: tuple[Dot, ...]
    tags: tuple[Box, ...] = ()
    labels: tuple[Box, ...] = ()
    towns: tuple[Box, ...] = ()
    beyond: tuple[str, ...] = field(default=())


def draw(
    centre: Position,
    spots: Sequence[Spot],
    towns: Iterable[tuple[str, Position]] = (),
    *,
    home: Spot | None = None,
    distance: Callable[[float], str] = str,
) -> Rings:
    """The drawing of these shops around a place, to scale.

    home: the shop that lies there, where its price is shown. distance: how metres are said.
    """
    away = {spot.id: offset_m(centre, spot.position) for spot in spots}
    shown = [spot for spot in spots if math.hypot(*away[spot.id]) <= RINGS_M[-1]]
    rings = rings_for(max((math.hypot(*away[spot.id]) for spot in shown), default=0.0))
    scale = RADIUS / rings[-1][0]
    dots = _dots([(one.id, scale * away[one.id][0], scale * away[one.id][1]) for one in shown])
    taken = [_HOME, *(_around(dot.x, dot.y) for dot in dots)]
    tags = _tags(shown, dots, taken, home)
    taken += tags
    labels = _labels([(radius, distance(metres)) for metres, radius in rings], taken)
    taken += labels
    places = [(name, offset_m(centre, place)) for name, place in towns]
    scaled = [(name, MIDDLE + scale * x, MIDDLE - scale * y) for name, (x, y) in places]
    return Rings(
        rings=rings,
        dots=tuple(dots),
        tags=tuple(tags),
        labels=tuple(labels),
        towns=tuple(_towns(scaled, taken)),
        beyond=tuple(spot.id for spot in spots if spot not in shown),
    )


def offset_m(centre: Position, place: Position) -> tuple[float, float]:
    """Metres east and north of the centre."""
    lon = (place.lon - centre.lon + 180) % 360 - 180
    east = math.radians(lon) * math.cos(math.radians(centre.lat)) * EARTH_RADIUS_M
    return east, math.radians(place.lat - centre.lat) * EARTH_RADIUS_M


def rings_for(furthest_m: float) -> tuple[tuple[int, float], ...]:
    """(metres, radius in the drawing) of two or three rings, so that the furthest fits."""
    last = next((n for n, one in enumerate(RINGS_M) if furthest_m <= one), len(RINGS_M) - 1)
    last = max(last, 1)
    outer = RINGS_M[last]
    chosen = RINGS_M[max(0, last - MOST_RINGS + 1) : last + 1]
    return tuple((metres, RADIUS * metres / outer) for metres in chosen)


def _dots(places: Iterable[tuple[str, float, float]]) -> list[Dot]:
    """Dots that do not touch: the nearest first, later ones move aside or stand behind another."""
    dots: list[Dot] = []
    for name, east, north in sorted(places, key=lambda one: (math.hypot(one[1], one[2]), one[0])):
        length = math.hypot(east, north)
        along = (east / length, -north / length) if length else (0.0, 1.0)
        x, y = MIDDLE + east, MIDDLE - north
        free = [
            (px, py)
            for shift in _shifts(length)
            for px, py in [(x + along[0] * shift, y + along[1] * shift)]
            if _is_free(px, py, dots)
        ]
        if free:
            dots.append(Dot(*free[0], (name,)))
        else:
            _stand_behind(dots, name, x, y)
    return dots


def _shifts(length: float) -> list[float]:
    """How far a dot may move along its bearing; out of this place's own mark in any case."""
    least = HOME_R + DOT_R
    moved = [DOT_R * one for one in _SHIFTS]
    return moved if length >= least else [least - length + DOT_R * one for one in _SHIFTS[:1]]


def _is_free(x: float, y: float, dots: Iterable[Dot]) -> bool:
    if math.hypot(x - MIDDLE, y - MIDDLE) < HOME_R + DOT_R - 0.01:
        return False
    return all(math.hypot(x - dot.x, y - dot.y) >= 2 * DOT_R for dot in dots)


def _stand_behind(dots: list[Dot], name: str, x: float, y: float) -> None:
    nearest = min(dots, key=lambda dot: math.hypot(x - dot.x, y - dot.y))
    behind = Dot(nearest.x, nearest.y, (*nearest.ids, name))
    dots[dots.index(nearest)] = behind


def _around(x: float, y: float) -> Box:
    return Box(x, y, 2 * DOT_R, 2 * DOT_R, "")


def _tags(
    spots: Sequence[Spot], dots: Sequence[Dot], taken: Sequence[Box], home: Spot | None
) -> list[Box]:
    """Price tags at one of four sides of their dots, the cheapest first; none on another thing."""
    tags: list[Box] = []
    where = {name: (dot.x, dot.y) for dot in dots for name in dot.ids[:1]}
    every = list(spots)
    if home is not None:
        every.append(home)
        where[home.id] = (MIDDLE, MIDDLE)
    for spot in sorted(every, key=lambda one: (one.rank, one.id)):
        if not spot.tag or spot.id not in where:
            continue
        free = _free(_sides(*where[spot.id], spot), [*taken, *tags])
        tags += free[:1]
    return tags


def _free(boxes: Iterable[Box], taken: Sequence[Box]) -> list[Box]:
    return [box for box in boxes if box.is_inside and not any(box.meets(one) for one in taken)]


def _sides(x: float, y: float, spot: Spot) -> list[Box]:
    width = len(spot.tag) * _TAG_CHAR + _TAG_PAD
    radius = HOME_R if (x, y) == (MIDDLE, MIDDLE) else DOT_R
    up, aside = radius + _TAG_GAP + TAG_H / 2, radius + _TAG_GAP + width / 2
    points = ((x, y - up), (x + aside, y), (x, y + up), (x - aside, y))
    return [Box(px, py, width, TAG_H, spot.tag, spot.id) for px, py in points]


def _labels(rings: Iterable[tuple[float, str]], taken: Sequence[Box]) -> list[Box]:
    """How far each ring is, beside its line where nothing else stands."""
    labels: list[Box] = []
    for radius, text in rings:
        width = len(text) * _LABEL_CHAR
        angles = [math.radians(one) for one in _LABEL_AT]
        out = radius + 4
        boxes = [
            Box(
                MIDDLE + math.sin(one) * out + math.copysign(width / 2, math.sin(one)),
                MIDDLE - math.cos(one) * out - math.copysign(TOWN_H / 2, math.cos(one)),
                width,
                TOWN_H,
                text,
            )
            for one in angles
        ]
        labels += _free(boxes, [*taken, *labels])[:1]
    return labels


def _towns(places: Iterable[tuple[str, float, float]], taken: Sequence[Box]) -> list[Box]:
    found: list[Box] = []
    for name, x, y in places:
        box = Box(x, y, len(name) * _TOWN_CHAR, TOWN_H, name)
        found += _free([box], [*taken, *found])
    return found[:MOST_TOWNS]


_HOME = Box(MIDDLE, MIDDLE, 2 * HOME_R, 2 * HOME_R, "")
