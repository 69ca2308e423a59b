"""Meet the neighbours that a ticket leads to."""

import codecs
from pathlib import Path

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._common import opened, own_name
from fedretail.domain.texts import count
from fedretail.errors import UsageError

# What every ticket begins with; `p2p.ticket` is loaded with the network only.
_TICKETS = "fr1-"
# A ticket has some hundred characters; more than a page of text is no file of one.
_MAX_FILE_BYTES = 16 * 1024


@click.command(epilog=examples("fedretail join fr1-7h2k", "fedretail join ticket.txt"))
@click.argument("ticket")
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, ticket: str, as_json: bool) -> None:
    """Meet the neighbours that TICKET leads to: the line itself, or a file that holds it.

    A neighbour prints one with `fedretail ticket`.
    """
    with opened(invocation) as node:
        joined = node.join(_line(ticket))
        runs = node.status()["daemon"]
    name = joined.network_name or "its network"
    become = "belongs to" if joined.already else "belongs now to"
    addresses = count(joined.addresses, "address", "addresses")
    hint = "" if runs else f"Meet them: `{own_name()} serve`"
    output.tell("done", f"This computer {become} {name}; {addresses} to try.", hint)
    if as_json:
        output.print_json(
            {
                "network": joined.network_name,
                "addresses": joined.addresses,
                "already": joined.already,
            }
        )


def _line(ticket: str) -> str:
    """The ticket itself, or what the file holds whose name was given in its stead."""
    try:
        path = Path(ticket)
        if not path.is_file():
            if _TICKETS not in ticket and (path.suffix or len(path.parts) > 1):
                raise UsageError(f"There is no file {ticket}.", hint="Or give the ticket itself.")
            return ticket
        with path.open("rb") as file:
            raw = file.read(_MAX_FILE_BYTES)
    except (OSError, ValueError):
        # A ticket is longer than the name of any file.
        return ticket
    # PowerShell's > writes UTF-16.
    is_wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return raw.decode("utf-16" if is_wide else "utf-8-sig", "replace")
