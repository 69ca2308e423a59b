"""What a cell tells of an offer, without reading it."""

from fedretail.domain.prices import Per, UnitPrice
from fedretail.index.layout.cells import (
    BASE_MASK,
    BASE_SHIFT,
    NO_PRICE,
    UNIT_BASES,
    Cell,
    currency_of,
)
from fedretail.index.layout.facts import Labels
from fedretail.index.rules.goods import Goods, Where


def told_goods(cell: Cell, labels: Labels, where: Where, shown: str) -> Goods:
    """The goods of a cell whose price holds at any moment; shown: the id of its offer."""
    category, brand, _ = labels
    currency = currency_of(cell.currency) or where.currency
    amount = None if currency is None or cell.price == NO_PRICE else cell.price
    unit = None
    if amount is not None:
        base: Per = UNIT_BASES[cell.flags >> BASE_SHIFT & BASE_MASK]
        unit = UnitPrice(cell.unit, base)
    return Goods(shown, where, amount, currency, cell.stock, category, brand, cell.gtin, unit=unit)
