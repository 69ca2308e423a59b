"""The time that ages and dated prices are told by."""

from fedretail.clock import Clock

# Less than that between computers is ordinary, and no price hangs on it.
TOLERATED_MS = 2 * 60 * 1000
# A wrong day or time zone is mended. Neighbours who say that it is another year may be strangers in
# league: believed, they would make every price seem ended and every shop silent.
MAX_CORRECTED_MS = 26 * 3600 * 1000


class CorrectedClock:
    """This computer's clock, put right by its neighbours' where it is off by minutes or hours."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # How far this computer's clock is behind, by the median of its neighbours.
        self.offset_ms = 0

    def now_ms(self) -> int:
        """The corrected time, in milliseconds since 1970."""
        is_off = TOLERATED_MS < abs(self.offset_ms) <= MAX_CORRECTED_MS
        return self._clock.now_ms() + (self.offset_ms if is_off else 0)
