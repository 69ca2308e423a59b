"""The one place that reads the time; everything else is handed a Clock."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time in milliseconds since 1970 (UTC)."""

    def now_ms(self) -> int:
        """The present time, milliseconds since 1970-01-01T00:00:00Z."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        """The machine's wall clock in milliseconds."""
        return time.time_ns() // 1_000_000
