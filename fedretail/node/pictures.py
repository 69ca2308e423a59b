"""Pictures as pages show them: those that are here, and a list of those that somebody waits for.

A page never waits for a picture. What is not here yet is noted, the drawing of the category stands
in for it, and the daemon fetches it from neighbours; the next page shows it.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from fedretail.domain.catalog import Offer
from fedretail.domain.ids import collection_of
from fedretail.domain.kind import RecordId
from fedretail.domain.pictures import Picture, for_card, for_page
from fedretail.index.query import Query
from fedretail.index.views import View
from fedretail.node import directory
from fedretail.node.base import BaseNode
from fedretail.pictures.blobs import FOLDER_NAME, Blobs

# Screens full of cards that were looked at last; who scrolled past older ones has gone on.
MAX_WANTED = 500
# Offers of one look at the index.
_PAGE = 200
_MB = 1_000_000


class Pictures:
    """The pictures of one node; any thread may ask."""

    def __init__(self, node: BaseNode) -> None:
        self._is_on = node.config.pictures_mb > 0
        budget_bytes = node.config.pictures_mb * _MB
        self.blobs = Blobs(node.path / FOLDER_NAME, budget_bytes=budget_bytes, clock=node.clock)
        self._lock = threading.Lock()
        self._wanted: OrderedDict[bytes, Picture] = OrderedDict()
        # Those that pages were shown without, and how many of these have come since the start.
        self._awaited: OrderedDict[bytes, None] = OrderedDict()
        self._arrived = 0
        # Addresses of own pictures that somebody wants asked once more.
        self._again: set[str] = set()

    def shown(self, sizes: Iterable[Picture], *, is_large: bool = False) -> Picture | None:
        """The size to show of an offer's picture, None where none is here yet.

        What would be better and is not here is fetched, if anybody has it.
        """
        sizes = tuple(sizes)
        best = for_page(sizes) if is_large else for_card(sizes)
        if not self._is_on or not sizes:
            return None
        if best is not None and self.blobs.has(best.hash):
            return best
        if best is not None:
            self._want(best)
        return next((one for one in sizes if self.blobs.has(one.hash)), None)

    def read(self, name: bytes) -> bytes | None:
        """The file of a picture that a page shows, None where it is not here."""
        return self.blobs.get(name, is_shown=True) if self._is_on else None

    def wanted(self, most: int) -> list[Picture]:
        """The pictures that somebody waits for, the last looked at first; noted no more."""
        with self._lock:
            found = [self._wanted.popitem()[1] for _ in range(min(most, len(self._wanted)))]
        return [one for one in found if not self.blobs.has(one.hash)]

    def arrived(self) -> int:
        """How many pictures have come since the start that a page was shown without."""
        with self._lock:
            here = [name for name in self._awaited if self.blobs.has(name)]
            for name in here:
                del self._awaited[name]
            self._arrived += len(here)
            return self._arrived

    def ask_again(self, url: str) -> None:
        """Let an address of an own picture be asked once more, where it gave nothing."""
        with self._lock:
            self._again.add(url)

    def asked_again(self) -> set[str]:
        """The addresses to ask once more; told once."""
        with self._lock:
            found, self._again = self._again, set()
        return found

    def _want(self, picture: Picture) -> None:
        with self._lock:
            self._wanted[picture.hash] = picture
            self._wanted.move_to_end(picture.hash)
            self._awaited[picture.hash] = None
            self._awaited.move_to_end(picture.hash)
            for noted in (self._wanted, self._awaited):
                while len(noted) > MAX_WANTED:
                    noted.popitem(last=False)


def nearest_cards(node: BaseNode, most: int, view: View | None) -> Iterator[Picture]:
    """The card pictures of the nearest offers that pages may show, the nearest first.

    Nothing for a node without a place. `most`: offers looked at.
    """
    if node.position is None:
        return
    owners = {one.id: one.owner for one in directory.sites(node)}
    query = Query(near=node.position, sort="nearest", limit=_PAGE, view=view, owner=node.owner)
    for offset in range(0, most, _PAGE):
        page = node.index.search(replace(query, offset=offset))
        places = [
            RecordId(owners[one.site_id], collection_of(one.site_id), "offer", _key(one.offer))
            for one in page.results
            if one.site_id in owners
        ]
        found = node.store.records_of(places)
        for place in places:
            if place in found:
                card = for_card(Offer.from_fields(found[place].fields).pictures)
                if card is not None:
                    yield card
        if len(page.results) < _PAGE:
            return


def _key(offer: str) -> str:
    return offer.partition("/")[2]
