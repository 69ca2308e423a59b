"""Tokens, with which other programs may write through the API."""

from typing import Any

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._common import opened, own_name
from fedretail.domain.texts import quoted


@click.group()
def command() -> None:
    """Tokens, with which other programs may write through the API."""


@command.command(
    epilog=examples(
        "fedretail token add till --scope offers:write",
        "fedretail token add till --scope offers:write --json",
    )
)
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    metavar="SCOPE",
    help="What it may do: offers:write (price and stock).",
)
@output.json_option
@pass_invocation
def add(invocation: Invocation, *, name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a token for the program NAME, and print it once.

    This computer keeps its hash alone. Whoever has it may do what its scopes say.
    """
    from fedretail.node import tokens

    with opened(invocation) as node:
        text = tokens.add(node, name, scopes)
    if as_json:
        output.print_json({"name": name, "scopes": sorted(set(scopes)), "token": text})
        return
    output.print_facts([("Token", text)])
    output.tell("done", f"{quoted(name)} may {', '.join(scopes)}.", "It is not shown again.")


@command.command("list", epilog=examples("fedretail token list", "fedretail token list --json"))
@output.json_option
@pass_invocation
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List who has a token, and for what."""
    from fedretail.domain.times import rfc3339
    from fedretail.node import tokens

    with opened(invocation, to_read=True) as node:
        found = tokens.tokens(node)
    told: list[dict[str, Any]] = [
        {
            "name": one.name,
            "scopes": list(one.scopes),
            "created_at": rfc3339(one.created_ms),
        }
        for one in found
    ]
    if as_json:
        output.print_json({"tokens": told})
        return
    if not told:
        output.tell("off", "Nobody has a token.", f"`{own_name()} token add NAME --scope …`")
    output.print_facts(
        [(one["name"], f"{', '.join(one['scopes'])} since {one['created_at']}") for one in told]
    )


@command.command(
    epilog=examples("fedretail token remove till", "fedretail token remove till --json")
)
@click.argument("name")
@output.json_option
@pass_invocation
def remove(invocation: Invocation, *, name: str, as_json: bool) -> None:
    """Let the token of NAME hold no longer."""
    from fedretail.errors import Refused
    from fedretail.node import tokens

    with opened(invocation) as node:
        was_there = tokens.remove(node, name)
    if not was_there:
        raise Refused(
            f"{quoted(name)} has no token.", hint=f"Who has one: `{own_name()} token list`"
        )
    output.tell("done", f"The token of {quoted(name)} holds no longer.")
    if as_json:
        output.print_json({"name": name, "removed": True})
