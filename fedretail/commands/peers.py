"""List the neighbours that are switched on, and whether they have your newest prices."""

import click

from fedretail.commands import Invocation, _words, examples, output, pass_invocation
from fedretail.commands._common import opened, own_name
from fedretail.commands.output import Cell, Column
from fedretail.domain.times import parse_time

# Whole sentences: in a pipe and on narrow terminals no heading says what is meant.
_HAS = Cell("has your newest prices", tone="ok")
_HAS_NOT = Cell("your newest prices are on the way", tone="warn")
# What is damaged here is sent to nobody.
_WAITS = Cell("your newest prices wait for repair", tone="warn")
_NONE = Cell("")


@click.command(epilog=examples("fedretail peers", "fedretail peers --json"))
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, as_json: bool) -> None:
    """List the neighbours that are switched on, and whether they have your newest prices."""
    with opened(invocation, to_read=True) as node:
        status, now_ms = node.status(), node.time.now_ms()
        has_prices, is_damaged = bool(node.sites()), node.store.repairs.has_own()
        names = [node.neighbour_name(peer["id"]) for peer in status["peers"]]
    peers = status["peers"]
    if as_json:
        output.print_json({"peers": peers})
        return
    if not peers:
        begin = f"Start with `{own_name()} serve`"
        hint = "They are tried again and again." if status["daemon"] else begin
        output.tell("off", "No neighbour can be reached now.", hint)
        return
    columns = [
        Column("Neighbour", gives_way=True),
        Column(""),
        Column("On since", from_width=60),
        Column("Last heard", from_width=80),
        Column("Address", from_width=120, gives_way=True),
        Column("Id", from_width=160),
    ]
    # Who only reads, or has no place yet, has no prices that somebody could have.
    has, has_not = (_HAS, _WAITS if is_damaged else _HAS_NOT) if has_prices else (_NONE, _NONE)
    rows: list[output.Row] = [
        [
            name or ("who only reads" if peer["last_sync"] else "a new neighbour"),
            has if peer["has_mine"] else has_not,
            _when(peer["since"], now_ms),
            _when(peer["last_sync"], now_ms),
            peer["address"],
            peer["id"],
        ]
        for peer, name in zip(peers, names, strict=True)
    ]
    output.print_table(columns, rows)


def _when(text: str | None, now_ms: int) -> str:
    return "never" if text is None else _words.moment(parse_time(text), now_ms)
