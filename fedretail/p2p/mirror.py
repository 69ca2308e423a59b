"""The store as sessions see it: a Replica, with heads kept at hand."""

import logging
from collections.abc import Callable, Iterable, Sequence

from fedretail.crdt.access import SignedRecord
from fedretail.crdt.changes import Point
from fedretail.crdt.charter import Charter
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.proof import Proof
from fedretail.crdt.row import RowKey, digested
from fedretail.crdt.transfer import Incoming, Outcome, Part, Place, Repair
from fedretail.domain.ids import SITE_COLLECTIONS
from fedretail.errors import FedretailError, PeerError, Refused, Unavailable
from fedretail.p2p.asking import Finding
from fedretail.p2p.heads import HeadsAtHand, is_public
from fedretail.p2p.items import row_item
from fedretail.p2p.own import Own
from fedretail.p2p.repairs import MAX_ROWS
from fedretail.p2p.replica import WrongRows
from fedretail.store.intake import MAX_LOG_BYTES, MAX_LOG_ROWS, DigestMismatch
from fedretail.store.store import Store
from fedretail.store.upkeep import EVICT_MS

logger = logging.getLogger(__name__)

# In an open network owners and names cost their inventor nothing. This many serve a large city;
# beyond it those with a catalog stay, and the oldest of the others give way to later ones. Names
# and records are taken in on a nearly full disk too, so that all can go on once there is room:
# together they take 100 MB of its reserve.
MAX_OWNERS = 10_000
MAX_LOGS = 16_000
MAX_AUTH_RECORDS = 15_000
# What a member may say however full it is: its devices, and that one was stolen.
_FEW_RECORDS = 8
# Records that make room at a time: to look for strangers takes as long as to take in some dozens.
_ROOM_RECORDS = 500


