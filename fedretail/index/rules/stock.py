"""What a search is told of the stock: likely there, surely not, or nothing known."""

from fedretail.domain.stock import Stock, may_have

STOCK_UNKNOWN, STOCK_NONE, STOCK_LIKELY = 0, 1, 2


def stock_code(stock: Stock) -> int:
    """STOCK_LIKELY, STOCK_NONE or STOCK_UNKNOWN, as `--in-stock` asks."""
    if may_have(stock):
        return STOCK_LIKELY
    return STOCK_NONE if stock.level == "none" else STOCK_UNKNOWN
