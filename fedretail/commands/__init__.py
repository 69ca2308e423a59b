"""One file a command: parse options, call Node, print by `commands.output`.

A file `import_.py` is the command `import`; its docstring's first line stands in `fedretail
--help`, its click object is named `command`. Files that begin with `_`, and `output.py`, are no
commands. A command is imported only when it is called.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

# By this variable a shell asks click to complete a line.
COMPLETION_VARIABLE = "_FEDRETAIL_COMPLETE"
# Where a click context keeps the words of the command line, to say "the same with --yes".
ARGUMENTS = "fedretail.arguments"


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the global options said; handed to every command as its first argument."""

    chosen_data_dir: Path | None
    debug: bool

    @property
    def data_dir(self) -> Path:
        """The node's folder: --data-dir, else FEDRETAIL_DATA_DIR, else the user's own."""
        if self.chosen_data_dir is not None:
            return self.chosen_data_dir
        from fedretail.config import default_data_dir

        return default_data_dir()


def pass_invocation(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: hands the Invocation to a command as its first argument."""

    def with_invocation(*args: Any, **kwargs: Any) -> Any:
        return function(click.get_current_context().find_object(Invocation), *args, **kwargs)

    return update_wrapper(with_invocation, function)


def examples(*lines: str) -> str:
    """The `epilog` of a command: command lines that work as they stand; every command has some."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
