"""The heads of a store at hand: what neighbours see of it, without reading it for every message."""

import threading
from collections import Counter
from typing import NamedTuple

from fedretail.crdt.access import AuthRecord, SignedRecord
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.lineage import done_with
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.transfer import Part
from fedretail.domain.ids import MEMBER_COLLECTION, SITE_COLLECTIONS
from fedretail.p2p.items import auth_item, head_item, proof_item
from fedretail.p2p.own import Own
from fedretail.p2p.reconcile import Item
from fedretail.store.store import Store

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


class HeadsAtHand:
    """Newest heads, auth records and proofs of a store, followed as it moves; for any thread.

    With 2,000 logs, reading and parsing each head for every message would take most of the time of
    a first round. Heads of own logs are seen only when `own` says that they may be.
    """

    def __init__(self, store: Store, own: Own | None) -> None:
        self._store = store
        self._device = store.meta("device")
        self._own = own
        self._turn = threading.Lock()
        # By owner, and there by what a later record takes the place of.
        self._auth: dict[bytes, dict[object, Item]] = {}
        self._auth_moved = 0
        self._auth_count = 0
        self._heads: dict[bytes, _Known] = {}
        # How many of them each owner has.
        self._heads_of: Counter[bytes] = Counter()
        # The logs with a head by owner, collection and device: incarnations of one.
        self._incarnations: dict[tuple[bytes, str, bytes], set[bytes]] = {}
        # Newest heads of own logs that are not shown yet.
        self._unshown: dict[LogName, SignedHead] = {}
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
        self._look()
        with self._turn:
            moved, self._unreported = self._unreported, {}
            return list(moved.items())

    def _look(self) -> None:
        with self._turn:
            self._follow()
        self._show_own()

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
                if self._own is not None and self._own.wrote(name):
                    self._unshown[name] = signed_head
                    continue
                self._keep(name, signed_head)
                self._unreported[signed_head.head.log] = signed_head.head.seq
        for moved, proof in self._store.trust.proofs(moved_after=self._proofs_moved):
            self._proofs_moved = moved
            self._proofs[proof.name[:3]] = Item(b"", proof_item(proof.name[:3]), None, proof)

    def _show_own(self) -> None:
        """Let own heads be seen that may be, once it is noted that they are."""
        own = self._own
        if own is None or not self._unshown:
            return
        with self._turn:
            waiting = list(self._unshown.items())
        found = [(name, signed, own.is_hidden(name, signed)) for name, signed in waiting]
        shown = [(name, signed) for name, signed, is_hidden in found if is_hidden is False]
        own.expose(shown)
        with self._turn:
            for name, signed, is_hidden in found:
                if not is_hidden and self._unshown.get(name) is signed:
                    del self._unshown[name]
            for name, signed in shown:
                self._keep(name, signed)
                self._unreported[signed.head.log] = signed.head.seq

    def _keep(self, name: LogName, signed: SignedHead) -> None:
        present = self._heads.get(signed.head.log)
        if present is None or present.signed.head.seq <= signed.head.seq:
            key = head_item(signed.head.area, signed.head.log, signed.raw)
            item = Item(signed.raw, key, signed.head)
            self._heads[signed.head.log] = _Known(name, signed, item)
            self._names.pop(signed.head.log, None)
            self._incarnations.setdefault(name[:3], set()).add(signed.head.log)
            self._heads_of[name.owner] += present is None
            if signed.head.parent or signed.head.absorbed:
                self._drop_older(name)
            stamp = signed.head.stamp
            self._heard[name[:2]] = max(stamp, self._heard.get(name[:2], 0))
            if name.device != self._device:
                self._heard_ms = max(stamp, self._heard_ms)

    def _drop_older(self, name: LogName) -> None:
        """Forget the incarnations of a log that newer ones are done with, as the store has."""
        for log in list(self._incarnations[name[:3]]):
            known = self._heads[log]
            if known.signed.head.seq <= self._done_with(known.name):
                self._drop(log)

    def _drop(self, log: bytes) -> _Known | None:
        known = self._heads.pop(log, None)
        if known is not None:
            self._incarnations[known.name[:3]].discard(log)
            self._heads_of[known.name.owner] -= 1
            if not self._heads_of[known.name.owner]:
                del self._heads_of[known.name.owner]
        return known

    def _done_with(self, name: LogName) -> float:
        """Up to which seq newer incarnations of a log have taken it over; 0: not at all."""
        logs = self._incarnations.get(name[:3], ())
        others = [self._heads[log] for log in logs]
        newer = [one.signed.head for one in others if one.name.incarnation > name.incarnation]
        return done_with(name, newer) if newer else 0

    def is_done(self, log: bytes, seq: int) -> bool:
        """Whether newer logs of its device have taken the place of this one up to `seq`."""
        name = self.name(log)
        if name is None:
            return False
        with self._turn:
            return seq <= self._done_with(name)

    def items(self) -> list[Item]:
        """Auth records, proofs and public heads, auth records first.

        Records only of owners of whom a head or a proof is held: what somebody has invented, and
        nothing stands behind, costs this node its work and nobody else.
        """
        self._look()
        with self._turn:
            known = self._heads_of.keys() | {owner for owner, _, _ in self._proofs}
            auth = [
                item
                for owner, records in self._auth.items()
                if owner in known
                for item in records.values()
            ]
            heads = (one.item for one in self._heads.values() if one.name[:3] not in self._proofs)
            return [*auth, *self._proofs.values(), *heads]

    def own_heads(self, owner: bytes | None) -> dict[bytes, int]:
        """The seq of each public log of one owner, as far as was seen by now."""
        with self._turn:
            return {
                log: known.signed.head.seq
                for log, known in self._heads.items()
                if known.name.owner == owner
            }

    def written(self) -> list[tuple[bytes, int]]:
        """(log, seq) of the logs of this very device that neighbours may see."""
        own = self._own
        if own is None:
            return []
        with self._turn:
            heads = [known.signed.head for known in self._heads.values() if own.wrote(known.name)]
        return [(head.log, head.seq) for head in heads]

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

    def _if_shown(self, name: LogName, part: Part | None) -> Part | None:
        """`part`, unless it belongs to an own head that neighbours must not see yet."""
        if part is None or self._own is None or not self._own.wrote(name):
            return part
        # This node may have written on since its head was shown.
        self._look()
        held = self.signed(log_id(name))
        # It may have written on again since these rows were read.
        is_shown = held is not None and SignedHead.parse(part.head).head.seq <= held.head.seq
        return part if is_shown else None


def _place(signed: SignedRecord) -> object:
    """What only one auth record stands for: itself, or the newest renewal by one signer."""
    record: AuthRecord = signed.record
    if record.number is not None:
        return signed.id
    return (record.type, record.device, record.signer)
