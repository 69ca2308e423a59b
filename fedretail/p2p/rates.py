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
        self._gain(now_ms)
        self._tokens -= tokens
        return max(0.0, -self._tokens / self._rate)

    def take_if_there(self, tokens: float, now_ms: int) -> bool:
        """Take these tokens and say True, or take none."""
        self._gain(now_ms)
        is_there = self._tokens >= tokens
        if is_there:
            self._tokens -= tokens
        return is_there

    def take_soon(self, tokens: float, now_ms: int, most_s: float) -> float | None:
        """Take these tokens and give the seconds to wait for them, or take none: over `most_s`."""
        self._gain(now_ms)
        wait_s = max(0.0, (tokens - self._tokens) / self._rate)
        if wait_s > most_s:
            return None
        self._tokens -= tokens
        return wait_s

    def _gain(self, now_ms: int) -> None:
        if self._at_ms is not None:
            gained = max(0, now_ms - self._at_ms) / 1000 * self._rate
            self._tokens = min(self._burst, self._tokens + gained)
        self._at_ms = now_ms


class Buckets:
    """A bucket for each of many names, of whom `most` are remembered: who came last."""

    def __init__(self, *, rate: float, burst: float, most: int) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._of: dict[str, TokenBucket] = {}

    def of(self, name: str) -> TokenBucket:
        """The bucket of this name, a full one where it was never heard, or is forgotten."""
        bucket = self._of.pop(name, None) or TokenBucket(rate=self._rate, burst=self._burst)
        self._of[name] = bucket
        while len(self._of) > self._most:
            del self._of[next(iter(self._of))]
        return bucket
