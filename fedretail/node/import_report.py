"""How to import a file, and what an import did."""

from dataclasses import dataclass, field
from pathlib import Path

from fedretail.connectors import BadRow, Reading
from fedretail.domain.kind import Value
from fedretail.node.base import OwnSite


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import; yes: take prices that moved by more than half, and large withdrawals.

    source: which list of the shop it is, where it takes in several; None: one list a format.
    """

    site: OwnSite
    format: str = "auto"
    dry_run: bool = False
    complete: bool = False
    yes: bool = False
    source: str | None = None


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row that waits for a yes: its price moved from old to new, in minor units."""

    line: int
    name: str
    old_minor: int
    new_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A row that waits for a yes: another list of the shop has an article of this name."""

    line: int
    identity: str
    source: str


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do (dry_run)."""

    reading: Reading
    dry_run: bool
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    rejected: int = 0
    # What waits for a yes in all; of it withdrawals, and articles of another list.
    held: int = 0
    held_withdrawals: int = 0
    held_elsewhere: int = 0
    elsewhere: list[Elsewhere] = field(default_factory=list)
    # Offers of this source that the file does not hold any more and that stay.
    missing: int = 0
    weak: int = 0
    reject_file: Path | None = None
    bad: list[BadRow] = field(default_factory=list)
    held_rows: list[HeldRow] = field(default_factory=list)
    samples: list[dict[str, Value]] = field(default_factory=list)

    @property
    def offers(self) -> int:
        """Rows that stand in the catalog after the import."""
        return self.new + self.changed + self.unchanged

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return self.offers + self.rejected + self.held - self.held_withdrawals
