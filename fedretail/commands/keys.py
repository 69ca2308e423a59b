"""Show this computer's keys, or save a copy of them."""

from pathlib import Path

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._common import opened, own_name

_COPY_NAME = "fedretail-keys.backup"


@click.group()
def command() -> None:
    """Show this computer's keys, or save a copy of them."""


@command.command(epilog=examples("fedretail keys show", "fedretail keys show --json"))
@output.json_option
@pass_invocation
def show(invocation: Invocation, *, as_json: bool) -> None:
    """Show the public halves of the keys, and where the file lies."""
    with opened(invocation, to_read=True) as node:
        keys = node.keys()
    if as_json:
        output.print_json(keys)
        return
    facts = [
        ("Member", keys["member"] or "none: this node only searches"),
        ("Device", keys["device"]),
        ("Name among neighbours", keys["peer_id"]),
        ("File", keys["file"]),
        ("Copy saved", "yes" if keys["backed_up"] else "not yet"),
    ]
    output.print_facts(facts)
    if not keys["backed_up"]:
        output.tell("attention", "Save a copy of your key.", f"`{own_name()} keys backup`")


@command.command(
    epilog=examples("fedretail keys backup", "fedretail keys backup /media/stick/keys")
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@output.json_option
@pass_invocation
def backup(invocation: Invocation, *, file: Path | None, as_json: bool) -> None:
    """Save a copy of the keys as FILE; a file or folder.

    Without FILE it is written into the present folder. Who has it can act as this shop.
    """
    target = Path(_COPY_NAME) if file is None else file
    if target.is_dir():
        target /= _COPY_NAME
    with opened(invocation, to_read=True) as node:
        node.backup_keys(target)
    output.tell(
        "done",
        f"Your key is saved: {target}",
        "Keep it on another disk, away from this computer; who has it can act as this shop.",
    )
    if as_json:
        output.print_json({"file": str(target)})
