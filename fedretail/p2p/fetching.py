"""The taking half of a session: which logs are asked for, and what becomes of their parts."""

from collections.abc import Iterator, Sequence
from itertools import repeat

from fedretail.crdt.changes import START
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.proof import outranks
from fedretail.crdt.transfer import Incoming, Outcome
from fedretail.errors import FedretailError, MalformedInput, PeerError, Refused
from fedretail.p2p import wire
from fedretail.p2p.effects import Effect, Expected, Moved
from fedretail.p2p.fetches import Fetches
from fedretail.p2p.repairs import Repairing, RowComparison
from fedretail.p2p.replica import Replica, WrongRows, fault_of
from fedretail.p2p.view import AUTH_SEEN, View, send, statements

# A log whose parts do not fit is asked for again so many times, then left for a while.
_MAX_TRIES = 3
# Logs asked of one neighbour at once: enough to keep a line busy, and the others of a large round
# stay free for neighbours that are quicker. Half are asked anew when half have come.
MAX_ASKED = 256
_NOTHING = pack([])


class Fetching:
    """What one neighbour is asked for."""

    def __init__(self, replica: Replica, view: View, fetches: Fetches) -> None:
        self._replica = replica
        self._view = view
        self._fetches = fetches
        # Logs asked for, with the number of tries, oldest first.
        self._asked: dict[bytes, int] = {}
        # Logs to ask for, in order (the values mean nothing): when there is room and no other
        # session fetches them; when `retry` says so.
        self._wanted: dict[bytes, None] = {}
        self._later: dict[bytes, None] = {}
        # Logs of which the rest of a transfer is of no use, as an earlier part was not kept.
        self._skipping: set[bytes] = set()
        # Logs that came with wrong rows once; some may have been another neighbour's, or ours.
        self._wrong: set[bytes] = set()
        # Logs that were begun anew while they came: what is still on its way is passed over.
        self._let_go: set[bytes] = set()
        # Logs that the store will not take: nothing is asked of them until a later head is shown.
        self._refused: set[bytes] = set()
        # Those of wrong rows of which the neighbour is still to be told what is held.
        self._doubted: list[bytes] = []
        # The log, among those asked for, whose rows are compared and put right, and those that are
        # next: a comparison takes memory at both ends, and the other end goes along with one.
        self._repairs: dict[bytes, Repairing] = {}
        self._to_repair: dict[bytes, None] = {}
        # Own logs that this neighbour, which is behind, could not help to repair.
        self._vain: set[bytes] = set()
        self.salt = b""

    def is_waiting(self) -> bool:
        """Whether the neighbour owes rows."""
        return bool(self._asked)

    def wants_retry(self) -> bool:
        """Whether `retry` may have something to ask."""
        return bool(self._wanted or self._later)

    def oldest(self) -> bytes | None:
        """The log that the neighbour has owed for the longest time."""
        return next(iter(self._asked), None)

    def let_go(self) -> None:
        """Wait no longer for logs that were begun anew: who was asked may have forgotten them."""
        for log in list(self._asked):
            if self._replica.is_done(log, self._view.shown.get(log, START).seq):
                self._let_go.add(log)
                self._forget(log)

    def _forget(self, log: bytes) -> None:
        """Ask for a log no more, nor for what its repair needs."""
        self._repairs.pop(log, None)
        self._to_repair.pop(log, None)
        self._finish(log)

    def close(self) -> None:
        """Leave what was claimed to other sessions."""
        self._asked.clear()
        self._repairs.clear()
        self._to_repair.clear()
        self._wanted.clear()
        self._later.clear()
        self._fetches.release_all(self)

    def retry(self) -> list[Effect]:
        """Ask for logs that could not be had when the neighbour showed them, or need repair."""
        self._wanted |= self._later
        self._later.clear()
        return [*self._ask(), *self._mend()]

    def _mend(self) -> list[Effect]:
        """Begin to repair damaged logs that the neighbour holds as they are here, or further.

        An own log may have been edited after a row had rotted: then all others are behind.
        """
        effects: list[Effect] = []
        for log in self._replica.damaged():
            held, shown = self._replica.head(log), self._view.shown.get(log, START).seq
            can_help = log not in self._vain and shown and self._replica.is_own(log)
            is_there = held is not None and (can_help or shown >= held.seq)
            if is_there and log not in self._asked and self._fetches.claim(log, self):
                self._asked[log] = 0
                effects += self._repair(log)
        return effects

    def _repair(self, log: bytes) -> list[Effect]:
        """Begin to compare the rows of a log that is asked for, one at a time; else let it go."""
        if self._repairs:
            self._to_repair[log] = None
            return []
        rows = self._replica.row_items(log)
        if rows is None:
            self._finish(log)
            return []
        comparison = RowComparison(rows, self.salt)
        self._repairs[log] = Repairing(comparison, self._view.shown.get(log, START).seq)
        return [send(wire.Ranges(log, False, one)) for one in comparison.start()]

    def _repair_next(self) -> list[Effect]:
        """Begin with the next of the logs that wait for it, once there is room."""
        effects: list[Effect] = []
        while self._to_repair and not self._repairs:
            log = next(iter(self._to_repair))
            del self._to_repair[log]
            if log in self._asked:
                effects += self._repair(log)
        return effects

    def on_ranges(self, told: wire.Ranges) -> list[Effect]:
        """Go on comparing the rows of a log that is repaired here."""
        if told.about not in self._repairs:
            raise PeerError("A neighbour compares what nobody asked for.")
        frames = self._repairs[told.about].comparison.answer(told.ranges)
        return [send(wire.Ranges(told.about, False, one)) for one in frames]

    def on_heads(self, heads: wire.Heads) -> list[Effect]:
        """Ask for the rows of heads that are later than those held."""
        effects: list[Effect] = []
        shown: list[SignedHead] = []
        for item in heads.items:
            if isinstance(item, bytes):
                head = self._note(item)
                if not self._take_renewal(head, effects):
                    shown.append(head)
            else:
                self._view.note_held(*item)
        effects += self.compare_seen(shown)
        for head in shown:
            self._want(head)
        return [*effects, *self._ask()]

    def compare_seen(self, heads: Sequence[SignedHead]) -> list[Effect]:
        """Hold heads against those seen before; the proofs against those that are frozen.

        PeerError where a device has not signed what it is said to have.
        """
        if not heads:
            return []
        self._replica.saw(heads)
        names = [self._replica.name(head.head.log) for head in heads]
        proofs = [self._replica.proof(name) for name in names if name is not None]
        return [*self._view.prove(one for one in proofs if one is not None)]

    def on_offer(self, offer: wire.Offer) -> list[Effect]:
        """How much is to come of what was asked for; of no rows: the neighbour has let it go."""
        asked = [line for line in offer.items if line[0] in self._asked]
        for log in (log for log, *much in asked if much == [0, 0]):
            self._view.note_gone(log)
            self._forget(log)
        return [*(Expected(*line) for line in asked if line[0] in self._asked), *self._ask()]

    def on_advances(self, parts: Sequence[wire.Advance], effects: list[Effect]) -> int:
        """Take in parts of different logs in one go; what that leads to is added to `effects`.

        Returns the bytes of those that were of use. PeerError where one breaks the rules, or was
        not asked for: nothing is taken in then.
        """
        incoming = [self._incoming(part) for part in parts if not self._is_let_go(part)]
        whole = [one for one in incoming if one.head.head.log in self._repairs]
        some = [one for one in incoming if one.head.head.log not in self._repairs]
        for one in whole:
            effects += [*self._on_repaired(one), *self._repair_next()]
        outcomes = self._advance([one for one in some if not self._is_skipped(one)])
        moved: list[SignedHead] = []
        useful = sum(len(one.changes) for one in whole)
        for one in some:
            outcome = Outcome.GAP if self._is_skipped(one) else next(outcomes)
            useful += len(one.changes) if outcome in (Outcome.MOVED, Outcome.STAGED) else 0
            if outcome is Outcome.MOVED:
                self._finish(one.head.head.log)
                moved.append(one.head)
            else:
                effects += self._doubts()
                effects += self._not_moved(one, outcome)
        effects += self._moved(moved)
        effects += self._ask()
        return useful

    def _is_let_go(self, part: wire.Advance) -> bool:
        return part.log in self._let_go and part.log not in self._asked

    def _incoming(self, part: wire.Advance) -> Incoming:
        head = self._note(part.head or self._view.head_of(part.log))
        if part.log not in self._asked or head.head.log != part.log:
            raise PeerError("A neighbour sent rows that nobody asked for.")
        return Incoming(head, part.base_seq, part.changes, part.after)

    def _on_repaired(self, part: Incoming) -> list[Effect]:
        """Take rows for a repair; with the last the log is put right, or the neighbour has lied."""
        head, log = part.head, part.head.head.log
        one = self._repairs[log]
        one.take(part.changes)
        if part.after is not None:
            return []
        del self._repairs[log]
        if head.head.seq < one.seq:
            raise PeerError("A neighbour sent an older state of a catalog than it has shown.")
        try:
            present = self._replica.repair(one.result(head))
        except Refused:
            self._finish(log)
            return []
        except (MalformedInput, WrongRows) as error:
            return self._not_repaired(one, head, error)
        self._finish(log)
        return self._moved([head]) if present == head else [Moved(log, present.head.seq)]

    def _not_repaired(
        self, one: Repairing, head: SignedHead, error: MalformedInput | WrongRows
    ) -> list[Effect]:
        log = head.head.log
        held = self._replica.head(log)
        if isinstance(error, WrongRows) and held is not None and head.head.seq < held.seq:
            # What is damaged here may have been written since.
            self._vain.add(log)
            self._finish(log)
            return []
        if head.head.seq == one.seq:
            raise fault_of(error) from None
        # It has moved on while it compared.
        return self._go_on(log)

    def _is_skipped(self, part: Incoming) -> bool:
        return part.head.head.log in self._skipping

    def _not_moved(self, part: Incoming, outcome: Outcome) -> list[Effect]:
        log = part.head.head.log
        if part.after is not None:
            if outcome is not Outcome.STAGED:
                self._skipping.add(log)
            return []
        self._skipping.discard(log)
        if log not in self._refused:
            return self._go_on(log)
        self._refused.discard(log)
        self._finish(log)
        return self._ask()

    def on_push(self, push: wire.Push) -> list[Effect]:
        """Take in a push where it fits, ask for what it announces where it does not."""
        head = self._note(push.head)
        log = head.head.log
        effects: list[Effect] = []
        if self._take_renewal(head, effects):
            return effects
        if not self._view.is_ahead(log):
            effects = self.compare_seen([head])
            return [*effects, *_held([(log, head.head.seq)])] if self._holds(head) else effects
        if push.changes is not None:
            part = Incoming(head, push.base_seq, push.changes, None, is_push=True)
            if self._is_moved_by(part):
                return self._moved([head])
        effects = [*self._doubts(), *self.compare_seen([head])]
        self._want(head)
        return [*effects, *self._ask()]

    def _note(self, raw: bytes) -> SignedHead:
        return self._view.note_head(raw)

    def _take_renewal(self, head: SignedHead, effects: list[Effect]) -> bool:
        """Move to a head over the very rows held; False where there is more to do."""
        held = self._replica.signed(head.head.log)
        if held is None or held.head.digest != head.head.digest or not _is_later(head, held):
            return False
        if not self._replica.takes(head):
            return True
        part = Incoming(head, held.head.seq, _NOTHING, None, is_push=True)
        if self._is_moved_by(part):
            effects += self._moved([head])
        return True

    def _want(self, head: SignedHead) -> None:
        log = head.head.log
        if log not in self._asked and self._view.is_ahead(log) and self._replica.takes(head):
            self._wanted[log] = None

    def _ask(self) -> list[Effect]:
        """SINCE for wanted logs, as far as there is room and no other session fetches them."""
        if not self._wanted or len(self._asked) > MAX_ASKED // 2 or not self._replica.has_space():
            return []
        wishes = []
        for log in list(self._wanted):
            if len(self._asked) >= MAX_ASKED:
                break
            if log in self._asked:
                del self._wanted[log]
            elif self._fetches.claim(log, self):
                del self._wanted[log]
                wish = self._wish(log)
                if wish is None:
                    self._fetches.release(log, self)
                else:
                    self._asked[log] = 0
                    wishes.append(wish)
        return [send(wire.Since(wishes))] if wishes else []

    def _wish(self, log: bytes) -> wire.Wish | None:
        """What to ask for; None where it has come from another meanwhile, or lost its name."""
        is_ahead = self._view.is_ahead(log)
        place = self._replica.wanted(log, self._view.last_head(log)) if is_ahead else None
        return place and wire.Wish(log, place.base.seq, place.base.stamp, place.after)

    def _go_on(self, log: bytes) -> list[Effect]:
        """A transfer has ended short of a head: ask for the rest, or leave it for a while."""
        self._asked[log] += 1
        if log in self._wrong and self._asked[log] <= _MAX_TRIES and self._replica.head(log):
            return self._repair(log)
        wish = self._wish(log)
        if wish is not None and self._asked[log] <= _MAX_TRIES and self._replica.has_space():
            return [send(wire.Since([wish]))]
        if wish is not None:
            self._later[log] = None
        self._finish(log)
        return self._ask()

    def _finish(self, log: bytes) -> None:
        del self._asked[log]
        self._fetches.release(log, self)

    def _is_moved_by(self, part: Incoming) -> bool:
        return next(self._advance([part])) is Outcome.MOVED

    def _advance(self, parts: Sequence[Incoming]) -> Iterator[Outcome]:
        """What becomes of parts, one by one; PeerError at one that costs the session."""
        if not self._replica.has_space():
            return repeat(Outcome.GAP, len(parts))
        return map(self._judged, parts, self._replica.advance(parts))

    def _judged(self, part: Incoming, outcome: Outcome | FedretailError) -> Outcome:
        match outcome:
            case Outcome():
                return outcome
            case Refused():
                # Over a quota, or our own log: nothing that the neighbour did wrong.
                if not part.is_push:
                    self._refused.add(part.head.head.log)
                return Outcome.OLD
            case MalformedInput() | WrongRows():
                # What was kept of an earlier neighbour's may be wrong; it is forgotten now.
                log = part.head.head.log
                if log in self._wrong:
                    raise fault_of(outcome)
                self._wrong.add(log)
                self._doubted.append(log)
                return Outcome.GAP
        raise outcome

    def _doubts(self) -> list[Effect]:
        """What is held of logs whose rows did not fit: the neighbour may know of another state."""
        held = [self._replica.signed(log) for log in self._doubted]
        self._doubted.clear()
        return [*statements([[AUTH_SEEN, one.raw] for one in held if one is not None])]

    def _moved(self, heads: Sequence[SignedHead]) -> list[Effect]:
        places = [(head.head.log, head.head.seq) for head in heads]
        self._wrong.difference_update(log for log, _ in places)
        return [*(Moved(*place) for place in places), *_held(places)]

    def _holds(self, head: SignedHead) -> bool:
        held = self._replica.head(head.head.log)
        place = (head.head.seq, head.head.digest)
        return held is not None and (held.seq, held.digest) == place


def _is_later(head: SignedHead, held: SignedHead) -> bool:
    """Whether `head`, over the same rows, is to take the place of the one held."""
    is_twin = head.head.seq == held.head.seq
    return head.head.seq > held.head.seq or (is_twin and outranks(head, held))


def _held(places: Sequence[tuple[bytes, int]]) -> list[Effect]:
    """The answer that this node holds logs (log, seq) that it was shown."""
    return [send(wire.Heads([list(place) for place in places]))] if places else []
