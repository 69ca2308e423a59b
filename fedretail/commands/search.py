"""Find what shops around here offer, with prices, distance and age."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fedretail.commands import Invocation, _words, examples, output, pass_invocation
from fedretail.commands._asked import LENGTH, POSITION, as_called_here, opened, own_name
from fedretail.commands._found import remark, searched
from fedretail.commands.output import Cell, Column
from fedretail.domain.texts import count

if TYPE_CHECKING:
    from fedretail.domain.listings import Listing
    from fedretail.index.query import Page, Query
    from fedretail.node.node import Node

# Shown in a pipe and on very wide terminals: it is long, and `show` finds it by name too.
_ID_FROM_WIDTH = 150


@click.command(
    epilog=examples(
        "fedretail search oat milk",
        "fedretail search milk --within 5km --sort cheapest",
        "fedretail search bread --near 48.5216,9.0576 --open-now --in-stock",
        "fedretail search olive oil --max-price 12.50 --json",
    )
)
@click.argument("words", nargs=-1)
@click.option("--near", type=POSITION, metavar="LAT,LON", help="Measure from here, not from home.")
@click.option("--within", type=LENGTH, metavar="LENGTH", help="No further than 300m, 5km or 3mi.")
@click.option(
    "--sort",
    type=click.Choice(["best", "nearest", "cheapest"]),
    default="best",
    show_default=True,
    help="What comes first.",
)
@click.option("--in-stock", is_flag=True, help="Leave out what is sold out.")
@click.option("--open-now", is_flag=True, help="Only shops that are open.")
@click.option("--max-price", metavar="AMOUNT", help="At most so much, such as 3.50.")
@click.option("--category", metavar="C", help="Only this category, or one step of its path.")
@click.option(
    "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="Most to show."
)
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, words: tuple[str, ...], as_json: bool, **asked: Any) -> None:
    """Find what shops around here offer.

    Answered from this computer, also when the other shops are switched off. Without --near
    distances are measured from this node's own place. Without WORDS every offer is listed.
    """
    with opened(invocation, to_read=True) as node:
        query, page = searched(node, _query(node, " ".join(words), asked))
        if as_json:
            output.print_json(_as_json(page))
        elif page.results:
            _show(node, query, page)
        elif not page.total:
            _explain(node, query)
        else:
            output.tell("done", f"{count(page.total, 'offer')} found, none asked for.")
    if not page.total:
        click.get_current_context().exit(1)


def _query(node: "Node", words: str, asked: dict[str, Any]) -> "Query":
    from fedretail.index.query import Query

    currency, max_minor = _max_price(asked["max_price"], node.currency)
    return Query(
        words=words,
        near=asked["near"] or node.position,
        within_m=asked["within"],
        sort=asked["sort"],
        in_stock=asked["in_stock"],
        open_now=asked["open_now"],
        max_price_minor=max_minor,
        currency=currency,
        category=asked["category"],
        limit=asked["limit"],
    )


def _max_price(text: str | None, currency: str) -> tuple[str, int | None]:
    """(currency, minor units) of "3.50", "3,50 €" or "4 CHF"."""
    if text is None:
        return currency, None
    from fedretail.commands._prices import amount_in

    amount_minor, named = amount_in("--max-price", text, currency)
    return named, amount_minor


def _as_json(page: "Page") -> dict[str, Any]:
    return {
        "results": [listing.to_json() for listing in page.results],
        "total": page.total,
        "took_ms": round(page.took_ms, 1),
    }


def _show(node: "Node", query: "Query", page: "Page") -> None:
    own = {site.id for site in node.sites()}
    print_listings(page.results, own=own, now_ms=node.time.now_ms())
    output.note(_summary(query, page), tone="dim")
    for name in signed_twice(page.results):
        output.tell("attention", f"{name} has signed two price lists at once: ask there first.")
    said = remark(query, page)
    if said:
        output.note(said, tone="dim")


def signed_twice(listings: "list[Listing]") -> list[str]:
    """The shops here of which other computers may show other prices."""
    from fedretail.domain.listings import SIGNED_TWICE

    return sorted({one.site_name for one in listings if SIGNED_TWICE in one.warnings})


def print_listings(listings: "list[Listing]", *, own: set[str], now_ms: int) -> None:
    """A table of offers: product, price, per unit, shop, way, open, stock, age."""
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
    ]
    best = _words.cheapest(listings)
    rows: list[output.Row] = [
        [
            Cell(one.name, tone="strong" if one.site_id in own else ""),
            Cell(_words.price(one), cheapest=one.offer in best),
            _words.unit_price(one, bare=bool(per)),
            one.site_name,
            _words.distance(one, is_own=one.site_id in own).cell,
            _words.opening(one, now_ms).cell,
            _words.stock(one.stock).cell,
            _words.age(one, now_ms).cell,
            one.offer,
        ]
        for one in listings
    ]
    output.print_table(columns, rows)


def _shared_unit(listings: "list[Listing]") -> str:
    """The unit that all unit prices here are per, "" where they differ in unit or currency."""
    kinds = {(one.currency, one.unit_price.per) for one in listings if one.unit_price is not None}
    return kinds.pop()[1] if len(kinds) == 1 else ""


def _summary(query: "Query", page: "Page") -> str:
    what = f"{count(page.total, 'offer')}{_of(query.words)}"
    shown = len(page.results)
    if shown < page.total:
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


def _explain(node: "Node", query: "Query") -> None:
    """Says that nothing was found, and what would have been without one of the limits."""
    from fedretail.domain.texts import quoted

    what = f"Nothing found for {quoted(query.words)}" if query.words.strip() else "Nothing found"
    output.tell("failed", f"{what}{_within(query)}.", _next(node, query))


def _next(node: "Node", query: "Query") -> str:
    wrong = node.wrong_clock()
    if wrong is not None:
        return as_called_here(f"{wrong.message}\n{wrong.hint}")
    if query.within_m is not None:
        further = node.search(replace(query, within_m=None, sort="nearest", limit=1))
        if further.results:
            one = further.results[0]
            where = f"{one.site_name}, {_words.way(one)}" if _words.way(one) else one.site_name
            return f"The nearest is further away: {one.name} at {where}."
    wider = replace(query, in_stock=False, open_now=False, max_price_minor=None, category=None)
    if wider != query:
        found = node.search(replace(wider, limit=1))
        if found.total:
            return f"{count(found.total, 'offer')} without {_limits(query)}."
    all_of_it = node.search(_everything(query))
    if all_of_it.behind:
        changes = count(all_of_it.behind, "change")
        return f"The search index is {changes} behind what is here."
    if not all_of_it.total:
        own = "" if node.is_reader else f"`{own_name()} import FILE`, or "
        return f"No offers are here yet: {own}`{own_name()} join TICKET`."
    return "Try fewer words, or the beginning of one."


def _everything(query: "Query") -> "Query":
    from fedretail.index.query import Query

    return Query(near=query.near, currency=query.currency, limit=1)


def _limits(query: "Query") -> str:
    """The limits of this query as the options that set them."""
    given = {
        "--in-stock": query.in_stock,
        "--open-now": query.open_now,
        "--max-price": query.max_price_minor is not None,
        "--category": query.category is not None,
    }
    return " and ".join(option for option, is_set in given.items() if is_set)
