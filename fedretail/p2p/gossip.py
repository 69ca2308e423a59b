"""Pushes: who is told of a new head, when, and with how much beside it.

A push is a hint only; what it misses comes by reconciliation. One push per log and neighbour in
5 s, the first after a quiet while at once; the changes themselves go to six neighbours, the rest
gets the head and asks for them, or has them by then from another.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fedretail.crdt.changes import START, Point

Shown = Mapping[str, Mapping[bytes, Point]]

# A till that changes prices all day is pushed twelve times a minute at most.
QUIET_MS = 5000
# Six reach a thousand neighbours in four steps; each further one would mostly repeat.
FANOUT = 6


class PushOrder(NamedTuple):
    """Push this log to this neighbour, with what changed since base (None: the head alone)."""

    peer: str
    log: bytes
    base: Point | None


class Gossip:
    """What waits to be pushed; fed with moves, asked for what is due."""

    def __init__(self) -> None:
        self._newest: dict[bytes, int] = {}
        self._pushed: dict[tuple[str, bytes], tuple[int, int]] = {}
        self._waiting: set[bytes] = set()

    def moved(self, log: bytes, seq: int) -> None:
        """A log stands at `seq` here since now."""
        self._newest[log] = seq
        self._waiting.add(log)

    def due(self, now_ms: int, shown: Shown) -> list[PushOrder]:
        """The pushes to send now; `shown`: for each live neighbour the place in each log it showed.

        Each order is taken as sent.
        """
        orders = [order for log in sorted(self._waiting) for order in self._of(log, now_ms, shown)]
        for order in orders:
            self._pushed[order.peer, order.log] = (self._newest[order.log], now_ms)
        self._waiting = {log for log in self._waiting if self._behind(log, shown)}
        return orders

    def wait_ms(self, now_ms: int, shown: Shown) -> int | None:
        """Milliseconds until the next push is due; None where nothing waits."""
        times = [
            self._pushed.get((peer, log), (0, 0))[1] + QUIET_MS - now_ms
            for log in self._waiting
            for peer in self._behind(log, shown)
        ]
        return max(0, min(times)) if times else None

    def forget(self, peer: str) -> None:
        """A neighbour has gone; when it is back, reconciliation tells what it has."""
        self._pushed = {place: value for place, value in self._pushed.items() if place[0] != peer}

    def _of(self, log: bytes, now_ms: int, shown: Shown) -> Iterable[PushOrder]:
        ready = [
            peer
            for peer in self._behind(log, shown)
            if now_ms - self._pushed.get((peer, log), (0, -QUIET_MS))[1] >= QUIET_MS
        ]
        for index, peer in enumerate(ready):
            yield PushOrder(peer, log, shown[peer].get(log) if index < FANOUT else None)

    def _behind(self, log: bytes, shown: Shown) -> list[str]:
        """The neighbours that have neither shown nor been pushed the newest seq."""
        newest = self._newest[log]
        return [
            peer
            for peer, places in sorted(shown.items())
            if places.get(log, START).seq < newest
            and self._pushed.get((peer, log), (0, 0))[0] < newest
        ]
