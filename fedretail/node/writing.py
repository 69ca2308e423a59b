"""Edits of one record, by hand or by a program: what they rest on still stands when they are made.

Between a look at a record and the commit another program may write: the back office, a till at the
API, the command line. So the look is compared inside the commit, where nobody else can write, and
an edit that was made of an older state is made anew.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fedretail.crdt.registers import Folded
from fedretail.domain.catalog import OFFER
from fedretail.domain.kind import RecordId, Value
from fedretail.domain.members import MEMBER
from fedretail.errors import Refused
from fedretail.node.reductions import is_repriced, with_lowest
from fedretail.store.commits import Edit
from fedretail.store.deeds import Deed

if TYPE_CHECKING:
    from fedretail.node.base import BaseNode

Fields = Mapping[str, Value]
# The fields to set, or what makes them of those that the record has.
Wanted = Fields | Callable[[Fields], Fields]
OnlyIf = Callable[[Folded | None], bool]


class Overtaken(Refused):
    """Somebody else has written what an edit was made of."""


def write(node: "BaseNode", place: RecordId, wanted: Wanted, only_if: OnlyIf | None) -> bool:
    """Set fields of a record; whether anything changed. See `Node.write`."""
    while True:
        held = _held(node, place)
        if only_if is not None and not only_if(held[0]):
            raise Overtaken("It has changed meanwhile.", hint="Look at it again, then decide.")
        try:
            return _try_to_write(node, place, wanted, held)
        except _Changed:
            continue


class _Changed(Exception):
    """Somebody has written between the look at the record and the commit."""


_Held = tuple[Folded | None, dict[str, Value]]


def _held(node: "BaseNode", place: RecordId) -> _Held:
    return node.store.record(place), node.store.own(place)


def _try_to_write(node: "BaseNode", place: RecordId, wanted: Wanted, held: _Held) -> bool:
    found, own = held
    present = {**(found.fields if found else {}), **own}
    changed = differing(present, wanted(present) if callable(wanted) else wanted)
    if not changed:
        return False
    if place.kind == OFFER.name and is_repriced(present, changed):
        versions = node.store.versions(place)
        changed = with_lowest(present, changed, versions, now_ms=node.clock.now_ms())
    # What a member says of itself for the first time is not undone: it would be nobody.
    is_first = place.kind == MEMBER.name and found is None

    def check() -> None:
        if _held(node, place) != held:
            raise _Changed

    node.store.commit(
        node.identity.author(),
        place.collection,
        [Edit(place.kind, place.key, changed)],
        deed=None if is_first else Deed.new(),
        check=check,
    )
    return True


def differing(present: Fields, wanted: Fields) -> dict[str, Value]:
    """The fields of `wanted` that say something else; None where nothing stands is no change."""
    return {name: value for name, value in wanted.items() if present.get(name) != value}


def exists(found: Folded | None) -> bool:
    """For `only_if`: there is such a record."""
    return found is not None


def is_new(found: Folded | None) -> bool:
    """For `only_if`: there is none yet."""
    return found is None
