"""What can be asked of the index, and what comes back."""

import math
from dataclasses import dataclass
from typing import Literal

from fedretail.domain.geo import Position
from fedretail.domain.listings import Listing
from fedretail.errors import UsageError

Sort = Literal["best", "nearest", "cheapest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One search. Any text is legal in `words`; text without a word in it finds nothing.

    words: empty means every offer. begun: the last word may be the beginning of one.
    near, within_m: where the shopper is, and how far away a site may be.
    in_stock: leaves out what is not there; unknown stock is listed after the rest.
    open_now: only sites known to be open at the moment asked about.
    max_price_minor: in minor units of `currency`; offers in other currencies or without a price
    are left out. currency alone: the one that `cheapest` lists first.
    category: a category, or one step of its path ("Food > Dairy"), case and accents aside.
    at_ms: the moment asked about; None is now.
    """

    words: str = ""
    begun: bool = False
    near: Position | None = None
    within_m: float | None = None
    sort: Sort = "best"
    in_stock: bool = False
    open_now: bool = False
    max_price_minor: int | None = None
    currency: str | None = None
    category: str | None = None
    limit: int = 20
    offset: int = 0
    at_ms: int | None = None

    def __post_init__(self) -> None:
        if self.near is None and (self.within_m is not None or self.sort == "nearest"):
            raise UsageError("Near what?", hint="Give a position as --near LAT,LON.")
        if self.within_m is not None and not 0 <= self.within_m < math.inf:
            raise UsageError("A radius is a length from 0 on.", hint="Write it as 5km or 300m.")
        if self.max_price_minor is not None and self.currency is None:
            raise UsageError("A highest price needs a currency.")
        if self.sort not in ("best", "nearest", "cheapest"):
            raise UsageError(f"Results cannot be sorted by {self.sort!r}.")
        if self.limit < 0 or self.offset < 0:
            raise UsageError("Limit and offset are numbers from 0 on.")


@dataclass(frozen=True, slots=True)
class Page:
    """Results `offset` to `offset + limit` of a search.

    total: how many offers match in all; full: how many of them hold every word (the others,
    listed after them, hold some; they appear only when no offer holds all).
    behind: feed entries that the index has not followed yet; the answer is that much older.
    """

    results: list[Listing]
    total: int
    full: int
    took_ms: float
    behind: int
