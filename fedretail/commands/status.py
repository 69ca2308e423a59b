"""Tell whether all is well: neighbours, offers, index, space."""

from typing import Any

import click

from fedretail.commands import Invocation, _words, examples, output, pass_invocation
from fedretail.commands._common import as_called_here, opened, own_name
from fedretail.commands._frozen import tell_frozen
from fedretail.domain.texts import count
from fedretail.node.clocks import TOLERATED_MS


@click.command(epilog=examples("fedretail status", "fedretail status --json"))
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, as_json: bool) -> None:
    """Tell whether all is well: neighbours, offers, index, space."""
    with opened(invocation, to_read=True) as node:
        status = node.status()
        if status["index_lag"] and not status["daemon"]:
            # Nobody else takes it in; or why that cannot be is told.
            node.follow()
            status = node.status()
        sentence = as_called_here(node.sentence())
        wrong_clock, is_reader = node.wrong_clock(), node.is_reader
    if as_json:
        output.print_json(status)
        return
    mark: output.Mark = "on" if status["daemon"] else "off"
    output.say(mark, sentence)
    output.print_line(f"  {_counts(status)}")
    offset_ms = status["clock_offset_ms"]
    if wrong_clock is not None:
        output.tell("attention", wrong_clock.message, as_called_here(wrong_clock.hint))
    elif abs(offset_ms) > TOLERATED_MS:
        off = _words.span(offset_ms)
        output.tell("attention", f"This computer's clock is {off} off.", "Set it by the internet.")
    tell_frozen(status["signed_twice"])
    if not status["offers"] and not status["index_lag"] and wrong_clock is None:
        step = "join TICKET" if is_reader else "import FILE"
        output.tell("attention", "There are no offers here.", f"`{own_name()} {step}`")


def _counts(status: dict[str, Any]) -> str:
    lag = status["index_lag"]
    index = "search index up to date" if not lag else f"{count(lag, 'change')} to index"
    return " · ".join(
        (
            f"{count(status['offers'], 'offer')} of {count(status['sites'], 'shop')}",
            count(len(status["peers"]), "neighbour"),
            index,
            f"store {_words.size(status['store_bytes'])}",
            *_pictures(status["pictures"]),
        )
    )


def _pictures(found: dict[str, int] | None) -> list[str]:
    """How many pictures are kept, and what of own ones is still to come, where there are any."""
    if found is None or not any(found.values()):
        return []
    more = f", {found['waiting']:,} to come" if found["waiting"] else ""
    return [f"{count(found['kept'], 'picture')}{more}, {_words.size(found['bytes'])}"]
