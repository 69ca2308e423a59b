"""What two neighbours know of each other within one session."""

from collections.abc import Iterable
from typing import Any

from fedretail.crdt.changes import START, Point
from fedretail.crdt.head import SignedHead
from fedretail.errors import MalformedInput, PeerError
from fedretail.p2p import wire
from fedretail.p2p.effects import Send
from fedretail.p2p.replica import Replica

# Tags of the statements in AUTH.
AUTH_RECORD, AUTH_LOG, AUTH_CHARTER, AUTH_ADDRESS = range(4)
# Statements a frame: at 210 bytes they stay far below 256 KiB.
AUTH_PER_FRAME = 500


class View:
    """Which logs the neighbour has shown, and how far; which ones it was shown by name."""

    def __init__(self, replica: Replica) -> None:
        # The newest place in each log that the neighbour has shown or said to hold.
        self.shown: dict[bytes, Point] = {}
        self._sent: dict[bytes, Point] = {}
        self._named: set[bytes] = set()
        self._replica = replica

    def note_shown(self, log: bytes, place: Point) -> None:
        """The neighbour holds this log at this place, as it says."""
        if place.seq > self.shown.get(log, START).seq:
            self.shown[log] = place

    def note_held(self, log: bytes, seq: int) -> None:
        """The neighbour says that it holds what it was shown."""
        sent = self._sent.get(log, START)
        self.note_shown(log, sent if sent.seq == seq else Point(seq, 0))

    def note_sent(self, head: bytes) -> None:
        """The neighbour is being shown this head of ours."""
        parsed = SignedHead.parse(head).head
        self._sent[parsed.log] = Point(parsed.seq, parsed.stamp)

    def is_ahead(self, log: bytes) -> bool:
        """Whether the neighbour has shown more of a log that is known by name than is held."""
        if self._replica.name(log) is None:
            return False
        held = self._replica.head(log)
        return self.shown.get(log, START).seq > (held.seq if held else 0)

    def introduce(self, logs: Iterable[bytes]) -> list[Send]:
        """The names of logs that neither side has named in this session."""
        new = [log for log in logs if log not in self._named and log not in self.shown]
        self._named.update(new)
        names = [name for log in new if (name := self._replica.name(log)) is not None]
        return statements([[AUTH_LOG, *name] for name in names])


def statements(lines: list[list[Any]]) -> list[Send]:
    """AUTH frames with these statements, in order."""
    starts = range(0, len(lines), AUTH_PER_FRAME)
    return [send(wire.Auth(lines[start : start + AUTH_PER_FRAME])) for start in starts]


def send(message: wire.Message) -> Send:
    """The effect that sends a message."""
    return Send(wire.encode(message))


def parse_head(raw: bytes) -> SignedHead:
    """The head in bytes from a neighbour; PeerError where they are none."""
    try:
        return SignedHead.parse(raw)
    except MalformedInput as error:
        raise PeerError(f"A neighbour sent {error.message}.") from None
