"""The neighbours' ring: a dot a neighbour around the shop, filled where it has the prices."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from fedretail.node.neighbours import Neighbour

# In the drawing's own units, 200 wide: dots on a circle, spokes from the hub to them.
_CENTRE, _OUTER, _INNER = 100.0, 88.0, 46.0
# So many dots of the least size that can be told apart stand on the circle.
MOST = 60
_LARGEST, _ROOM = 7.5, 0.36


@dataclass(frozen=True, slots=True)
class Dot:
    """A neighbour in the ring; state: has, waits, or off."""

    x: float
    y: float
    x1: float
    y1: float
    state: str
    name: str


def ring(found: Iterable[Neighbour]) -> tuple[list[Dot], float]:
    """The dots, clockwise from the top, and the radius that lets none touch the next."""
    shown = list(found)[:MOST]
    dots = []
    for at, one in enumerate(shown):
        turn = 2 * math.pi * at / len(shown)
        x, y = math.sin(turn), -math.cos(turn)
        state = "off" if not one.is_on else "has" if one.has_mine else "waits"
        outer = (round(_CENTRE + _OUTER * x, 1), round(_CENTRE + _OUTER * y, 1))
        inner = (round(_CENTRE + _INNER * x, 1), round(_CENTRE + _INNER * y, 1))
        dots.append(Dot(*outer, *inner, state, one.name))
    step = 2 * math.pi * _OUTER / max(1, len(shown))
    return dots, round(min(_LARGEST, _ROOM * step), 1)
