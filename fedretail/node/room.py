"""Room for what neighbours send: on the disk, and in what they may send in a day."""

import shutil

from fedretail.node.base import BaseNode

# Under this key the node notes what it has received: [day, bytes]; a restart gives no new day.
RECEIVED = "received"
_MB = 1_000_000
_DAY_MS = 24 * 3600 * 1000


class Room:
    """Asked before anything is taken from a neighbour, by any thread. Days are those of UTC."""

    def __init__(self, node: BaseNode) -> None:
        self._node = node
        self._limit = node.config.max_down_mb_per_day * _MB
        noted = node.store.noted(RECEIVED) if self._limit else None
        day_and_bytes: tuple[int, int] = noted.value if noted else (0, 0)
        self._day, self._bytes = day_and_bytes
        self._seen = 0

    def count(self, received: int) -> bool:
        """Count bytes, `received` since the daemon's start; whether that uses up the day."""
        day, before = self._node.clock.now_ms() // _DAY_MS, self.is_used_up()
        if day != self._day:
            self._day, self._bytes = day, 0
        self._bytes += received - self._seen
        self._seen = received
        return self.is_used_up() and not before

    def note(self) -> None:
        """Write down what was counted, where there is a limit to count for."""
        if self._limit:
            self._node.store.note(RECEIVED, [self._day, self._bytes])

    def is_used_up(self) -> bool:
        """Whether neighbours have sent all that they may send today."""
        return 0 < self._limit <= self._bytes

    def has_space(self) -> bool:
        """Whether something may be taken: within the day's share, and with the reserve kept."""
        return not self.is_used_up() and self._has_disk()

    def _has_disk(self) -> bool:
        reserve = self._node.config.disk_reserve_mb * _MB
        try:
            free: int = shutil.disk_usage(self._node.path).free
        except OSError:
            # A disk that cannot say is asked again by the write itself.
            return True
        return free >= reserve
