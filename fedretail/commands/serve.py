"""Stay in touch with the neighbours until stopped."""

from typing import TYPE_CHECKING

import click

from fedretail.commands import Invocation, _stations, examples, output, pass_invocation
from fedretail.commands._collector import freeze_what_is_loaded
from fedretail.commands._common import Parsed, as_called_here, own_name

if TYPE_CHECKING:
    from fedretail.daemon.daemon import Ready, ServeOptions
    from fedretail.node.copies import Role

_STOPPED = "Stopped. What was received and sent is kept."


def _listen(text: str) -> str:
    from fedretail.p2p.address import parse_listen

    parse_listen(text)
    return text


def _web(text: str) -> str:
    from fedretail.domain.web_addresses import parse_web

    parse_web(text)
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
    type=Parsed("address", _web),
    metavar="HOST:PORT|lan|off",
    help="Where pages are shown; lan: to all in the shop's network.",
)
@output.json_option
@pass_invocation
def command(
    invocation: Invocation,
    *,
    listen: tuple[str, ...],
    peers: tuple[str, ...],
    role: "Role | None",
    web: str | None,
    as_json: bool,
) -> None:
    """Stay in touch with the neighbours until stopped with Ctrl-C.

    Searching works without it; sending and receiving does not. With --json the addresses and
    the ticket are printed as one object as soon as neighbours can come. --as is needed once, when
    a copy of the data folder has been at work on another computer. Where there is no shop yet, a
    link is printed that sets one up in a browser.
    """
    from fedretail.config import load
    from fedretail.daemon import daemon, running
    from fedretail.daemon.open_files import allow_open_files
    from fedretail.daemon.pages import PageOptions
    from fedretail.domain.web_addresses import parse_web
    from fedretail.node.settling import is_new

    def ready(now: "Ready") -> None:
        freeze_what_is_loaded()
        _tell_ready(invocation, now)
        if as_json:
            told: dict[str, object] = {"addresses": list(now.addresses), "ticket": now.ticket}
            if now.pages:
                told["web"] = list(now.pages)
            output.print_json(told)
            output.flush()

    allow_open_files()
    shown = parse_web(web or load(invocation.data_dir).web)
    if shown is not None and not as_json and is_new(invocation.data_dir):
        _serve_first(invocation, daemon.ServeOptions(listen, peers, pages=PageOptions(shown)))
        return
    options = daemon.ServeOptions(
        listen=list(listen),
        peers=list(peers),
        role=role,
        pages=None if shown is None else PageOptions(shown, must=web is not None),
    )

    running.run(invocation.data_dir, options, ready, _on_event)
    output.tell("off", _STOPPED)


def _on_event(line: str) -> None:
    output.note(as_called_here(line))


def _serve_first(invocation: Invocation, options: "ServeOptions") -> None:
    """Let the shop be set up in a browser, then serve it."""
    from fedretail.commands import _machine
    from fedretail.daemon import first_run
    from fedretail.web.first.answers import Machine

    def ready(now: "Ready") -> None:
        freeze_what_is_loaded()
        output.tell("done", "Your shop is set up.")
        hint = f"Save a copy of its key: `{own_name()} keys backup`"
        output.tell("attention", f"Its key is in {invocation.data_dir}.", hint)
        _tell_ready(invocation, now)

    told = first_run.Told(_tell_first, ready, _on_event)
    machine = Machine(_machine.currency(), _machine.time_zone())
    if first_run.run_first(invocation.data_dir, options, machine, told):
        output.tell("off", _STOPPED)
    else:
        output.tell("off", "Stopped. There is no shop yet; what was entered is kept.")


def _tell_first(link: str) -> None:
    output.tell("on", "There is no shop here yet. Open this on this computer to set it up:")
    output.print_line(link)
    output.flush()
    hint = f"It opens once, within 2 minutes. Another one: `{own_name()} manage`"
    output.note(hint)
    output.note(f"Or here in the terminal: stop with Ctrl-C, then `{own_name()} init`")


def _tell_ready(invocation: Invocation, now: "Ready") -> None:
    output.tell("on", "Neighbours can reach this computer. Stop with Ctrl-C.")
    for address in now.addresses:
        output.note(address, tone="dim")
    for address in _stations.stations(now):
        output.note(f"Search station: {address}/")
    if now.pages and output.speaks_to_people():
        _stations.show_way_in(invocation, now)
    if now.ticket:
        output.note(f"Ticket for a neighbour: `{own_name()} ticket`")
