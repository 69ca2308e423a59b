"""Look whether all that is stored is whole: every sum and signature again."""

from typing import TYPE_CHECKING

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._common import as_called_here, opened, own_name
from fedretail.commands._frozen import tell_frozen
from fedretail.commands._progress import Progress
from fedretail.domain.texts import count

if TYPE_CHECKING:
    from fedretail.node.node import Node
    from fedretail.store.check import Problem
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
        stopped = node.store.own_logs.stopped
        marked = node.mark_damaged(problems) if repair else None
        # Several rows of one log may have the same to say.
        lines = list(dict.fromkeys(_line(node, problem) for problem in problems))
    if as_json:
        told = [{"place": problem.place, "what": problem.what} for problem in problems]
        to_repair = None if marked is None else marked.others + marked.own
        output.print_json(
            {
                "checked": places,
                "problems": told,
                "to_repair": to_repair,
                "signed_twice": frozen,
                "stopped": stopped,
            }
        )
    tell_frozen(frozen)
    if stopped is not None:
        _tell_stopped(stopped)
    if not problems:
        logs = count(places - 1, "log")
        output.tell("done", f"All is whole: the file and {logs}.")
        return
    _tell_problems(problems, lines, marked)
    click.get_current_context().exit(1)


def _tell_problems(problems: "list[Problem]", lines: list[str], marked: "Marked | None") -> None:
    amount = count(len(problems), "problem")
    output.tell("failed", f"{amount} found.", "Keep a copy of the data directory as it is now.")
    for line in lines[:_SHOWN]:
        output.note(line)
    if len(lines) > _SHOWN:
        output.note(f"… {len(lines) - _SHOWN:,} more.")
    if not all(problem.log for problem in problems):
        from fedretail.store.database import PUT_BACK

        output.tell("attention", "The file itself is damaged.", as_called_here(PUT_BACK))
    if marked is not None:
        _tell_marked(marked)
    elif any(problem.log for problem in problems):
        mend = f"`{own_name()} check --repair` has neighbours mend what they hold,"
        output.tell("attention", mend, "and says what to do where none does.")


def _line(node: "Node", problem: "Problem") -> str:
    """What is wrong, and with whose log: by the shop's name, where that can still be read."""
    name = node.damaged_name(problem)
    place = f"{name}, {problem.place}" if name else problem.place
    return f"{place}: {problem.what}"


def _tell_stopped(reason: str) -> None:
    """That nothing is written here, which is no damage either."""
    from fedretail.store.writing import stopped

    refused = stopped(reason)
    output.tell("attention", refused.message, as_called_here(refused.hint))


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
