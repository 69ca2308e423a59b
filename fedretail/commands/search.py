"""Find what shops around here offer, with prices, distance and age."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fedretail.commands import Invocation, _found, _words, examples, output, pass_invocation
from fedretail.commands._common import as_called_here, opened, own_name
from fedretail.commands._search_options import query_of, search_options
from fedretail.commands.output import Cell, Column
from fedretail.domain.listings import cheapest
from fedretail.domain.texts import count
from fedretail.errors import MalformedInput

if TYPE_CHECKING:
    from fedretail.domain.listings import Listing
    from fedretail.index.query import Page, Query
    from fedretail.node.node import Node

# Shown in a pipe and on very wide terminals: it is long, and `show` finds it by name too.
_ID_FROM_WIDTH = 150


@click.command(
    epilog=examples(
        "fedretail search oat milk 1l",
        "fedretail search oat mlik --as-typed",
        "fedretail search milk --within 5km --sort cheapest",
        "fedretail search bread --near 48.5216,9.0576 --open-now --in-stock",
        "fedretail search olive oil --min-price 5 --max-price 12.50 --json",
        "fedretail search --category Dairy --facets",
        "fedretail search coffee --sort cheapest-unit --group",
        'fedretail search --services --open-at "sat 10:00"',
        "fedretail search 4001842100121 --explain",
    )
)
@click.argument("words", nargs=-1)
@search_options
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, words: tuple[str, ...], as_json: bool, **asked: Any) -> None:
    """Find what shops around here offer.

    Answered from this computer, also when the other shops are switched off. Without --near
    distances are measured from this node's own place. Without WORDS every offer is listed.
    """
    with opened(invocation, to_read=True) as node:
        from fedretail.node import found

        query, page = found.searched(node, query_of(node, " ".join(words), asked))
        if as_json:
            output.print_json(found.as_json(page))
        elif page.results:
            _show(node, query, page)
        elif not page.total:
            _explain(node, query, page)
        else:
            output.tell("done", f"{count(page.total, 'offer')} found, {_none_left(query)}.")
            _found.print_facets(page)
    if not page.total:
        click.get_current_context().exit(1)


def _show(node: "Node", query: "Query", page: "Page") -> None:
    own = {site.id for site in node.sites()}
    marked = query.view is not None and query.view.own == "first"
    now_ms = node.time.now_ms()
    print_listings(page.results, own=own, now_ms=now_ms, page=page, marked=marked)
    _found.print_instead(page)
    output.note(_summary(query, page), tone="dim")
    zones = sorted({zone for one in page.results if (zone := _words.opening_zone(one))})
    if zones:
        output.note(f"Opening times are by the shops' own clocks: {', '.join(zones)}.", tone="dim")
    for name in signed_twice(page.results):
        output.tell("attention", f"{name} has signed two price lists at once: ask there first.")
    said = _found.remark(query, page)
    if said:
        output.note(said, tone="dim")
    _found.print_reasons(page)
    _found.print_facets(page)
    if page.next and _asked_for_pages():
        output.note(f"The next page: --cursor {page.next}", tone="dim")


def _asked_for_pages() -> bool:
    """Whether somebody reads page by page: only then are cursors worth a line."""
    context = click.get_current_context()
    given = click.core.ParameterSource.COMMANDLINE
    return given in (context.get_parameter_source(name) for name in ("limit", "cursor"))


def signed_twice(listings: "list[Listing]") -> list[str]:
    """The shops here of which other computers may show other prices."""
    from fedretail.domain.listings import SIGNED_TWICE

    return sorted({one.site_name for one in listings if SIGNED_TWICE in one.warnings})


def print_listings(
    listings: "list[Listing]",
    *,
    own: set[str],
    now_ms: int,
    page: "Page | None" = None,
    marked: bool = False,
) -> None:
    """A table of offers: product, price, per unit, shop, way, open, stock, age.

    page: where these are its products, how many offers each has. marked: own offers say so.
    """
    groups = [] if page is None else page.groups
    per = _shared_unit(listings) if output.has_headings() else ""
    columns = [
        Column("Product", gives_way=True),
        Column("Price", right=True),
        Column(f"per {per}" if per else "per unit", right=True, from_width=70),
        Column("Where", gives_way=True),
        Column(""),
        Column("Open", from_width=80),
        Column("Stock", from_width=90),
        Column("Confirmed", from_width=100),
        Column("Offer", from_width=_ID_FROM_WIDTH),
        *([Column("Offers", right=True)] if groups else []),
    ]
    best = cheapest(listings)
    rows: list[output.Row] = [
        [
            Cell(one.name, tone="strong" if one.site_id in own else ""),
            Cell(_words.price(one), cheapest=one.offer in best),
            _words.unit_price(one, bare=bool(per)),
            f"{one.site_name} (own)" if marked and one.is_own else one.site_name,
            _words.distance(one, is_own=one.site_id in own).cell,
            _words.opening(one, now_ms).cell,
            _words.stock(one.stock).cell,
            _words.age(one, now_ms).cell,
            one.offer,
            *([f"{groups[number].total:,}"] if groups else []),
        ]
        for number, one in enumerate(listings)
    ]
    output.print_table(columns, rows)


def _shared_unit(listings: "list[Listing]") -> str:
    """The unit that all unit prices here are per, "" where they differ in unit or currency."""
    kinds = {(one.currency, one.unit_price.per) for one in listings if one.unit_price is not None}
    return kinds.pop()[1] if len(kinds) == 1 else ""


def _summary(query: "Query", page: "Page") -> str:
    what = f"{count(page.total, 'offer')}{_of(query.words)}"
    shown = len(page.results)
    if page.products is not None:
        what = f"{shown:,} of {count(page.products, 'product')} in {what}"
    elif shown < page.total:
        what = f"{shown:,} of {what}"
    else:
        what = f"{what} at {count(len({one.site_id for one in page.results}), 'shop')}"
    facts = [
        f"{what}{_within(query)}",
        f"{page.took_ms:.0f} ms",
        "answered from this computer",
    ]
    if page.behind:
        facts.append(f"index {count(page.behind, 'change')} behind")
    return " · ".join(facts)


def _of(words: str) -> str:
    plain = " ".join(words.split())
    return f" of {plain}" if plain and len(plain) <= 40 else ""


def _within(query: "Query") -> str:
    from fedretail.domain.geo import human_distance

    if query.within_m is None:
        return ""
    # A radius is asked for as 5km, and said so.
    return f" within {human_distance(query.within_m)}".replace(".0\u00a0", "\u00a0")


def _explain(node: "Node", query: "Query", page: "Page") -> None:
    """Says that nothing was found, and what would have been without one of the limits."""
    from fedretail.domain.texts import quoted

    what = f"Nothing found for {quoted(query.words)}" if query.words.strip() else "Nothing found"
    output.tell(
        "failed", f"{what}{_within(query)}{_beyond(query, page)}.", _next(node, query, page)
    )


def _beyond(query: "Query", page: "Page") -> str:
    from fedretail.domain.geo import human_distance

    away_m = None if page.further is None else page.further.distance_m
    if away_m is None:
        return ""
    if query.within_m is None:
        return f": the nearest is {human_distance(away_m)} from the middle of that part of the map"
    return f": the nearest is {human_distance(away_m)} away"


def _none_left(query: "Query") -> str:
    return "none asked for" if not query.limit else "none on this page"


def _next(node: "Node", query: "Query", page: "Page") -> str:
    wrong = node.wrong_clock()
    if wrong is not None:
        return as_called_here(f"{wrong.message}\n{wrong.hint}")
    if page.further is not None:
        one = page.further
        where = f"{one.site_name}, {_words.way(one)}" if _words.way(one) else one.site_name
        return f"{one.name} at {where}."
    # What the index does not know yet may be just what was typed.
    if query.as_typed and not page.behind:
        more = node.search(replace(query, as_typed=False, limit=1))
        if more.total:
            return f"{count(more.total, 'offer')} without --as-typed."
    wider = _found.without_limits(query)
    if wider != query:
        more = node.search(replace(wider, limit=1))
        if more.total:
            return f"{count(more.total, 'offer')} without {_found.limits(query)}."
    all_of_it = node.search(_everything(query))
    if all_of_it.behind:
        changes = count(all_of_it.behind, "change")
        return f"The search index is {changes} behind what is here."
    if not all_of_it.total:
        if query.view is not None:
            return "This view shows none of the offers here."
        own = "" if node.is_reader else f"`{own_name()} import FILE`, or "
        return f"No offers are here yet: {own}`{own_name()} join TICKET`."
    return _other_words(query.words)


def _other_words(words: str) -> str:
    from fedretail.domain.ids import GTIN_LENGTHS, parse_gtin

    digits = "".join(words.split())
    if not (digits.isdecimal() and len(digits) in GTIN_LENGTHS):
        return "Try fewer words, or the beginning of one."
    try:
        parse_gtin(digits)
    except MalformedInput as error:
        return f"{error.message}."
    return "No shop here sells what has this bar code."


def _everything(query: "Query") -> "Query":
    from fedretail.index.query import Query

    return Query(near=query.near, currency=query.currency, view=query.view, limit=1)
