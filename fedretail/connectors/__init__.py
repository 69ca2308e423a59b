"""Connectors: other people's files in, rows of offers out.

    reader = open_source(Path("Preisliste.csv"), currency="EUR")
    reader.reading                 how it is read, to be shown before anything is written
    for row in reader: ...         Row or BadRow, streaming
    reader.profile                 to be kept for the next import of the same source

Formats: "csv" (any price list), "shopify", "woocommerce", "jsonl" (our exchange format).
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from fedretail.connectors.csv_reader import Format
from fedretail.connectors.rows import BadRow, Options, Reader, Reading, Row
from fedretail.connectors.sources import FORMATS, open_source_with
from fedretail.domain.kind import Value

Profile = Mapping[str, Value]


def open_source(
    path: Path,
    format: str = "auto",  # noqa: A002 - the word that the command line and the docs use
    *,
    currency: str,
    time_zone: str = "UTC",
    few_below: int = 6,
    show_left: bool = True,
    source_profile: Profile | Callable[[str], Profile | None] | None = None,
    site_id: str | None = None,
    further: Mapping[str, Callable[[], Format]] | None = None,
) -> Reader:
    """A reader of the file, its format found out or given.

    Raises MalformedInput when the file cannot be such a file at all (binary, empty, columns
    missing, broken JSON), UsageError for an unknown format or a file that is not there.
    source_profile: what `Reader.profile` said last time, or a function that finds it by the name
    of the format, once that is known. A profile of another format is not used.
    further: formats of plug-ins by name; they are read where `format` names them.
    """
    find = source_profile if callable(source_profile) else lambda _: source_profile
    options = Options(
        currency,
        time_zone,
        few_below,
        show_left,
        site_id=site_id,
    )
    return open_source_with(path, format, options, find, further or {})


__all__ = ["FORMATS", "BadRow", "Options", "Reader", "Reading", "Row", "open_source"]
