"""Rows that were mended before their file is published: a small file of their own beside it."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from fedretail.connectors import BadRow
from fedretail.node.base import BaseNode
from fedretail.node.import_report import ImportOptions, ImportReport
from fedretail.node.imports import OnProgress, import_file
from fedretail.node.price_lists import open_reader
from fedretail.store.deeds import Deed

# Under this key the store notes which rows wait for somebody to mend them.
_WAITING = "mend"
FOLDER = "mend"
# Where the rows that are tried or published lie, beside the file that they are from.
_BESIDE = "mended.rejects.csv"


def mended(bad: BadRow, text: str) -> BadRow | None:
    """The row with this text in the cell that was bad; None where no one cell is meant."""
    if bad.column not in bad.raw:
        return None
    return replace(bad, raw={**bad.raw, bad.column: text})


def import_rows(
    node: BaseNode, path: Path, rows: Sequence[BadRow], options: ImportOptions
) -> ImportReport:
    """Take mended rows of the file `path` in; MalformedInput where none of them can be read."""
    target = path.with_name(_BESIDE)
    write_rows(node, path, rows, (target, options))
    # They say nothing of the rest of the list.
    rows_only = replace(options, complete=False, rejects=False, or_none=False)
    return import_file(node, target, rows_only, lambda done, total, rows: None)


def publish(
    node: BaseNode, path: Path, rows: Sequence[BadRow], how: tuple[ImportOptions, OnProgress]
) -> tuple[ImportReport, int]:
    """Import a file and its mended rows as one deed; what the file did, how many offers in all."""
    deed = Deed.new()
    options = replace(how[0], deed=deed, dry_run=False)
    report = import_file(node, path, options, how[1])
    if not rows:
        return report, report.offers
    counts = dict(deed.what)
    more = import_rows(node, path, rows, options)
    report.moved |= more.moved
    for name in ("new", "changed", "unchanged", "withdrawn"):
        counts[name] += getattr(more, name)
    node.store.deeds.describe(deed._replace(what=counts))
    return report, report.offers + more.offers


def write_rows(
    node: BaseNode, path: Path, rows: Sequence[BadRow], target: tuple[Path, ImportOptions]
) -> None:
    """Write rows of the file `path` with its own headings, to be mended or imported."""
    with closing(open_reader(node, path, target[1])) as reader:
        reader.write_rejects(target[0], rows)


def wait(node: BaseNode, path: Path, rows: Sequence[BadRow], options: ImportOptions) -> None:
    """Keep rows that nobody has mended, until somebody does."""
    folder = node.path / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"{path.stem.removesuffix('.rejects')}.rejects{path.suffix}"
    write_rows(node, path, rows, (target, options))
    said = {"file": target.name, "rows": len(rows), "site": options.site.id}
    node.store.note(_WAITING, said)


def waiting(node: BaseNode) -> tuple[Path, int, str] | None:
    """(file, rows, site id) of rows that wait to be mended; None where there are none."""
    noted = node.store.noted(_WAITING)
    if noted is None:
        return None
    path = node.path / FOLDER / noted.value["file"]
    return (path, noted.value["rows"], noted.value["site"]) if path.is_file() else None


def settled(node: BaseNode) -> None:
    """Nobody waits any more."""
    found = waiting(node)
    node.store.note(_WAITING, None)
    if found is not None:
        found[0].unlink(missing_ok=True)
