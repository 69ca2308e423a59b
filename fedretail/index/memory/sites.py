"""The sites of the index in memory: who lies where, loaded once a generation."""

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from functools import lru_cache
from math import ceil
from typing import Any, NamedTuple

from fedretail.domain.geo import E7, Position, from_e7, unit_xyz
from fedretail.domain.hours import OpenState
from fedretail.domain.ids import collection_of
from fedretail.domain.sites import Site
from fedretail.index.layout.cells import currency_code
from fedretail.index.layout.facts import unpack_site
from fedretail.index.layout.schema import MAX_OFFERS_PER_SITE, SEQUENCE_BITS
from fedretail.index.memory.open_states import OpenStates
from fedretail.index.memory.spatial import (
    Globe,
    Reach,
    Scan,
    band_deg,
    distances_m,
    doubt_m,
    reach_for,
    unit_points,
)

# FTS5 seeks to the start of each range of row numbers. Measured: 2 to 4 ranges are best, 16 are
# slower than one that reads everything between.
MAX_RANGES = 4
# A city's nearest shops; where there are fewer it is doubled, up to half of the earth.
_FIRST_RADIUS_M, _LAST_RADIUS_M = 5_000.0, 1e7
_READ = (
    "SELECT base, owner, id, lat_e7, lon_e7, currency, fields FROM site WHERE lat_e7 IS NOT NULL"
)


class SiteEntry:
    """A site that has a place; its record is unpacked when somebody asks."""

    __slots__ = ("_packed", "base", "currency", "id", "owner", "position")

    def __init__(self, base: int, owner: bytes, site: str, place: tuple[Any, ...]) -> None:
        """`place`: latitude and longitude in 1e-7 degrees, currency, and the packed record."""
        self.base = base
        self.owner = owner
        self.id = site
        self.position = from_e7(place[0], place[1])
        self.currency: str | None = place[2]
        self._packed = place[3]

    @property
    def collection(self) -> str:
        """That of the site and its offers."""
        return collection_of(self.id)

    def read(self) -> Site:
        """The same as `site`, for one of very many."""
        return Site.from_fields(unpack_site(self._packed))

    @property
    def site(self) -> Site:
        """The site's record as read by the rules of the domain."""
        return _site_of(self._packed)

    @property
    def told(self) -> Site:
        """What a listing shows of it alone: all of it takes three times as long to judge."""
        return _told_of(self._packed)


# Two kilobytes each: as many as a city has.
@lru_cache(maxsize=1_024)
def _site_of(packed: bytes) -> Site:
    return Site.from_fields(unpack_site(packed))


# What a listing shows of a site. A page shows twenty, each search other ones.
_TOLD = ("name", "lat_e7", "lon_e7", "currency", "time_zone")


@lru_cache(maxsize=1_024)
def _told_of(packed: bytes) -> Site:
    fields = unpack_site(packed)
    return Site.from_fields({name: fields[name] for name in _TOLD if name in fields})


