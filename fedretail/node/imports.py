"""Imports: a file's rows become edits of one site's offers, and only what differs is written.

Rules: the same file twice writes nothing but the day's `checked_at`; a bad row goes to the reject
file and stops nothing; a price that moved by more than half is held until somebody says yes; an
offer that is no longer in the file stays, unless the file is said to be complete. Rows are
committed in batches, so an interrupted import goes on with the same command.

An offer's `source` names the file that stands behind its price. What the file did not confirm
(gone, held, not readable) gets that name with a minus: nobody has looked at it since.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

from fedretail.connectors import FORMATS, BadRow, Reader, Row
from fedretail.crdt.registers import Folded
from fedretail.crdt.row import Groups
from fedretail.domain.catalog import Offer
from fedretail.domain.ids import collection_of, record_key
from fedretail.domain.kind import RecordId, Value
from fedretail.domain.prices import moved_by_half
from fedretail.domain.reasons import NotRead, Reason
from fedretail.domain.texts import count
from fedretail.errors import MalformedInput
from fedretail.node import rejects
from fedretail.node.base import BaseNode
from fedretail.node.import_report import Elsewhere, HeldRow, ImportOptions, ImportReport
from fedretail.node.looks import COUNT, Raced, check_uncounted, check_unmoved
from fedretail.node.price_lists import open_reader
from fedretail.node.reductions import amount_now, is_repriced, with_lowest
from fedretail.node.vanished import UNCONFIRMED, Named, Rest, is_unconfirmed
from fedretail.store.commits import Edit
from fedretail.store.deeds import Deed

OnProgress = Callable[[int, int, int], None]
# Nobody waits longer than a fifth of a second for the write lock.
BATCH_ROWS = 500
BATCH_MS = 200
# Reading a source again within the same day says nothing new.
CHECKED_AGAIN_MS = 20 * 3600 * 1000
# An export of ours names the sources of its offers; a file with more than these is none of ours.
_MAX_SOURCES = 50


def import_file(
    node: BaseNode, path: Path, options: ImportOptions, on_progress: OnProgress
) -> ImportReport:
    """Take a file's offers into a site.

    MalformedInput where the file cannot be read at all, or no row of it. KeyboardInterrupt leaves
    what was committed and says how far it came.
    """
    with ExitStack() as stack:
        reader = open_reader(node, path, options)
        as_read = rejects.fingerprint(path)
        stack.callback(reader.close)
        spill = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n"))
        run = _Import(node, options, reader, spill)
        try:
            run.read(on_progress)
            run.check_any_read(path)
            run.finish()
        except KeyboardInterrupt:
            rows = run.report.rows
            raise KeyboardInterrupt(
                f"Stopped after {count(rows, 'row')}. Same command goes on from there."
            ) from None
        run.note_deed(path)
        if run.report.rejected and options.rejects and not options.dry_run:
            run.report.reject_file = rejects.write_rejects(node, reader, path, run.spilled)
        if not (options.dry_run or run.report.held):
            rejects.note_spent(node, as_read)
    return run.report


def _owner(node: BaseNode) -> bytes:
    return node.identity.author().owner


class _Present(NamedTuple):
    """What is known of an offer before its row is looked at; history: versions, read on demand."""

    place: RecordId
    folded: Folded | None
    own: dict[str, Value]
    history: Callable[[], dict[RecordId, list[Groups]]]

    def versions(self) -> Iterator[Groups]:
        """Its row versions, newest first."""
        yield from self.history().get(self.place, [])


class _Import:
    """One run: rows in, batches out, counts kept."""

    def __init__(
        self, node: BaseNode, options: ImportOptions, reader: Reader, spill: IO[str]
    ) -> None:
        self.report = ImportReport(reader.reading, options.dry_run)
        self._node = node
        self._options = options
        self._reader = reader
        self._spill = spill
        self._owner = _owner(node)
        self._collection = collection_of(options.site.id)
        self._source = record_key(options.source or reader.reading.format)
        self._sources = {self._source}
        self._named = Named()
        self._deed = options.deed or Deed.new()
        look = options.look
        self._since = look.changed(node, self._owner, self._collection) if look else frozenset()

    def read(self, on_progress: OnProgress) -> None:
        """Read all rows and commit what differs, batch by batch."""
        batch: list[Row] = []
        since_ms = self._node.clock.now_ms()
        for item in self._reader:
            if isinstance(item, BadRow):
                self._reject(item)
                continue
            batch.append(item)
            if len(batch) >= BATCH_ROWS or self._node.clock.now_ms() - since_ms >= BATCH_MS:
                self._take(batch)
                on_progress(*self._reader.progress(), self.report.rows)
                batch, since_ms = [], self._node.clock.now_ms()
        self._take(batch)
        on_progress(*self._reader.progress(), self.report.rows)

    def check_any_read(self, path: Path) -> None:
        """Raise MalformedInput where the file held no row that could be read."""
        report = self.report
        if report.offers or report.held or report.moved or (self._options.or_none and report.bad):
            return
        if not self.report.bad:
            raise NotRead(Reason("file_no_offers", {"file": path.name}), then=Reason("then_look"))
        first = self.report.bad[0]
        raise MalformedInput(
            f"No row of {path.name} could be read. Line {first.line}, {first.column or 'the row'}: "
            f"{first.found[:60]!r}, {first.expected}.",
            hint="See how the file is read with `--dry-run`.",
        )

    def finish(self) -> None:
        """What is missing from the file, the source's age, and how to read it next time."""
        store = self._node.store
        records = store.records("offer", owner=self._owner, collection=self._collection)
        rest = self._named.rest(records, self._sources)
        if look := self._options.look:
            # Somebody stands behind them who has just looked, perhaps while the file was read.
            for key in look.changed(self._node, self._owner, self._collection, among=rest.gone):
                del rest.gone[key]
        self.report.gone = len(rest.gone)
        if self._may_withdraw(rest):
            self._commit([Edit("offer", key, is_deletion=True) for key in rest.gone])
            self.report.withdrawn = len(rest.gone)
            rest.gone.clear()
        elif self._options.complete:
            self.report.held += len(rest.gone)
            self.report.held_withdrawals = len(rest.gone)
        # A file with less than half of the articles is a part of the list, such as mended rows:
        # it says nothing of the others, neither that they stand nor that they are gone.
        is_part = rest.is_part and bool(rest.gone)
        self.report.known, self.report.is_part = rest.known, is_part
        if self._options.complete or not is_part:
            self.report.missing = len(rest.gone)
        if not is_part:
            self._doubt({**rest.gone, **rest.unsure})
            self._confirm()
        if not self._options.dry_run:
            place = (self._owner, self._collection, self._source)
            store.set_profile(*place, dict(self._reader.profile))

    def _may_withdraw(self, rest: Rest) -> bool:
        """Whether what is gone goes without a question, or with a yes to it."""
        is_large = 2 * len(rest.gone) > rest.known
        is_unclear = self._named.blind > 0 and bool(rest.gone)
        is_sure = self._options.yes or self._options.is_whole
        return self._options.complete and (is_sure or not (is_large or is_unclear))

    def _doubt(self, sources: dict[str, str]) -> None:
        """Say of these offers that their source does not stand behind them any more."""
        self._commit(
            [
                Edit("offer", key, {"source": UNCONFIRMED + source})
                for key, source in sources.items()
                if not is_unconfirmed(source)
            ]
        )

    def _confirm(self) -> None:
        """Say that the source was looked at, once a day."""
        now_ms = self._node.clock.now_ms()
        edits = []
        for source in sorted(self._sources):
            place = RecordId(self._owner, self._collection, "source", source)
            found = self._node.store.record(place)
            last = found.fields.get("checked_at") if found else None
            if not isinstance(last, int) or not 0 <= now_ms - last < CHECKED_AGAIN_MS:
                edits.append(Edit("source", source, {"checked_at": now_ms}))
        self._commit(edits)

    def note_deed(self, path: Path) -> None:
        """Say what was done, for who looks for it to undo it."""
        if self._options.dry_run:
            return
        names = ("new", "changed", "unchanged", "withdrawn", "rejected")
        counts = {name: getattr(self.report, name) for name in names}
        self._deed.what.update({"import": path.name, **counts})
        self._node.store.deeds.describe(self._deed)

    def spilled(self) -> Iterator[BadRow]:
        """All bad rows, from the disk."""
        self._spill.seek(0)
        for line in self._spill:
            said = json.loads(line)
            yield BadRow(**{**said, "reason": Reason(**said["reason"])})

    # --- rows ---

    def _reject(self, bad: BadRow) -> None:
        self.report.rejected += 1
        if len(self.report.bad) < self._options.told:
            self.report.bad.append(bad)
        self._spill.write(json.dumps(asdict(bad)) + "\n")
        if bad.identity:
            self._named.add(record_key(bad.identity), is_sure=False)
        else:
            self._named.blind += 1

    def _take(self, rows: list[Row]) -> None:
        keys = [record_key(row.identity) for row in rows]
        places = [RecordId(self._owner, self._collection, "offer", key) for key in keys]
        stamp = self._node.store.meta("last_stamp")
        found = self._node.store.records_of(places)
        owns = self._node.store.own_of(
            self._owner, self._collection, [("offer", key) for key in keys]
        )
        # The journal of many offers is read at once, and only where a price went down.
        history = cache(lambda: self._node.store.versions_of(places))
        edits = []
        for row, place in zip(rows, places, strict=True):
            present, own = found.get(place), owns.get(("offer", place.key), {})
            edit = self._edit(row, _Present(place, present, own, history))
            if edit is not None:
                edits.append(edit)
        counts = {key: own.get(COUNT) for (_, key), own in owns.items()}
        self._commit_unmoved(edits, found, (stamp, counts))

    def _commit_unmoved(
        self,
        edits: list[Edit],
        found: Mapping[RecordId, Folded],
        stand: tuple[int, Mapping[str, Value]],
    ) -> None:
        """Commit them but for what somebody else changes just now; see `Raced`.

        found: the records before; stand: the last stamp then, and how many pieces there were.
        """
        node, (stamp, counts) = self._node, stand
        places = {edit.key: node.place("offer", edit.key, self._options.site) for edit in edits}
        counting = [edit.key for edit in edits if COUNT in edit.fields]

        def check() -> None:
            check_unmoved(node, found, places.values(), stamp)
            check_uncounted(
                node, {places[key]: counts.get(key) for key in counting if key in places}
            )

        while True:
            try:
                return self._commit(edits, check if self._options.look else None)
            except Raced as raced:
                for edit in edits:
                    if edit.key in raced.keys:
                        present = found.get(places.pop(edit.key))
                        self._count(present, edit.fields, -1)
                        self._leave(edit.key, present.fields if present else edit.fields)
                edits = [edit for edit in edits if edit.key in places]

    def _edit(self, row: Row, offer: _Present) -> Edit | None:
        """What the row changes in its offer; None: nothing, or it waits for a yes."""
        place, present, own, _ = offer
        self.report.weak += row.weak
        old = {**(present.fields if present else {}), **own}
        wanted = {**row.fields, "source": self._source_of(row)}
        changed = {name: value for name, value in wanted.items() if old.get(name) != value}
        if self._is_moved(offer, changed):
            self._named.add(place.key, is_sure=True)
            self._leave(place.key, present.fields if present else row.fields)
            return None
        self._sample(wanted, old)
        if self._is_of_another_list(row, old):
            self._named.add(place.key, is_sure=False)
            return None
        is_held = self._is_held(row, old, changed)
        self._named.add(place.key, is_sure=not is_held)
        if is_held:
            return None
        self._count(present, changed, 1)
        if is_repriced(old, changed):
            now_ms = self._node.clock.now_ms()
            changed = with_lowest(old, changed, offer.versions(), now_ms=now_ms)
        keep = self._reader.reading.format == "jsonl"
        return Edit("offer", place.key, changed, keep_unknown=keep) if changed else None

    def _count(self, present: Folded | None, changed: Mapping[str, Value], by: int) -> None:
        if present is None:
            self.report.new += by
        elif changed.keys() <= {"source"}:
            self.report.unchanged += by
        else:
            self.report.changed += by

    def _is_moved(self, offer: _Present, changed: Mapping[str, Value]) -> bool:
        """Whether somebody else has changed since the look what the row would write."""
        look, (place, present, own, _) = self._options.look, offer
        if look is None:
            return False
        if present is None:
            # Withdrawn since.
            return place.key in self._since
        if COUNT in changed and look.is_counted(place, own.get(COUNT)):
            return True
        return look.is_moved(place.key, present, changed.keys() - {"source"})

    def _leave(self, key: str, fields: Mapping[str, Value]) -> None:
        self.report.moved[key] = str(fields.get("name") or key)

    def _is_of_another_list(self, row: Row, old: dict[str, Value]) -> bool:
        """Whether another named list has an article under this name; then the row waits."""
        other = str(old.get("source") or "").removeprefix(UNCONFIRMED)
        is_named = self._options.source is not None or other not in (
            *FORMATS,
            *self._node.config.plugins,
        )
        if self._options.yes or not other or other == self._source_of(row) or not is_named:
            return False
        self.report.held += 1
        self.report.held_elsewhere += 1
        if len(self.report.elsewhere) < self._options.told:
            self.report.elsewhere.append(Elsewhere(row.line, row.identity, other))
        return True

    def _source_of(self, row: Row) -> str:
        """The file's name for its source, where it is an export that has one."""
        said = row.fields.get("source")
        if self._options.source or not isinstance(said, str) or not said.removeprefix(UNCONFIRMED):
            return self._source
        plain = said.removeprefix(UNCONFIRMED)
        if plain not in self._sources and len(self._sources) >= _MAX_SOURCES:
            return self._source
        self._sources.add(plain)
        return said

    def _is_held(self, row: Row, old: dict[str, Value], changed: dict[str, Value]) -> bool:
        if self._options.yes or "prices" not in changed:
            return False
        now_ms = self._node.clock.now_ms()
        before, after = amount_now(old, now_ms), amount_now({**old, **changed}, now_ms)
        is_free = after == 0 and before != 0
        is_far = before is not None and after is not None and moved_by_half(before, after)
        if not is_free and not is_far:
            return False
        self.report.held += 1
        if len(self.report.held_rows) < self._options.told:
            offer = Offer.from_fields({**old, **changed})
            currency = offer.currency or self.report.reading.currency
            place = (row.line, offer.name, before or 0, after or 0)
            self.report.held_rows.append(HeldRow(*place, currency))
        return True

    def _sample(self, wanted: dict[str, Value], old: dict[str, Value]) -> None:
        if self._options.dry_run and len(self.report.samples) < 10:
            self.report.samples.append({**wanted, "was": old.get("prices")})

    def _commit(self, edits: list[Edit], check: Callable[[], None] | None = None) -> None:
        if self._options.dry_run:
            return
        for start in range(0, len(edits), BATCH_ROWS):
            batch = edits[start : start + BATCH_ROWS]
            head = self._node.commit(self._options.site.id, batch, deed=self._deed, check=check)
            if self._options.look:
                self._options.look.own |= {head.head.stamp} if head is not None else set()
                self._note_counts(batch)

    def _note_counts(self, edits: list[Edit]) -> None:
        assert self._options.look is not None
        for edit in edits:
            if COUNT in edit.fields:
                place = RecordId(self._owner, self._collection, "offer", edit.key)
                self._options.look.counts[place] = edit.fields[COUNT]
