"""What stands on the start page: the shelves that people browse, and goods of this very shop."""

import threading
from dataclasses import dataclass, replace

from fedretail.domain.ids import record_key
from fedretail.domain.listings import Listing
from fedretail.errors import MalformedInput
from fedretail.index.query import Query
from fedretail.index.rules.categories import steps_of
from fedretail.index.rules.facets import Choice
from fedretail.index.views import View
from fedretail.web.pages.drawings import Drawing, drawing_for
from fedretail.web.pages.house import House

MOST_SHELVES = 10
MOST_FRESH = 3
# Of so many own goods the newest are taken.
_LOOKED_AT = 60
# A shelf is opened where what stands on the shelves in it is nearly all of it.
_COVERED = 0.8
# Counting all offers by shelf takes longer than a search; nobody sees it change by the minute.
_KEPT_MS = 60_000


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category: its path, the name of its last step, how many offers, its drawing."""

    path: str
    name: str
    count: int
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class Front:
    """What the start page shows of the goods, and when it was counted."""

    shelves: tuple[Shelf, ...]
    fresh: tuple[Listing, ...]
    read_at_ms: int


class Shelves:
    """The front of a house, counted anew every minute."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lock = threading.Lock()
        self._front: Front | None = None

    def front(self) -> Front:
        """The shelves and the fresh goods."""
        now_ms, front = self._house.now_ms(), self._front
        if front is not None and 0 <= now_ms - front.read_at_ms < _KEPT_MS:
            return front
        with self._lock:
            front = Front(self._shelves(), self._fresh(), now_ms)
            # A house that is just filling is looked at again at once.
            self._front = front if front.shelves else None
            return front

    def _shelves(self) -> tuple[Shelf, ...]:
        choices = list(self._choices(None))
        # One wide shelf says little: the widest is opened as long as there is room for more.
        opened: set[str] = set()
        while len(choices) < MOST_SHELVES:
            wide = next((one for one in choices if one.value not in opened), None)
            if wide is None:
                break
            opened.add(wide.value)
            within = [one for one in self._choices(wide.value) if one.value != wide.value]
            if sum(one.count for one in within) >= _COVERED * wide.count:
                choices = [one for one in choices if one is not wide] + within
                choices.sort(key=lambda one: (-one.count, one.value))
        return tuple(_shelf(one) for one in choices[:MOST_SHELVES])

    def _choices(self, category: str | None) -> tuple[Choice, ...]:
        view = self._house.street().view
        page = self._house.node.search(Query(category=category, facets=True, limit=0, view=view))
        return () if page.facets is None else page.facets.categories

    def _fresh(self) -> tuple[Listing, ...]:
        node = self._house.node
        if node.owner is None:
            return ()
        chosen = self._chosen()
        if len(chosen) >= MOST_FRESH:
            return tuple(chosen[:MOST_FRESH])
        own = frozenset((node.owner.hex(),))
        view = replace(self._house.street().view, own="all")
        query = Query(retailers=own, in_stock=True, limit=_LOOKED_AT, near=node.position, view=view)
        found = [one for one in node.search(query).results if one.amount_minor is not None]
        found.sort(key=lambda one: -(one.confirmed_at_ms or 0))
        taken = {one.offer for one in chosen}
        newest = _varied([one for one in found if one.offer not in taken])
        return tuple([*chosen, *newest][:MOST_FRESH])

    def _chosen(self) -> list[Listing]:
        """What the shop itself has chosen and has, in its order."""
        node, view = self._house.node, self._house.street().view
        places = ((own.id, code) for code in node.config.web_fresh for own in node.sites())
        found = (self._shown(site, code, view) for site, code in places)
        return [one for one in found if one is not None and one.stock.level != "none"]

    def _shown(self, site: str, code: str, view: View) -> Listing | None:
        try:
            return self._house.node.show(f"{site}/{record_key(code)}", view=view)
        except MalformedInput:
            return None  # a slip in the settings is no offer


def _shelf(choice: Choice) -> Shelf:
    name = steps_of(choice.name)[-1] if steps_of(choice.name) else choice.name
    return Shelf(choice.value, name, choice.count, drawing_for(choice.name))


def _varied(found: list[Listing]) -> list[Listing]:
    """Three of them, of different shelves where there are such."""
    chosen: list[Listing] = []
    for one in found:
        if all(one.category != other.category for other in chosen):
            chosen.append(one)
    return [*chosen, *(one for one in found if one not in chosen)][:MOST_FRESH]
