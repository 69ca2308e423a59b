"""Show all about one offer: price, shop, way, hours, stock, age, seller."""

import shlex
from typing import TYPE_CHECKING

import click

from fedretail.commands import Invocation, _words, examples, output, pass_invocation
from fedretail.commands._common import opened, own_name
from fedretail.commands._found import remark
from fedretail.commands._search_options import VIEW
from fedretail.domain.listings import SIGNED_TWICE
from fedretail.domain.money import human_amount
from fedretail.domain.texts import count
from fedretail.errors import MalformedInput, Refused

if TYPE_CHECKING:
    from fedretail.domain.listings import Listing
    from fedretail.index.query import Page
    from fedretail.index.views import View
    from fedretail.node.details import Details
    from fedretail.node.node import Node

_SIGNED_TWICE = "the shop has signed two price lists at once; ask there first"
# As many as fit a screen when several offers go by the name asked for.
_CHOICES = 10


@click.command(
    epilog=examples(
        "fedretail show aaaaaaaaaaaaaaaa/1001", 'fedretail show "raw milk"', "fedretail show 1001"
    )
)
@click.argument("offer", nargs=-1, required=True)
@click.option("--view", type=VIEW, metavar="NAME", help="Only if this view shows it.")
@output.json_option
@pass_invocation
def command(
    invocation: Invocation, *, offer: tuple[str, ...], view: str | None, as_json: bool
) -> None:
    """Show all about OFFER.

    OFFER is an id as `search --json` and piped searches print it, an article code of this shop,
    or words that only one offer holds; where none holds them all, that is said.
    """
    from fedretail.node.details import details

    wanted = " ".join(offer)
    with opened(invocation, to_read=True) as node:
        seen = None if view is None else node.view(view)
        listing = (
            _by_id(node, wanted, seen)
            or _by_code(node, wanted, seen)
            or _by_words(node, wanted, seen)
        )
        shown = details(node, listing)
        now_ms = node.time.now_ms()
    if as_json:
        output.print_json(shown.to_json())
    else:
        output.print_facts(_facts(shown, now_ms))


def _by_id(node: "Node", wanted: str, view: "View | None") -> "Listing | None":
    """The offer of this id; None where the text is no id, Refused where nobody offers it."""
    try:
        listing = node.show(wanted, view=view)
    except MalformedInput:
        return None
    if listing is None:
        node.refuse_wrong_clock()
        hint = f"It may have been withdrawn. Look for it: `{own_name()} search …`"
        raise Refused(f"There is no offer {wanted}.", hint=hint)
    return listing


def _by_code(node: "Node", wanted: str, view: "View | None") -> "Listing | None":
    from fedretail.domain.ids import offer_id, record_key

    for own in node.sites():
        try:
            key = record_key(wanted)
        except MalformedInput:
            return None
        if node.record(node.place("offer", key, own)) is not None:
            return node.show(offer_id(own.id, key), view=view)
    return None


def _by_words(node: "Node", wanted: str, view: "View | None") -> "Listing":
    from fedretail.domain.texts import quoted
    from fedretail.index.query import Query

    asked = Query(words=wanted, near=node.position, view=view, limit=_CHOICES)
    from fedretail.node.found import searched

    query, page = searched(node, asked)
    if not page.total:
        node.refuse_wrong_clock()
        hint = f"Look around: `{own_name()} search …`"
        raise Refused(f"There is no offer {quoted(wanted)}.", hint=hint)
    # Offers with some of the words stand behind those with all of them.
    held = page.full or page.total
    if held > 1:
        found = count(held, "offer")
        if page.full:
            begins = ", its last word as a beginning" if query.begun else ""
            raise Refused(f"{found} hold {quoted(wanted)}{begins}.", hint=_which(page))
        what = f"No offer holds all of {quoted(wanted)}; {found} hold some of it."
        raise Refused(what, hint=_which(page))
    if query.begun or not page.full:
        output.note(remark(query, page), tone="dim")
    return node.show(page.results[0].offer, view=view) or page.results[0]


def _which(page: "Page") -> str:
    return "\n".join(
        f"{one.name} at {one.site_name}: `{own_name()} show {shlex.quote(one.offer)}`"
        for one in page.results[:2]
    )


def _facts(shown: "Details", now_ms: int) -> list[tuple[str, str]]:
    """Names and values in the order of every face: price, way, open, stock, age; then the rest."""
    one, offer, member = shown.listing, shown.offer, shown.member
    imprint = member.imprint
    seller = " · ".join(
        part for part in (imprint.legal_name or member.name, member.legal_form) if part
    )
    return [
        ("Product", one.name),
        ("Price", " · ".join(part for part in _price_parts(one) if part)),
        ("Where", _where(shown)),
        ("Open", _opening(shown, now_ms)),
        ("Stock", _words.stock(one.stock).text),
        ("Age", _words.long_age(one, now_ms).text),
        ("Warning", _SIGNED_TWICE if SIGNED_TWICE in one.warnings else ""),
        ("From age", f"{one.min_age} years" if one.min_age else ""),
        ("Category", one.category),
        ("Brand", offer.brand),
        ("Barcode", (one.gtin or "").removeprefix("0")),
        ("Claims", ", ".join(offer.claims)),
        ("Allergens", ", ".join(offer.allergens)),
        ("Hazards", ", ".join(offer.hazard)),
        ("About", _on_one_line(offer.description)),
        ("Contact", _on_one_line(shown.site.contact or imprint.contact)),
        (
            "Seller",
            seller if not member.private else ", ".join(filter(None, (member.name, member.town))),
        ),
        ("Address", _on_one_line(shown.site.address or imprint.address)),
        ("Register", _on_one_line(imprint.register)),
        ("VAT number", _on_one_line(imprint.vat_number)),
        ("Offer", one.offer),
    ]


def _price_parts(one: "Listing") -> list[str]:
    if one.amount_minor is None or one.currency is None:
        return ["ask the shop"]
    parts = [_words.price(one), _words.unit_price(one)]
    if one.regular_minor is not None and one.regular_minor > one.amount_minor:
        lowest = one.lowest_30d_minor
        parts.append(f"was {human_amount(one.regular_minor, one.currency)}")
        if lowest is not None:
            parts.append(f"lowest of 30 days {human_amount(lowest, one.currency)}")
    if one.deposit_minor:
        parts.append(f"plus {human_amount(one.deposit_minor, one.currency)} deposit")
    return parts


def _where(shown: "Details") -> str:
    one = shown.listing
    parts = (one.site_name, _words.way(one), _on_one_line(shown.site.position_note))
    return " · ".join(part for part in parts if part)


def _opening(shown: "Details", now_ms: int) -> str:
    zone = _words.opening_zone(shown.listing)
    said = ", ".join(filter(None, (_words.opening(shown.listing, now_ms).text, zone)))
    return f"{said} ({shown.site.hours})" if shown.site.hours else said


def _on_one_line(text: str) -> str:
    return " · ".join(line.strip() for line in text.splitlines() if line.strip())
