"""The taking half of a session: which logs are asked for, and what becomes of their parts."""

from collections.abc import Iterable

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.transfer import Incoming, Outcome
from fedretail.errors import MalformedInput, PeerError, Refused
from fedretail.p2p import wire
from fedretail.p2p.effects import Effect, Expected, Moved
from fedretail.p2p.fetches import Fetches
from fedretail.p2p.replica import Replica
from fedretail.p2p.view import View, parse_head, send

# A log whose parts do not fit is asked for again so many times, then left to the next round.
_MAX_TRIES = 3
_NOTHING = pack([])


class Fetching:
    """What one neighbour is asked for."""

    def __init__(self, replica: Replica, view: View, fetches: Fetches) -> None:
        self._replica = replica
        self._view = view
        self._fetches = fetches
        # Logs asked for, with the number of tries; those that another session is fetching.
        self._asked: dict[bytes, int] = {}
        self._deferred: set[bytes] = set()

    def is_waiting(self) -> bool:
        """Whether the neighbour owes rows."""
        return bool(self._asked)

    def close(self) -> None:
        """Leave what was claimed to other sessions."""
        self._asked.clear()
        self._fetches.release_all(self)

    def retry(self) -> list[Effect]:
        """Ask for logs that another session was fetching when the neighbour showed them."""
        logs, self._deferred = self._deferred, set()
        return self._ask(log for log in sorted(logs) if self._view.is_ahead(log))

    def on_heads(self, heads: wire.Heads) -> list[Effect]:
        """Ask for the rows of heads that are later than those held."""
        effects: list[Effect] = []
        later: list[bytes] = []
        for item in heads.items:
            if isinstance(item, bytes):
                head = self._note(item)
                if not self._take_renewal(head, effects):
                    later.append(head.head.log)
            else:
                self._view.note_held(*item)
        return [*effects, *self._ask(log for log in later if self._view.is_ahead(log))]

    def on_offer(self, offer: wire.Offer) -> list[Effect]:
        """How much is to come of what was asked for."""
        return [Expected(*line) for line in offer.items if line[0] in self._asked]

    def on_advance(self, part: wire.Advance) -> list[Effect]:
        """Take in a part; PeerError where it was not asked for, or breaks the rules."""
        head = self._note(part.head)
        if part.log not in self._asked or head.head.log != part.log:
            raise PeerError("A neighbour sent rows that nobody asked for.")
        outcome = self._advance(Incoming(head, part.base_seq, part.changes, part.after))
        if outcome is Outcome.MOVED:
            self._finish(part.log)
            return self._moved(head)
        return [] if part.after is not None else self._go_on(part.log)

    def on_push(self, push: wire.Push) -> list[Effect]:
        """Take in a push where it fits, ask for what it announces where it does not."""
        head = self._note(push.head)
        log = head.head.log
        if not self._view.is_ahead(log):
            return [_held(head)] if self._holds(head) else []
        if push.changes is not None:
            part = Incoming(head, push.base_seq, push.changes, None, is_push=True)
            if self._advance(part) is Outcome.MOVED:
                return self._moved(head)
        return self._ask([log])

    def _note(self, raw: bytes) -> SignedHead:
        head = parse_head(raw)
        self._view.note_shown(head.head.log, Point(head.head.seq, head.head.stamp))
        return head

    def _take_renewal(self, head: SignedHead, effects: list[Effect]) -> bool:
        """Move to a head over the very rows held; False where there is more to do."""
        held = self._replica.head(head.head.log)
        if held is None or held.digest != head.head.digest or held.seq >= head.head.seq:
            return False
        part = Incoming(head, held.seq, _NOTHING, None, is_push=True)
        if self._advance(part) is Outcome.MOVED:
            effects += self._moved(head)
        return True

    def _ask(self, logs: Iterable[bytes]) -> list[Effect]:
        """SINCE for these logs, as far as no other session is fetching them."""
        wishes = []
        for log in logs:
            if log in self._asked:
                continue
            if not self._fetches.claim(log, self):
                self._deferred.add(log)
                continue
            self._asked[log] = 0
            wishes.append(self._wish(log))
        starts = range(0, len(wishes), wire.MAX_ITEMS)
        return [send(wire.Since(wishes[start : start + wire.MAX_ITEMS])) for start in starts]

    def _wish(self, log: bytes) -> wire.Wish:
        place = self._replica.wanted(log)
        assert place is not None
        return wire.Wish(log, place.base.seq, place.base.stamp, place.after)

    def _go_on(self, log: bytes) -> list[Effect]:
        """A transfer has ended short of a head: ask for the rest, or leave it to the next round."""
        tries = self._asked[log] + 1
        if tries > _MAX_TRIES or not self._view.is_ahead(log):
            self._finish(log)
            return []
        self._asked[log] = tries
        return [send(wire.Since([self._wish(log)]))]

    def _finish(self, log: bytes) -> None:
        del self._asked[log]
        self._fetches.release(log, self)

    def _advance(self, part: Incoming) -> Outcome:
        try:
            return self._replica.advance(part)
        except MalformedInput as error:
            raise PeerError(f"A neighbour sent {error.message}.") from None
        except Refused:
            # Over a quota, or our own log: nothing that the neighbour did wrong.
            return Outcome.OLD

    def _moved(self, head: SignedHead) -> list[Effect]:
        return [Moved(head.head.log, head.head.seq), _held(head)]

    def _holds(self, head: SignedHead) -> bool:
        held = self._replica.head(head.head.log)
        return held is not None and held.seq == head.head.seq


def _held(head: SignedHead) -> Effect:
    """The answer that this node holds what it was shown."""
    return send(wire.Heads([[head.head.log, head.head.seq]]))
