"""Read a price list: CSV, Shopify, WooCommerce, or JSON Lines."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedretail.commands import Invocation, _reports, examples, output, pass_invocation
from fedretail.commands._common import SITE, opened
from fedretail.commands._progress import Progress

if TYPE_CHECKING:
    from fedretail.node.import_report import ImportReport


class _Format(click.Choice[str]):
    """One of these, or what a plug-in brings: the node knows which."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        return str(value)


@click.command(
    epilog=examples(
        "fedretail import prices.csv --dry-run",
        "fedretail import prices.csv",
        "fedretail import products_export.csv --format shopify --complete",
        "fedretail import wholesaler.csv --source wholesaler",
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--site", type=SITE, metavar="S", help="For which place, if several.")
@click.option(
    "--format",
    "format_",
    type=_Format(["auto", "csv", "shopify", "woocommerce", "jsonl"]),
    default="auto",
    show_default=True,
    help="What kind of file it is.",
)
@click.option("--source", metavar="NAME", help="Which list it is, if you take in several.")
@click.option("--dry-run", is_flag=True, help="Show how it is read; write nothing.")
@click.option("--complete", is_flag=True, help="The file holds all: withdraw what it lacks.")
@click.option("--yes", is_flag=True, help="Take prices that moved far, and large withdrawals.")
@output.json_option
@pass_invocation
def command(
    invocation: Invocation, *, file: Path, format_: str, as_json: bool, **given: Any
) -> None:
    """Read a price list from FILE into this shop's catalog.

    The same file twice changes nothing. Rows that cannot be read go to a file beside it, to
    be mended and imported. A price that moved by more than half waits for --yes.
    """
    from fedretail.node.import_report import ImportOptions

    same_list = [word for name in ("site", "source") for word in _option(name, given[name])]
    with opened(invocation, to_read=given["dry_run"]) as node:
        given["site"] = node.site(given["site"])
        options = ImportOptions(format=format_, **given)
        with Progress("Import", unit="row") as progress:

            def tell(done: int, total: int, rows: int) -> None:
                progress.update(rows, done / total if total else None)

            report = node.import_file(file, options, tell)
        now_ms = node.time.now_ms()
    _reports.tell(report, same_list=same_list, now_ms=now_ms)
    if as_json:
        output.print_json(_as_json(report))
    if not report.offers and not report.dry_run:
        click.get_current_context().exit(1)


def _option(name: str, value: str | None) -> list[str]:
    return [] if value is None else [f"--{name}", value]


def _as_json(report: "ImportReport") -> dict[str, Any]:
    return {
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "withdrawn": report.withdrawn,
        "rejected": report.rejected,
        "held": report.held,
        "reject_file": None if report.reject_file is None else str(report.reject_file),
        "dry_run": report.dry_run,
    }
