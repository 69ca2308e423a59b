"""Undo: the old values of a deed as a new commit, where nobody has changed them since.

A field that was changed later, here or on another device of this shop, keeps its later value, and
is told. An undo is a deed like any other, so it can be undone too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fedretail.crdt.registers import Folded
from fedretail.domain.catalog import MADE_FIELDS
from fedretail.domain.kind import RecordId
from fedretail.domain.sites import SITE, Site
from fedretail.errors import Refused
from fedretail.node.base import BaseNode
from fedretail.store.commits import Edit
from fedretail.store.deeds import Deed, Entry

# Under this name an undo says which deed it took back.
OF = "undo"
# Nobody waits longer than a fifth of a second for the write lock.
_BATCH = 500
# Of what stays as many are told as a screen shows.
TOLD = 20


class Kept(NamedTuple):
    """A field that stays, since it was changed later; name: of its record; "" for all of it."""

    name: str
    field: str


@dataclass(slots=True)
class Undone:
    """What an undo did, or would do: records put back, fields that stay as they are now."""

    records: int = 0
    kept: list[Kept] = field(default_factory=list)
    kept_count: int = 0

    def keep(self, kept: Kept) -> None:
        """Count what stays, and tell the first of it."""
        self.kept_count += 1
        if len(self.kept) < TOLD:
            self.kept.append(kept)

    def add(self, other: "Undone") -> None:
        """Count what another part of the undo did."""
        self.records += other.records
        self.kept_count += other.kept_count
        self.kept = [*self.kept, *other.kept][:TOLD]


class Before(NamedTuple):
    """What one deed found in a record, and how it left it.

    fields: what the touched ones held, None for nothing; stamps: when it last set each; last: when
    it last touched the record; was, is_: whether there was a record before it, and after it;
    is_anew: it was taken away and made again in between, so that it goes back whole or not at all.
    """

    place: RecordId
    fields: dict[str, Any]
    stamps: dict[str, int]
    was: bool
    is_: bool
    last: int
    is_anew: bool


def undo(node: BaseNode, deed: Deed, *, dry_run: bool = False) -> Undone:
    """Put back what a deed has changed; what became of it."""
    done, mine = Undone(), Deed.new(**{OF: deed.id})
    batch: list[Before] = []
    for entries in node.store.deeds.entries(deed.id):
        one = before(entries)
        if batch and (len(batch) == _BATCH or batch[0].place.collection != one.place.collection):
            _put_back(node, batch, done, None if dry_run else mine)
            batch = []
        batch.append(one)
    if batch:
        _put_back(node, batch, done, None if dry_run else mine)
    return done


def find(node: BaseNode, number: str | None = None) -> Deed:
    """The deed with this id, or the last one that can be undone; Refused where there is none."""
    if number is not None:
        found = node.store.deeds.find(number)
        if found is None:
            hint = "`fedretail undo --list` shows what can be undone."
            raise Refused(f"There is no change {number!r:.60} of the last 30 days.", hint=hint)
        return found
    for one in deeds(node, limit=100):
        if one.undone_ms is None and OF not in one.deed.what:
            return one.deed
    raise Refused("There is nothing to undo.", hint="Changes can be undone for 30 days.")


class Listed(NamedTuple):
    """A deed as it is listed; undone_ms: when it was taken back, None where it stands."""

    deed: Deed
    undone_ms: int | None


def deeds(node: BaseNode, *, limit: int) -> list[Listed]:
    """What was done last, the newest first."""
    found = node.store.deeds.newest(limit)
    undone: dict[str, int] = {}
    # From the newest on: an undo that was undone itself has taken nothing back.
    for deed in found:
        if OF in deed.what and deed.id not in undone:
            undone.setdefault(deed.what[OF], deed.at_ms)
    return [Listed(deed, undone.get(deed.id)) for deed in found]


def before(entries: list[Entry]) -> Before:
    """All that a deed did to one record as one step; entries: the earliest first."""
    fields: dict[str, Any] = {}
    stamps: dict[str, int] = {}
    for entry in entries:
        held = entry.before or {}
        touched = held.keys() | (entry.after or {}).keys()
        for name in touched:
            fields.setdefault(name, held.get(name))
            stamps[name] = entry.stamp
    first, last = entries[0], entries[-1]
    was, is_ = first.before is not None, last.after is not None
    is_anew = was and is_ and any(not _is_update(entry) for entry in entries)
    return Before(first.place, fields, stamps, was, is_, last.stamp, is_anew)


def _is_update(entry: Entry) -> bool:
    """Whether a commit left all fields of the record standing but those that it set."""
    is_both = entry.before is not None and entry.after is not None
    return is_both and (entry.before or {}).keys() <= (entry.after or {}).keys()


class _Changed(Exception):
    """Somebody has written between the look at the records and the commit."""


def _put_back(node: BaseNode, batch: list[Before], done: Undone, deed: Deed | None) -> None:
    """Commit what goes back of some records of one collection; `deed` None: only count it."""
    while True:
        tried = Undone()
        try:
            _try_to_put_back(node, batch, tried, deed)
        except _Changed:
            continue
        done.add(tried)
        return


def _try_to_put_back(node: BaseNode, batch: list[Before], done: Undone, deed: Deed | None) -> None:
    places = [one.place for one in batch]
    present, owns = _held(node, places)
    edits = []
    for one in batch:
        folded = present.get(one.place)
        edit = _edit(one, folded, owns[one.place], done)
        if edit is not None:
            edits.append(edit)
            done.records += 1
    if deed is None or not edits:
        return
    site = next((_site(edit, present) for edit in edits if edit.kind == SITE.name), None)
    author, collection = node.identity.author(site), places[0].collection

    def check() -> None:
        if _held(node, places) != (present, owns):
            raise _Changed

    node.store.commit(author, collection, edits, deed=deed, check=check)


def _held(
    node: BaseNode, places: list[RecordId]
) -> tuple[dict[RecordId, Folded], dict[RecordId, dict[str, int]]]:
    """What these records say now, and when each of their own fields was last set."""
    return node.store.records_of(places), node.store.deeds.own_stamps(places)


def _site(edit: Edit, present: dict[RecordId, Folded]) -> Site:
    """The site as it will be: its position goes into the head."""
    held = next((one.fields for place, one in present.items() if place.kind == SITE.name), {})
    return Site.from_fields({**held, **edit.fields})


def _edit(one: Before, now: Folded | None, own: dict[str, int], done: Undone) -> Edit | None:
    """The edit that puts one record back, None where nothing is left to do."""
    kind, key = one.place.kind, one.place.key
    stamps = {} if now is None else {**now.stamps, **own}
    name = str((now.fields if now else one.fields).get("name") or key)
    if not one.was:
        if now is None:
            return None
        if _last_word(stamps) > one.last:
            done.keep(Kept(name, ""))
            return None
        return Edit(kind, key, is_deletion=True)
    if (now is None) == one.is_:
        # Withdrawn since, or added anew since.
        done.keep(Kept(name, ""))
        return None
    if now is None:
        return Edit(kind, key, one.fields, keep_unknown=True)
    if one.is_anew:
        if _last_word(stamps) > one.last:
            done.keep(Kept(name, ""))
            return None
        return Edit(kind, key, {**dict.fromkeys(stamps), **one.fields}, keep_unknown=True)
    back = dict(_unchanged(one, name, stamps, done))
    return Edit(kind, key, back, keep_unknown=True) if back else None


def _last_word(stamps: dict[str, int]) -> int:
    """When anybody changed the record last; what followed from that by itself aside."""
    return max((at for name, at in stamps.items() if name not in MADE_FIELDS), default=0)


def _unchanged(
    one: Before, name: str, stamps: dict[str, int], done: Undone
) -> Iterator[tuple[str, Any]]:
    """The fields, with their old values, that nobody has changed since the deed."""
    for field_name, value in one.fields.items():
        if stamps.get(field_name, 0) == one.stamps[field_name]:
            yield field_name, value
        elif field_name not in stamps and value is None:
            continue
        else:
            done.keep(Kept(name, field_name))
