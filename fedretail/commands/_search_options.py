"""The options of a search, and the query that they mean."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fedretail.commands._common import LENGTH, POSITION, Parsed
from fedretail.errors import MalformedInput, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from fedretail.index.query import Query
    from fedretail.node.node import Node

F = TypeVar("F", bound=Callable[..., Any])


def _box(text: str) -> Any:
    from fedretail.domain.boxes import parse_box

    return parse_box(text)


def _gtin(text: str) -> Any:
    from fedretail.domain.ids import parse_gtin

    return parse_gtin(text)


def _span(text: str) -> Any:
    from fedretail.domain.times import parse_span

    return parse_span(text)


class _View(Parsed):
    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        """The views of this node's settings that begin so; none where they cannot be read."""
        from click.shell_completion import CompletionItem

        from fedretail import config
        from fedretail.commands import Invocation
        from fedretail.errors import FedretailError

        folder = Invocation(ctx.find_root().params.get("data_dir"), debug=False).data_dir
        try:
            names = config.load(folder).views
        except FedretailError:
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


VIEW = _View("view", lambda text: text)

_WHERE = (
    click.option("--near", type=POSITION, metavar="LAT,LON", help="Measure from here, not home."),
    click.option("--within", type=LENGTH, metavar="LENGTH", help="No further than 300m, 5km, 3mi."),
    click.option(
        "--box", type=Parsed("box", _box), metavar="S,W,N,E", help="Only in this part of the map."
    ),
    click.option("--retailer", multiple=True, metavar="NAME", help="Only this shop; repeatable."),
    click.option("--open-now", is_flag=True, help="Only shops that are open."),
    click.option("--open-at", metavar="TIME", help="Only shops open then, at the prices of then."),
)
_WHAT = (
    click.option("--category", metavar="C", help="Only this category, or one step of its path."),
    click.option(
        "--gtin", type=Parsed("gtin", _gtin), metavar="DIGITS", help="Only with this bar code."
    ),
    click.option("--services/--goods", "services", default=None, help="Only the one or the other."),
    click.option("--claim", multiple=True, metavar="WORD", help="Only what claims it; repeatable."),
    click.option("--in-stock", is_flag=True, help="Leave out what is sold out."),
    click.option(
        "--for-age", type=click.IntRange(min=0), metavar="YEARS", help="What they may buy."
    ),
    click.option(
        "--newer-than",
        type=Parsed("span", _span),
        metavar="SPAN",
        help="Price confirmed in the last 12h, 30d or 2w.",
    ),
)
_PRICE = (
    click.option("--min-price", metavar="AMOUNT", help="At least so much, such as 0.50."),
    click.option("--max-price", metavar="AMOUNT", help="At most so much, such as 3.50."),
    click.option("--members-prices", is_flag=True, help="Count prices for members too."),
)
_SHOWN = (
    click.option(
        "--sort",
        type=click.Choice(["best", "nearest", "cheapest", "cheapest-unit"]),
        default="best",
        show_default=True,
        help="What comes first.",
    ),
    click.option("--group", is_flag=True, help="One line a product, with its best offer."),
    click.option("--facets", is_flag=True, help="Count the hits by category, shop, price ..."),
    click.option("--explain", is_flag=True, help="Say why each stands where it does."),
    click.option("--as-typed", is_flag=True, help="Correct no word."),
    click.option("--view", type=VIEW, metavar="NAME", help="Only what this view shows."),
    click.option(
        "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="Most to show."
    ),
    click.option("--cursor", metavar="C", help="The page after the one that printed this."),
)


def search_options(command: F) -> F:
    """Decorator: all options of a search."""
    for option in reversed((*_WHERE, *_WHAT, *_PRICE, *_SHOWN)):
        command = option(command)
    return command


def query_of(node: "Node", words: str, asked: dict[str, Any]) -> "Query":
    """The query that words and options mean; UsageError says which one cannot be meant."""
    from fedretail.index.query import Query

    low, high, currency = _prices(node, asked["min_price"], asked["max_price"])
    query = Query(
        words=words,
        as_typed=asked["as_typed"],
        near=asked["near"] or node.position,
        within_m=asked["within"],
        box=asked["box"],
        retailers=node.retailers(asked["retailer"]) if asked["retailer"] else None,
        open_now=asked["open_now"],
        category=asked["category"],
        gtin=asked["gtin"],
        type={None: None, True: "service", False: "product"}[asked["services"]],
        claims=_claims(asked["claim"]),
        in_stock=asked["in_stock"],
        for_age=asked["for_age"],
        newer_than_ms=asked["newer_than"],
        min_price_minor=low,
        max_price_minor=high,
        currency=currency,
        member=asked["members_prices"],
        sort=asked["sort"],
        group=asked["group"],
        facets=asked["facets"],
        explain=asked["explain"],
        view=None if asked["view"] is None else node.view(asked["view"]),
        limit=asked["limit"],
        cursor=asked["cursor"],
    )
    return query if asked["open_at"] is None else _open_at(node, query, asked["open_at"])


def _claims(claims: tuple[str, ...]) -> tuple[str, ...]:
    if not all(claim.strip() for claim in claims):
        raise UsageError("--claim: a claim is a word.", hint="Such as --claim organic.")
    return tuple(claim.strip() for claim in claims)


def _open_at(node: "Node", query: "Query", text: str) -> "Query":
    if query.open_now:
        raise UsageError("--open-now and --open-at exclude each other.")
    from fedretail.commands._common import sentence
    from fedretail.commands._moments import parse_moment
    from fedretail.node.status import shop_zone

    try:
        at_ms = parse_moment(text, shop_zone(node), node.time.now_ms())
    except MalformedInput as error:
        raise UsageError(f"--open-at: {sentence(error.message)}", hint=error.hint) from None
    return replace(query, open_now=True, at_ms=at_ms)


def _prices(node: "Node", low: str | None, high: str | None) -> tuple[int | None, int | None, str]:
    """(least, most, currency) of "0.50" and "3,50 €": two amounts are of one currency."""
    if low is None and high is None:
        return None, None, node.currency
    from fedretail.commands._prices import amount_in

    least = None if low is None else amount_in("--min-price", low, node.currency)
    most = None if high is None else amount_in("--max-price", high, node.currency)
    named = {amount[1] for amount in (least, most) if amount is not None}
    if len(named) > 1:
        # One with its sign and one without are meant alike.
        named.discard(node.currency)
        currency = named.pop()
        return _again(low, "--min-price", currency), _again(high, "--max-price", currency), currency
    return least and least[0], most and most[0], named.pop()


def _again(text: str | None, option: str, currency: str) -> int | None:
    """The amount in this currency; UsageError where it names another."""
    from fedretail.commands._prices import amount_in

    if text is None:
        return None
    amount, named = amount_in(option, text, currency)
    if named != currency:
        raise UsageError("--min-price and --max-price are in different currencies.")
    return amount
