"""Names of towns for the map, from what shops write as their address."""

import re
from collections.abc import Iterable

from fedretail.domain.geo import Position

# A postal code, with a country's letters before it or not, then the town.
_TOWN = re.compile(r"\b(?:[A-Z]{1,2}-)?\d{4,5}\s+([^\W\d_][^\d,;\n]{1,28})")
# One shop may err; two that say the same are a town.
LEAST_SHOPS = 2


def town_of(address: str) -> str:
    """The town in an address, "" where none is recognised."""
    found = _TOWN.search(address)
    return " ".join(found[1].split()) if found else ""


def towns_of(shops: Iterable[tuple[str, Position]]) -> list[tuple[str, Position]]:
    """(name, mean position) of towns that several of the shops (address, position) name.

    Those with the most shops come first.
    """
    places: dict[str, list[Position]] = {}
    for address, position in shops:
        name = town_of(address)
        if name:
            places.setdefault(name, []).append(position)
    named = [(name, found) for name, found in places.items() if len(found) >= LEAST_SHOPS]
    named.sort(key=lambda one: (-len(one[1]), one[0]))
    return [(name, _mean(found)) for name, found in named]


def _mean(places: list[Position]) -> Position:
    lat = sum(one.lat for one in places) / len(places)
    return Position(lat, sum(one.lon for one in places) / len(places))