class Mirror(HeadsAtHand):
    """A Replica over a Store; any thread may call it.

    `has_space` says whether the disk has room for what others send; own edits come last to stop.
    """

    def __init__(
        self,
        store: Store,
        network: bytes,
        *,
        has_space: Callable[[], bool] = lambda: True,
        own: Own | None = None,
    ) -> None:
        super().__init__(store, own)
        self._network = network
        self._room = has_space
        self._had_space = True
        # Strangers that were there when room was looked for in vain.
        self._spared = 0
        # How often neighbours have shown that this store is an older copy; what an earlier run
        # has left to be fetched counts as one.
        self.restores = int(self.is_restoring())

    def stop_writing(self) -> None:
        """Let this node write no more, as soon as the store has time for it."""
        if self._own is not None:
            self._own.stop_soon()

    def is_restoring(self) -> bool:
        """Whether this store was a copy, and what it lost is being fetched."""
        return self._own is not None and self._own.is_restoring

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

    def learn(self, records: Iterable[SignedRecord], names: Iterable[LogName]) -> None:
        """Keep auth records and names of logs, as far as there is room for them.

        Names are kept of public logs whose owner has named the device, and has not too many of
        them: a name costs its inventor nothing.
        """
        self._make_room()
        wanted = [one for one in records if self._welcomes(one.record.owner)]
        new = [name for name in names if self._may_name(name)]
        if not wanted and not new:
            return
        kept = self._store.learn(wanted, new)
        with self._turn:
            self._follow()
        for name in kept:
            self._know(log_id(name), name)

    def _make_room(self) -> None:
        """Forget strangers where the list of owners, or of records, is full."""
        strangers = len(self._auth) - len(self._heads_of)
        if not self._is_full() or strangers <= self._spared:
            return
        gone = self._store.upkeep.forget_strangers(_ROOM_RECORDS)
        with self._turn:
            for owner in gone:
                self._auth_count -= len(self._auth.pop(owner, ()))
            self._names = {
                log: name for log, name in self._names.items() if name.owner in self._auth
            }
        self._spared = 0 if gone else strangers

    def _is_full(self) -> bool:
        return len(self._auth) >= MAX_OWNERS or self._auth_count >= MAX_AUTH_RECORDS

    def _welcomes(self, owner: bytes) -> bool:
        """Whether more may be known of this owner: few records always, if it is known at all."""
        known = self._auth.get(owner)
        if known is None:
            return not self._is_full()
        return len(known) < _FEW_RECORDS or self._auth_count < MAX_AUTH_RECORDS

    def _may_name(self, name: LogName) -> bool:
        log = log_id(name)
        is_new = log not in self._heads and log not in self._names
        return is_new and is_public(name.collection) and len(self._heads) < MAX_LOGS

    def takes(self, signed: SignedHead) -> bool:
        """Whether this node would hold that log at that head.

        It is another's, not begun anew since, not frozen, its clock does not run backwards, and it
        is not too large. Own logs that neighbours know more of are taken once it is clear what that
        means.
        """
        head = signed.head
        name = self.name(head.log)
        if name is not None:
            with self._turn:
                is_done = head.seq <= self._done_with(name)
            if is_done or name[:3] in self._proofs or self._is_forgotten(name, head):
                return False
            held = self.head(head.log)
            if held is not None and held.seq < head.seq and held.stamp >= head.stamp:
                return False
            if name.device == self._device and not self._takes_own(name, signed):
                return False
        return head.size <= MAX_LOG_BYTES and head.count <= MAX_LOG_ROWS

    def is_own(self, log: bytes) -> bool:
        """Whether this very device writes that log, or has written it."""
        name = self.name(log)
        return name is not None and self._own is not None and self._own.wrote(name)

    def _takes_own(self, name: LogName, signed: SignedHead) -> bool:
        found = Finding.NOTHING if self._own is None else self._own.met(name, signed)
        if found is Finding.LOST:
            with self._turn:
                self.restores += 1
                self._drop(signed.head.log)
        return found in (Finding.LOST, Finding.OLDER)

    def _is_forgotten(self, name: LogName, head: Head) -> bool:
        """Whether the log is of a collection that was silent for so long that it is let go here.

        By the rule of `Upkeep.evict`: else it would be fetched again from who has not let it go.
        """
        is_site = name.collection.startswith(SITE_COLLECTIONS)
        now_ms = min(self._heard_ms, self._store.upkeep.now_ms())
        return is_site and name[:2] not in self._heard and now_ms - head.stamp > EVICT_MS

    def evict(self) -> int:
        """Let go of collections that nobody has heard of for half a year; how many logs."""
        gone = self._store.upkeep.evict()
        with self._turn:
            for log in gone:
                known = self._drop(log)
                if known is not None:
                    self._names[log] = known.name
                    self._heard.pop(known.name[:2], None)
        while self._store.upkeep.sweep():
            pass
        return len(gone)

    def any_log(self, choice: float) -> bytes | None:
        """One of the logs held; `choice`: from 0 to below 1, which."""
        logs = list(self._heads)
        return logs[int(choice * len(logs))] if logs else None

    def saw(self, heads: Iterable[SignedHead]) -> None:
        """Take note of heads shown; PeerError as the store says."""
        others = []
        for head in heads:
            name = self.name(head.head.log)
            # Of an own log that was put back from a copy, neighbours know another state.
            if name is not None and self._own is not None and self._own.wrote(name):
                if not self.is_done(head.head.log, head.head.seq):
                    self._takes_own(name, head)
            elif self._may_be_news(head):
                others.append(head)
        if self._store.trust.saw(others):
            with self._turn:
                self._follow()

    def seen_beyond(self, device: bytes) -> list[tuple[LogName, bytes]]:
        """The newest heads seen of this device's logs whose rows have never come, as sent.

        It may not know of them any more: a copy of its disk was put back.
        """
        found = self._store.trust.seen_beyond(device)
        return [(name, raw) for name, raw in found if is_public(name.collection)]

    def _may_be_news(self, head: SignedHead) -> bool:
        name, held = self.name(head.head.log), self.signed(head.head.log)
        is_held = held is not None and held.raw == head.raw
        return name is not None and is_public(name.collection) and not is_held

    def prove(self, proofs: Iterable[Proof]) -> None:
        """Keep verified proofs."""
        public = [one for one in proofs if is_public(one.name.collection)]
        if public and self._store.trust.prove(public):
            with self._turn:
                self._follow()

    def proof(self, name: LogName) -> Proof | None:
        """The proof by which a log is frozen, None where it is not."""
        item = self._proofs.get(name[:3])
        return None if item is None else item.proof

    def proofs(self) -> list[Proof]:
        """All proofs held."""
        return [item.proof for item in list(self._proofs.values()) if item.proof is not None]

    def heads_seen(self, log: bytes) -> list[bytes]:
        """The heads seen of a log, as sent, newest first."""
        return self._store.trust.heads_seen(log)

    def has_space(self) -> bool:
        """Whether there is room for what neighbours send."""
        has_space = self._room()
        if self._had_space and not has_space:
            logger.warning("There is no room: what neighbours send is not taken in.")
        self._had_space = has_space
        return has_space

    def wanted(self, log: bytes, head: SignedHead | None) -> Place | None:
        """What to ask for next to reach this head; None: its log is frozen, or of no known name."""
        name = self.name(log)
        is_frozen = name is None or name[:3] in self._proofs
        return None if is_frozen else self._store.wanted(log, head)

    def changes(self, log: bytes, base: Point, after: RowKey | None) -> Part | None:
        """The next part of what changed since `base`; None: nothing, or nothing public."""
        name = self.name(log)
        if name is None or not is_public(name.collection) or log in self.damaged():
            return None
        return self._if_shown(name, self._store.changes_since(log, base, after))

    def advance(self, parts: Sequence[Incoming]) -> list[Outcome | FedretailError]:
        """Take in parts of logs in order; what became of each.

        WrongRows in a part's place, as it says; Unavailable is raised where there is no room.
        """
        if not self.has_space():
            raise Unavailable("There is no room: neighbours' prices are not taken in.")
        outcomes = self._store.advance_all(parts)
        done = zip(parts, outcomes, strict=True)
        self._keep_moved(part.head for part, outcome in done if outcome is Outcome.MOVED)
        if any(isinstance(outcome, Refused) for outcome in outcomes):
            # One of them may have shown that its device has signed twice.
            with self._turn:
                self._follow()
        return [
            WrongRows(one.message) if isinstance(one, DigestMismatch) else one for one in outcomes
        ]

    def row_items(self, log: bytes) -> list[tuple[RowKey, bytes]] | None:
        """(key, item) of all rows of a log; None where it is not public, or too large for that."""
        known = self._heads.get(log)
        if known is None or known.signed.head.count > MAX_ROWS:
            return None
        return self._store.repairs.mapped_rows(
            log, lambda key, packed: row_item(key, digested(key, packed))
        )

    def whole_rows(self, log: bytes, keys: Sequence[RowKey]) -> Part | None:
        """As many of the rows under `keys` as fit into a part; None where the log is not held."""
        name = self.name(log)
        if name is None or log in self.damaged():
            return None
        return self._if_shown(name, self._store.repairs.whole_rows(log, keys))

    def repair(self, wanted: Repair) -> SignedHead:
        """Put a log right; the head that it stands at. WrongRows: the rows are not those of it."""
        try:
            head = self._store.repairs.repair(wanted)
        except DigestMismatch as error:
            raise WrongRows(error.message) from None
        self._keep_moved([head])
        return head

    def damaged(self) -> list[bytes]:
        """Logs whose rows were found not to be those of their head."""
        return self._store.repairs.damaged()

    def _keep_moved(self, heads: Iterable[SignedHead]) -> None:
        named = [(self.name(head.head.log), head) for head in heads]
        with self._turn:
            for name, head in named:
                assert name is not None
                self._keep(name, head)
                if self._own is not None and self._own.wrote(name):
                    self._own.moved(name)
