"""What several commands ask alike: values of options, the node, how it is called again."""

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from fedretail.commands import ARGUMENTS, Invocation, output
from fedretail.errors import MalformedInput, Unavailable, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from fedretail.node.node import Node

    _Type = click.ParamType[Any]
else:
    _Type = click.ParamType  # generic only since click 8.4


class Parsed(_Type):
    """An option that one of the domain's own functions reads; its words become the message."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What the text stands for; UsageError names the option and says what would fit."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except MalformedInput as error:
            option = param.opts[0] if param is not None else self.name
            raise UsageError(f"{option}: {sentence(error.message)}", hint=error.hint) from None


def sentence(text: str) -> str:
    """The text with a full stop at its end."""
    return text if text.endswith((".", "…", "?")) else f"{text}."


def _position(text: str) -> Any:
    from fedretail.domain.geo import parse_position

    return parse_position(text)


def _length(text: str) -> Any:
    from fedretail.domain.geo import parse_length

    return parse_length(text)


def _currency(text: str) -> Any:
    from fedretail.domain.money import parse_currency

    return parse_currency(text)


def _hours(text: str) -> Any:
    from fedretail.domain.hours import parse_hours

    return parse_hours(text) if text.strip() else ""


def _zone(text: str) -> Any:
    from fedretail.domain.hours import validate_zone

    return validate_zone(text)


def _name(text: str) -> str:
    from fedretail.domain.sites import MAX_SITE_NAME
    from fedretail.domain.texts import clean_line

    name = clean_line(text)
    if not name:
        raise MalformedInput("a name needs at least one letter")
    return _bounded(name, MAX_SITE_NAME, "a name")


def _contact(text: str) -> str:
    from fedretail.domain.sites import MAX_LINES
    from fedretail.domain.texts import clean_block

    return _bounded(clean_block(text), MAX_LINES, "a contact")


def _bounded(text: str, limit: int, what: str) -> str:
    if len(text) > limit:
        raise MalformedInput(f"{what} has at most {limit} characters")
    return text


def line(limit: int, what: str = "this") -> Parsed:
    """The type of an option that is one line of at most `limit` characters."""

    def parse(text: str) -> str:
        from fedretail.domain.texts import clean_line

        return _bounded(clean_line(text), limit, what)

    return Parsed("text", parse)


def block(limit: int) -> Parsed:
    """The type of an option that is a text of some lines, at most `limit` characters."""

    def parse(text: str) -> str:
        from fedretail.domain.texts import clean_block

        return _bounded(clean_block(text), limit, "this")

    return Parsed("text", parse)


class _Zone(Parsed):
    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list["CompletionItem"]:
        """The time zones that begin so."""
        from zoneinfo import available_timezones

        from click.shell_completion import CompletionItem

        return [
            CompletionItem(z) for z in sorted(available_timezones()) if z.startswith(incomplete)
        ]


class SiteRef(_Type):
    """The id or name of an own site, as typed; the shell completes names."""

    name = "site"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list["CompletionItem"]:
        """The names of this shop's sites that begin so; none where they cannot be read."""
        from click.shell_completion import CompletionItem

        from fedretail.errors import FedretailError

        root = ctx.find_root()
        try:
            with opened(Invocation(root.params.get("data_dir"), debug=False)) as node:
                names = [own.name for own in node.sites()]
        except (FedretailError, OSError):
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


POSITION = Parsed("position", _position)
LENGTH = Parsed("length", _length)
CURRENCY = Parsed("currency", _currency)
HOURS = Parsed("hours", _hours)
ZONE = _Zone("zone", _zone)
NAME = Parsed("name", _name)
CONTACT = Parsed("contact", _contact)
SITE = SiteRef()


@contextmanager
def opened(invocation: Invocation, *, to_read: bool = False) -> Iterator["Node"]:
    """The node of the chosen data directory, closed at the end.

    `to_read`: the command answers from what is there also where nothing can be written, and says
    so.
    """
    from fedretail.node.node import Node
    from fedretail.node.settling import settle
    from fedretail.store.store import FILE_NAME

    settle(invocation.data_dir)
    if not (invocation.data_dir / FILE_NAME).is_file():
        _refuse_lost(invocation)
        raise Unavailable(
            f"There is no shop in {invocation.data_dir} yet.",
            hint=f"Begin with `{own_name()} init`, in a browser with `{own_name()} serve`; "
            "or give another --data-dir.",
        )
    with Node.open(invocation.data_dir, or_frozen=to_read) as node:
        yield node
        if to_read:
            _tell_hindrance(node)


def _refuse_lost(invocation: Invocation) -> None:
    """Raise Unavailable where a shop was: `init` would make another one."""
    from fedretail.node import keyring
    from fedretail.store.database import PUT_BACK
    from fedretail.store.store import FILE_NAME

    if (invocation.data_dir / keyring.FILE_NAME).is_file():
        message = f"{invocation.data_dir} holds the keys of a shop, but not its {FILE_NAME}."
        raise Unavailable(message, hint=PUT_BACK)


def _tell_hindrance(node: "Node") -> None:
    """A line where nothing can be written: what was answered may be older than it need be."""
    if node.hindrance is not None:
        output.tell("attention", f"Answered from what is there. {node.hindrance.message}")
    elif node.store.is_frozen or not os.access(node.path, os.W_OK):
        output.tell(
            "attention", f"Answered from what is there; nothing can be written to {node.path}."
        )


def own_name() -> str:
    """How this very program is called for the same node: `fedretail`, or with its --data-dir."""
    root = click.get_current_context().find_root()
    source = root.get_parameter_source("data_dir")
    if source is not click.core.ParameterSource.COMMANDLINE:
        return "fedretail"
    return f"fedretail --data-dir {shlex.quote(str(root.params['data_dir']))}"


def as_called_here(text: str) -> str:
    """A text whose `commands` are those for this very node; what names another is left as it is."""
    return re.sub("`fedretail (?=[a-z])", lambda _: f"`{own_name()} ", text)


def same_command(*more: str) -> str:
    """The command line that is running, with something added, to be typed again in earnest."""
    typed: list[str] = click.get_current_context().meta.get(ARGUMENTS, [])
    kept = [word for word in typed if word not in ("--json", "--dry-run")]
    end = kept.index("--") if "--" in kept else len(kept)
    return shlex.join(["fedretail", *kept[:end], *more, *kept[end:]])


def asks_people() -> bool:
    """Whether somebody sits there who can answer."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
