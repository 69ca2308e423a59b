"""Write all records as JSON Lines, for copies, other programs, or leaving."""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import click

from fedretail.commands import Invocation, _words, examples, output, pass_invocation
from fedretail.commands._asked import opened
from fedretail.commands._progress import Progress
from fedretail.errors import Refused, UsageError

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
@click.option("--mine", is_flag=True, help="Only this shop's records, with its own fields.")
@output.json_option
@pass_invocation
def command(invocation: Invocation, *, target: Path | None, mine: bool, as_json: bool) -> None:
    """Write all records as JSON Lines, one a line.

    With --json a summary goes to stdout; that needs -o.
    """
    if as_json and target is None:
        raise UsageError("The records go to stdout already.", hint="Give -o FILE with --json.")
    with (
        opened(invocation, to_read=True) as node,
        _written(target, is_private=mine) as out,
        Progress("Export", unit="records") as progress,
    ):
        records = node.export(out, mine=mine, on_progress=progress.update)
    if target is None:
        return
    output.tell("done", f"{_words.count(records, 'record')} in {target}", _OWN if mine else "")
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
    part: Path | None = None
    try:
        # A name that nobody foresees, and for its owner alone while it grows: in a folder that
        # others write to, a link laid out in advance would lead elsewhere.
        number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        part = Path(name)
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
            yield file
        if not is_private:
            part.chmod(0o666 & ~_umask())
        part.replace(target)
    except OSError as error:
        raise Refused(
            f"{target} cannot be written: {error.strerror or error}.",
            hint="Check the folder, and that the disk is neither full nor write-protected.",
        ) from error
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _umask() -> int:
    """What this user's new files keep from others; asking for it means setting it."""
    present = os.umask(0o077)
    os.umask(present)
    return present
