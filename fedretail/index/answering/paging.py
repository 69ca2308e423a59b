"""Which hits stand on a page: sorted, behind the cursor, by product where that is asked for."""

import heapq
from bisect import insort
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from fedretail.errors import UsageError
from fedretail.index.answering.cursors import Cursor, fits, write_cursor
from fedretail.index.answering.judge import Judge
from fedretail.index.answering.rough import Hit, Rough, first, told
from fedretail.index.rules.groups import grouped
from fedretail.index.rules.orders import Order, units_of

if TYPE_CHECKING:
    from fedretail.index.answering.ranked import Ranked
    from fedretail.index.answering.rings import Rings

# A product lists so many of its offers at once: as many rows as a screen has.
MOST_LISTED = 24
# Offers read at once: fewer than Details keeps.
_MOST_EXPECTED = 500
_NO_PAGE, _FIRST_PAGE = "That is no page of this search.", "Begin with its first page."


class Sheet(NamedTuple):
    """The hits of one page, each with the first of its product; all products; what is next.

    totals: how many hits each product has.
    """

    groups: list[list[Hit]]
    products: int | None
    next: str | None
    totals: list[int]


def sheet(full: list[Hit], partial: list[Hit], judge: Judge, *, cursor: Cursor | None) -> Sheet:
    """The page of a query whose hits hold every word (`full`) or only some (`partial`).

    UsageError where the cursor is of another order.
    """
    query = judge.query
    hits = [*((False, hit) for hit in full), *((True, hit) for hit in partial)]
    if query.sort == "cheapest-unit":
        judge.units = cursor.units if cursor else units_of(hit.goods for _, hit in hits)
    ordered = [(judge.order(hit.goods, hit.score, is_partial=some), hit) for some, hit in hits]
    products = None
    groups = [(order, [hit]) for order, hit in ordered]
    if query.group:
        groups = _products(ordered)
        products = len(groups)
    if cursor is not None:
        groups = _behind(cursor, groups)
    end = query.offset + query.limit
    # No two orders are equal: what stands beside them is never compared.
    page = heapq.nsmallest(end, groups)[query.offset :]
    follow = None
    if page and len(groups) > end:
        follow = write_cursor(query, Cursor(page[-1][0], judge.at_ms, judge.units))
    return Sheet([hits for _, hits in page], products, follow, [len(hits) for _, hits in page])


def ranked_sheet(ranked: "Ranked", judge: Judge, *, cursor: Cursor | None) -> Sheet:
    """The same of many rows, of which only those are read that may stand on it."""
    if judge.query.group:
        return _ranked_products(ranked, judge, cursor=cursor)
    places = None
    if cursor is not None:
        places = ranked.left(_fitting(cursor, ranked, judge))
    return first_sheet(ranked.roughs(places), len(ranked), judge, cursor=cursor)


def near_sheet(rings: "Rings", judge: Judge, *, cursor: Cursor | None) -> Sheet:
    """The same of offers that lie near."""
    if cursor is not None:
        _check_fits(cursor, rings.sample(), judge)
    roughs = rings.roughs(None if cursor is None else cursor.order)
    return first_sheet(roughs, len(rings), judge, cursor=cursor)


def _ranked_products(ranked: "Ranked", judge: Judge, *, cursor: Cursor | None) -> Sheet:
    query, end = judge.query, judge.query.offset + judge.query.limit
    after, places = None, None
    if cursor is not None:
        after = _fitting(cursor, ranked, judge)
        places = ranked.left(after)
    leads = _leads(ranked, judge, places, most=end + 1, after=after)
    page = leads[query.offset : end]
    members = [ranked.of_product(product) for _, product in page]
    _expect_small(ranked, judge, members)
    groups = [
        first(ranked.roughs(some), judge.settle, 0, MOST_LISTED, expect=judge.expect)
        for some in members
    ]
    totals = [len(some) for some in members]
    follow = None
    if page and len(leads) > end:
        follow = write_cursor(query, Cursor(page[-1][0], judge.at_ms, judge.units))
    return Sheet(groups, ranked.count_products(), follow, totals)


def _expect_small(ranked: "Ranked", judge: Judge, members: list[Any]) -> None:
    """Read at once all offers of products that list all they have."""
    rows: list[int] = []
    for some in members:
        if len(some) <= MOST_LISTED and len(rows) + len(some) <= _MOST_EXPECTED:
            rows += ranked.many.rows[some].tolist()
    judge.expect(rows)


def _leads(
    ranked: "Ranked", judge: Judge, places: Any, *, most: int, after: Order | None
) -> list[tuple[Order, int]]:
    """The first `most` products behind `after`: the order of the first hit of each, its number.

    places: of the rows that come into question, None for all.
    """
    orders: dict[int, Order] = {}
    first_of: list[tuple[Order, int]] = []
    for rough in told(ranked.roughs(places), judge.expect, most) if most > 1 else ():
        if len(first_of) >= most and first_of[most - 1][0][: len(rough.low)] < rough.low:
            break
        product, order = ranked.product(rough.place), judge.settle(rough).order
        known = orders.get(product)
        if known is not None and known <= order:
            continue
        orders[product] = order
        if known is not None and (after is None or known > after):
            first_of.remove((known, product))
        if after is None or order > after:
            insort(first_of, (order, product))
    return first_of[:most]


def _fitting(cursor: Cursor, ranked: "Ranked", judge: Judge) -> Order:
    """The cursor's order; UsageError where it is none of this query's hits."""
    _check_fits(cursor, next(ranked.roughs(), None), judge)
    return cursor.order


def _check_fits(cursor: Cursor, sample: Rough | None, judge: Judge) -> None:
    if sample is not None and not fits(cursor, judge.settle(sample).order):
        raise UsageError(_NO_PAGE, hint=_FIRST_PAGE)


def first_sheet(
    roughs: Iterable[Rough], total: int, judge: Judge, *, cursor: Cursor | None
) -> Sheet:
    """The same of a plain query's rows, of which only those are read that may stand on it."""
    query, end = judge.query, judge.query.offset + judge.query.limit

    def settle(rough: Rough) -> Hit:
        hit = judge.settle(rough)
        if cursor is not None and not fits(cursor, hit.order):
            raise UsageError(_NO_PAGE, hint=_FIRST_PAGE)
        return hit

    after = None if cursor is None else cursor.order
    # One more tells whether a page follows; behind a cursor the total does not.
    most = query.limit + (cursor is not None and query.limit > 0)
    hits = first(roughs, settle, query.offset, most, after=after, expect=judge.expect)
    is_more = total > end if cursor is None else len(hits) > query.limit
    page = hits[: query.limit]
    last = Cursor(page[-1].order, judge.at_ms, judge.units) if page else None
    follow = write_cursor(query, last) if last and is_more else None
    return Sheet([[hit] for hit in page], None, follow, [1] * len(page))


def _products(ordered: Iterable[tuple[Order, Hit]]) -> list[tuple[Order, list[Hit]]]:
    """The hits by product, each product with the order of its first hit."""
    pairs = sorted(ordered, key=lambda pair: pair[0])
    groups = grouped((pair[1].goods, pair) for pair in pairs)
    return [(group[0][0], [hit for _, hit in group]) for group in groups]


def _behind(cursor: Cursor, groups: list[tuple[Order, list[Hit]]]) -> list[tuple[Order, list[Hit]]]:
    """The groups behind the cursor."""
    if groups and not fits(cursor, groups[0][0]):
        raise UsageError(_NO_PAGE, hint=_FIRST_PAGE)
    return [group for group in groups if group[0] > cursor.order]
