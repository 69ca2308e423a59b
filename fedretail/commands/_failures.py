"""From an exception to what the user reads: message, hint, exit code.

0 done   1 nothing found, or refused with a reason   2 misuse   70 our own fault   130 interrupted
"""

import errno
import sys
from dataclasses import dataclass

import click

from fedretail.errors import FedretailError

OWN_FAULT = 70
INTERRUPTED = 130

_REPORT = "Run the same command again as `fedretail --debug …` and send us what it prints."


@dataclass(frozen=True, slots=True)
class Failure:
    """One error as it is shown: what, what next, and the exit code of the process."""

    message: str
    hint: str
    exit_code: int


def failure_of(error: BaseException) -> Failure:
    """What to say about any exception, alone or in a group of a nursery."""
    error = _root(error)
    if isinstance(error, FedretailError):
        return Failure(error.message, error.hint, error.exit_code)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return Failure(_told_on_interrupt(error), "", INTERRUPTED)
    if isinstance(error, click.UsageError):
        return Failure(_misuse(error), _help_of(error), 2)
    if isinstance(error, click.ClickException):
        return Failure(error.format_message(), "", error.exit_code)
    if isinstance(error, OSError):
        return Failure(_world_message(error), _world_hint(error), 1)
    return _from_sqlite(error) or _own_fault(error)


def _root(error: BaseException) -> BaseException:
    """The first exception of a group that says most: an interrupt, then one of ours."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = [_root(inner) for inner in error.exceptions]
    for wanted in (KeyboardInterrupt, FedretailError):
        for leaf in leaves:
            if isinstance(leaf, wanted):
                return leaf
    return leaves[0]


def _told_on_interrupt(error: BaseException) -> str:
    """A command that stops midway raises KeyboardInterrupt(sentence)."""
    told = error if error.args else error.__cause__
    return str(told) if told is not None and told.args else "Stopped."


def _misuse(error: click.UsageError) -> str:
    """What click says, without its "Invalid value for": the option and what is wrong with it."""
    if type(error) is click.BadParameter and error.param is not None and error.ctx is not None:
        option = error.param.get_error_hint(error.ctx).replace("'", "")
        return f"{option}: {error.message}"
    # "Choose from:" has a line for each choice.
    return " ".join(error.format_message().split())


def _help_of(error: click.UsageError) -> str:
    if isinstance(error, click.NoSuchOption) and error.option_name in ("--data-dir", "--debug"):
        return f"It stands before the command: `fedretail {error.option_name} …`."
    return f"See `{error.ctx.command_path} --help`." if error.ctx else ""


def _world_hint(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Make room, then run the same command again."
    if error.filename and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR):
        return "See that the folder exists, and that it is no file."
    if error.filename and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "See that this user may write there, or give another place."
    return ""


def _world_message(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    return f"{what}: {error.filename}." if error.filename else f"{what}."


def _from_sqlite(error: BaseException) -> Failure | None:
    """What store and index have not put into words themselves: the disk's fault, not ours."""
    sqlite3 = sys.modules.get("sqlite3")
    if sqlite3 is None or not isinstance(error, sqlite3.Error):
        return None
    from fedretail.store.database import reason_of

    told = reason_of(error, "The data")
    return None if told is None else failure_of(told)


def _own_fault(error: BaseException) -> Failure:
    return Failure(
        f"Something in fedretail itself went wrong ({type(error).__name__}).", _REPORT, OWN_FAULT
    )