class FewSites:
    """Placed sites, looked up one by one in the open transaction: for a process that asks once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def get(self, base: int) -> SiteEntry | None:
        """The site with this base; None where it is not placed."""
        row = self._db.execute(f"{_READ} AND base = ?", (base,)).fetchone()
        return None if row is None else SiteEntry(row[0], row[1], row[2], row[3:])

    def within(self, center: Position, radius_m: float) -> list[int]:
        """The bases of the sites at most `radius_m` from `center`."""
        band = ceil(E7 * band_deg(radius_m))
        lat_e7 = round(E7 * center.lat)
        rows = self._db.execute(
            "SELECT base, lat_e7, lon_e7 FROM site WHERE lat_e7 BETWEEN ? AND ?",
            (lat_e7 - band, lat_e7 + band),
        ).fetchall()
        places = [from_e7(lat, lon) for _, lat, lon in rows]
        return [rows[number][0] for number in Scan(places).within(center, radius_m)]

    def state(self, entry: SiteEntry, at_ms: int) -> OpenState:
        """Whether one of them is open."""
        return entry.site.open_state(at_ms)

    def ranges(self, bases: Iterable[int], most: int = MAX_RANGES) -> list[tuple[int, int]]:
        """As Sites.ranges, cut at the gaps that are widest."""
        wanted = sorted(bases)
        return _ranges(wanted, wanted, most)


class Sites:
    """All placed sites of one generation. Never changed once made; any thread may ask."""

    def __init__(self, generation: int, entries: list[SiteEntry]) -> None:
        """`entries` in the order of their bases."""
        self.generation = generation
        self._bases = [entry.base for entry in entries]
        self._reach: Reach | None = None
        # A query asks twice, for the rows and for their order.
        self._last: tuple[tuple[Position, float], list[int]] | None = None
        self.entries = entries
        self._numbers: dict[tuple[bytes, str], int] | None = None
        self._arrays: _Arrays | None = None
        self._named: tuple[Any, Any] | None = None

    def get(self, base: int) -> SiteEntry | None:
        """The site with this base; None where it is not placed."""
        place = self.number_at(base)
        is_placed = place < len(self._bases) and self._bases[place] == base
        return self.entries[place] if is_placed else None

    def number_at(self, base: int) -> int:
        """The number in `entries` of the site with this base."""
        return bisect_left(self._bases, base)

    def state(self, entry: SiteEntry, at_ms: int) -> OpenState:
        """Whether one of them is open; many have the same hours."""
        if self._arrays is None:
            return entry.site.open_state(at_ms)
        return self._arrays.open_states.state(self.number_at(entry.base), at_ms)

    def within(self, center: Position, radius_m: float) -> list[int]:
        """The bases of the sites at most `radius_m` from `center`."""
        return [self._bases[number] for number in self.near(center, radius_m)]

    def load(self) -> None:
        """Be ready for questions about what is near."""
        if self._reach is None:
            self._reach = reach_for([entry.position for entry in self.entries])

    def near(self, center: Position, radius_m: float) -> list[int]:
        """Their numbers in `entries`."""
        self.load()
        assert self._reach is not None
        last, asked = self._last, (center, radius_m)
        if last is None or last[0] != asked:
            last = self._last = asked, sorted(self._reach.within(center, radius_m))
        return last[1]

    def numbers_near(self, center: Position, radius_m: float) -> Any:
        """A numpy array of the numbers of the sites at most `radius_m` away; not in order."""
        import numpy as np

        self.load()
        if isinstance(self._reach, Globe):
            return self._reach.numbers(center, radius_m)
        return np.array(self.near(center, radius_m), np.int64)

    def nearest(self, center: Position, count: int) -> Any:
        """A numpy array of the numbers of at least `count` sites, nearer than all others.

        None where there are hardly more.
        """
        self.load()
        if not isinstance(self._reach, Globe) or len(self.entries) <= 2 * count:
            return None
        radius_m = _FIRST_RADIUS_M
        while radius_m < _LAST_RADIUS_M:
            numbers = self._reach.numbers(center, radius_m)
            if len(numbers) >= count:
                return numbers
            radius_m *= 2
        return None

    def of_retailers(self, names: Iterable[str]) -> list[int]:
        """The numbers of the sites with these ids, or of members with these names in hex.

        Looked up in order: a table of all names takes 30 ms to make, and megabytes to keep.
        """
        by_id, by_owner = self._by_names()
        found: list[int] = []
        for name in set(names):
            found += _among(by_id, name, lambda number: self.entries[number].id)
            found += _among(by_owner, name, lambda number: self.entries[number].owner.hex())
        return found

    def _by_names(self) -> tuple[Any, Any]:
        """Numpy arrays: the numbers of the sites by their ids, and by those of their owners."""
        if self._named is None:
            import numpy as np

            orders = [np.argsort(one) for one in (self.arrays.ranks, self.arrays.owners)]
            self._named = orders[0].astype(np.int32), orders[1].astype(np.int32)
        return self._named

    def number_of(self, owner: bytes, collection: str) -> int | None:
        """The number of a site in `entries`; None where it is not placed."""
        if self._numbers is None:
            places = enumerate(self.entries)
            self._numbers = {(one.owner, one.collection): number for number, one in places}
        return self._numbers.get((owner, collection))

    def numbers_of(self, bases: Any) -> Any:
        """For a numpy array of bases the numbers of their sites in `entries`; -1: not placed."""
        import numpy as np

        known = self.arrays.bases if self._bases else np.array([-1])
        numbers = np.minimum(np.searchsorted(known, bases), len(known) - 1)
        return np.where(known[numbers] == bases, numbers, -1)

    def distances_m(self, center: Position, numbers: Any = None) -> Any:
        """A numpy array of the distance to each of these sites (None: all), never more than it."""
        import numpy as np

        points = self.arrays.points if numbers is None else self.arrays.points[numbers]
        metres = distances_m(points, unit_xyz(center))
        return np.maximum(metres - doubt_m(metres), 0.0)

    @property
    def arrays(self) -> "_Arrays":
        """What is known of all sites, as numpy arrays in the order of `entries`."""
        if self._arrays is None:
            self._arrays = _Arrays.of(self.entries)
        return self._arrays

    def ranges_of(self, numbers: Any, most: int = MAX_RANGES) -> list[tuple[int, int]]:
        """As `ranges`, for an ascending numpy array of sites' numbers."""
        import numpy as np

        if not len(numbers):
            return []
        leaps = np.diff(numbers)
        cuts = (
            np.argpartition(leaps, -most + 1)[-most + 1 :]
            if len(leaps) >= most
            else range(len(leaps))
        )
        ends = [*sorted(int(cut) for cut in cuts if leaps[cut] > 1), len(numbers) - 1]
        starts = [0, *(end + 1 for end in ends[:-1])]
        bases = self._bases
        return [
            _span(bases[numbers[i]], bases[numbers[j]]) for i, j in zip(starts, ends, strict=True)
        ]

    def ranges(self, bases: Iterable[int], most: int = MAX_RANGES) -> list[tuple[int, int]]:
        """At most `most` spans (first, last row number) that hold all rows of these sites.

        The spans are cut at the gaps that hold the most other sites.
        """
        wanted = sorted(bases)
        return _ranges(wanted, [bisect_left(self._bases, base) for base in wanted], most)


