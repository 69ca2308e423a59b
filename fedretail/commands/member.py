"""Say who this shop is, as the law asks of a seller."""

from typing import TYPE_CHECKING, Any

import click

from fedretail.commands import Invocation, examples, output, pass_invocation
from fedretail.commands._common import NAME, block, line, opened
from fedretail.domain.members import MAX_LINES, MAX_MEMBER_NAME
from fedretail.errors import UsageError

if TYPE_CHECKING:
    from fedretail.domain.members import Member

_IMPRINT = ("legal_name", "address", "contact", "register", "vat_number")


_NOT_WHOLE = "The imprint is not whole yet."
_LINES, _SHORT = block(MAX_LINES), line(MAX_MEMBER_NAME)


@click.group()
def command() -> None:
    """Say who this shop is, as the law asks of a seller."""


@command.command(
    "set",
    epilog=examples(
        'fedretail member set --legal-form e.K. --legal-name "Ada Miller e.K."'
        ' --address "Lange Gasse 3, 72070 Tübingen" --contact "+49 7071 123, ada@example.org"',
        "fedretail member set --private --name Ada --town Tübingen",
    ),
)
@click.option("--name", type=NAME, metavar="N", help="As neighbours and shoppers know you.")
@click.option("--legal-form", type=_SHORT, metavar="TEXT", help="Such as GmbH, e.K., Ltd.")
@click.option("--legal-name", type=_LINES, metavar="TEXT", help="Name in the register.")
@click.option("--address", type=_LINES, metavar="TEXT", help="Address for letters.")
@click.option("--contact", type=_LINES, metavar="TEXT", help="Telephone and mail.")
@click.option("--register", type=_LINES, metavar="TEXT", help="Register and number, if any.")
@click.option("--vat-number", type=_LINES, metavar="TEXT", help="VAT number, if any.")
@click.option("--private/--trade", default=None, help="Sells as a private person, or by trade.")
@click.option("--town", type=_SHORT, metavar="TEXT", help="Shown for a private seller.")
@output.json_option
@pass_invocation
def set_(invocation: Invocation, *, as_json: bool, **given: Any) -> None:
    """Fill in the imprint; shown with every offer.

    An empty text takes a part out again.
    """
    said = {name: value for name, value in given.items() if value is not None}
    if not said:
        raise UsageError(
            "Nothing to change is given.",
            hint="Owed are --legal-form, --legal-name, --address and --contact.",
        )
    with opened(invocation) as node:
        from fedretail.domain.members import Imprint, Member

        present = Member.from_fields(node.member()).imprint.to_value()
        parts = {name: said.pop(name) for name in _IMPRINT if name in said}
        imprint = Imprint.from_value({**present, **parts}).to_value()
        fields = {name: value or None for name, value in said.items()}
        changed = node.set_member({**fields, **({"imprint": imprint} if parts else {})})
        member = Member.from_fields(node.member())
    _tell(member, changed=changed)
    if as_json:
        output.print_json({"member": _member_object(member), "changed": changed})


def _tell(member: "Member", *, changed: bool) -> None:
    output.tell("done", f"{'Changed' if changed else 'As before'}: {member.name}")
    missing = member.imprint_missing()
    if missing:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        what = "A private seller shows a first name and a town." if member.private else _NOT_WHOLE
        output.tell("attention", what, f"Still missing: {options}")


def _member_object(member: "Member") -> dict[str, Any]:
    """This member as --json prints it."""
    return {
        "name": member.name,
        "legal_form": member.legal_form,
        "imprint": {name: getattr(member.imprint, name) for name in _IMPRINT},
        "private": member.private,
        "town": member.town,
        "missing": list(member.imprint_missing()),
    }
