"""A hardware store's names, made from a list of kinds of things, and what shoppers ask there.

Each name is known by its kind and its features, so that what answers a query need not be told
name by name: hardware_queries.txt says for each query which kind and which features are meant.
Brands are invented; the wording is that of home improvement stores.
"""

import random
import re
from pathlib import Path
from typing import NamedTuple

from fedretail.testing.judged import Judged

QUERIES = Path(__file__).with_name("hardware_queries.txt")
PATTERNS = Path(__file__).with_name("hardware_names.txt")
_SEED = 54_667
# So many names of each pattern, at most: as many variants as a large store has.
_OF_A_PATTERN = 90
_CHOICES = {
    "brand": "Northpoint|Brookline|Cascade|Halvorsen|Redfort|Tuffway|Makron|Dewlane|Ryton|Hartwell"
    "|Moenick|Kolmar|Glacier|Everhold|Duskin|Behrens|Lutrin|Levington|Fernwood|Sunbury|Pavestone"
    "|Ridgeline|Stanmore|Werling|Zarelle|Ameriwood|Vigora|Hamptonby|Defiant|Rustico",
    "color": "White|Black|Espresso|Gray|Brown|Chrome|Brushed Nickel|Oil-Rubbed Bronze|Satin Nickel"
    "|Stainless Steel|Almond|Biscuit|Dark Walnut",
    "paint": "White|Black|Gray|Green|Red|Blue|Beige|Tan|Brown",
    "wide": "24|30|36|48|60|72",
    "door": "24|28|30|32|36",
    "deep": "18|19|21|22",
    "feet": "4|6|8|10|12|16|20|24",
    "cord": "10|15|25|50|100",
    "gauge": "10|12|14|16|18",
    "volt": "12|18|20|36",
    "watt": "40|60|75|100",
    "watts": "100|250|500|1500",
    "pack": "2|4|6|10|12|24",
    "pieces": "1|5|10|25|50|100",
    "frac": "1/4|3/8|1/2|5/8|3/4|1|1-1/2|2",
    "screw": "6|8|10|12|14",
    "long": "1|1-1/4|1-1/2|2|2-1/2|3|3-1/2|4",
    "lumber": "2x4|2x6|2x8|2x10|4x4|6x6|1x4|1x6",
    "fan": "42|44|48|52|56|60",
    "gal": "1|2|5|10",
    "gallons": "30|40|50|55|80",
    "cuft": "18|20|22|25|27",
    "btu": "5,000|6,000|8,000|10,000|12,000|18,000",
    "square": "6|12|16|18|20|24",
    "oz": "8|10|12|16|32",
    "lights": "1|2|3|4|5|6",
    "wood": "Oak|Pine|Cedar|Maple|Birch|Poplar|Cherry",
    "metal": "Steel|Aluminum|Copper|Brass|Galvanized Steel|Stainless Steel",
    "plastic": "PVC|CPVC|ABS|PEX",
    "shape": "Round|Elongated",
    "drive": "Phillips|Square|Torx|Hex",
    "line": "Ashford|Windermere|Bellamy|Carrington|Dunmore|Edgemont|Fairview|Glenwood"
    "|Hollis|Ivybrook",
    "grit": "60|80|100|120|150|220",
    "seer": "Front|Top",
}  # fmt: skip


class Named(NamedTuple):
    """A name, the kind of thing it is of, and its features by what they are called."""

    name: str
    kind: str
    features: dict[str, str]


def hardware() -> Judged:
    """The names, and for each query of hardware_queries.txt the grades of those that answer."""
    named = {f"h{number}": one for number, one in enumerate(_made())}
    queries = {}
    for line in _lines(QUERIES):
        query, _, meant = line.rpartition(" | ")
        grades = {key: _grade(one, meant) for key, one in named.items()}
        queries[query] = {key: grade for key, grade in grades.items() if grade}
        if not queries[query]:
            raise ValueError(f"{query}: nothing is meant by {meant}")
    return Judged({key: one.name for key, one in named.items()}, queries)


def _made() -> list[Named]:
    """All names, the same in every run."""
    chance = random.Random(_SEED)
    choices = {name: values.split("|") for name, values in _CHOICES.items()}
    found: dict[str, Named] = {}
    for pattern in _lines(PATTERNS):
        kind, _, text = pattern.partition(": ")
        for _ in range(_OF_A_PATTERN):
            features: dict[str, str] = {}

            def fill(place: re.Match[str], features: dict[str, str] = features) -> str:
                feature, _, called = place[1].partition(":")
                features[called or feature] = value = chance.choice(choices[feature])
                return " in. x ".join(value.split("x")) + " in." if called else value

            name = re.sub(r"\{([a-z:]+)\}", fill, text)
            found.setdefault(name, Named(name, kind, features))
    return list(found.values())


def _lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _grade(one: Named, meant: str) -> int:
    """3: the kind and every feature asked for; 2: all features but one; 1: the kind alone.

    meant: kinds, parted by "/", then features as "color=White"; one feature counts half.
    """
    kinds, *asked = meant.split("; ")
    if one.kind not in kinds.split("/"):
        return 0
    pairs = (part.split("=") for part in asked)
    lacking = sum(one.features.get(name) != value for name, value in pairs)
    return 3 if lacking == 0 else 2 if lacking == 1 and len(asked) > 1 else 1
