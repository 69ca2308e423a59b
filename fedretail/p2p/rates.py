"""Token buckets: what one neighbour may ask of this computer in a while."""


class TokenBucket:
    """Holds up to `burst` tokens and gains `rate` of them a second; starts full."""

    def __init__(self, *, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at_ms: int | None = None

    def take(self, tokens: float, now_ms: int) -> float:
        """Seconds to wait before going on after these tokens were taken; 0 where there are enough.

        The tokens are taken in any case, so that what follows waits the longer.
        """
        if self._at_ms is not None:
            gained = max(0, now_ms - self._at_ms) / 1000 * self._rate
            self._tokens = min(self._burst, self._tokens + gained)
        self._at_ms = now_ms
        self._tokens -= tokens
        return max(0.0, -self._tokens / self._rate)
