"""The command line: global options, finding commands by file name, errors to exit codes.

A command is imported only when it is called; listing and completing names read the first line of
each file's docstring and import nothing.
"""

import ast
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

import fedretail.commands
from fedretail import __version__
from fedretail.commands import ARGUMENTS, COMPLETION_VARIABLE, Invocation, output
from fedretail.commands._collector import collect_seldom
from fedretail.commands._common import as_called_here
from fedretail.commands._failures import INTERRUPTED, failure_of
from fedretail.errors import FedretailError

_NOT_COMMANDS = {"output"}


class CommandFolder(click.Group):
    """The files of fedretail/commands as click commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All command names, sorted."""
        return sorted(_files())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now; None where there is none."""
        path = _files().get(cmd_name)
        if path is None:
            return None
        command = import_module(f"fedretail.commands.{path.stem}").command
        assert isinstance(command, click.Command), f"{path} defines no click command"
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it; an unknown name is answered with the nearest known one."""
        name = args[0]
        if name not in _files() and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"There is no command '{name}'.{_nearest(name)}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in --help, without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_line(path)) for name, path in _sorted_files()])

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list["click.shell_completion.CompletionItem"]:
        """Names and their first lines for the shell, without importing the commands."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(name, help=_first_line(path))
            for name, path in _sorted_files()
            if name.startswith(incomplete)
        ]


_BEGIN = """\b
Begin:
  fedretail serve   a link that sets your shop up in a browser
  fedretail init    the same in the terminal
  fedretail demo    three made-up shops, to look at
"""


@click.command(
    cls=CommandFolder,
    invoke_without_command=True,
    epilog=_BEGIN,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--data-dir",
    envvar="FEDRETAIL_DATA_DIR",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of this node's data (FEDRETAIL_DATA_DIR).",
)
@click.option("--debug", is_flag=True, help="Show where an error came from.")
@click.version_option(__version__, prog_name="fedretail", message="%(prog)s %(version)s")
@click.pass_context
def root(ctx: click.Context, data_dir: Path | None, debug: bool) -> None:
    """Shops share catalogs, prices and stock with their neighbours."""
    ctx.obj = Invocation(chosen_data_dir=data_dir, debug=debug)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and returns the exit code of the process."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    collect_seldom()
    if COMPLETION_VARIABLE in os.environ:
        root.main(args, prog_name="fedretail", complete_var=COMPLETION_VARIABLE)
    try:
        exit_code = _run(list(args))  # click empties the list it is given
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_left()
    except BaseException as error:  # noqa: BLE001 (panics of Rust extensions are no Exception)
        return _tell(error, args)
    return exit_code


def _run(args: list[str]) -> int:
    typed = list(args)
    try:
        with root.make_context("fedretail", args) as ctx:
            ctx.meta[ARGUMENTS] = typed
            try:
                root.invoke(ctx)
            except FedretailError as error:
                error.message = as_called_here(error.message)
                error.hint = as_called_here(error.hint)
                raise
    except click.exceptions.Exit as leave:
        return leave.exit_code
    return 0


def _reader_left() -> int:
    """`fedretail search milk | head -1`: whoever read has had enough, which is no error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _tell(error: BaseException, args: list[str]) -> int:
    """Shows an error on stderr, with --json also on stdout, and returns its exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    ours = args[: args.index("--")] if "--" in args else args
    if "--debug" in ours:
        traceback.print_exception(error)
    if type(error).__name__ == "NoArgsIsHelpError" and isinstance(error, click.UsageError):
        click.echo(error.format_message(), err=True)
        return 2
    failure = failure_of(error)
    mark: output.Mark = "attention" if failure.exit_code == INTERRUPTED else "failed"
    output.tell(mark, failure.message, failure.hint)
    if "--json" in ours:
        output.print_json_error(failure.message, failure.hint)
    return failure.exit_code


def _files() -> dict[str, Path]:
    """Command name -> its file. `import_.py` is `import`, `a_b.py` is `a-b`."""
    found = {}
    for folder in fedretail.commands.__path__:
        for path in Path(folder).glob("*.py"):
            if not path.stem.startswith("_") and path.stem not in _NOT_COMMANDS:
                found[path.stem.rstrip("_").replace("_", "-")] = path
    return found


def _sorted_files() -> list[tuple[str, Path]]:
    return sorted(_files().items())


def _first_line(path: Path) -> str:
    """The first line of a file's docstring, read without importing the file."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def _nearest(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, _files(), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""
