"""What is said beside a table of results: counts, reasons, limits."""

from dataclasses import replace
from typing import TYPE_CHECKING

from fedretail.commands import output

if TYPE_CHECKING:
    from fedretail.index.query import Page, Query
    from fedretail.index.rules.facets import Facets

# As many choices as fit a line.
_CHOICES = 6
_SAID = {"in_stock": "in stock", "sold_out": "sold out"}
# What each option sets; without it a search may find more.
_LIMITS = {
    "in_stock": "--in-stock",
    "open_now": "--open-now",
    "min_price_minor": "--min-price",
    "max_price_minor": "--max-price",
    "category": "--category",
    "gtin": "--gtin",
    "box": "--box",
    "retailers": "--retailer",
    "type": "--services",
    "claims": "--claim",
    "newer_than_ms": "--newer-than",
    "for_age": "--for-age",
}


def remark(query: "Query", page: "Page") -> str:
    """How far the offers found hold the words; "" where they hold them all, and whole."""
    if query.begun:
        return "No offer holds these words whole; in these the last one begins so."
    if query.words.strip() and not page.full:
        return "No offer holds all of these words; these hold some of them."
    if page.full < page.total:
        return f"{page.full} of them with all of these words; the others with some."
    return ""


def print_facets(page: "Page") -> None:
    """The counts of all hits, a line each, on stderr: a pipe gets offers alone."""
    if page.facets is None:
        return
    for name, line in _facet_lines(page.facets):
        if line:
            output.note(f"{name}: {line}")


def _facet_lines(facets: "Facets") -> list[tuple[str, str]]:
    lists = (
        ("Categories", facets.categories),
        ("Brands", facets.brands),
        ("Shops", facets.retailers),
        ("Stock", facets.stock),
        ("Open", facets.open),
    )
    lines = []
    for name, choices in lists:
        said = [f"{_SAID.get(one.name, one.name)} {one.count:,}" for one in choices[:_CHOICES]]
        said += [f"{len(choices) - _CHOICES} more"] if len(choices) > _CHOICES else []
        lines.append((name, " · ".join(said)))
    return [*lines, ("Prices", _bands(facets))]


def _bands(facets: "Facets") -> str:
    from fedretail.domain.money import human_amount

    currency = facets.currency or "EUR"
    said = []
    for band in facets.prices:
        start = human_amount(band.from_minor, currency)
        below = "on" if band.below_minor is None else human_amount(band.below_minor, currency)
        said.append(f"{start} to {below} {band.count:,}")
    return " · ".join(said)


def print_instead(page: "Page") -> None:
    """Which words were corrected, and how to search as typed; on stderr."""
    from fedretail.domain.texts import quoted

    for one in page.instead:
        shown = " and ".join(quoted(word) for word in one.shown)
        output.note(f"Shown for {shown} instead of {quoted(one.typed)}.")
    if page.instead:
        output.note("As you typed it: the same with --as-typed.", tone="dim")


def print_reasons(page: "Page") -> None:
    """Why each hit stands where it does, a line each, on stderr."""
    for number, (one, why) in enumerate(zip(page.results, page.reasons), start=1):
        words = ", ".join(f"{term['word']} {_place(term['where'])}" for term in why["words"])
        parts = [f"words {why['relevance']:.2f}" + (f" ({words})" if words else "")]
        parts += [f"way {why['nearness']:.2f}", f"stock {why['stock']:.2f}"]
        parts += [f"age {why['freshness']:.2f}"]
        output.note(f"{number}. {one.name}: {why['score']:.3f} = {' × '.join(parts)}", tone="dim")


def _place(where: str | None) -> str:
    return {"name": "in the name", "beside": "beside it"}.get(where or "", "nowhere")


def without_limits(query: "Query") -> "Query":
    """The same words everywhere, at any price; the view still holds."""
    return replace(
        query,
        in_stock=False,
        open_now=False,
        min_price_minor=None,
        max_price_minor=None,
        category=None,
        gtin=None,
        within_m=None,
        box=None,
        retailers=None,
        type=None,
        claims=(),
        newer_than_ms=None,
        for_age=None,
        cursor=None,
        facets=False,
        group=False,
        explain=False,
    )


def limits(query: "Query") -> str:
    """The limits of this query as the options that set them."""
    values = ((option, getattr(query, name)) for name, option in _LIMITS.items())
    said = [option for option, value in values if value not in (None, ()) and value is not False]
    if query.type == "product":
        said[said.index("--services")] = "--goods"
    return " and ".join(said)
