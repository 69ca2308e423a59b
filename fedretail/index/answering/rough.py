"""Ordering without reading: rows in the order in which they may come, and the first few for sure.

What is known of a row from its cell bounds its order from below; the offer's words and key, which
decide the rest, are read only of rows that can still be among the first.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from fedretail.domain.prices import UnitPrice
from fedretail.index.rules.goods import Goods
from fedretail.index.rules.orders import Order

# Read together behind the first page, though the last of them may not be needed.
_AT_ONCE = 10


class Hit(NamedTuple):
    """A row that answers. `order` sorts hits; no two are equal, since it ends with the offer.

    Where all hits must be known before they are put in order, it is () until then.
    """

    order: tuple[Any, ...]
    row: int
    score: float
    goods: Goods


class Rough(NamedTuple):
    """A row that answers, before it is read.

    low: not above the beginning of its order; partial: whether it lacks words; unsure: it may be
    sold out, and was not to be; price and currency at the moment asked; stock: a STOCK_ code;
    cover: at most so large a share of what was asked it holds; unit: the price of one kg, l, m or
    piece, where it decides; place: its number among many rows; lacks: the numbers of terms that it
    is known not to hold.
    """

    low: tuple[Any, ...]
    row: int
    partial: bool
    unsure: bool
    price: int | None
    currency: str | None
    stock: int
    cover: float
    unit: UnitPrice | None = None
    place: int = -1
    lacks: tuple[int, ...] = ()


def first(
    roughs: Iterable[Rough],
    settle: Callable[[Rough], Hit],
    offset: int,
    limit: int,
    *,
    after: Order | None = None,
    expect: Callable[[list[int]], None],
) -> list[Hit]:
    """Hits `offset` to `offset + limit` in their order, of those behind `after` (None: of all).

    roughs: with ascending lower bounds; settle: reads what decides the order of one; expect: is
    told of rows before they are settled.
    """
    most = offset + limit
    best: list[Hit] = []
    for rough in told(roughs, expect, most) if limit else ():
        if len(best) == most and best[-1].order[: len(rough.low)] < rough.low:
            break
        hit = settle(rough)
        if after is None or hit.order > after:
            insort(best, hit, key=lambda one: one.order)
            del best[most:]
    return best[offset:]


def told(
    roughs: Iterable[Rough], expect: Callable[[list[int]], None], count: int
) -> Iterator[Rough]:
    """The same rows; `expect` is told of the first `count` at once, then of some at a time."""
    coming = iter(roughs)
    while some := list(islice(coming, count)):
        expect([rough.row for rough in some])
        yield from some
        count = _AT_ONCE
