"""Own logs among neighbours: what is shown of them, and what neighbours know beyond it."""

import logging
import threading
from collections.abc import Iterable

from fedretail.crdt.changes import START, Point
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.row import MAX_STAMP
from fedretail.p2p.asking import Finding, finding, is_due
from fedretail.store.commits import Author
from fedretail.store.store import Store

logger = logging.getLogger(__name__)

# Who has stolen the key can sign heads of any incarnation. Behind this one, some 140,000 years from
# now, there is room to begin anew for ever.
_LATEST = MAX_STAMP // 2


class Own:
    """The logs that this node writes; any thread may call it.

    While `is_asking` nothing is shown that neighbours have not seen before.
    """

    def __init__(self, store: Store, author: Author, *, is_asking: bool) -> None:
        self.is_asking = is_asking
        self._store = store
        self._logs = store.own_logs
        self._author = author
        self._turn = threading.Lock()
        # Collections of which more was shown in this run than neighbours had seen before it.
        self._exposed: set[str] = set()
        # The newest seq of older own logs that a neighbour has shown.
        self._known: dict[bytes, int] = {}
        # Collections whose older logs have moved; which of them is looked at when there is time.
        self._late: set[str] = set()
        self._drafts = set(self._logs.drafts())
        self._is_cloned = False
        # The missing rows at the last look, and since when (ms) none has come.
        self._missing: tuple[int, int] = (0, 0)
        for collection in self._collections():
            self._late.add(collection)

    def _collections(self) -> set[str]:
        return {name.collection for _, name, _ in self._store.heads() if self.wrote(name)}

    def wrote(self, name: LogName) -> bool:
        """Whether a log is of this device, whatever its incarnation."""
        return (name.owner, name.device) == (self._author.owner, self._author.key.public)

    @property
    def is_restoring(self) -> bool:
        """Whether something is fetched that this store once knew."""
        return bool(self._drafts)

    def is_hidden(self, name: LogName, signed: SignedHead) -> bool | None:
        """Whether this head of an own log is not for others yet; None: it is gone from here."""
        state = self._store.log(log_id(name))
        if state is None or state.head != signed.raw:
            return None
        noted = self._logs.writing(*name[:2])
        if noted is None or noted.incarnation != name.incarnation:
            return self.is_asking and self._logs.written(name) == name
        return noted.is_draft or (self.is_asking and signed.head.seq > noted.seen.seq)

    def expose(self, heads: Iterable[tuple[LogName, SignedHead]]) -> None:
        """Note that neighbours see these heads from now on."""
        with self._turn:
            seen = []
            for name, signed in heads:
                noted = self._logs.writing(*name[:2])
                is_noted = noted is not None and noted.incarnation == name.incarnation
                if noted is None or not is_noted or noted.seen.seq < signed.head.seq:
                    self._exposed.add(name.collection)
                    seen.append((name, Point(signed.head.seq, signed.head.stamp)))
            if seen:
                self._logs.note_seen(seen)

    def met(self, name: LogName, signed: SignedHead) -> Finding:
        """What this head of an own log, shown by a neighbour, means; what must be done is done."""
        if name.incarnation > _LATEST or not signed.is_by(name.device):
            return Finding.NOTHING
        with self._turn:
            mine = self._logs.written(self._author.log(name.collection))
            noted = self._logs.writing(*name[:2])
            seen = noted.seen if noted and noted.incarnation == mine.incarnation else START
            state = self._store.log(log_id(mine))
            if state is not None and state.head == signed.raw:
                return Finding.NOTHING
            found = finding(
                (name.incarnation, signed.head.seq),
                mine.incarnation,
                seen_seq=seen.seq,
                has_exposed=name.collection in self._exposed,
            )
            if found in (Finding.LOST, Finding.CLONE) and signed.raw in self._signed(mine):
                # A power cut has taken the note that it was shown, and nothing else.
                return Finding.NOTHING
            if found is Finding.LOST:
                logger.info(
                    "Neighbours know more of %s than this computer: it is fetched, and begun anew.",
                    name.collection,
                )
                self._drafts.add(name.collection)
                self._logs.begin_draft(self._author, name.collection, known=name.incarnation)
            if found in (Finding.LOST, Finding.OLDER):
                log = log_id(name)
                self._known[log] = max(signed.head.seq, self._known.get(log, 0))
            if found is Finding.CLONE:
                self._logs.stop("neighbours hold later prices of it than were written here")
            return found

    def _signed(self, mine: LogName) -> list[bytes]:
        return self._store.trust.heads_seen(log_id(mine))

    def look_at_rows(self) -> None:
        """Recount the logs of this device: over damaged rows nothing is to be signed or shown."""
        for problem in self._store.upkeep.check_own():
            logger.info("%s: %s", problem.place, problem.what)

    def moved(self, name: LogName) -> None:
        """A log of this device has moved by what a neighbour sent."""
        self._late.add(name.collection)

    def stop_soon(self) -> None:
        """Another computer writes with this key, as neighbours have proved."""
        self._is_cloned = True

    def has_work(self) -> bool:
        """Whether `settle` may have something to do."""
        return self.is_asking or self._is_cloned or bool(self._drafts or self._late)

    def settle(self, now_ms: int) -> bool:
        """Begin anew what has been fetched, and take over what came late; whether all is done.

        `now_ms`: of a clock that only goes forward. To be asked now and then, once neighbours
        have answered.
        """
        with self._turn:
            if self._is_cloned:
                self._logs.stop("neighbours have met both")
                self._is_cloned = False
            missing = self._count_missing()
            if self._missing[0] != missing or not self._drafts:
                self._missing = (missing, now_ms)
            is_stopped = self._logs.stopped is not None
            if self._drafts and not is_stopped and is_due(missing, now_ms - self._missing[1]):
                for collection in sorted(self._drafts):
                    self._logs.open_next(self._author, collection)
                self._late |= self._drafts
                self._drafts.clear()
            if self._drafts:
                return False
            late, self._late = self._late, set()
            if not is_stopped:
                for collection in sorted(late):
                    self._logs.take_over(self._author, collection)
            return True

    def _count_missing(self) -> int:
        # What lies here and is damaged, neighbours may mend first.
        damaged = self._store.repairs.damaged()
        held = ((self._store.log(log), seq) for log, seq in self._known.items())
        return sum(
            state is None or state.point.seq < seq or state.log in damaged for state, seq in held
        )
