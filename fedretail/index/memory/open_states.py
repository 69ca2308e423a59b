"""Which of many sites are open, without asking each: most have the same hours as others.

Sites that say the same about their hours are asked once, and once until that changes.
"""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from fedretail.domain.hours import OpenState
from fedretail.domain.sites import Site

# OSM hours name the sun so; only they depend on where the site lies.
_SUN = re.compile("sun|dawn|dusk", re.IGNORECASE)
# As facets and filters count them.
UNKNOWN, OPEN, CLOSED = 0, 1, 2
_CODES = {None: UNKNOWN, True: OPEN, False: CLOSED}


class _Known(NamedTuple):
    """What was found out at a moment, and until when it holds."""

    state: OpenState
    from_ms: int
    until_ms: int


class OpenStates:
    """The opening hours of sites by their numbers; any thread may ask."""

    def __init__(self, sites: Sequence[Callable[[], Site]]) -> None:
        """sites: read the record of each."""
        import numpy as np

        self._sites = sites
        self._turn = threading.Lock()
        self._kinds = np.full(len(sites), -1, np.int32)
        self._numbers: dict[object, int] = {}
        self._asked: list[Site] = []
        self._known: list[_Known | None] = []

    def load(self) -> None:
        """Read the hours of all sites."""
        import numpy as np

        with self._turn:
            self._kinds_of(np.arange(len(self._sites)))

    def codes(self, numbers: Any, at_ms: int) -> Any:
        """For a numpy array of sites' numbers: UNKNOWN, OPEN or CLOSED at the moment."""
        import numpy as np

        with self._turn:
            kinds = self._kinds_of(numbers)
            codes = np.zeros(len(self._asked) + 1, np.int8)
            for kind in np.flatnonzero(np.bincount(kinds)).tolist():
                codes[kind] = _CODES[self._state(kind, at_ms).open]
        return codes[kinds]

    def state(self, number: int, at_ms: int) -> OpenState:
        """Whether the site with this number is open, and until when that is so."""
        with self._turn:
            kind = int(self._kinds[number])
            if kind < 0:
                kind = self._kinds[number] = self._kind(self._sites[number]())
            return self._state(kind, at_ms)

    def _kinds_of(self, numbers: Any) -> Any:
        for number in numbers[self._kinds[numbers] < 0].tolist():
            self._kinds[number] = self._kind(self._sites[number]())
        return self._kinds[numbers]

    def _kind(self, site: Site) -> int:
        """The number of what a site says about its hours."""
        texts = " ".join(filter(None, (site.hours, *(hours for _, hours in site.holidays))))
        place = site.position if _SUN.search(texts) else None
        said = (site.hours, site.time_zone, site.country, site.holidays, site.closed, place)
        kind = self._numbers.get(said)
        if kind is None:
            kind = self._numbers[said] = len(self._asked)
            self._asked.append(replace(site, position=place))
            self._known.append(None)
        return kind

    def _state(self, kind: int, at_ms: int) -> OpenState:
        known = self._known[kind]
        if known is None or not known.from_ms <= at_ms < known.until_ms:
            state: OpenState = self._asked[kind].open_state(at_ms)
            until_ms = at_ms + 1 if state.until_ms is None else state.until_ms
            known = self._known[kind] = _Known(state, at_ms, until_ms)
        return known.state
