"""Print the ticket with which a neighbour joins."""

import time
from typing import TYPE_CHECKING

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._common import opened

if TYPE_CHECKING:
    from fedretail.node.node import Node

# `serve &` may stand on the line before: it takes a second or two to say that it is there, and some
# more on a slow disk until it listens.
_BEGIN_S, _LISTEN_S = 4.0, 20.0
_PAUSE_S = 0.1


@click.command(epilog=examples("fedretail ticket", "fedretail ticket > ticket.txt"))
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, as_json: bool) -> None:
    """Print the ticket with which a neighbour joins: one line, and nothing else.

    It may be handed on by mail, on paper, or on a web site; it is no secret. A `serve` that was
    started just now is waited for.
    """
    with opened(invocation) as node:
        ticket = _ticket(node)
    if as_json:
        output.print_json({"ticket": ticket})
    else:
        output.print_line(ticket)


def _ticket(node: "Node") -> str:
    """The ticket, as soon as somebody would answer."""
    from fedretail.node.networks import NobodyAnswers

    begun_s = time.monotonic()
    while True:
        patience_s = _LISTEN_S if node.is_daemon_alive() else _BEGIN_S
        try:
            return node.ticket()
        except NobodyAnswers:
            if time.monotonic() - begun_s >= patience_s:
                raise
        time.sleep(_PAUSE_S)
