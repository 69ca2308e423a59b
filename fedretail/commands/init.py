"""Set up a shop on this computer, or a reader that only searches."""

import shlex
from typing import TYPE_CHECKING, Any

import click

from fedretail.commands import Invocation, _machine, _words, examples, output, pass_invocation
from fedretail.commands._common import (
    CURRENCY,
    HOURS,
    NAME,
    POSITION,
    ZONE,
    Parsed,
    asks_people,
    own_name,
)
from fedretail.domain.web_addresses import DEFAULT
from fedretail.errors import Refused, UsageError

if TYPE_CHECKING:
    from fedretail.node.node import Node

_HOURS_EXAMPLE = "Mo-Fr 08:00-18:30; Sa 08:00-13:00"
_PAGES_ARE_AT = f"start, then open http://{DEFAULT}"
_ZONE_UNKNOWN = "This computer does not tell its time zone, so the shop keeps UTC."


@click.command(
    epilog=examples(
        "fedretail init",
        f'fedretail init --name "Corner Shop" --at 48.5216,9.0576 --hours "{_HOURS_EXAMPLE}"',
        "fedretail init --reader --at geo:48.5216,9.0576",
    )
)
@click.option("--name", type=NAME, metavar="N", help="What the shop is called.")
@click.option(
    "--at", type=POSITION, metavar="LAT,LON", help="Its place; a geo: URI or a map link will do."
)
@click.option("--hours", type=HOURS, metavar="OSM", help=f'Opening hours: "{_HOURS_EXAMPLE}".')
@click.option("--currency", type=CURRENCY, metavar="EUR", help="Else that of this computer.")
@click.option("--time-zone", type=ZONE, metavar="Z", help="Else that of this computer.")
@click.option("--reader", is_flag=True, help="Only search; publish nothing.")
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, reader: bool, as_json: bool, **given: Any) -> None:
    """Set up a shop on this computer, or a reader that only searches.

    Asks for what is missing, where somebody sits at the terminal. In a browser: `fedretail serve`.
    """
    _refuse_second(invocation)
    if reader:
        _init_reader(invocation, given, as_json=as_json)
        return
    if given["name"] is None or given["at"] is None:
        if as_json or not asks_people():
            raise UsageError(_missing(given), hint=f"Type `{_whole_command(given)}`.")
        _ask(given)
    _init_shop(invocation, given, as_json=as_json)


def _refuse_second(invocation: Invocation) -> None:
    """Before anybody types answers: Refused where a node is there already."""
    from fedretail.node.settling import settle
    from fedretail.store.store import FILE_NAME

    settle(invocation.data_dir)
    if (invocation.data_dir / FILE_NAME).exists():
        hint = f"Look at it with `{own_name()} status`, or give another --data-dir."
        raise Refused(f"There is a shop in {invocation.data_dir} already.", hint=hint)


def _missing(given: dict[str, Any]) -> str:
    wanted = [word for key, word in (("name", "a name"), ("at", "a place")) if given[key] is None]
    return f"A shop needs {' and '.join(wanted)}."


def _whole_command(given: dict[str, Any]) -> str:
    """What to type, with all that was given already."""
    place, name = given["at"], given["name"]
    at = f"{place.lat:.10g},{place.lon:.10g}" if place else "48.5216,9.0576"
    parts = [f"{own_name()} init --name {shlex.quote(name or 'Corner Shop')} --at {at}"]
    more = [name for name in ("hours", "currency", "time_zone") if given[name]]
    parts += [f"--{name.replace('_', '-')} {shlex.quote(given[name])}" for name in more]
    return " ".join(parts)


def _ask(given: dict[str, Any]) -> None:
    """Fills in what was not given, from answers on the terminal."""
    if given["name"] is None:
        given["name"] = _answer("Name of the shop", NAME)
    if given["at"] is None:
        output.note("Latitude and longitude such as 48.5216,9.0576, or a pasted map link.")
        given["at"] = _answer("Where it is", POSITION)
    if given["hours"] is None:
        output.note(f"Such as {_HOURS_EXAMPLE}; Enter leaves it for later.")
        given["hours"] = _answer("Opening hours", HOURS, default="")
    if given["currency"] is None:
        given["currency"] = _answer("Currency", CURRENCY, default=_machine.currency() or "EUR")


