"""Imports for tests: one command's worth, and what became of an offer and its source."""

from pathlib import Path
from typing import Any

from fedretail.domain.ids import collection_of
from fedretail.node.import_report import ImportOptions, ImportReport
from fedretail.node.node import Node


def take(node: Node, path: Path, **options: Any) -> ImportReport:
    """What came of importing a file into the only site."""
    return node.import_file(path, ImportOptions(node.site(), **options))


def counts(report: ImportReport) -> dict[str, int]:
    """The counts of a report that are not 0."""
    names = ("new", "changed", "unchanged", "withdrawn", "rejected", "held", "missing")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def offer(node: Node, key: str) -> Any:
    """The public fields of an own offer, None where there is none."""
    found = node.record(node.place("offer", key, node.site()))
    return None if found is None else found.fields


def source(node: Node, name: str = "csv") -> Any:
    """When a source was last looked at (ms), None where it never was."""
    found = node.record(node.place("source", name, node.site()))
    return None if found is None else found.fields["checked_at"]


def confirmed_at(node: Node, key: str) -> int | None:
    """As of when search shows an offer as confirmed (ms)."""
    listing = node.show(f"{node.site().id}/{key}")
    assert listing is not None
    return listing.confirmed_at_ms


def site_seq(node: Node) -> int:
    """The seq of the one log of the only site."""
    (state,) = node.store.logs_of(node.owner or b"", collection_of(node.site().id))
    return state.point.seq
