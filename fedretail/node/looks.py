"""What an import rests on: the state that somebody saw before saying yes to it.

Between the preview of a file and its import a price may be set by hand, by a till, on the command
line. What the file says was not compared with that: such an offer stays as it is until somebody
says otherwise.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from fedretail.crdt.registers import Folded
from fedretail.domain.kind import RecordId, Value
from fedretail.errors import Refused

if TYPE_CHECKING:
    from fedretail.node.base import BaseNode

_PAGE = 10_000
# The own field that tills write, and price lists too.
COUNT = "stock_count"


class Raced(Refused):
    """Somebody has written between the look at these records and the commit; keys: theirs."""

    def __init__(self, keys: Collection[str]) -> None:
        super().__init__("They have changed meanwhile.")
        self.keys = keys


@dataclass(slots=True)
class Look:
    """Where the store stood. over: keys of offers that are written over whatever happened since.

    own: stamps that the import itself has given. counts: how many pieces there were, by offer, and
    what the import itself has made of them; they bear no stamps.
    """

    stamp: int
    cursor: int
    over: frozenset[str] = frozenset()
    own: set[int] = field(default_factory=set)
    counts: dict[RecordId, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, node: "BaseNode") -> Self:
        """A look at the store as it is now."""
        counts = dict(node.store.own_all("offer", COUNT))
        return cls(node.store.meta("last_stamp"), node.store.feed_end(), counts=counts)

    def changed(
        self,
        node: "BaseNode",
        owner: bytes,
        collection: str,
        among: Collection[str] | None = None,
    ) -> frozenset[str]:
        """The keys of the offers of a site, of all or among these, that have changed since."""
        keys, cursor = set(), self.cursor
        while (among is None or among) and (page := node.store.feed(cursor, _PAGE)):
            cursor = page[-1][0]
            found = {place.key for _, place in page if place[:3] == (owner, collection, "offer")}
            keys |= found if among is None else {key for key in found if key in among}
        return frozenset(keys) - self.over

    def is_moved(self, key: str, present: Folded, names: Collection[str]) -> bool:
        """Whether somebody else has set one of these fields of an offer since."""
        stamps = (present.stamps.get(name, 0) for name in names)
        return key not in self.over and any(
            one > self.stamp and one not in self.own for one in stamps
        )

    def is_counted(self, place: RecordId, present: Value) -> bool:
        """Whether somebody else, such as a till, has counted the pieces of an offer since."""
        return place.key not in self.over and present != self.counts.get(place)


def check_unmoved(
    node: "BaseNode", found: Mapping[RecordId, Folded], places: Collection[RecordId], stamp: int
) -> None:
    """Inside a commit: Raced where some of these records are no more as they were found.

    stamp: the last one of this device before they were read. What neighbours do not see bears none:
    see `check_uncounted`.
    """
    if node.store.meta("last_stamp") == stamp:
        return
    now = node.store.records_of(places)
    moved = {one.key for one in places if now.get(one) != found.get(one)}
    if moved:
        raise Raced(moved)


def check_uncounted(node: "BaseNode", counts: Mapping[RecordId, Value]) -> None:
    """Inside a commit: Raced where somebody, such as a till, has counted the pieces of an offer.

    counts: how many there were when its new number was worked out, for each that gets one.
    """
    counted = {one.key for one, count in counts.items() if node.store.own(one).get(COUNT) != count}
    if counted:
        raise Raced(counted)
