"""What two neighbours know of each other within one session."""

from collections.abc import Iterable
from typing import Any

from fedretail.crdt.changes import START, Point
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.proof import Proof
from fedretail.errors import MalformedInput, PeerError
from fedretail.p2p import wire
from fedretail.p2p.effects import Send
from fedretail.p2p.replica import Replica, fault_of

# Tags of the statements in AUTH.
AUTH_RECORD, AUTH_LOG, AUTH_CHARTER, AUTH_ADDRESS, AUTH_PROOF, AUTH_SEEN = range(6)
# Statements a frame: at 210 bytes they stay far below 256 KiB.
AUTH_PER_FRAME = 500
# Owner, collection, device.
Device = tuple[bytes, str, bytes]
# Logs that one neighbour may show; what a list of ids holds twice over. A place takes 200 bytes.
MAX_SHOWN = 65_536


def seen_lines(seen: Iterable[tuple[LogName, bytes]]) -> list[list[Any]]:
    """Statements that show heads seen, as sent, each behind the name of its log."""
    return [line for name, raw in seen for line in ([AUTH_LOG, *name], [AUTH_SEEN, raw])]


class View:
    """Which logs the neighbour has shown, and how far; which ones it was shown by name."""

    def __init__(self, replica: Replica) -> None:
        # The newest place in each log that the neighbour has shown or said to hold.
        self.shown: dict[bytes, Point] = {}
        self._sent: dict[bytes, Point] = {}
        # The head of each log that the neighbour has shown last, as sent.
        self._heads: dict[bytes, bytes] = {}
        self._named: set[bytes] = set()
        # Auth records that the neighbour has, or has been sent; and against whom it has proofs.
        self._told: set[bytes] = set()
        self._proved: set[Device] = set()
        self._replica = replica

    def note_shown(self, log: bytes, place: Point) -> None:
        """The neighbour holds this log at this place, as it says.

        Of a log whose name was never heard nothing is kept: it cost its inventor nothing.
        """
        present = self.shown.get(log)
        if present is None and self._replica.name(log) is None:
            return
        if present is None and len(self.shown) >= MAX_SHOWN:
            raise PeerError("A neighbour shows more catalogs than there can be.")
        if present is None or place.seq > present.seq:
            self.shown[log] = place

    def note_head(self, raw: bytes) -> SignedHead:
        """The head that the neighbour shows, parsed; PeerError where it is none."""
        head = _parse_head(raw)
        log = head.head.log
        self.note_shown(log, Point(head.head.seq, head.head.stamp))
        if log in self.shown:
            self._heads[log] = raw
        return head

    def head_of(self, log: bytes) -> bytes:
        """The head of this log that the neighbour has shown last; PeerError where none was."""
        if log not in self._heads:
            raise PeerError("A neighbour sent rows under a head that it has not shown.")
        return self._heads[log]

    def last_head(self, log: bytes) -> SignedHead | None:
        """The head of a log of which nothing is held that the neighbour has shown last."""
        raw = self._heads.get(log)
        return None if raw is None or self._replica.head(log) else SignedHead.parse(raw)

    def has_sent(self, head: Head) -> bool:
        """Whether this head of ours is the one of its log that the neighbour was shown last."""
        return self._sent.get(head.log) == Point(head.seq, head.stamp)

    def note_held(self, log: bytes, seq: int) -> None:
        """The neighbour says that it holds what it was shown; nothing else can be said so."""
        sent = self._sent.get(log, START)
        if seq <= sent.seq:
            self.note_shown(log, sent if sent.seq == seq else Point(seq, 0))

    def note_gone(self, log: bytes) -> None:
        """The neighbour does not hold this log any more, as it says."""
        self.shown.pop(log, None)
        self._heads.pop(log, None)

    def note_sent(self, head: Head) -> None:
        """The neighbour is being shown this head of ours."""
        self._sent[head.log] = Point(head.seq, head.stamp)

    def note_told(self, records: Iterable[bytes]) -> None:
        """The neighbour has these auth records, or is being sent them."""
        self._told.update(records)

    def note_proved(self, proofs: Iterable[Proof]) -> None:
        """The neighbour has these proofs, or others that say the same."""
        self._proved.update(proof.name[:3] for proof in proofs)

    def prove(self, proofs: Iterable[Proof]) -> list[Send]:
        """Those of the proofs that the neighbour neither has nor was sent in this session."""
        lines: list[list[Any]] = []
        for proof in proofs:
            if proof.name[:3] not in self._proved:
                self.note_proved([proof])
                lines += self._untold(log_id(proof.name))
                lines.append([AUTH_PROOF, *proof.items()])
        return statements(lines)

    def is_ahead(self, log: bytes) -> bool:
        """Whether the neighbour has shown more of a log that is known by name than is held."""
        if self._replica.name(log) is None:
            return False
        held = self._replica.head(log)
        return self.shown.get(log, START).seq > (held.seq if held else 0)

    def introduce(self, logs: Iterable[bytes]) -> list[Send]:
        """The names of logs that neither side has named in this session.

        Before each the auth records of its owner that the neighbour lacks: a head without them
        would look like one that its owner never allowed.
        """
        lines: list[list[Any]] = []
        for log in logs:
            if log in self._named or log in self.shown:
                continue
            name = self._replica.name(log)
            if name is not None:
                self._named.add(log)
                lines += self._untold(log)
                lines.append([AUTH_LOG, *name])
        return statements(lines)

    def _untold(self, log: bytes) -> list[list[Any]]:
        """The auth records of a log's owner that the neighbour lacks; it has them from now on."""
        new = [raw for raw in self._replica.auth_of(log) if raw not in self._told]
        self._told.update(new)
        return [[AUTH_RECORD, raw] for raw in new]


def statements(lines: list[list[Any]]) -> list[Send]:
    """AUTH frames with these statements, in order."""
    starts = range(0, len(lines), AUTH_PER_FRAME)
    return [send(wire.Auth(lines[start : start + AUTH_PER_FRAME])) for start in starts]


def send(message: wire.Message) -> Send:
    """The effect that sends a message."""
    return Send(wire.encode(message))


def _parse_head(raw: bytes) -> SignedHead:
    """The head in bytes from a neighbour; PeerError where they are none."""
    try:
        return SignedHead.parse(raw)
    except MalformedInput as error:
        raise fault_of(error) from None