def _answer(question: str, kind: Parsed, default: str | None = None) -> Any:
    """An answer that can be read; asks again with the reason until there is one."""
    while True:
        text = click.prompt(question, default=default, show_default=bool(default), err=True)
        try:
            return kind.convert(text, None, None)
        except UsageError as error:
            output.tell("attention", error.message.partition(": ")[2], error.hint)


def _init_shop(invocation: Invocation, given: dict[str, Any], *, as_json: bool) -> None:
    from fedretail.node.setup import Shop, create_shop

    local_currency, local_zone = _machine.currency(), _machine.time_zone()
    shop = Shop(
        name=given["name"],
        position=given["at"],
        hours=given["hours"] or None,
        currency=given["currency"] or local_currency or "EUR",
        time_zone=given["time_zone"] or local_zone or "UTC",
    )
    with create_shop(invocation.data_dir, shop) as node:
        _tell_shop(node, shop, assumed=given["currency"] is None, from_locale=bool(local_currency))
        if given["time_zone"] is None and local_zone is None:
            zone_hint = f"Change it: `{own_name()} site set --time-zone Europe/Berlin`"
            output.tell("attention", _ZONE_UNKNOWN, zone_hint)
        _tell_next(node, reader=False)
        if as_json:
            output.print_json(_as_json(node))


def _tell_shop(node: "Node", shop: Any, *, assumed: bool, from_locale: bool) -> None:
    now_ms = node.clock.now_ms()
    opening = _words.open_now(node.site().site, now_ms)
    output.tell("done", f"Your shop is set up: {shop.name}{opening}")
    why = ""
    if assumed:
        why = (
            " (from this computer's settings)"
            if from_locale
            else ", as this computer names no currency"
        )
    output.tell("done", f"Prices are in {shop.currency}{why}; times are those of {shop.time_zone}.")
    if not shop.hours:
        hint = f'Add them: `{own_name()} site set --hours "{_HOURS_EXAMPLE}"`'
        output.tell("attention", "Opening hours are not known yet.", hint)


def _init_reader(invocation: Invocation, given: dict[str, Any], *, as_json: bool) -> None:
    from fedretail.node.setup import create_reader

    unused = [name for name in ("name", "hours", "currency", "time_zone") if given[name]]
    if unused:
        option = unused[0].replace("_", "-")
        raise UsageError("A reader only searches; it has no shop.", hint=f"Leave out --{option}.")
    with create_reader(invocation.data_dir, given["at"]) as node:
        output.tell("done", "This computer searches now; it publishes nothing.")
        if given["at"] is None:
            output.note("Without --at, say where you are in each search: --near LAT,LON.")
        _tell_next(node, reader=True)
        if as_json:
            output.print_json(_as_json(node))


def _tell_next(node: "Node", *, reader: bool) -> None:
    name = own_name()
    output.tell(
        "done", f"Your key is in {node.path}. Save a copy of your key: `{name} keys backup`"
    )
    steps = [
        ("join TICKET", "meet your neighbours"),
        ("serve", _PAGES_ARE_AT),
        ("search WORDS", "what is to be had around here"),
    ]
    if not reader:
        steps = [("import FILE", "read your price list (CSV, Shopify, WooCommerce)"), *steps[:2]]
    output.note()
    width = max(len(step) for step, _ in steps)
    for at, (step, what) in enumerate(steps):
        space = " " * (width - len(step))
        output.note(f"{'Next' if at == 0 else '    '}   `{name} {step}`{space}   {what}")


def _as_json(node: "Node") -> dict[str, Any]:
    from fedretail.commands.site import site_object

    sites = node.sites()
    return {
        "data_dir": str(node.path),
        "reader": node.is_reader,
        "member": node.keys()["member"],
        "site": site_object(sites[0]) if sites else None,
    }
