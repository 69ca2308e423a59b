"""Add, change and withdraw single offers of this shop."""

import shlex
from typing import TYPE_CHECKING, Any

import click

from fedretail.commands import Invocation, _prices, examples, output, pass_invocation
from fedretail.commands._common import SITE, Parsed, line, opened, own_name
from fedretail.domain.catalog import MAX_CATEGORY, MAX_NAME, MAX_WORD
from fedretail.domain.texts import count, quoted
from fedretail.errors import Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fedretail.domain.kind import Value
    from fedretail.node.node import Node
    from fedretail.node.own_sites import OwnSite


def _gtin(text: str) -> str:
    from fedretail.domain.ids import parse_gtin

    return parse_gtin(text) if text else ""


_GTIN = Parsed("gtin", _gtin)
_CODE, _NAME, _CATEGORY = line(MAX_WORD), line(MAX_NAME, "a name"), line(MAX_CATEGORY)
_OPTIONS = (
    click.option("--sku", type=_CODE, metavar="CODE", help="Your own article code."),
    click.option("--gtin", type=_GTIN, metavar="DIGITS", help="The digits under the bar code."),
    click.option("--name", type=_NAME, metavar="TEXT", help="What it is called."),
    click.option("--price", metavar="AMOUNT", help="What it costs, such as 1.29."),
    click.option("--regular-price", metavar="AMOUNT", help="The price without the reduction."),
    click.option("--from", "from_", metavar="DAY", help="First day of this price."),
    click.option("--until", metavar="DAY", help="Last day of this price."),
    click.option("--stock", metavar="N", help="A count, or none, few, some, unknown, to-order."),
    click.option("--pack", metavar="SIZE", help='Content: "500 g", "6 x 0.33 l", or "6" pieces.'),
    click.option("--category", type=_CATEGORY, metavar="TEXT", help='Such as "Dairy > Milk".'),
)
_SITE_OPTION = click.option("--site", type=SITE, metavar="S", help="Which place, if several.")


def _offer_options(function: Any) -> Any:
    """The options that describe an offer."""
    for option in reversed((*_OPTIONS, _SITE_OPTION)):
        function = option(function)
    return function


@click.group()
def command() -> None:
    """Add, change and withdraw single offers of this shop."""


@command.command(
    short_help="Add an offer.",
    epilog=examples(
        'fedretail offer add --sku 1001 --name "Raw milk" --price 1.30 --pack "1 l"',
        "fedretail offer add --gtin 4001842100121 --name Muesli --price 3.49 --stock 12",
    ),
)
@_offer_options
@output.json_option
@pass_invocation
def add(invocation: Invocation, *, site: str | None, as_json: bool, **given: Any) -> None:
    """Add an offer. It is known by --sku, else --gtin, else its name, for ever."""
    if not given["name"] or given["price"] is None:
        raise UsageError("An offer needs a name and a price.", hint="Give --name and --price.")
    from fedretail.domain.catalog import Offer
    from fedretail.node.writing import is_new

    with opened(invocation) as node:
        own = node.site(site)
        key = _new_key(given)
        known = node.record(node.place("offer", key, own))
        if known is not None:
            raise _is_there(given, Offer.from_fields(known.fields).name, own)
        fields = _fields(node, own, given, present={})
        node.write("offer", key, fields, site=own, only_if=is_new)
        named = _named(fields, now_ms=node.clock.now_ms())
        dated = _dated(own, given, now_ms=node.clock.now_ms())
    _done("Added", named, own, key, changed=True, as_json=as_json)
    _tell_dated(dated)


@command.command(
    "set",
    short_help="Change an offer.",
    epilog=examples(
        "fedretail offer set 1001 --price 1.35",
        "fedretail offer set --sku 1001 --price 0.99 --from 2026-11-21 --until 2026-11-28",
        "fedretail offer set --gtin 4001842100121 --stock none",
    ),
)
@click.argument("offer", required=False)
@_offer_options
@output.json_option
@pass_invocation
def set_(
    invocation: Invocation, *, offer: str | None, site: str | None, as_json: bool, **given: Any
) -> None:
    """Change an offer: OFFER (its code, name, bar code or id), or that of --sku or --gtin.

    The same price again says that it still holds. With --from or --until the usual price
    stays, and this one stands beside it on those days.
    """
    with opened(invocation) as node:
        own, key = _found(node, offer, site, given)
        place = node.place("offer", key, own)

        def fields(present: "Mapping[str, Value]") -> "dict[str, Value]":
            made = _fields(node, own, given, present=present)
            if not made:
                raise UsageError("Nothing to change is given.", hint="Such as --price or --stock.")
            return made

        changed = node.write("offer", key, fields, site=own)
        folded = node.record(place)
        named = _named(folded.fields if folded else {}, now_ms=node.clock.now_ms())
        dated = _dated(own, given, now_ms=node.clock.now_ms())
    _done("Changed" if changed else "As before", named, own, key, changed=changed, as_json=as_json)
    _tell_dated(dated)


