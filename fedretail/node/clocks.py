"""The time that ages and dated prices are told by."""

from fedretail.clock import Clock

# Less than that between computers is ordinary, and no price hangs on it.
TOLERATED_MS = 2 * 60 * 1000


class CorrectedClock:
    """This computer's clock, put right by its neighbours' where it is off by over two minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # How far this computer's clock is behind, by the median of its neighbours.
        self.offset_ms = 0

    def now_ms(self) -> int:
        """The corrected time, in milliseconds since 1970."""
        is_off = abs(self.offset_ms) > TOLERATED_MS
        return self._clock.now_ms() + (self.offset_ms if is_off else 0)
