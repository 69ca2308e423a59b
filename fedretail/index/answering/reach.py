"""Which sites a query may show, all of them judged at once."""

from typing import TYPE_CHECKING, Any

import numpy as np

from fedretail.domain.boxes import Box
from fedretail.index.memory.open_states import OPEN
from fedretail.index.memory.sites import Sites
from fedretail.index.rules.filters import Filters
from fedretail.index.views import View

if TYPE_CHECKING:
    from fedretail.index.answering.judge import Judge

Array = np.ndarray[Any, np.dtype[Any]]


class Reach:
    """The sites of one query. numbers: those it may show, ascending; mask: whether each is."""

    def __init__(self, judge: "Judge", sites: Sites, heard: Array) -> None:
        """heard: for each site when its collection was signed last, ms; -1 never."""
        query = judge.query
        self.sites, self.at_ms = sites, judge.at_ms
        # One more, for rows of no site.
        mask = np.zeros(len(sites.entries) + 1, bool)
        mask[:-1] = judge.are_heard(heard)
        for one in judge.limits:
            _limit(mask, one, sites)
        self.mask = mask
        # Hours are looked up where a row asks for them.
        asks_hours = any(one.open_now for one in judge.limits)
        self._unasked = mask.copy() if asks_hours else None
        self._near = query.near
        # Of most queries few sites are looked at; -1: not worked out.
        self._distance = np.full(len(sites.entries), 0.0 if query.near is None else -1.0)

    @property
    def numbers(self) -> Array:
        """The numbers of the sites."""
        return np.flatnonzero(self.mask[:-1])

    def distance(self, sites: Array) -> Array:
        """How far sites with these numbers are at least, with a centimetre of doubt.

        0 where nobody asks from where.
        """
        found = self._distance[sites]
        if self._near is not None and len(found) and found.min() < 0:
            there = np.zeros(len(self._distance), bool)
            there[sites] = True
            missing = np.flatnonzero(there & (self._distance < 0))
            self._distance[missing] = self.sites.distances_m(self._near, missing)
            found = self._distance[sites]
        return found

    def shown(self) -> Array:
        """For all sites whether they may be shown, opening hours included."""
        if self._unasked is not None:
            self.of_rows(np.flatnonzero(self._unasked))
        return self.mask[:-1]

    def of_rows(self, sites: Array) -> Array:
        """For the site of each row whether it may be shown."""
        if self._unasked is not None:
            there = np.zeros(len(self.mask), bool)
            there[sites] = True
            asked = np.flatnonzero(there[:-1] & self._unasked[:-1])
            self.mask[asked] = self.open_states(asked) == OPEN
            self._unasked[asked] = False
        return self.mask[sites]

    def open_states(self, numbers: Array) -> Array:
        """Whether sites are open, as codes of OpenStates."""
        found: Array = self.sites.arrays.open_states.codes(numbers, self.at_ms)
        return found


def _limit(mask: Array, asked: Filters, sites: Sites) -> None:
    """Take away what the filters say of sites, but for opening hours."""
    if asked.near is not None and asked.within_m is not None:
        _only(mask, sites.numbers_near(asked.near, asked.within_m))
    if asked.box is not None:
        mask[:-1] &= in_box(asked.box, sites.arrays.lats, sites.arrays.lons)
    if asked.retailers is not None:
        _only(mask, sites.of_retailers(asked.retailers))
    if isinstance(asked, View):
        if asked.own == "only":
            _only(mask, sites.of_retailers([asked.owner.hex()] if asked.owner else []))
        mask[sites.of_retailers(asked.hidden_retailers)] = False


def _only(mask: Array, numbers: Array | list[int]) -> None:
    some = np.zeros(len(mask), bool)
    some[np.asarray(numbers, np.int64)] = True
    mask &= some


def in_box(box: Box, lats: Array, lons: Array) -> Array:
    """Box.holds for many places."""

    def spans(lon: Array) -> Array:
        if box.west <= box.east:
            return (box.west <= lon) & (lon <= box.east)
        return (lon >= box.west) | (lon <= box.east)

    inside = spans(lons) | (abs(lats) == 90) | ((abs(lons) == 180) & spans(-lons))
    found: Array = inside & (box.south <= lats) & (lats <= box.north)
    return found
