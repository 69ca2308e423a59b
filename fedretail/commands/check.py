"""Look whether all that is stored is whole: every sum and signature again."""

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._asked import opened
from fedretail.commands._progress import Progress
from fedretail.domain.texts import count

# More problems than this tell nothing new.
_SHOWN = 20


@click.command(epilog=examples("fedretail check", "fedretail check --json"))
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, as_json: bool) -> None:
    """Look whether all that is stored is whole: every sum and signature again."""
    places, problems = 0, []
    with opened(invocation, to_read=True) as node, Progress("Check", unit="log") as progress:
        for _, found in node.check():
            places += 1
            problems += found
            progress.update(places)
    if as_json:
        told = [{"place": problem.place, "what": problem.what} for problem in problems]
        output.print_json({"checked": places, "problems": told})
    if not problems:
        logs = count(places - 1, "log")
        output.tell("done", f"All is whole: the file and {logs}.")
        return
    amount = count(len(problems), "problem")
    output.tell("failed", f"{amount} found.", "Keep a copy of the data directory as it is now.")
    for problem in problems[:_SHOWN]:
        output.note(f"{problem.place}: {problem.what}")
    click.get_current_context().exit(1)
