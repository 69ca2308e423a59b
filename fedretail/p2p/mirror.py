"""The store as sessions see it: a Replica, with heads kept at hand."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from fedretail.crdt.access import AuthRecord, SignedRecord
from fedretail.crdt.changes import Point
from fedretail.crdt.charter import Charter
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.proof import Proof
from fedretail.crdt.row import RowKey, digested
from fedretail.crdt.transfer import Incoming, Outcome, Part, Place, Repair
from fedretail.domain.ids import MEMBER_COLLECTION, SITE_COLLECTIONS
from fedretail.errors import FedretailError, PeerError, Refused, Unavailable
from fedretail.p2p.items import auth_item, head_item, proof_item, row_item
from fedretail.p2p.reconcile import Item
from fedretail.p2p.repairs import MAX_ROWS
from fedretail.p2p.replica import WrongRows
from fedretail.store.intake import MAX_LOG_BYTES, MAX_LOG_ROWS, DigestMismatch
from fedretail.store.store import Store
from fedretail.store.upkeep import EVICT_MS

logger = logging.getLogger(__name__)

# In an open network owners and names cost their inventor nothing. This many serve a large city;
# beyond it those known stay, and no further ones are taken in. Names and records are taken in on a
# nearly full disk too, so that all can go on once there is room: together they take 100 MB of its
# reserve.
MAX_OWNERS = 10_000
MAX_LOGS = 16_000
MAX_AUTH_RECORDS = 15_000
# What a member may say however full it is: its devices, and that one was stolen.
_FEW_RECORDS = 8
# Logs by name alone, on their way here; the oldest gives way, as a frame brings 500.
MAX_NAMES = 4096


class _Known(NamedTuple):
    """A public log at hand: its name, its newest head, and that as an item."""

    name: LogName
    signed: SignedHead
    item: Item


def is_public(collection: str) -> bool:
    """Whether a collection is for everyone; any other is shown to nobody."""
    return collection == MEMBER_COLLECTION or collection.startswith(SITE_COLLECTIONS)


class Mirror:
    """A Replica over a Store; any thread may call it.

    `has_space` says whether the disk has room for what others send; own edits come last to stop.
    Heads are kept at hand: with 2,000 logs, reading and parsing each of them for every message
    would take most of the time of a first round.
    """

    def __init__(
        self, store: Store, network: bytes, *, has_space: Callable[[], bool] = lambda: True
    ) -> None:
        self._store = store
        self._network = network
        self._room = has_space
        self._had_space = True
        self._device = store.meta("device")
        self._turn = threading.Lock()
        # By owner, and there by what a later record takes the place of.
        self._auth: dict[bytes, dict[object, Item]] = {}
        self._auth_moved = 0
        self._auth_count = 0
        self._heads: dict[bytes, _Known] = {}
        # The newest incarnation with a head, by owner, collection and device.
        self._newest: dict[tuple[bytes, str, bytes], int] = {}
        # Of logs that came with a name and have no head yet.
        self._names: dict[bytes, LogName] = {}
        self._heads_moved = 0
        # By owner, collection and device; the items stand for the heads of these.
        self._proofs: dict[tuple[bytes, str, bytes], Item] = {}
        self._proofs_moved = 0
        # When an owner last signed a collection, ms; and any other member anything.
        self._heard: dict[tuple[bytes, str], int] = {}
        self._heard_ms = 0
        self._unreported: dict[bytes, int] = {}
        self._follow()

    def refresh(self) -> list[tuple[bytes, int]]:
        """(log, seq) of public logs that moved since the last call, by whichever process."""
        with self._turn:
            self._follow()
            moved, self._unreported = self._unreported, {}
            return list(moved.items())

    def _follow(self) -> None:
        """Take in what has come to the store since the last time."""
        for moved, signed in self._store.auth_records(moved_after=self._auth_moved):
            self._auth_moved = moved
            of_owner = self._auth.setdefault(signed.record.owner, {})
            place = _place(signed)
            self._auth_count += place not in of_owner
            of_owner[place] = Item(signed.raw, auth_item(signed.record.owner, signed.raw), None)
        for moved, name, raw in self._store.heads(moved_after=self._heads_moved):
            self._heads_moved = moved
            if is_public(name.collection):
                signed_head = SignedHead.parse(raw)
                self._keep(name, signed_head)
                self._unreported[signed_head.head.log] = signed_head.head.seq
        for moved, proof in self._store.trust.proofs(moved_after=self._proofs_moved):
            self._proofs_moved = moved
            self._proofs[proof.name[:3]] = Item(b"", proof_item(proof.name[:3]), None, proof)

    def _keep(self, name: LogName, signed: SignedHead) -> None:
        present = self._heads.get(signed.head.log)
        if present is None or present.signed.head.seq <= signed.head.seq:
            key = head_item(signed.head.area, signed.head.log, signed.raw)
            item = Item(signed.raw, key, signed.head)
            self._heads[signed.head.log] = _Known(name, signed, item)
            self._names.pop(signed.head.log, None)
            newest = self._newest.get(name[:3], 0)
            self._newest[name[:3]] = max(newest, name.incarnation)
            stamp = signed.head.stamp
            self._heard[name[:2]] = max(stamp, self._heard.get(name[:2], 0))
            if name.device != self._device:
                self._heard_ms = max(stamp, self._heard_ms)

    def items(self) -> list[Item]:
        """All auth records, proofs and public heads, auth records first."""
        with self._turn:
            self._follow()
            auth = (item for of_owner in self._auth.values() for item in of_owner.values())
            heads = (
                known.item for known in self._heads.values() if known.name[:3] not in self._proofs
            )
            return [*auth, *self._proofs.values(), *heads]

    def own_heads(self, owner: bytes | None) -> dict[bytes, int]:
        """The seq of each public log of one owner, as far as was seen by now."""
        with self._turn:
            return {
                log: known.signed.head.seq
                for log, known in self._heads.items()
                if known.name.owner == owner
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

    def learn(self, records: Iterable[SignedRecord], names: Iterable[LogName]) -> None:
        """Keep auth records and names of logs, as far as there is room for them.

        Names are kept of public logs whose owner has named the device, and has not too many of
        them: a name costs its inventor nothing.
        """
        wanted = [one for one in records if self._welcomes(one.record.owner)]
        new = [name for name in names if self._may_name(name)]
        if not wanted and not new:
            return
        kept = self._store.learn(wanted, new)
        with self._turn:
            self._follow()
        for name in kept:
            self._know(log_id(name), name)

    def _welcomes(self, owner: bytes) -> bool:
        """Whether more may be known of this owner: few records always, if it is known at all."""
        known = self._auth.get(owner)
        total = self._auth_count
        if known is None:
            return len(self._auth) < MAX_OWNERS and total < MAX_AUTH_RECORDS
        return len(known) < _FEW_RECORDS or total < MAX_AUTH_RECORDS

    def _may_name(self, name: LogName) -> bool:
        log = log_id(name)
        is_new = log not in self._heads and log not in self._names
        return is_new and is_public(name.collection) and len(self._heads) < MAX_LOGS

    def _know(self, log: bytes, name: LogName) -> None:
        """Remember the name of a log without a head; the store finds those forgotten here."""
        with self._turn:
            self._names[log] = name
            while len(self._names) > MAX_NAMES:
                del self._names[next(iter(self._names))]

    def name(self, log: bytes) -> LogName | None:
        """The four values of a log, None where they were never heard."""
        known = self._heads.get(log)
        if known is not None:
            return known.name
        if log not in self._names:
            state = self._store.log(log)
            if state is None:
                return None
            self._know(log, state.name)
            return state.name
        return self._names.get(log)

    def head(self, log: bytes) -> Head | None:
        """The newest verified head of a log, None where there is none.

        Where another process has just moved the log, the one before.
        """
        signed = self.signed(log)
        return None if signed is None else signed.head

    def signed(self, log: bytes) -> SignedHead | None:
        """The same with the bytes that were signed."""
        known = self._heads.get(log)
        return None if known is None else known.signed

    def auth_of(self, log: bytes) -> list[bytes]:
        """The auth records of a log's owner, as far as was seen when its head was."""
        name = self.name(log)
        with self._turn:
            return (
                [] if name is None else [one.raw for one in self._auth.get(name.owner, {}).values()]
            )

    def takes(self, head: Head) -> bool:
        """Whether this node would hold that log at that head.

        It is another's, not begun anew since, not frozen, its clock does not run backwards, and it
        is not too large.
        """
        name = self.name(head.log)
        if name is not None:
            is_old = name.incarnation < self._newest.get(name[:3], 0)
            if is_old or name.device == self._device or name[:3] in self._proofs:
                return False
            if self._is_forgotten(name, head):
                return False
            held = self.head(head.log)
            if held is not None and held.seq < head.seq and held.stamp >= head.stamp:
                return False
        return head.size <= MAX_LOG_BYTES and head.count <= MAX_LOG_ROWS

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
                known = self._heads.pop(log, None)
                if known is not None:
                    self._names[log] = known.name
                    self._newest.pop(known.name[:3], None)
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
        if self._store.trust.saw(head for head in heads if self._may_be_news(head)):
            with self._turn:
                self._follow()

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

    def wanted(self, log: bytes) -> Place | None:
        """What to ask for next; None where the log's name is unknown, or it is frozen."""
        name = self.name(log)
        return None if name is None or name[:3] in self._proofs else self._store.wanted(log)

    def changes(self, log: bytes, base: Point, after: RowKey | None) -> Part | None:
        """The next part of what changed since `base`; None: nothing, or nothing public."""
        name = self.name(log)
        if name is None or not is_public(name.collection):
            return None
        return self._store.changes_since(log, base, after)

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
        return self._store.repairs.whole_rows(log, keys)

    def repair(self, wanted: Repair) -> None:
        """Put a log right; WrongRows where the rows are not those of the head it names."""
        try:
            self._store.repairs.repair(wanted)
        except DigestMismatch as error:
            raise WrongRows(error.message) from None
        self._keep_moved([wanted.head])

    def damaged(self) -> list[bytes]:
        """Logs whose rows were found not to be those of their head."""
        return self._store.repairs.damaged()

    def _keep_moved(self, heads: Iterable[SignedHead]) -> None:
        named = [(self.name(head.head.log), head) for head in heads]
        with self._turn:
            for name, head in named:
                assert name is not None
                self._keep(name, head)


def _place(signed: SignedRecord) -> object:
    """What only one auth record stands for: itself, or the newest renewal by one signer."""
    record: AuthRecord = signed.record
    if record.number is not None:
        return signed.id
    return (record.type, record.device, record.signer)
