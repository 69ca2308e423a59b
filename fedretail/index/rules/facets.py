"""How many of the hits stand on which shelf, in which shop, at what price. The definition.

Every facet counts all hits of the query, over all its pages.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from fedretail.domain.money import format_amount
from fedretail.index.language.text import fold
from fedretail.index.rules.categories import shelf_of
from fedretail.index.rules.goods import Goods
from fedretail.index.rules.stock import STOCK_LIKELY, STOCK_NONE, STOCK_UNKNOWN

# More choices than this are no choice; those with the most hits stand here.
MOST_CHOICES = 20
# Edges of price bands in minor units: 1, 2, 5 from half a euro up to what nothing costs. Fixed, so
# that a band means the same in every answer.
EDGES = (0, *(digit * 10**zeros for zeros in range(1, 11) for digit in (5, 10, 20)))
_STOCK = {STOCK_LIKELY: "in_stock", STOCK_UNKNOWN: "unknown", STOCK_NONE: "sold_out"}
_OPEN = {True: "open", False: "closed", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: what a query asks for it by, its name, and its hits."""

    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Band:
    """Prices from from_minor (inclusive) to below_minor (None: no end), and the hits there."""

    from_minor: int
    below_minor: int | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Counts of the hits. currency: that of the price bands; shops: how many have any, all told."""

    categories: tuple[Choice, ...]
    brands: tuple[Choice, ...]
    retailers: tuple[Choice, ...]
    stock: tuple[Choice, ...]
    open: tuple[Choice, ...]
    currency: str | None
    prices: tuple[Band, ...]
    shops: int

    def to_json(self) -> dict[str, object]:
        """The object of `search --facets --json`."""
        names = ("categories", "brands", "retailers", "stock", "open")
        lists: dict[str, object] = {
            name: [
                {"value": one.value, "name": one.name, "count": one.count}
                for one in getattr(self, name)
            ]
            for name in names
        }
        return {**lists, "prices": [self._band(band) for band in self.prices]}

    def _band(self, band: Band) -> dict[str, object]:
        currency = self.currency or ""
        below = None if band.below_minor is None else format_amount(band.below_minor, currency)
        return {
            "from": format_amount(band.from_minor, currency),
            "below": below,
            "currency": currency,
            "count": band.count,
        }


def facets_of(hits: Iterable[Goods], *, category: str | None, currency: str | None) -> Facets:
    """The facets of all hits. category: the one asked for; its shelves are one step below."""
    hits = list(hits)
    shelves = (" > ".join(shelf_of(goods.category, category)) for goods in hits)
    names = {goods.where.site: goods.where.name for goods in hits}
    shops = Counter(goods.where.site for goods in hits)
    return Facets(
        categories=_texts(shelves),
        brands=_texts(goods.brand for goods in hits),
        retailers=most(Choice(site, names[site], count) for site, count in shops.items()),
        stock=_words(_STOCK[goods.stock] for goods in hits),
        open=_words(_OPEN[goods.where.is_open] for goods in hits),
        currency=currency,
        prices=_bands(goods for goods in hits if goods.currency == currency),
        shops=len(shops),
    )


def _texts(texts: Iterable[str]) -> tuple[Choice, ...]:
    """Texts that differ in case and accents alone are one choice, named as most of them are."""
    spellings: dict[str, Counter[str]] = {}
    for text in texts:
        if text:
            spellings.setdefault(fold(text), Counter())[text] += 1
    return most(
        Choice(named, named, counts.total())
        for counts in spellings.values()
        for named in [min(counts, key=lambda text: (-counts[text], text))]
    )


def stock_name(stock: int) -> str:
    """What a STOCK_ code is called."""
    return _STOCK[stock]


def open_name(state: bool | None) -> str:
    """What it is called that a shop is open, closed or neither for sure."""
    return _OPEN[state]


def _words(words: Iterable[str]) -> tuple[Choice, ...]:
    return most(Choice(word, word, count) for word, count in Counter(words).items())


def most(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """Those with the most hits, by name where as many have them."""
    return tuple(sorted(choices, key=lambda one: (-one.count, one.value))[:MOST_CHOICES])


def _bands(hits: Iterable[Goods]) -> tuple[Band, ...]:
    amounts = (goods.amount_minor for goods in hits if goods.amount_minor is not None)
    counts = Counter(bisect_right(EDGES, amount) for amount in amounts)
    return tuple(
        Band(EDGES[number - 1], EDGES[number] if number < len(EDGES) else None, counts[number])
        for number in sorted(counts)
    )
