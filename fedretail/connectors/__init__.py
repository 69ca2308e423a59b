"""Connectors: other people's files in, rows of offers out.

    reader = open_source(Path("Preisliste.csv"), currency="EUR")
    reader.reading                 how it is read, to be shown before anything is written
    for row in reader: ...         Row or BadRow, streaming
    reader.profile                 to be kept for the next import of the same source

Formats: "csv" (any price list), "shopify", "woocommerce", "jsonl" (our exchange format).
"""

from collections.abc import Mapping
from pathlib import Path

from fedretail.connectors.rows import BadRow, Options, Reader, Reading, Row
from fedretail.connectors.sources import FORMATS, open_source_with
from fedretail.domain.kind import Value


def open_source(
    path: Path,
    format: str = "auto",  # noqa: A002 - the word that the command line and the docs use
    *,
    currency: str,
    time_zone: str = "UTC",
    few_below: int = 6,
    show_left: bool = True,
    source_profile: Mapping[str, Value] | None = None,
    site_id: str | None = None,
) -> Reader:
    """A reader of the file, its format found out or given.

    Raises MalformedInput when the file cannot be such a file at all (binary, empty, columns
    missing, broken JSON), UsageError for an unknown format or a file that is not there.
    """
    options = Options(
        currency,
        time_zone,
        few_below,
        show_left,
        profile=source_profile or {},
        site_id=site_id,
    )
    return open_source_with(path, format, options)


__all__ = ["FORMATS", "BadRow", "Options", "Reader", "Reading", "Row", "open_source"]
