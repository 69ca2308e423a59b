"""Who is let in: few connections an address, few in all, and idle ones give way to newcomers."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Place:
    """A connection that was let in. address: "" is this computer itself. close: ends it."""

    address: str
    close: Callable[[], None]
    is_busy: bool = False


class Doors:
    """Counts connections; `each` of one address, `most` in all, `here` of them for this computer.

    Where there is no room, the connection gives way that has waited longest without a request, of
    the address that has the most of them; where all are busy, the newcomer is refused. However busy
    the network is, this computer's own screen and its back office are let in.
    """

    def __init__(self, *, each: int, most: int, here: int = 0) -> None:
        self._each = each
        self._most = most
        self._of_others = most - here
        # In the order in which they became idle, or came.
        self._places: dict[Place, None] = {}

    def __len__(self) -> int:
        return len(self._places)

    def enter(self, address: str, close: Callable[[], None]) -> Place | None:
        """The place of a newcomer; None where it is refused. As Place."""
        of_address = [place for place in self._places if place.address == address]
        if len(of_address) >= self._each and not self._evict(of_address):
            return None
        others = [place for place in self._places if place.address]
        if address and len(others) >= self._of_others and not self._evict(others):
            return None
        if len(self._places) >= self._most and not self._evict(list(self._places)):
            return None
        place = Place(address, close)
        self._places[place] = None
        return place

    def leave(self, place: Place) -> None:
        """This connection has ended."""
        self._places.pop(place, None)

    def turn(self, place: Place, *, is_busy: bool) -> None:
        """A request has come, or has been answered."""
        place.is_busy = is_busy
        if place in self._places:
            del self._places[place]
            self._places[place] = None

    def _evict(self, among: list[Place]) -> bool:
        idle = [place for place in among if not place.is_busy]
        if not idle:
            return False
        count = Counter(place.address for place in idle)
        most = max(count.values())
        gone = next(place for place in idle if count[place.address] == most)
        self.leave(gone)
        gone.close()
        return True
