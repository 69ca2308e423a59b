"""What a session needs of the store; the service gives it one, a test another."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from fedretail.crdt.access import SignedRecord
from fedretail.crdt.changes import Point
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.names import LogName
from fedretail.crdt.proof import Proof
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Incoming, Outcome, Part, Place, Repair
from fedretail.errors import FedretailError, MalformedInput, PeerError
from fedretail.p2p.reconcile import Item


class WrongRows(PeerError):
    """The rows that came do not make up the head they came with; none of them is kept.

    Some of them may have come from another neighbour before.
    """


def fault_of(error: MalformedInput | WrongRows) -> PeerError:
    """What ends the session of a neighbour that has sent something wrong."""
    if isinstance(error, WrongRows):
        return error
    return PeerError(f"A neighbour sent {error.message}.")


class Replica(Protocol):
    """What a session needs of the store; calls may block, none of them waits for a neighbour."""

    def items(self) -> list[Item]:
        """All auth records and heads that a stranger may have, auth records first."""
        ...

    def charter(self) -> bytes | None:
        """The charter of the network, None where it is not known yet."""
        ...

    def set_charter(self, raw: bytes) -> None:
        """Keep the charter that the network's id was made from; PeerError for another."""
        ...

    def learn(self, records: Iterable[SignedRecord], names: Iterable[LogName]) -> None:
        """Keep auth records, then names of logs; those there is no room for are passed over."""
        ...

    def name(self, log: bytes) -> LogName | None:
        """The four values of a log."""
        ...

    def head(self, log: bytes) -> Head | None:
        """The newest verified head of a log, None where there is none."""
        ...

    def signed(self, log: bytes) -> SignedHead | None:
        """The same with the bytes that were signed."""
        ...

    def auth_of(self, log: bytes) -> list[bytes]:
        """The auth records of a log's owner, without which nobody takes its heads."""
        ...

    def saw(self, heads: Iterable[SignedHead]) -> None:
        """Take note of what a neighbour shows, so that two states of one number are noticed.

        PeerError where a device has not signed what it is said to have.
        """
        ...

    def prove(self, proofs: Iterable[Proof]) -> None:
        """Keep verified proofs; those there is no room for are passed over."""
        ...

    def proof(self, name: LogName) -> Proof | None:
        """The proof by which a log is frozen, None where it is not."""
        ...

    def proofs(self) -> list[Proof]:
        """All proofs held."""
        ...

    def heads_seen(self, log: bytes) -> list[bytes]:
        """The heads seen of a log, as sent, newest first."""
        ...

    def takes(self, signed: SignedHead) -> bool:
        """Whether this node would hold that log at that head, as far as sizes and owner tell."""
        ...

    def is_done(self, log: bytes, seq: int) -> bool:
        """Whether newer logs of its device have taken the place of this one up to `seq`."""
        ...

    def is_own(self, log: bytes) -> bool:
        """Whether this very device writes that log, or has written it."""
        ...

    def has_space(self) -> bool:
        """Whether there is room for what neighbours send."""
        ...

    def wanted(self, log: bytes, head: SignedHead | None) -> Place | None:
        """What to ask for next to reach this head; None where the log's name is unknown."""
        ...

    def changes(self, log: bytes, base: Point, after: RowKey | None) -> Part | None:
        """The next part of what changed since `base`; None where nothing did."""
        ...

    def advance(self, parts: Sequence[Incoming]) -> list[Outcome | FedretailError]:
        """Take in parts in order; what became of each, or the error by which it was not kept.

        WrongRows where the digest is not that of the rows. Raises what is no neighbour's fault.
        """
        ...

    def row_items(self, log: bytes) -> list[tuple[RowKey, bytes]] | None:
        """(key, item) of all rows of a log; None where it is not public, or too large for that."""
        ...

    def whole_rows(self, log: bytes, keys: Sequence[RowKey]) -> Part | None:
        """As many of the rows under `keys` as fit into a part; None where the log is not held."""
        ...

    def repair(self, wanted: Repair) -> SignedHead:
        """Put a log right, up to the head that it names or the later one held, which is returned.

        PeerError where the rows are not those of that head.
        """
        ...

    def damaged(self) -> list[bytes]:
        """Logs whose rows were found not to be those of their head."""
        ...
