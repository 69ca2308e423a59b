"""How to import a file, and what an import did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fedretail.connectors import BadRow, Reading
from fedretail.domain.kind import Value
from fedretail.node.looks import Look
from fedretail.node.own_sites import OwnSite
from fedretail.store.deeds import Deed


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import; yes: take prices that moved by more than half, and large withdrawals.

    source: which list of the shop it is, where it takes in several; None: one list a format.
    columns: heading -> role (None: not read), where somebody has said what a column means. told:
    as many bad and held rows are told. deed: what it is undone with, None for one of its own.
    rejects: whether bad rows go to a file beside this one. is_whole: with complete: yes to a large
    withdrawal alone. or_none: a file of which no row can be read is reported, not refused.
    look: what somebody saw before saying yes; offers that have changed since stay as they are.
    """

    site: OwnSite
    format: str = "auto"
    dry_run: bool = False
    complete: bool = False
    yes: bool = False
    source: str | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict)
    # As many as a screen shows; all bad ones are in the reject file.
    told: int = 20
    deed: Deed | None = None
    rejects: bool = True
    is_whole: bool = False
    or_none: bool = False
    look: Look | None = None


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
    # Names of the offers that somebody else has changed since the look, by their keys.
    moved: dict[str, str] = field(default_factory=dict)
    # Offers of this source that the file does not hold any more and that stay.
    missing: int = 0
    # Offers of this source before, and of them those that the file does not hold, whatever is done
    # about them; is_part: it holds less than half of those that its last import named.
    known: int = 0
    gone: int = 0
    is_part: bool = False
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
        return self.offers + self.rejected + self.held - self.held_withdrawals + len(self.moved)
