"""Make the search index anew from what is stored."""

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._common import opened
from fedretail.commands._progress import Progress
from fedretail.domain.texts import count


@click.command(epilog=examples("fedretail reindex"))
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, as_json: bool) -> None:
    """Make the search index anew from what is stored. Nothing else changes."""
    with opened(invocation) as node, Progress("Index", unit="record") as progress:

        def tell(done: int, total: int) -> None:
            progress.update(done, done / total if total else None)

        offers = node.reindex(tell)
    output.tell("done", f"{count(offers, 'offer')} can be searched.")
    if as_json:
        output.print_json({"offers": offers})
