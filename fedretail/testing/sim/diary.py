"""What a device signs by itself, beside its commands: logs begun anew after a copy was put back."""

from typing import TYPE_CHECKING

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.store.commits import Author
from fedretail.store.logs import LogState, rows_of
from fedretail.store.own_logs import OwnLogs
from fedretail.store.store import Store
from fedretail.testing.builders import SITE
from fedretail.testing.sim.ledger import Truth

if TYPE_CHECKING:
    from fedretail.testing.sim.node import SimNode


class WatchedLogs(OwnLogs):
    """The own logs of a store; whatever is begun anew is entered into the node's diary."""

    def __init__(self, node: "SimNode", store: Store) -> None:
        super().__init__(store._write, store._read, node.clock)
        self._diary, self._store = node.diary, store

    def begin_draft(self, author: Author, collection: str, *, known: int = 0) -> LogName:
        """As it is, and entered."""
        self._diary.is_open = True
        found = super().begin_draft(author, collection, known=known)
        self._diary.note("draft", self._store)
        return found

    def open_next(self, author: Author, collection: str) -> SignedHead | None:
        """As it is, and entered."""
        self._diary.is_open = True
        found = super().open_next(author, collection)
        self._diary.note("begun from another", self._store)
        return found

    def take_over(self, author: Author, collection: str) -> SignedHead | None:
        """As it is, and entered."""
        self._diary.is_open = True
        found = super().take_over(author, collection)
        if found is not None:
            self._diary.note("taken over", self._store)
        return found


class Diary:
    """Which log a node writes, and what it alone knows of its logs."""

    def __init__(self, node: "SimNode") -> None:
        # Its device may have signed something that no command was told of.
        self.is_open = False
        # Logs of this device as this computer has them, where others must never see that.
        self.private: dict[bytes, Truth] = {}
        self.written: LogName | None = None
        self._node = node
        self._ledger = node.street.ledger

    def truth(self, log: bytes) -> Truth | None:
        """What an own log must be here."""
        return self.private.get(log) or self._ledger.truths.get(log)

    def opened(self, name: LogName) -> Truth:
        """The same; a log that nobody knows begins now."""
        log = log_id(name)
        return self.truth(log) or self._ledger.truths.setdefault(log, Truth(name))

    def note(self, what: str, store: Store) -> None:
        """Something was begun anew."""
        self._node.world.counts[what] += 1
        self._node.world.note(what, self._node.name)
        self.look(store)

    def look(self, store: Store) -> None:
        """Enter which log is written, and what was signed by beginning anew."""
        author = self._node.author
        if author is None:
            return
        # Reads of the daemon between which nobody else commits.
        trader = self._node.trader
        before, trader.is_busy = trader.is_busy, True
        try:
            self.written = store.own_logs.written(author.log(SITE))
            if self.is_open:
                self._enter_all(store, author)
                self.is_open = False
        finally:
            trader.is_busy = before

    def _enter_all(self, store: Store, author: Author) -> None:
        states = [one for one in store.logs_of(author.owner, SITE) if one.head is not None]
        mine = {one.log: one for one in states if one.name.device == author.key.public}
        written = None if self.written is None else log_id(self.written)
        for log in list(self.private):
            # Renamed, or fetched anew as others know it; not what is still as it was put back.
            if log != written and (log not in mine or not self.private[log].heads):
                del self.private[log]
        writing = store.own_logs.writing(author.owner, SITE)
        is_draft = writing is not None and writing.is_draft
        for state in mine.values():
            self._enter(store, state, is_private=is_draft and state.name == self.written)

    def _enter(self, store: Store, state: LogState, *, is_private: bool) -> None:
        assert state.head is not None
        signed = SignedHead.parse(state.head)
        public, private = self._ledger.truths.get(state.log), self.private.get(state.log)
        if public is not None and public.knows(signed.head):
            # Of the one that is written a copy that was put back knows less than others.
            if state.name != self.written:
                self.private.pop(state.log, None)
            return
        truth = private or public
        if truth is not None and (truth.knows(signed.head) or truth.open_edits is not None):
            return
        rows = list(rows_of(store._read, state.number))
        truth = self._ledger.adopt(truth, state.name, signed, rows)
        if is_private:
            truth.private_from = 0
            self.private[state.log] = truth
        else:
            self._ledger.truths[state.log] = truth
            self._ledger.move_said(state.name.device, signed)

    def put_back(self, seqs: dict[bytes, int], count: int) -> None:
        """A copy of the store is put back in which own logs stand so (log, seq)."""
        author = self._node.author
        assert author is not None
        self.private = {}
        # Whatever it has signed by itself since is not on this disk.
        self.is_open = False
        self._ledger.put_back(author.key.public, count)
        for log, truth in self._ledger.truths.items():
            if truth.name.device != author.key.public:
                continue
            seq = seqs.get(log, 0)
            if truth.shown_seq > seq:
                self.private[log] = truth.until(seq)
                self.private[log].private_from = seq
                self._ledger.truths[log] = truth.until(truth.shown_seq)
            else:
                self._ledger.truths[log] = truth.until(seq)

    def show(self, log: bytes, seq: int) -> None:
        """This node shows a log of its own at this seq."""
        mine = self.private.get(log)
        if mine is None or mine.private_from is None or seq <= mine.private_from:
            return
        node = self._node
        node.world.violated(
            "two states", f"{node.name} shows {seq} of a log that goes on otherwise elsewhere"
        )
