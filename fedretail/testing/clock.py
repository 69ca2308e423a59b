"""A clock that stands still until a test moves it."""


class ManualClock:
    """A Clock whose time is set by hand."""

    # 2026-01-05 10:00 UTC, a Monday: an ordinary shop morning.
    START_MS = 1_767_607_200_000

    def __init__(self, now_ms: int = START_MS) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """The time last set, in milliseconds since 1970."""
        return self._now_ms

    def advance(self, ms: int) -> None:
        """Move the time by `ms` milliseconds, backwards too."""
        self._now_ms += ms
