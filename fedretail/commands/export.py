"""Write all records as JSON Lines, for copies, other programs, or leaving."""

import io
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._common import opened
from fedretail.commands._progress import Progress
from fedretail.commands._search_options import VIEW
from fedretail.domain.texts import count
from fedretail.errors import Refused, UsageError
from fedretail.files import whole_file

# What many programs take for stdout.
_STDOUT = Path("-")
_OWN = "It holds what only you know: costs, suppliers, exact stock. Keep it to yourself."


@click.command(
    epilog=examples(
        "fedretail export -o everything.jsonl",
        "fedretail export --mine -o mine.jsonl",
        "fedretail export | gzip > everything.jsonl.gz",
    )
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to FILE instead of stdout.",
)
@click.option("--force", is_flag=True, help="Replace FILE whatever it holds.")
@click.option("--mine", is_flag=True, help="Only this shop's records, with its own fields.")
@click.option("--view", type=VIEW, metavar="NAME", help="Only what this view shows.")
@output.json_option
@pass_invocation
def command(
    invocation: Invocation,
    *,
    target: Path | None,
    force: bool,
    mine: bool,
    view: str | None,
    as_json: bool,
) -> None:
    """Write all records as JSON Lines, one a line.

    FILE may be new or an earlier export, which is replaced when the new one is whole. With --json
    a summary goes to stdout; that needs -o.
    """
    target = None if target == _STDOUT else target
    if as_json and target is None:
        raise UsageError("The records go to stdout already.", hint="Give -o FILE with --json.")
    if target is not None:
        _check_free(target, invocation.data_dir, force=force)
    with (
        opened(invocation, to_read=True) as node,
        _written(target, is_private=mine) as out,
        Progress("Export", unit="record") as progress,
    ):
        shown = None if view is None else node.view(view)
        records = node.export(out, mine=mine, view=shown, on_progress=progress.update)
    if target is None:
        return
    output.tell("done", f"{count(records, 'record')} in {target}", _OWN if mine else "")
    if as_json:
        output.print_json({"records": records, "file": str(target)})


@contextmanager
def _written(target: Path | None, *, is_private: bool) -> Iterator[TextIO]:
    """Where the lines go; a file appears under its name only when it is whole.

    `is_private`: nobody but this user may read it.
    """
    if target is None:
        # The format is UTF-8 with \n, whatever the terminal's letters are.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        yield sys.stdout
        return
    try:
        with whole_file(target, is_private=is_private) as file:
            yield file
    except OSError as error:
        raise Refused(
            f"{target} cannot be written: {error.strerror or error}.",
            hint="Check the folder, and that the disk is neither full nor write-protected.",
        ) from error


def _check_free(target: Path, data_dir: Path, *, force: bool) -> None:
    """Refused where something lies at `target` that an export must not, or may not, replace.

    An earlier export of ours gives way to a new one, as a copy that is made every week does.
    """
    try:
        mode = target.lstat().st_mode
    except OSError:
        return  # nothing there; or writing says what is wrong
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        hint = "To a pipe or a device records go without -o: `fedretail export > …`."
        raise Refused(f"{target} is no ordinary file.", hint=hint)
    if stat.S_ISREG(mode) and _is_replaceable(target):
        return
    if target.resolve().parent == data_dir.resolve():
        hint = "Give a name outside the data directory."
        raise Refused(f"{target} belongs to the shop's own data.", hint=hint)
    if not force:
        what = "is a link" if stat.S_ISLNK(mode) else "is there already, and is no export"
        hint = "Give another name, or --force to put the export in its place."
        raise Refused(f"{target} {what}.", hint=hint)


def _is_replaceable(target: Path) -> bool:
    """Whether a file is empty, or an export: one whose first line says so."""
    from fedretail.connectors.exchange import write_header

    header = write_header().encode("utf-8")
    try:
        with target.open("rb") as file:
            return file.read(len(header)) in (b"", header)
    except OSError:
        return False