def _among(ordered: Any, text: str, said: Callable[[int], str]) -> list[int]:
    """Of numbers, in the order of what is said of each, those of which this is said."""
    first, last = bisect_left(ordered, text, key=said), bisect_right(ordered, text, key=said)
    numbers: list[int] = ordered[first:last].tolist()
    return numbers


def _ranges(wanted: list[int], ranks: list[int], most: int) -> list[tuple[int, int]]:
    """Spans that hold all rows of these bases, ascending, cut where the ranks leap the most."""
    if not wanted:
        return []
    gaps = ((ranks[i + 1] - ranks[i], i) for i in range(len(ranks) - 1))
    cuts = sorted(i for size, i in sorted(gaps, reverse=True)[: most - 1] if size > 1)
    starts = [0, *(cut + 1 for cut in cuts)]
    ends = [*cuts, len(wanted) - 1]
    return [_span(wanted[i], wanted[j]) for i, j in zip(starts, ends, strict=True)]


def _span(first: int, last: int) -> tuple[int, int]:
    """The row numbers of the sites from one base to another."""
    return first << SEQUENCE_BITS, (last << SEQUENCE_BITS) + MAX_OFFERS_PER_SITE - 1


class _Arrays(NamedTuple):
    """Of all sites, in the order of their numbers.

    points: of the unit sphere; owners: the place of each among all, and ranks: that of its id;
    open_states: what is known of opening hours.
    """

    bases: Any
    currencies: Any
    points: Any
    lats: Any
    lons: Any
    owners: Any
    ranks: Any
    open_states: OpenStates

    @classmethod
    def of(cls, entries: list[SiteEntry]) -> "_Arrays":
        """Those of the entries."""
        import numpy as np

        members = sorted({one.owner for one in entries})
        numbers = {owner: number for number, owner in enumerate(members)}
        owners = [numbers[one.owner] for one in entries]
        ranks = np.zeros(len(entries), np.int64)
        ranks[sorted(range(len(entries)), key=lambda number: entries[number].id)] = np.arange(
            len(entries)
        )
        lats = np.array([one.position.lat for one in entries])
        lons = np.array([one.position.lon for one in entries])
        return cls(
            np.array([one.base for one in entries], np.int64),
            np.array([currency_code(one.currency) for one in entries], np.int64),
            unit_points([one.position for one in entries]),
            lats,
            lons,
            np.array(owners, np.int64),
            ranks,
            OpenStates([one.read for one in entries]),
        )


def load_sites(db: sqlite3.Connection, generation: int) -> Sites:
    """The placed sites as the open transaction sees them."""
    rows = db.execute(f"{_READ} ORDER BY base")
    return Sites(generation, [SiteEntry(row[0], row[1], row[2], row[3:]) for row in rows])