@command.command(
    short_help="Withdraw an offer.",
    epilog=examples("fedretail offer remove 1001", "fedretail offer remove --gtin 4001842100121"),
)
@click.argument("offer", required=False)
@_OPTIONS[0]
@_OPTIONS[1]
@_SITE_OPTION
@output.json_option
@pass_invocation
def remove(
    invocation: Invocation, *, offer: str | None, site: str | None, as_json: bool, **given: Any
) -> None:
    """Withdraw an offer: OFFER (its code, name or id), or that of --sku or --gtin."""
    with opened(invocation) as node:
        own, key = _found(node, offer, site, given)
        folded = node.record(node.place("offer", key, own))
        named = _named(folded.fields if folded else {}, now_ms=node.clock.now_ms())
        node.remove("offer", key, site=own)
    _done("Withdrawn", named, own, key, changed=True, as_json=as_json)


def _named(fields: "Mapping[str, Value]", *, now_ms: int) -> str:
    """Name and present price: 199 typed for 1.99 is seen at once as €199.00."""
    from fedretail.domain.catalog import Offer
    from fedretail.domain.money import human_amount
    from fedretail.domain.prices import price_now

    offer = Offer.from_fields(fields)
    price = price_now(offer.prices, now_ms)
    if price is None or offer.currency is None:
        return offer.name
    return f"{offer.name}, {human_amount(price.amount_minor, offer.currency)}"


def _new_key(given: dict[str, Any]) -> str:
    from fedretail.domain.ids import name_hash, record_key

    return record_key(given["sku"] or given["gtin"] or name_hash(given["name"]))


def _is_there(given: dict[str, Any], called: str, own: "OwnSite") -> Refused:
    """The refusal of an offer that exists: by its code and name, as people know it."""
    code = given["sku"] or given["gtin"]
    named = f"{quoted(called)} ({code})" if code else quoted(called)
    hint = f"Change it: `{own_name()} offer set {shlex.quote(code or called)} …`"
    return Refused(f"There is an offer {named} at {own.name} already.", hint=hint)


def _found(
    node: "Node", offer: str | None, site: str | None, given: dict[str, Any]
) -> "tuple[OwnSite, str]":
    """(site, key) of the own offer that is meant; Refused where there is none."""
    from fedretail.domain.ids import is_site_id, record_key

    if offer is None and not given["sku"] and not given["gtin"]:
        raise UsageError("Which offer is meant?", hint="Give its code or name, --sku or --gtin.")
    named, slash, key = (offer or "").partition("/")
    if slash and is_site_id(named):
        own, wanted = node.site(named), key
    else:
        own, wanted = node.site(site), offer or given["sku"] or given["gtin"]
    if node.record(node.place("offer", record_key(wanted), own)) is not None:
        return own, record_key(wanted)
    # What was added without a code is known to people by its name, or the digits on the pack.
    named_by = ("sku", "name", "gtin") if offer else ("sku",) if given["sku"] else ("gtin",)
    return own, _searched(node, own, named_by, wanted)


def _searched(node: "Node", own: "OwnSite", fields: tuple[str, ...], wanted: str) -> str:
    """The key of the offer with this code or name, where that is not the key itself."""
    from fedretail.domain.ids import collection_of

    here = [
        (place.key, value.fields)
        for place, value in node.records("offer")
        if place.owner == node.owner and place.collection == collection_of(own.id)
    ]
    for field in fields:
        keys = [key for key, values in here if _is_called(values, field, wanted)]
        if len(keys) == 1:
            return keys[0]
        if keys:
            hint = f"Name one of them: {', '.join(keys[:5])}"
            raise UsageError(f"{count(len(keys), 'offer')} have the {field} {wanted}.", hint=hint)
    node.refuse_wrong_clock()
    hint = f"Look for it: `{own_name()} search …`, or add it: `{own_name()} offer add …`"
    raise Refused(f"There is no offer {wanted[:60]} at {own.name}.", hint=hint)


