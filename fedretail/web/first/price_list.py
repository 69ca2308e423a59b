"""The price list of a first run: kept until there is a shop, read beforehand, published at its end.

It is read by a shop that is made for the moment and thrown away: what is shown is what will be.
"""

import secrets
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from fedretail.clock import Clock
from fedretail.connectors.columns import GENERIC
from fedretail.connectors.layout import find_layout, read_head
from fedretail.errors import FedretailError
from fedretail.node.import_report import ImportOptions, ImportReport
from fedretail.node.mending import wait
from fedretail.node.node import Node
from fedretail.node.setup import Shop, create_shop
from fedretail.web.manage.uploads import plain_name, write_body

_FOLDER, _LOOK = "list", "look-"
# Rows that can be mended in a browser afterwards.
_MOST_ROWS = 200
# More columns than this are no price list that somebody names by hand.
_MOST_COLUMNS = 60
Columns = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the list is read: what an import would do, or why it cannot be read.

    columns: heading -> role, None for one that is not read.
    """

    name: str
    columns: Columns
    report: ImportReport | None = None
    error: FedretailError | None = None


class PriceList:
    """The one file that waits in the folder of a first run."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder / _FOLDER
        self._clock = clock
        # No file is changed while it is read; two may come at once.
        self._lock = threading.Lock()
        # How much of it is read, 0 to 1, whoever is reading it just now.
        self.done = 0.0
        self._read: tuple[object, Reading] | None = None

    def clean(self) -> None:
        """Remove what a program that was killed has left."""
        for begun in (f"{_FOLDER}.*", f"{_LOOK}*"):
            for one in self._folder.parent.glob(begun):
                shutil.rmtree(one, ignore_errors=True)

    @property
    def path(self) -> Path | None:
        """The file; None where there is none."""
        if not self._folder.is_dir():
            return None
        return next(iter(sorted(self._folder.iterdir())), None)

    async def take(self, name: str, body: AsyncIterator[bytes]) -> None:
        """Write a file as it comes, in place of the one before, which stays where this fails."""
        new = self._begun()
        try:
            await write_body(new / plain_name(name), body)
            await run_in_threadpool(self._put, new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise

    def paste(self, text: str) -> None:
        """The rows of a spreadsheet as they are pasted into a field."""
        new = self._begun()
        new.mkdir(mode=0o700)
        (new / "pasted.txt").write_text(text, encoding="utf-8", newline="\n")
        self._put(new)

    def drop(self) -> None:
        """Forget the file."""
        with self._lock:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _begun(self) -> Path:
        """A folder for a file that is to come, beside that of others that come now."""
        return self._folder.with_name(f"{_FOLDER}.{secrets.token_hex(4)}")

    def _put(self, new: Path) -> None:
        with self._lock:
            shutil.rmtree(self._folder, ignore_errors=True)
            new.rename(self._folder)

    def read(self, shop: Shop, columns: Columns) -> Reading | None:
        """What the list would bring to this shop; None where there is none."""
        with self._lock:
            path = self.path
            if path is None:
                return None
            at = path.stat()
            key = (path, at.st_mtime_ns, at.st_size, tuple(columns.items()), shop.currency)
            if self._read is None or self._read[0] != key:
                self._read = key, self._look(path, shop, columns)
            return self._read[1]

    def _look(self, path: Path, shop: Shop, columns: Columns) -> Reading:
        try:
            with (
                tempfile.TemporaryDirectory(dir=path.parent.parent, prefix=_LOOK) as temporary,
                create_shop(Path(temporary) / "shop", shop, clock=self._clock) as node,
            ):
                options = _options(node, columns, dry_run=True)
                report = node.import_file(path, options, self._on_progress)
        except FedretailError as error:
            return Reading(path.name, _headings(path, columns), error=error)
        return Reading(path.name, report.reading.columns, report)

    def _on_progress(self, done: int, total: int, rows: int) -> None:
        self.done = done / total if total else 0.0

    def publish(self, node: Node, columns: Columns) -> None:
        """Import the list for good; rows that cannot be read wait under "To do"."""
        path = self.path
        if path is None:
            return
        wanted = _options(node, columns, dry_run=False)
        report = node.import_file(path, wanted, self._on_progress)
        if report.bad:
            wait(node, path, report.bad, wanted)


def _headings(path: Path, columns: Columns) -> Columns:
    try:
        headings = find_layout(path, read_head(path), GENERIC).headings
    except FedretailError:
        return {}
    return {heading: columns.get(heading) for heading in headings[:_MOST_COLUMNS]}


def _options(node: Node, columns: Columns, *, dry_run: bool) -> ImportOptions:
    return ImportOptions(
        node.site(),
        dry_run=dry_run,
        columns=columns,
        told=_MOST_ROWS,
        rejects=False,
        or_none=True,
    )
