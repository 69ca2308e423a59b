"""Add, change and list the places this shop trades from."""

from typing import TYPE_CHECKING, Any

import click

from fedretail.commands import Invocation, _machine, _words, examples, output, pass_invocation
from fedretail.commands._common import CONTACT, HOURS, NAME, POSITION, SITE, ZONE, line, opened
from fedretail.commands.output import Column
from fedretail.domain.sites import MAX_LINES
from fedretail.errors import UsageError

if TYPE_CHECKING:
    from fedretail.domain.kind import Value
    from fedretail.node.own_sites import OwnSite


def _site_options(function: Any) -> Any:
    """The options that describe a site."""
    for option in reversed(
        (
            click.option("--name", type=NAME, metavar="N", help="What the place is called."),
            click.option("--at", type=POSITION, metavar="LAT,LON", help="Where it is."),
            click.option(
                "--position-note",
                type=line(MAX_LINES),
                metavar="TEXT",
                help='Such as "by arrangement".',
            ),
            click.option("--hours", type=HOURS, metavar="OSM", help='Hours; "" for unknown.'),
            click.option("--time-zone", type=ZONE, metavar="Z", help="Such as Europe/Berlin."),
            click.option(
                "--contact", type=CONTACT, metavar="TEXT", help="Telephone, mail, web address."
            ),
        )
    ):
        function = option(function)
    return function


@click.group()
def command() -> None:
    """Add, change and list the places this shop trades from."""


@command.command(
    epilog=examples(
        'fedretail site add --name "Market stall" --at 48.5200,9.0560 --hours "Sa 07:00-13:00"'
    )
)
@_site_options
@output.json_option
@pass_invocation
def add(invocation: Invocation, *, as_json: bool, **given: Any) -> None:
    """Add a place."""
    if given["name"] is None or given["at"] is None:
        raise UsageError(
            "A place needs a name and a position.", hint="Give --name and --at LAT,LON."
        )
    with opened(invocation) as node:
        own = node.add_site(
            given["name"],
            given["at"],
            hours=given["hours"] or None,
            time_zone=given["time_zone"] or _machine.time_zone() or "UTC",
            contact=given["contact"] or "",
            position_note=given["position_note"] or "",
        )
    output.tell("done", f"Added: {own.name} ({own.id})")
    if as_json:
        output.print_json({"site": site_object(own)})


@command.command(
    "set",
    epilog=examples(
        'fedretail site set --hours "Mo-Fr 08:00-18:30; Sa 08:00-13:00; PH off"',
        'fedretail site set "Market stall" --at 48.5201,9.0561',
    ),
)
@click.argument("site", type=SITE, required=False)
@_site_options
@output.json_option
@pass_invocation
def set_(invocation: Invocation, *, site: str | None, as_json: bool, **given: Any) -> None:
    """Change a place.

    SITE is its name or id; it may be left out where there is only one.
    """
    fields = _fields(given)
    if not fields:
        raise UsageError("Nothing to change is given.", hint="Such as --hours or --contact.")
    with opened(invocation) as node:
        own = node.site(site)
        changed = node.set_site(own, fields)
        own = node.site(own.id)
        # Hours that were typed wrongly are seen by what they mean now.
        opening = _words.open_now(own.site, node.clock.now_ms()) if "hours" in fields else ""
    output.tell("done", f"{'Changed' if changed else 'As before'}: {own.name}{opening}")
    if as_json:
        output.print_json({"site": site_object(own), "changed": changed})


@command.command("list", epilog=examples("fedretail site list", "fedretail site list --json"))
@output.json_option
@pass_invocation
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List this shop's own places."""
    with opened(invocation, to_read=True) as node:
        sites = node.sites()
        if not sites:
            node.refuse_wrong_clock()
    if as_json:
        output.print_json({"sites": [site_object(own) for own in sites]})
        return
    columns = [
        Column("Name", gives_way=True),
        Column("Position"),
        Column("Hours", gives_way=True, from_width=70),
        Column("Time zone", from_width=90),
        Column("Contact", gives_way=True, from_width=110),
        Column("Id"),
    ]
    if sites:
        output.print_table(columns, [_row(own) for own in sites])
    else:
        output.tell("attention", "There is no place here.", "Add one: `fedretail site add`")


def _fields(given: dict[str, Any]) -> "dict[str, Value]":
    """The record fields of the options given; "" clears one."""
    from fedretail.domain.geo import to_e7

    fields: dict[str, Value] = {
        key: given[key] or None
        for key in ("hours", "time_zone", "contact", "position_note")
        if given[key] is not None
    }
    if given["name"] is not None:
        fields["name"] = given["name"]
    if given["at"] is not None:
        fields["lat_e7"], fields["lon_e7"] = to_e7(given["at"])
    return fields


def _row(own: "OwnSite") -> list[str | output.Cell]:
    site = own.site
    place = f"{site.position.lat:.5f},{site.position.lon:.5f}" if site.position else "unknown"
    contact = " ".join(site.contact.split())
    return [own.name, place, site.hours or "unknown", site.time_zone, contact, own.id]


def site_object(own: "OwnSite") -> dict[str, Any]:
    """An own site as --json prints it."""
    site = own.site
    return {
        "id": own.id,
        "name": site.name,
        "lat": None if site.position is None else site.position.lat,
        "lon": None if site.position is None else site.position.lon,
        "position_note": site.position_note,
        "hours": site.hours,
        "time_zone": site.time_zone,
        "contact": site.contact,
        "currency": site.currency,
    }
