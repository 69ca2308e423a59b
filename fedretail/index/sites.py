"""The sites of the index in memory: who lies where, loaded once a generation."""

import sqlite3
from bisect import bisect_left
from collections.abc import Iterable

from fedretail.crdt.codec import unpack
from fedretail.domain.geo import Position, from_e7
from fedretail.domain.ids import collection_of
from fedretail.domain.sites import Site
from fedretail.index.schema import MAX_OFFERS_PER_SITE, SEQUENCE_BITS
from fedretail.index.spatial import Reach, reach_for

# FTS5 seeks to the start of each range of row numbers. Measured: 2 to 4 ranges are best, 16 are
# slower than one that reads everything between.
MAX_RANGES = 4
# What a store admits for a record, with room.
_MAX_FIELDS_BYTES = 1 << 20


class SiteEntry:
    """A site that has a place; its record is unpacked when somebody asks."""

    __slots__ = ("_packed", "_site", "base", "collection", "id", "owner", "position")

    def __init__(self, base: int, owner: bytes, site: str, place: tuple[int, int, bytes]) -> None:
        """`place`: latitude and longitude in 1e-7 degrees, and the packed record."""
        self.base = base
        self.owner = owner
        self.id = site
        self.collection = collection_of(site)
        self.position = from_e7(place[0], place[1])
        self._packed = place[2]
        self._site: Site | None = None

    @property
    def site(self) -> Site:
        """The site's record as read by the rules of the domain."""
        if self._site is None:
            self._site = Site.from_fields(unpack(self._packed, max_bytes=_MAX_FIELDS_BYTES))
        return self._site


class Sites:
    """All placed sites of one generation. Never changed once made; any thread may ask."""

    def __init__(self, generation: int, entries: list[SiteEntry]) -> None:
        """`entries` in the order of their bases."""
        self.generation = generation
        self.by_base = {entry.base: entry for entry in entries}
        self._bases = [entry.base for entry in entries]
        self._reach: Reach | None = None
        self._entries = entries

    def within(self, center: Position, radius_m: float) -> dict[int, float]:
        """Distance in metres by base, of the sites at most `radius_m` from `center`."""
        if self._reach is None:
            self._reach = reach_for([entry.position for entry in self._entries])
        near = self._reach.within(center, radius_m)
        return {self._bases[number]: distance for number, distance in near}

    def ranges(self, bases: Iterable[int], most: int = MAX_RANGES) -> list[tuple[int, int]]:
        """At most `most` spans (first, last row number) that hold all rows of these sites.

        The spans are cut at the gaps that hold the most other sites.
        """
        wanted = sorted(bases)
        if not wanted:
            return []
        ranks = [bisect_left(self._bases, base) for base in wanted]
        gaps = ((ranks[i + 1] - ranks[i], i) for i in range(len(ranks) - 1))
        cuts = sorted(i for size, i in sorted(gaps, reverse=True)[: most - 1] if size > 1)
        starts = [0, *(cut + 1 for cut in cuts)]
        ends = [*cuts, len(wanted) - 1]
        return [
            (wanted[i] << SEQUENCE_BITS, (wanted[j] << SEQUENCE_BITS) + MAX_OFFERS_PER_SITE - 1)
            for i, j in zip(starts, ends, strict=True)
        ]


def load_sites(db: sqlite3.Connection, generation: int) -> Sites:
    """The placed sites as the open transaction sees them."""
    rows = db.execute(
        "SELECT base, owner, id, lat_e7, lon_e7, fields FROM site"
        " WHERE lat_e7 IS NOT NULL ORDER BY base"
    )
    return Sites(generation, [SiteEntry(row[0], row[1], row[2], row[3:]) for row in rows])
