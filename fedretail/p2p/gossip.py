"""Pushes: who is told of a new head, when, and with how much beside it.

A push is a hint only; what it misses comes by reconciliation. One push per log and neighbour in
5 s, the first after a quiet while at once; the changes themselves go to six neighbours, the rest
gets the head and asks for them, or has them by then from another.
"""

from collections.abc import Mapping
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


# Pushes remembered beyond the quiet time before the old ones are forgotten; one takes 200 bytes.
_MAX_KEPT = 10_000


class _Told(NamedTuple):
    """The newest seq pushed to a neighbour, and when (ms)."""

    seq: int
    at_ms: int


class Gossip:
    """What waits to be pushed; fed with moves, asked for what is due.

    Times are of a clock that only goes forward.
    """

    def __init__(self) -> None:
        self._newest: dict[bytes, int] = {}
        self._pushed: dict[tuple[str, bytes], _Told] = {}
        self._waiting: set[bytes] = set()

    def moved(self, log: bytes, seq: int) -> None:
        """A log stands at `seq` here since now."""
        self._newest[log] = max(seq, self._newest.get(log, 0))
        self._waiting.add(log)

    def due(self, now_ms: int, shown: Shown) -> list[PushOrder]:
        """The pushes to send now; `shown`: for each live neighbour the place in each log it showed.

        Each order is taken as sent.
        """
        peers = sorted(shown.items())
        orders: list[PushOrder] = []
        for log in sorted(self._waiting):
            behind = self._behind(log, peers)
            ready = [peer for peer in behind if self._is_quiet(peer, log, now_ms)]
            if len(ready) == len(behind):
                self._waiting.discard(log)
            for index, peer in enumerate(ready):
                base = shown[peer].get(log) if index < FANOUT else None
                orders.append(PushOrder(peer, log, base))
                self._pushed[peer, log] = _Told(self._newest[log], now_ms)
        self._prune(now_ms)
        return orders

    def wait_ms(self, now_ms: int, shown: Shown) -> int | None:
        """Milliseconds until the next push is due; None where nothing waits."""
        peers = sorted(shown.items())
        times = [
            self._pushed[peer, log].at_ms + QUIET_MS - now_ms if (peer, log) in self._pushed else 0
            for log in self._waiting
            for peer in self._behind(log, peers)
        ]
        return max(0, min(times)) if times else None

    def forget(self, peer: str) -> None:
        """A neighbour has gone; when it is back, reconciliation tells what it has."""
        self._pushed = {place: told for place, told in self._pushed.items() if place[0] != peer}

    def _is_quiet(self, peer: str, log: bytes, now_ms: int) -> bool:
        told = self._pushed.get((peer, log))
        return told is None or now_ms - told.at_ms >= QUIET_MS

    def _behind(self, log: bytes, peers: list[tuple[str, Mapping[bytes, Point]]]) -> list[str]:
        """The neighbours that have neither shown nor been pushed the newest seq."""
        newest = self._newest[log]
        return [
            peer
            for peer, places in peers
            if places.get(log, START).seq < newest
            and ((told := self._pushed.get((peer, log))) is None or told.seq < newest)
        ]

    def _prune(self, now_ms: int) -> None:
        """Forget pushes that say nothing any more: older than the quiet time, and nothing waits."""
        if len(self._pushed) > _MAX_KEPT:
            self._pushed = {
                place: told
                for place, told in self._pushed.items()
                if now_ms - told.at_ms < QUIET_MS or place[1] in self._waiting
            }
