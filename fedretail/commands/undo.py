"""Take back a change of the last 30 days, or a whole import."""

from typing import TYPE_CHECKING, Any

import click

from fedretail.commands import Invocation, _words, examples, output, pass_invocation
from fedretail.commands._common import opened
from fedretail.commands.output import Column
from fedretail.domain.texts import count
from fedretail.errors import UsageError

if TYPE_CHECKING:
    from fedretail.node.told import Told
    from fedretail.node.undo import Undone

_LISTED = 50


@click.command(
    epilog=examples("fedretail undo --list", "fedretail undo --dry-run", "fedretail undo")
)
@click.argument("change", required=False)
@click.option("--list", "is_list", is_flag=True, help="Show what can be undone.")
@click.option("--dry-run", is_flag=True, help="Show what would go back; write nothing.")
@output.json_option
@pass_invocation
def command(
    invocation: Invocation, *, change: str | None, is_list: bool, dry_run: bool, as_json: bool
) -> None:
    """Take back a change of the last 30 days, or a whole import.

    CHANGE is its number in the list; without one, the last that stands. What was changed again
    since stays as it is now, and is told. An undo can be undone too.
    """
    from fedretail.node.told import told
    from fedretail.node.undo import deeds, find, undo

    if is_list:
        if change is not None or dry_run:
            raise UsageError("--list only shows.", hint="Leave out the rest.")
        with opened(invocation, to_read=True) as node:
            listed = [told(node, one) for one in deeds(node, limit=_LISTED)]
            now_ms = node.clock.now_ms()
        _tell_list(listed, now_ms, as_json=as_json)
        return
    with opened(invocation, to_read=dry_run) as node:
        deed = find(node, change)
        what = next(told(node, one) for one in deeds(node, limit=1000) if one.deed.id == deed.id)
        done = undo(node, deed, dry_run=dry_run)
    _tell(what.text, done, dry_run=dry_run)
    if as_json:
        output.print_json(_as_json(deed.id, done, dry_run=dry_run))


def _tell(what: str, done: "Undone", *, dry_run: bool) -> None:
    if done.records:
        deed = "Would undo" if dry_run else "Undone"
        output.tell("done", f"{deed}: {what} ({count(done.records, 'record')})")
    else:
        output.tell("attention", f"Nothing is left to undo of: {what}")
    for name, field in done.kept:
        stays = f"{field} of {name}" if field else name
        output.tell("attention", f"Changed since, so it stays: {stays}")
    more = done.kept_count - len(done.kept)
    if more:
        output.note(f"And {more} more.")


def _as_json(number: str, done: "Undone", *, dry_run: bool) -> dict[str, Any]:
    return {
        "change": number,
        "records": done.records,
        "kept": [{"name": one.name, "field": one.field or None} for one in done.kept],
        "kept_count": done.kept_count,
        "dry_run": dry_run,
    }


def _tell_list(listed: "list[Told]", now_ms: int, *, as_json: bool) -> None:
    from fedretail.domain.times import rfc3339

    if as_json:
        objects = [
            {
                "change": one.id,
                "at": rfc3339(one.at_ms),
                "text": one.text,
                "undone": None if one.undone_ms is None else rfc3339(one.undone_ms),
            }
            for one in listed
        ]
        output.print_json({"changes": objects})
        return
    if not listed:
        output.tell("attention", "There is nothing to undo.", "Changes can be undone for 30 days.")
        return
    columns = [Column("Change"), Column("When"), Column("What", gives_way=True), Column("")]
    rows: list[list[str | output.Cell]] = [
        [one.id, _words.moment(one.at_ms, now_ms), one.text, "undone" if one.undone_ms else ""]
        for one in listed
    ]
    output.print_table(columns, rows)
