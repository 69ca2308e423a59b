"""Look whether all that is stored is whole: every sum and signature again."""

from typing import TYPE_CHECKING

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._asked import opened, own_name
from fedretail.commands._frozen import tell_frozen
from fedretail.commands._progress import Progress
from fedretail.domain.texts import count

if TYPE_CHECKING:
    from fedretail.store.upkeep import Marked

# More problems than this tell nothing new.
_SHOWN = 20


@click.command(
    epilog=examples("fedretail check", "fedretail check --repair", "fedretail check --json")
)
@click.option("--repair", is_flag=True, help="Have what is damaged mended from neighbours' copies.")
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, repair: bool, as_json: bool) -> None:
    """Look whether all that is stored is whole: every sum and signature again.

    With --repair, damaged logs are noted, and a running `serve` mends them from neighbours' copies.
    """
    places, problems = 0, []
    with opened(invocation, to_read=not repair) as node, Progress("Check", unit="log") as progress:
        for _, found in node.check():
            places += 1
            problems += found
            progress.update(places)
        frozen = node.frozen()
        marked = node.mark_damaged(problems) if repair else None
    if as_json:
        told = [{"place": problem.place, "what": problem.what} for problem in problems]
        to_repair = None if marked is None else marked.others + marked.own
        output.print_json(
            {
                "checked": places,
                "problems": told,
                "to_repair": to_repair,
                "signed_twice": frozen,
            }
        )
    tell_frozen(frozen)
    if not problems:
        logs = count(places - 1, "log")
        output.tell("done", f"All is whole: the file and {logs}.")
        return
    amount = count(len(problems), "problem")
    output.tell("failed", f"{amount} found.", "Keep a copy of the data directory as it is now.")
    for problem in problems[:_SHOWN]:
        output.note(f"{problem.place}: {problem.what}")
    if marked is not None:
        _tell_marked(marked)
    click.get_current_context().exit(1)


def _tell_marked(marked: "Marked") -> None:
    """What becomes of the damage now."""
    logs = marked.others + marked.own
    if logs:
        mended = f"`{own_name()} serve` mends {count(logs, 'log')} while it runs."
        output.tell("attention", mended, "It takes the rows from a neighbour that holds them.")
    if marked.own:
        own = f"{count(marked.own, 'log')} of them are this shop's: until then nothing is changed."
        hint = (
            "Where no neighbour holds it, put a copy of the data directory back. Where there is "
            f"none: `{own_name()} serve --as original` goes on with what can be read."
        )
        output.tell("attention", own, hint)
