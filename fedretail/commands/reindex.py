"""Make the search index anew from what is stored."""

import click

from fedretail.commands import Invocation, _words, examples, output, pass_invocation
from fedretail.commands._asked import opened
from fedretail.commands._progress import Progress


@click.command(epilog=examples("fedretail reindex"))
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, as_json: bool) -> None:
    """Make the search index anew from what is stored. Nothing else changes."""
    with opened(invocation) as node, Progress("Index", unit="records") as progress:

        def tell(done: int, total: int) -> None:
            progress.update(done, done / total if total else None)

        offers = node.reindex(tell)
    output.tell("done", f"{_words.count(offers, 'offer')} can be searched.")
    if as_json:
        output.print_json({"offers": offers})
