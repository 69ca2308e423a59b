"""Print a link that opens the back office in a browser."""

import time
from typing import TYPE_CHECKING

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._common import opened

if TYPE_CHECKING:
    from fedretail.node.node import Node

# `serve &` may stand on the line before: it takes a second or two until pages are shown.
_PATIENCE_S, _PAUSE_S = 10.0, 0.1


@click.command(epilog=examples("fedretail manage", "fedretail manage --json"))
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, as_json: bool) -> None:
    """Print a link that opens the back office in a browser.

    On this computer only, once, and within two minutes. Whoever has the link gets in, so do not
    hand it on.
    """
    link = _link_to_first_run(invocation)
    if link is None:
        with opened(invocation) as node:
            link = _link(node)
    if as_json:
        output.print_json({"link": link})
        return
    output.print_line(link)
    output.note("Opens the back office once, within 2 minutes, on this computer.")


def _link_to_first_run(invocation: Invocation) -> str | None:
    """The link that sets up a shop; None where no `serve` waits for that."""
    from fedretail.clock import SystemClock
    from fedretail.node.first_run import FirstRun

    first = FirstRun(invocation.data_dir, SystemClock())
    return first.make_link() if first.is_open() else None


def _link(node: "Node") -> str:
    from fedretail.errors import Unavailable
    from fedretail.node.entrance import make_link

    begun_s = time.monotonic()
    while True:
        try:
            return make_link(node)
        except Unavailable:
            is_soon = node.is_daemon_alive() and node.daemon_state() is None
            if not is_soon or time.monotonic() - begun_s >= _PATIENCE_S:
                raise
        time.sleep(_PAUSE_S)
