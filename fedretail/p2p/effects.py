"""What a session asks of the service that runs it."""

from typing import NamedTuple, TypeAlias

from fedretail.p2p.clones import Witness


class Send(NamedTuple):
    """Send this frame."""

    frame: bytes


class Moved(NamedTuple):
    """The store has moved a log to this seq."""

    log: bytes
    seq: int


class PeerClock(NamedTuple):
    """The neighbour's clock said this when it sent its HELLO."""

    now_ms: int


class Greeted(NamedTuple):
    """The neighbour has said the nonce of its start."""

    nonce: bytes


class Stated(NamedTuple):
    """The neighbour has made, or passed on, a statement about two starts of one key."""

    witness: Witness


class PeerAddresses(NamedTuple):
    """Addresses that the neighbour knows, of itself and others; hearsay."""

    addresses: list[str]


class Expected(NamedTuple):
    """So many rows and bytes of one log are on their way."""

    log: bytes
    rows: int
    size: int


class Synced(NamedTuple):
    """The first round is over: whatever the neighbour showed is here."""


class GoOn(NamedTuple):
    """More is ready to be read and sent: send what is here first, then call `go_on`."""


class Pause(NamedTuple):
    """Read nothing more from this neighbour for so long; it asks too much."""

    seconds: float


class Ended(NamedTuple):
    """The session is over; `text` for people, `retry_s` before another try."""

    code: str
    text: str
    retry_s: int


Effect: TypeAlias = (
    Send
    | Moved
    | PeerClock
    | Greeted
    | Stated
    | PeerAddresses
    | Expected
    | Synced
    | GoOn
    | Pause
    | Ended
)
