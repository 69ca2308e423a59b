"""What is on the shelf, as far as the shop says: none, few, some or unknown.

The exact count is the shop's own. Public are the level, "left" (1 to 9, when the shop
shows it) and whether it is made to order. Zero is not the same as unknown.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Level = Literal["none", "few", "some", "unknown"]
LEVELS: tuple[Level, ...] = get_args(Level)

# One to five is "few": enough for one shopper, not surely for the next. A setting.
FEW_BELOW = 6
# "9 left" helps a shopper; a higher count only tells rivals how well it sells.
MAX_LEFT = 9


@dataclass(frozen=True, slots=True)
class Stock:
    """The public side of a stock; `left` is 1 to 9 or None."""

    level: Level = "unknown"
    left: int | None = None
    made_to_order: bool = False


UNKNOWN = Stock()


def derive_stock(
    count: int | None,
    *,
    in_stock: bool | None = None,
    few_below: int = FEW_BELOW,
    show_left: bool = True,
    made_to_order: bool = False,
) -> Stock:
    """What the public may know of an own count, or of a bare "in stock" yes or no.

    A count at or below zero is none (tills oversell). Without a count, in_stock alone says
    some or none; without either the stock is unknown.
    """
    if count is None:
        level: Level = "unknown" if in_stock is None else "some" if in_stock else "none"
        return Stock(level, None, made_to_order)
    if count <= 0 or in_stock is False:
        return Stock("none", None, made_to_order)
    left = count if show_left and count <= MAX_LEFT else None
    return Stock("few" if count < few_below else "some", left, made_to_order)


def may_have(stock: Stock) -> bool:
    """Whether a shopper who needs it now may go there: few, some, or made to order."""
    return stock.made_to_order or stock.level in ("few", "some")
