"""Which offers of a source its file did not name, and which it named but did not confirm."""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from fedretail.crdt.registers import Folded
from fedretail.domain.kind import RecordId, Value

# In front of a source's name: it does not stand behind this offer any more.
UNCONFIRMED = "-"


class Rest(NamedTuple):
    """What is left of a source's offers after its file was read; keys with their sources.

    gone: not in the file.  unsure: in the file, with a price that waits or cannot be read.
    known: all of them.  is_part: the file names less than half of those it named the last time.
    """

    gone: dict[str, str]
    unsure: dict[str, str]
    known: int
    is_part: bool


@dataclass(slots=True)
class Named:
    """The record keys of a file, as 8 bytes each: a million articles take 8 MB."""

    # Rows of which no article can be told; one of them may be any offer that seems gone.
    blind: int = 0
    _confirmed: "array[int]" = field(default_factory=lambda: array("q"))
    _unsure: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, key: str, *, is_sure: bool) -> None:
        """The file names this article; `is_sure`: and its price stands."""
        (self._confirmed if is_sure else self._unsure).append(hash(key))

    def rest(self, records: Iterable[tuple[RecordId, Folded]], sources: Collection[str]) -> Rest:
        """What these offers lack, as far as they come from these sources."""
        confirmed, unsure = (array("q", sorted(part)) for part in (self._confirmed, self._unsure))
        rest = Rest({}, {}, 0, False)
        known = counted = lost = 0
        for place, value in records:
            source = value.fields.get("source")
            if not isinstance(source, str) or source.removeprefix(UNCONFIRMED) not in sources:
                continue
            known += 1
            number, stood = hash(place.key), not is_unconfirmed(source)
            counted += stood
            if _holds(confirmed, number):
                continue
            is_gone = not _holds(unsure, number)
            (rest.gone if is_gone else rest.unsure)[place.key] = source
            lost += stood and is_gone
        return rest._replace(known=known, is_part=2 * lost > counted)


def is_unconfirmed(source: Value) -> bool:
    """Whether a source's name says that it does not stand behind the offer any more."""
    return isinstance(source, str) and source.startswith(UNCONFIRMED)


def _holds(numbers: "array[int]", number: int) -> bool:
    index = bisect_left(numbers, number)
    return index < len(numbers) and numbers[index] == number
