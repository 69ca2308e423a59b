"""Meet the neighbours that a ticket leads to."""

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._asked import opened, own_name
from fedretail.domain.texts import count


@click.command(epilog=examples("fedretail join fr1-7h2k", 'fedretail join "$(cat ticket.txt)"'))
@click.argument("ticket")
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, ticket: str, as_json: bool) -> None:
    """Meet the neighbours that TICKET leads to.

    A neighbour prints one with `fedretail ticket`.
    """
    with opened(invocation) as node:
        joined = node.join(ticket)
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
