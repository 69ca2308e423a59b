"""The giving half of a session: what this node shows, sends and pushes to its neighbour."""

from collections import deque

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.errors import PeerError
from fedretail.p2p import reconcile, wire
from fedretail.p2p.effects import Effect, GoOn
from fedretail.p2p.reconcile import Item
from fedretail.p2p.replica import Replica
from fedretail.p2p.view import AUTH_RECORD, View, send, statements

# Bytes of ADVANCE under way to one neighbour: a slow reader holds no more than this here.
CREDIT_BYTES = 256 * 1024
# Rows that are read before what is ready leaves: one large part, or many small ones. The neighbour
# works on them while the next are read.
_PORTION_BYTES = 128 * 1024
# Heads a frame: at 160 bytes they stay far below 256 KiB. A shorter frame is the last one.
HEADS_PER_FRAME = 1000
# Logs that one neighbour may have asked for and not received.
_MAX_TRANSFERS = wire.MAX_ITEMS
# Changes beside a pushed head; more than that is asked for, by those who lack it.
MAX_PUSH_BYTES = 8 * 1024
ASK, TELL, FINGERPRINT = range(3)


class Serving:
    """What one neighbour is given."""

    def __init__(self, replica: Replica, view: View, salt: bytes) -> None:
        self._replica = replica
        self._view = view
        self._salt = salt
        self._credit = CREDIT_BYTES
        self._transfers: deque[wire.Wish] = deque()

    def tell(self, scope: int = TELL) -> Effect:
        """What this node has, as ids."""
        return send(wire.Ranges(scope, reconcile.ids(self._replica.items(), self._salt)))

    def compare(self) -> Effect:
        """What this node has, as a fingerprint: the question whether anything differs."""
        return send(wire.Ranges(FINGERPRINT, self._fingerprint()))

    def on_ranges(self, ranges: wire.Ranges) -> list[Effect]:
        """Whatever the neighbour lacks, by what it says it has; nothing for an unknown scope."""
        if ranges.scope == FINGERPRINT:
            return self._compared(ranges.data)
        if ranges.scope not in (ASK, TELL):
            return []
        theirs = reconcile.parse_ids(ranges.data)
        items = self._replica.items()
        lacked, common = reconcile.divided(items, theirs, self._salt)
        self._note_common(common)
        # What it lacks is on its way from here on; what it has it needs not be sent again.
        self._view.note_told(item.raw for item in items if item.about == reconcile.AUTH)
        answer = [self.tell()] if ranges.scope == ASK else []
        return [*answer, *self._show(lacked)]

    def _compared(self, theirs: bytes) -> list[Effect]:
        items = self._replica.items()
        if theirs != reconcile.fingerprint(items, self._salt):
            return [self.tell(ASK)]
        self._note_common(items)
        return []

    def _note_common(self, items: list[Item]) -> None:
        """The neighbour holds these heads: it names them itself."""
        for item in items:
            if item.about != reconcile.AUTH:
                head = SignedHead.parse(item.raw).head
                self._view.note_shown(head.log, Point(head.seq, head.stamp))

    def _show(self, lacked: list[Item]) -> list[Effect]:
        """Send auth records and heads; always ends in HEADS, be they empty."""
        records = [[AUTH_RECORD, item.raw] for item in lacked if item.about == reconcile.AUTH]
        heads = [item for item in lacked if item.about != reconcile.AUTH]
        effects: list[Effect] = [*statements(records)]
        effects += self._view.introduce(item.about for item in heads)
        for start in range(0, len(heads) + 1, HEADS_PER_FRAME):
            some = [item.raw for item in heads[start : start + HEADS_PER_FRAME]]
            effects.append(send(wire.Heads(some)))
            for raw in some:
                self._view.note_sent(SignedHead.parse(raw).head)
        return effects

    def on_since(self, since: wire.Since) -> list[Effect]:
        """Parts of what the neighbour asks for, as far as its credit goes."""
        if len(self._transfers) + len(since.wishes) > _MAX_TRANSFERS:
            raise PeerError("A neighbour asks for more than it can take.")
        self._transfers += since.wishes
        return self.go_on()

    def on_credit(self, credit: wire.Credit) -> list[Effect]:
        """The next parts."""
        self._credit = min(CREDIT_BYTES, self._credit + credit.count)
        return self.go_on()

    def go_on(self) -> list[Effect]:
        """The next parts, as many as are read at a time; ends in GoOn where more can follow."""
        effects: list[Effect] = []
        size = 0
        while self._transfers and self._credit > 0:
            if size >= _PORTION_BYTES:
                return [*effects, GoOn()]
            wish = self._transfers.popleft()
            part = self._replica.changes(wish.log, Point(wish.seq, wish.stamp), wish.after)
            if part is None:
                continue
            if part.after is not None:
                self._transfers.appendleft(wish._replace(after=part.after))
            head = SignedHead.parse(part.head).head
            if part.after is not None and wish.after is None:
                effects.append(send(wire.Offer([(wish.log, head.count, head.size)])))
            changes = pack(part.changes)
            size += len(changes)
            # What was shown in HEADS needs not travel again: 160 bytes a log.
            raw = b"" if self._view.has_sent(head) else part.head
            frame = send(wire.Advance(wish.log, wish.seq, raw, changes, part.after))
            self._view.note_sent(head)
            self._credit -= len(frame.frame)
            effects.append(frame)
        return effects

    def push(self, log: bytes, base: Point | None) -> list[Effect]:
        """A log's newest head, with the changes since `base` if these are small."""
        signed = self._replica.signed(log)
        if signed is None:
            return []
        message = wire.Push(signed.raw, 0, None)
        part = None if base is None else self._replica.changes(log, base, None)
        if base is not None and part is not None and part.after is None:
            changes = pack(part.changes)
            if len(changes) <= MAX_PUSH_BYTES:
                message = wire.Push(part.head, base.seq, changes)
                signed = SignedHead.parse(part.head)
        effects = self._view.introduce([log])
        self._view.note_sent(signed.head)
        return [*effects, send(message)]

    def _fingerprint(self) -> bytes:
        return reconcile.fingerprint(self._replica.items(), self._salt)
