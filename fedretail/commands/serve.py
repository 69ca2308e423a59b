"""Stay in touch with the neighbours until stopped."""

from typing import TYPE_CHECKING

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._asked import Parsed, as_called_here, own_name
from fedretail.commands._circles import look_past_what_is_loaded

if TYPE_CHECKING:
    from fedretail.daemon import Ready
    from fedretail.node.copies import Role


def _listen(text: str) -> str:
    from fedretail.p2p.address import parse_listen

    parse_listen(text)
    return text


def _peer(text: str) -> str:
    from fedretail.p2p.address import parse_address

    parse_address(text)
    return text


@click.command(
    epilog=examples(
        "fedretail serve",
        "fedretail serve --listen /ip4/0.0.0.0/tcp/4817",
        "fedretail serve --listen /ip4/127.0.0.1/tcp/0 --web off --json",
    )
)
@click.option(
    "--listen",
    type=Parsed("multiaddr", _listen),
    multiple=True,
    metavar="MULTIADDR",
    help="Where neighbours reach this computer.",
)
@click.option(
    "--peer",
    "peers",
    type=Parsed("multiaddr", _peer),
    multiple=True,
    metavar="MULTIADDR",
    help="A neighbour to try; may repeat.",
)
@click.option(
    "--as",
    "role",
    type=click.Choice(["original", "copy"]),
    help="After this folder was copied: which of the two it is.",
)
@click.option(
    "--web",
    type=click.Choice(["off"]),
    default="off",
    show_default=True,
    expose_value=False,
    help="No pages yet.",
)
@output.json_option
@pass_invocation
def command(
    invocation: Invocation,
    *,
    listen: tuple[str, ...],
    peers: tuple[str, ...],
    role: "Role | None",
    as_json: bool,
) -> None:
    """Stay in touch with the neighbours until stopped with Ctrl-C.

    Searching works without it; sending and receiving does not. With --json the addresses and
    the ticket are printed as one object as soon as neighbours can come. --as is needed once, when
    a copy of the data folder has been at work on another computer.
    """
    from fedretail import daemon

    def ready(now: "Ready") -> None:
        look_past_what_is_loaded()
        _tell_ready(now)
        if as_json:
            output.print_json({"addresses": list(now.addresses), "ticket": now.ticket})
            output.flush()

    options = daemon.ServeOptions(listen=list(listen), peers=list(peers), role=role)

    def on_event(line: str) -> None:
        output.note(as_called_here(line))

    daemon.run(invocation.data_dir, options, ready, on_event)
    output.tell("off", "Stopped. What was received and sent is kept.")


def _tell_ready(now: "Ready") -> None:
    output.tell("on", "Neighbours can reach this computer. Stop with Ctrl-C.")
    for address in now.addresses:
        output.note(address, tone="dim")
    if now.ticket:
        output.note(f"Ticket for a neighbour: `{own_name()} ticket`")
