"""What every connector hands out: rows, bad rows, and how the file was read.

    file -> Reader -> Row | BadRow, Row | BadRow, ...      one at a time, in the order of the file

A connector knows nothing of stores and networks: it turns lines of somebody else's file into the
fields of an offer. It never stops at a bad row and never guesses silently: what it assumed stands
in `Reading`, what it could not read comes out as `BadRow` with a proposal where there is one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fedretail.domain.kind import Value
from fedretail.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Row:
    """One offer of the file.

    line: where its record begins, counted from 1.  identity: the article's permanent name within
    this source (`fedretail.domain.ids.record_key` makes the record key of it).  weak: the identity
    is a hash of the name, so a renamed article becomes a new one.  fields: names and encodings of
    `fedretail.domain.catalog`, own fields under their own names. None = the file has a column for
    it and says nothing there: the field is cleared where the record has one, and never written
    to a record without it.
    """

    line: int
    identity: str
    weak: bool
    fields: dict[str, Value]


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that was not read, and why.

    column: heading in the file's own words, "" when the whole row is meant.  reason: what is wrong
    or was expected.  guess: a value that would fit, "" without one.
    raw: heading -> cell as it stood in the file.  identity: the article that is meant, as in
    `Row`, "" where that cannot be told; it is in the file, so it has not vanished from it.
    """

    line: int
    column: str
    found: str
    reason: Reason
    guess: str = ""
    raw: dict[str, str] = field(default_factory=dict)
    identity: str = ""

    @property
    def expected(self) -> str:
        """The reason in English, for terminals and files."""
        return self.reason.english


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is being read; shown before anything is written.

    encoding: Python's codec name.  delimiter: "" for JSON Lines.  decimal: "," or "." or None
    (no evidence: each price is judged by itself).  currency_assumed: the file names none, the
    site's is taken.  identity: "sku" | "source" | "gtin" | "name".  columns: heading -> role as in
    `fedretail.connectors.columns`, None = not read and not published.  notes: grows while rows
    are read.
    """

    format: str
    encoding: str
    delimiter: str
    decimal: str | None
    currency: str
    currency_assumed: bool
    identity: str
    columns: dict[str, str | None]
    notes: list[Reason]


class Reader(Protocol):
    """An open source. Iterate once; memory does not grow with the file."""

    @property
    def reading(self) -> Reading:
        """How the file is read."""

    @property
    def profile(self) -> dict[str, Value]:
        """What to store for this source and hand in at its next import."""

    def __iter__(self) -> Iterator[Row | BadRow]: ...

    def progress(self) -> tuple[int, int]:
        """(bytes read, bytes in all)."""

    def close(self) -> None:
        """Close the file, when it is not read to its end."""

    def write_rejects(self, path: Path, bad_rows: Iterable[BadRow]) -> int:
        """Number of rows written to `path` so that they can be mended and imported again."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller knows of the shop that the file belongs to.

    currency: ISO 4217 of the site.  time_zone: IANA name; a date in a file means that whole day
    there.  few_below: counts under this are "few".  show_left: whether
    shoppers see the count when few are left.  profile: as `Reader.profile` gave it last time.
    site_id: which site's offers to read from an export that holds several.
    """

    currency: str
    time_zone: str = "UTC"
    few_below: int = 6
    show_left: bool = True
    profile: Mapping[str, Value] = field(default_factory=dict)
    site_id: str | None = None

    @property
    def profile_columns(self) -> dict[str, Value]:
        """Heading -> role as the profile has them, also of headings that this file lacks."""
        columns = self.profile.get("columns")
        return dict(columns) if isinstance(columns, dict) else {}
