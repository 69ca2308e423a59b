"""The store as sessions see it: a Replica, with heads kept at hand."""

import threading
from collections.abc import Callable

from fedretail.crdt.access import SignedRecord
from fedretail.crdt.changes import Point
from fedretail.crdt.charter import Charter
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Incoming, Outcome, Part, Place
from fedretail.errors import PeerError, Refused, Unavailable
from fedretail.p2p.reconcile import AUTH, Item
from fedretail.store.store import Store



def is_public(collection: str) -> bool:
    """Whether a collection is for everyone; any other is shown to nobody."""
    return collection == "member" or collection.startswith("site/")


class Mirror:
    """A Replica over a Store; any thread may call it.

    `has_space` says whether the disk has room for what others send; own edits come last to stop.
    """

    def __init__(
        self, store: Store, network: bytes, *, has_space: Callable[[], bool] = lambda: True
    ) -> None:
        self._store = store
        self._network = network
        self._has_space = has_space
        self._turn = threading.Lock()
        self._auth: list[Item] = []
        self._auth_moved = 0
        self._heads: dict[bytes, tuple[LogName, bytes]] = {}
        self._heads_moved = 0

    def refresh(self) -> list[tuple[bytes, int]]:
        """(log, seq) of public logs that moved since the last call, by whichever process."""
        with self._turn:
            for moved, signed in self._store.auth_records(moved_after=self._auth_moved):
                self._auth_moved = moved
                self._auth.append(Item(AUTH, signed.raw))
            return list(self._newer_heads())

    def _newer_heads(self) -> list[tuple[bytes, int]]:
        result = []
        for moved, name, raw in self._store.heads(moved_after=self._heads_moved):
            self._heads_moved = moved
            if is_public(name.collection):
                log = log_id(name)
                self._heads[log] = (name, raw)
                result.append((log, SignedHead.parse(raw).head.seq))
        return result

    def items(self) -> list[Item]:
        """All auth records and public heads, auth records first."""
        self.refresh()
        with self._turn:
            heads = [Item(log, raw) for log, (_, raw) in self._heads.items()]
            return [*self._auth, *heads]

    def own_heads(self, owner: bytes | None) -> dict[bytes, int]:
        """The seq of each public log of one owner, as far as `refresh` has seen."""
        with self._turn:
            return {
                log: SignedHead.parse(raw).head.seq
                for log, (name, raw) in self._heads.items()
                if name.owner == owner
            }

    def charter(self) -> bytes | None:
        """The charter of the network, None where it is not known yet."""
        found: bytes | None = self._store.meta("charter")
        return found

    def set_charter(self, raw: bytes) -> None:
        """Keep the charter that the network's id was made from; PeerError for another."""
        if Charter.parse(raw).id != self._network:
            raise PeerError("A neighbour sent the charter of another network.")
        if self.charter() is None:
            self._store.set_meta({"charter": raw})

    def add_auth(self, records: list[SignedRecord]) -> None:
        """Keep auth records."""
        if records:
            self._store.add_auth(records)

    def add_log(self, name: LogName) -> None:
        """Learn the four values of a log; Refused where its collection has too many."""
        if not is_public(name.collection):
            raise Refused("That collection is not for everyone.")
        self._store.add_log(name)

    def name(self, log: bytes) -> LogName | None:
        """The four values of a log, None where they were never heard."""
        with self._turn:
            known = self._heads.get(log)
        if known is not None:
            return known[0]
        state = self._store.log(log)
        return None if state is None else state.name

    def head(self, log: bytes) -> Head | None:
        """The newest verified head of a log, None where there is none."""
        state = self._store.log(log)
        return None if state is None or state.head is None else SignedHead.parse(state.head).head

    def wanted(self, log: bytes) -> Place | None:
        """What to ask for next; None where the log's name is unknown."""
        return self._store.wanted(log)

    def changes(self, log: bytes, base: Point, after: RowKey | None) -> Part | None:
        """The next part of what changed since `base`; None: nothing, or nothing public."""
        name = self.name(log)
        if name is None or not is_public(name.collection):
            return None
        return self._store.changes_since(log, base, after)

    def advance(self, part: Incoming) -> Outcome:
        """Take in a part; Unavailable where the disk is nearly full."""
        if not self._has_space():
            raise Unavailable("The disk is nearly full: neighbours' prices are not taken in.")
        head, base_seq, changes, after, is_push = part
        return self._store.advance(head, base_seq, changes, after=after, is_push=is_push)
