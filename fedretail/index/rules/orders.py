"""What comes first: the order of hits, for each way to sort. The definition.

Every order ends with the offer's id, so that no two are equal and pages are stable.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from fedretail.domain.prices import Per
from fedretail.index.rules.filters import Filters
from fedretail.index.rules.goods import Goods
from fedretail.index.rules.stock import STOCK_UNKNOWN

Sort = Literal["best", "nearest", "cheapest", "cheapest-unit"]
SORTS: tuple[Sort, ...] = ("best", "nearest", "cheapest", "cheapest-unit")
# The order of units that equally many hits are priced in.
_UNITS: tuple[Per, ...] = ("kg", "l", "m", "piece")

Order = tuple[Any, ...]


def order_of(
    goods: Goods, points: float, *, sort: Sort, asked: Filters, units: tuple[str, ...] = ()
) -> Order:
    """Where goods stand among the hits: smaller is first. points: how well they answer.

    units: as `units_of` gives them; only "cheapest-unit" needs them. Prices of one currency (and
    unit) compare; the shopper's own currency comes first, unknown prices last. Where what is in
    stock is asked for, unknown stock stands last.
    """
    unsure = asked.in_stock and goods.stock == STOCK_UNKNOWN
    if sort == "best":
        return unsure, -points, goods.offer
    away_m = goods.where.distance_m or 0.0
    if sort == "nearest":
        return unsure, away_m, goods.offer
    amount, currency = goods.amount_minor, goods.currency
    priced = (amount is None, currency != asked.currency, currency or "")
    if sort == "cheapest":
        return unsure, *priced, amount or 0, away_m, goods.offer
    unit = goods.unit
    rank, per_unit = (0, 0) if unit is None else (units.index(unit.per), unit.amount_minor)
    return unsure, *priced, rank, per_unit, away_m, goods.offer


def units_of(hits: Iterable[Goods]) -> tuple[str, ...]:
    """All units of unit prices: those first that most hits have.

    A price per litre and one per kg do not compare; among drinks the litres come first.
    """
    return units_by(Counter(goods.unit.per for goods in hits if goods.unit is not None))


def units_by(counts: Mapping[Per, int]) -> tuple[str, ...]:
    """The same by how many hits have each."""
    return tuple(sorted(_UNITS, key=lambda per: (-counts.get(per, 0), _UNITS.index(per))))
