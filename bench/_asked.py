"""Queries of every kind, as shoppers near some shop would ask them."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from _federation import DAY_MS, Federation

from fedretail.domain.boxes import Box
from fedretail.domain.geo import Position
from fedretail.index.query import Page, Query
from fedretail.index.views import View

COMMON = ("milk", "chocolat", "bio", "sauce")
SHELF = "Food > Dairy"
HOUR_MS = 3600 * 1000

Build = Callable[[], Query]


class Asked:
    """Queries from a seed."""

    def __init__(self, federation: Federation, ask: Callable[[Query], Page]) -> None:
        """ask: gives the page before the one that is measured."""
        self._federation, self._ask = federation, ask
        self._chance = random.Random(5)

    def here(self) -> Position:
        """Within some kilometres of a shop."""
        place = self._chance.choice(self._federation.places)
        off = self._chance.gauss(0, 0.01), self._chance.gauss(0, 0.01)
        return Position(place.lat + off[0], place.lon + off[1])

    def common_near(self) -> Query:
        """The commonest question."""
        return self._near(self._common(), 5e3)

    def rivalled(self) -> dict[str, Build]:
        """What the others can be asked too."""
        return {
            "common word within 5 km, best": self.common_near,
            "common word, nearest": lambda: self._near(self._common(), sort="nearest"),
            "common word, best": lambda: self._near(self._common()),
            "cheapest within 20 km": lambda: self._near(
                self._common(), 2e4, sort="cheapest", in_stock=True, currency="EUR"
            ),
            "two words within 20 km": lambda: self._near(self._two(), 2e4),
            "beginning of a word within 20 km": lambda: self._near(
                self._two()[: self._one(2, 3, 4)], 2e4, begun=True
            ),
            "barcode, nearest": lambda: self._near(self._barcode(), sort="nearest"),
        }

    def others(self) -> dict[str, Build]:
        """Everything else that can be asked."""
        return self._words() | self._filters() | self._more()

    def _words(self) -> dict[str, Build]:
        return {
            "two words, best": lambda: self._near(self._two()),
            "as you type, best": lambda: self._near(self._typed(), begun=True),
            "slip of the pen within 20 km": lambda: self._near(self._slip(), 2e4),
            "slip of the pen, best": lambda: self._near(self._slip()),
            "compound, best": lambda: self._near(self._two().replace(" ", "")),
            "common word and rare one, best": lambda: self._near(
                f"{self._common()} {self._two().split()[0]}"
            ),
            "short barcode, nearest": lambda: self._near(
                self._barcode().lstrip("0"), sort="nearest"
            ),
            "gtin, cheapest": lambda: self._near(
                "", gtin=self._barcode().rjust(14, "0"), sort="cheapest", currency="EUR"
            ),
            "common word, cheapest": lambda: self._near(
                self._common(), sort="cheapest", currency="EUR"
            ),
            "cheapest by unit price within 20 km": lambda: self._near(
                self._common(), 2e4, sort="cheapest-unit", currency="EUR"
            ),
            "common word, cheapest by unit price": lambda: self._near(
                self._common(), sort="cheapest-unit", currency="EUR"
            ),
            "common word from nowhere, best": lambda: Query(words=self._common()),
            "nothing within 50 m, the nearest beyond": lambda: self._near(self._two(), 50.0),
        }

    def _filters(self) -> dict[str, Build]:
        def common(**said: Any) -> Build:
            return lambda: self._near(self._common(), 2e4, **said)

        now_ms = self._federation.now_ms
        return {
            "category within 7 km": lambda: self._near("", 7e3, category=SHELF),
            "category, best": lambda: self._near("", category=SHELF),
            "category, nearest": lambda: self._near("", category=SHELF, sort="nearest"),
            "everything, nearest": lambda: self._near("", sort="nearest"),
            "map of 0.2 degrees": lambda: self._on_map(self._common(), 0.2),
            "map of 2 degrees": lambda: self._on_map(self._common(), 2.0),
            "map of 2 degrees, category": lambda: self._on_map("", 2.0, category=SHELF),
            "in stock and open now": common(in_stock=True, open_now=True),
            "open in 12 hours": common(open_now=True, at_ms=now_ms + 12 * HOUR_MS),
            "price range": common(min_price_minor=200, max_price_minor=500, currency="EUR"),
            "a retailer's offers": lambda: Query(
                words=self._common(), retailers=frozenset([self._owner().hex()])
            ),
            "services": common(type="service"),
            "services, best": lambda: self._near(self._common(), type="service"),
            "claims": common(claims=("organic",)),
            "claims, best": lambda: self._near(self._common(), claims=("organic",)),
            "for members, cheapest": common(member=True, sort="cheapest", currency="EUR"),
            "not older than 30 days": common(newer_than_ms=30 * DAY_MS),
            "for a person of 16": common(for_age=16),
        }

    def _more(self) -> dict[str, Build]:
        def viewed(**said: Any) -> Build:
            return lambda: self._near(self._common(), 2e4, view=View(owner=self._owner(), **said))

        return {
            "facets within 20 km": lambda: self._near(
                self._common(), 2e4, facets=True, currency="EUR"
            ),
            "facets": lambda: self._near(self._common(), facets=True, currency="EUR"),
            "facets of a category within 7 km": lambda: self._near(
                "", 7e3, category=SHELF, facets=True, currency="EUR"
            ),
            "by product within 20 km": lambda: self._near(self._common(), 2e4, group=True),
            "by product": lambda: self._near(self._common(), group=True),
            "by product, cheapest": lambda: self._near(
                self._common(), group=True, sort="cheapest", currency="EUR"
            ),
            "page 3, best": lambda: self._page(3, self._near(self._common(), 2e4)),
            "page 10, nearest": lambda: self._page(10, self._near(self._common(), sort="nearest")),
            "page 10, best": lambda: self._page(10, self._near(self._common())),
            "own first": viewed(own="first"),
            "own only": viewed(own="only"),
            "a view of organic goods": viewed(claims=("organic",), type="product"),
            "a view of shelves without a retailer": viewed(
                categories=("Food", "Drinks"), hidden_retailers=frozenset([self._owner().hex()])
            ),
        }

    def _near(self, words: str, within_m: float | None = None, **said: Any) -> Query:
        return Query(words=words, near=self.here(), within_m=within_m, **said)

    def _on_map(self, words: str, degrees: float, **said: Any) -> Query:
        middle, half = self.here(), degrees / 2
        south, west = middle.lat - half, middle.lon - half
        box = Box(south, west, south + degrees, west + degrees)
        return Query(words=words, near=middle, box=box, **said)

    def _page(self, number: int, query: Query) -> Query:
        for _ in range(number - 1):
            cursor = self._ask(query).next
            if cursor is None:
                break
            query = replace(query, cursor=cursor)
        return query

    def _one(self, *choices: Any) -> Any:
        return self._chance.choice(choices)

    def _two(self) -> str:
        """Two words of some name."""
        while True:
            words = [w for w in self._one(*self._some_goods())[1].split() if w[3:] and w.isalpha()]
            if len(words) > 1:
                return " ".join(words[:2])

    def _typed(self) -> str:
        """A name as far as somebody has typed it: all but the end of its second word."""
        words = self._two()
        return words[: -self._one(1, 2, 3)]

    def _slip(self) -> str:
        """Two words of a name, two letters of the first in each other's place."""
        words = self._two()
        return "".join((words[0], words[2], words[1], words[3:]))

    def _barcode(self) -> str:
        """One that some offers have."""
        found: str = next(filter(None, (self._one(*self._some_goods())[0] for _ in range(99))))
        return found

    def _some_goods(self) -> list[tuple[str, str]]:
        return [self._chance.choice(self._federation.goods)]

    def _common(self) -> str:
        """A word that many offers hold."""
        return self._chance.choice(COMMON)

    def _owner(self) -> bytes:
        return self._federation.owner(self._chance.randrange(len(self._federation.places)))
