"""What can be asked of the index, and what comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from fedretail.domain.listings import Listing
from fedretail.errors import MalformedInput, UsageError
from fedretail.index.rules.categories import category_matches
from fedretail.index.rules.facets import Facets
from fedretail.index.rules.filters import Filters
from fedretail.index.rules.instead import Instead
from fedretail.index.rules.orders import SORTS, Sort
from fedretail.index.views import View

# Digits of a barcode may be read off a pack in groups; anything else is words.
_BARCODE = frozenset("0123456789 -\u00a0\u2009")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(Filters):
    """One search: filters, and what follows. Any text is legal in `words`.

    words: empty means every offer; text without a word in it finds nothing. begun: the last word
    may be the beginning of one. as_typed: no word is corrected or taken apart.
    gtin: 14 digits; only offers of this product.
    currency: of the prices asked for, and the one that `cheapest` lists first.
    category: a category, or one step of its path ("Food > Dairy"), case and accents aside.
    member: the shopper is one, and members' prices count. owner: whose offers are "own".
    at_ms: the moment asked about; None is now.
    view: the part of the assortment that is shown, whatever is asked.
    cursor: `Page.next` of the same query; the page after it. group: offers of one product are
    one result. facets, explain: count the hits, say why they stand where they do.
    """

    words: str = ""
    begun: bool = False
    as_typed: bool = False
    gtin: str | None = None
    sort: Sort = "best"
    category: str | None = None
    member: bool = False
    owner: bytes | None = None
    at_ms: int | None = None
    view: View | None = None
    limit: int = 20
    offset: int = 0
    cursor: str | None = None
    group: bool = False
    facets: bool = False
    explain: bool = False

    def __post_init__(self) -> None:
        self.check()
        if self.sort not in SORTS:
            raise UsageError(f"Results cannot be sorted by {self.sort!r}.")
        if self.near is None and self.sort == "nearest":
            raise UsageError("Near what?", hint="Give a position as --near LAT,LON.")
        if self.limit < 0 or self.offset < 0:
            raise UsageError("Limit and offset are numbers from 0 on.")
        if self.view is not None:
            self.view.check()


def limits_of(query: Query) -> list[Filters]:
    """The filters of the query and of its view."""
    return [query] if query.view is None else [query, query.view]


def names_sites(query: Query) -> bool:
    """Whether a part of the map or retailers are named: all sites must be looked through."""
    return any((one.box, one.retailers) != (None, None) for one in limits_of(query))


def shelf_test(query: Query) -> Callable[[str], bool] | None:
    """Whether the query and its view ask for a category; None where they ask for all."""
    wanted, view = query.category, query.view
    if not wanted and (view is None or not (view.categories or view.hidden_categories)):
        return None

    def holds(text: str) -> bool:
        is_wanted = not wanted or (text != "" and category_matches(text, wanted))
        return is_wanted and (view is None or view.on_shelf(text))

    return holds


def barcode_in(words: str) -> str | None:
    """The 14 digits where all of the words are one barcode, in groups or not; else None."""
    if not _BARCODE.issuperset(words):
        return None
    from fedretail.domain.ids import parse_gtin

    try:
        return parse_gtin("".join(one for one in words if one.isdigit()))
    except MalformedInput:
        return None


def beyond(query: Query) -> Query | None:
    """The query for the nearest hit anywhere, None where no area is asked for.

    A view's own area holds there too. Of a part of the map alone it is the nearest to its middle.
    """
    if query.within_m is None and query.box is None:
        return None
    near = query.near
    if query.within_m is None and query.box is not None:
        near = query.box.middle
    return replace(
        query,
        near=near,
        within_m=None,
        box=None,
        sort="nearest",
        limit=1,
        offset=0,
        cursor=None,
        group=False,
        facets=False,
        explain=False,
    )


@dataclass(frozen=True, slots=True)
class Group:
    """One product with its offers, the first of them in the query's order.

    gtin: None where only this one offer is known to be of the product; total: how many offers.
    """

    gtin: str | None
    name: str
    listings: tuple[Listing, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Page:
    """Results `offset` to `offset + limit` of a search.

    total: how many offers match in all; full: how many of them hold every word (the others,
    listed after them, hold some; they appear only when few offers hold all, see answer.py).
    behind: feed entries that the index has not followed yet; the answer is that much older.
    next: the cursor of the page after this one; None where this is the last.
    further: where nothing lies within the radius or part of the map asked for, the nearest beyond.
    groups: with `group`, one for each result; products: how many in all.
    reasons: with `explain`, one object for each result.
    instead: words of the query that no offer has, and those that were looked for instead.
    """

    results: list[Listing]
    total: int
    full: int
    took_ms: float
    behind: int
    next: str | None = None
    further: Listing | None = None
    facets: Facets | None = None
    groups: list[Group] = field(default_factory=list)
    products: int | None = None
    reasons: list[dict[str, Any]] = field(default_factory=list)
    instead: list[Instead] = field(default_factory=list)