def _is_called(values: "dict[str, Value]", field: str, wanted: str) -> bool:
    """Whether this is the code or name typed; a name is typed without its capitals, too."""
    value = values.get(field)
    if not isinstance(value, str):
        return False
    if field == "gtin":
        # Kept with 14 digits, of which a pack shows 8, 12 or 13.
        return wanted.isdecimal() and value == wanted.zfill(len(value))
    if field != "name":
        return value == wanted
    return value.casefold() == " ".join(wanted.split()).casefold()


def _fields(
    node: "Node", own: "OwnSite", given: dict[str, Any], *, present: "Mapping[str, Value]"
) -> "dict[str, Value]":
    """The record fields of the options given; an empty text clears one."""
    fields: dict[str, Value] = {
        name: given[name] or None
        for name in ("sku", "gtin", "category")
        if given[name] is not None and given[name] != present.get(name)
    }
    if given["name"]:
        fields["name"] = given["name"]
    if given["stock"] is not None:
        config = node.config
        fields |= _prices.stock_fields(
            given["stock"], few_below=config.few_below, show_left=config.show_left
        )
    if given["pack"] is not None:
        fields |= _prices.pack_fields(given["pack"])
    fields |= _price_fields(own, given, present, now_ms=node.clock.now_ms())
    return fields


def _price_fields(
    own: "OwnSite", given: dict[str, Any], present: "Mapping[str, Value]", *, now_ms: int
) -> "dict[str, Value]":
    """Prices, regular price and currency."""
    currency = present.get("currency") or own.site.currency or "EUR"
    assert isinstance(currency, str)
    regular = _regular(given["regular_price"], currency)
    if given["price"] is None:
        if given["from_"] or given["until"]:
            raise UsageError("--from and --until are the days of a price.", hint="Give --price.")
        return {} if given["regular_price"] is None else {"regular": regular}
    amount = _prices.own_amount("--price", given["price"], currency)
    if regular is not None and regular < amount:
        raise UsageError(
            "--regular-price is lower than --price.",
            hint="--price is what is paid now, --regular-price what it cost before.",
        )
    window = _window(own, given, now_ms=now_ms)
    fields = {"currency": currency, **_priced(amount, window, regular, present)}
    if all(present.get(name) == value for name, value in fields.items()):
        # Nothing changes but that somebody has looked: the age of the price begins anew.
        fields["checked_at"] = now_ms
    return fields


def _regular(text: str | None, currency: str) -> int | None:
    return _prices.own_amount("--regular-price", text, currency) if text else None


def _window(own: "OwnSite", given: dict[str, Any], *, now_ms: int) -> tuple[int | None, int | None]:
    from fedretail.domain.hours import zone_of

    zone = zone_of(own.site.time_zone, at_ms=now_ms)
    start = _prices.time_in("--from", given["from_"], zone, end=False) if given["from_"] else None
    until = _prices.time_in("--until", given["until"], zone, end=True) if given["until"] else None
    if start is not None and until is not None and until <= start:
        raise UsageError("--until: this price ends before it begins.")
    return start, until


def _dated(own: "OwnSite", given: dict[str, Any], *, now_ms: int) -> str:
    """What is to be known of a price that does not hold today, "" where it does."""
    start, until = _window(own, given, now_ms=now_ms)
    if until is not None and until <= now_ms:
        return "The days of this price are over: shoppers do not see it."
    if start is None or start <= now_ms:
        return ""
    last = f" until {given['until']}" if given["until"] else ""
    return f"{given['price']} holds from {given['from_']}{last}. Until then the price stays."


def _tell_dated(sentence: str) -> None:
    if sentence:
        output.tell("attention", sentence)


def _priced(
    amount: int,
    window: tuple[int | None, int | None],
    regular: int | None,
    present: "Mapping[str, Value]",
) -> "dict[str, Value]":
    """The price alone; on its days beside the usual price, where it has days."""
    from fedretail.domain.catalog import Offer
    from fedretail.domain.prices import Price, encode_prices

    prices = [Price(amount, *window)]
    if window != (None, None):
        known = Offer.from_fields(present).prices
        usual = [one for one in known if one.from_ms is None and one.until_ms is None]
        if not usual and regular is not None:
            usual = [Price(regular)]
        prices += usual
        regular = regular or max((one.amount_minor for one in usual), default=None)
    struck = regular if regular is not None and regular > amount else None
    return {"prices": encode_prices(prices), "regular": struck}


def _done(deed: str, named: str, own: "OwnSite", key: str, *, changed: bool, as_json: bool) -> None:
    from fedretail.domain.ids import offer_id

    output.tell("done", f"{deed}: {named} ({offer_id(own.id, key)})")
    if as_json:
        output.print_json({"offer": offer_id(own.id, key), "changed": changed})
