"""Print the ticket with which a neighbour joins."""

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._asked import opened


@click.command(epilog=examples("fedretail ticket", "fedretail ticket > ticket.txt"))
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, as_json: bool) -> None:
    """Print the ticket with which a neighbour joins: one line, and nothing else.

    It may be handed on by mail, on paper, or on a web site; it is no secret.
    """
    with opened(invocation) as node:
        ticket = node.ticket()
    if as_json:
        output.print_json({"ticket": ticket})
    else:
        output.print_line(ticket)
