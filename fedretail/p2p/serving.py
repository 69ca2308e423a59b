"""The giving half of a session: what this node shows, sends and pushes to its neighbour."""

from bisect import bisect_right
from collections import deque
from typing import NamedTuple

from fedretail.crdt.changes import Point
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.row import RowKey
from fedretail.crdt.transfer import Part
from fedretail.errors import PeerError, Unavailable
from fedretail.p2p import wire
from fedretail.p2p.effects import Effect, GoOn
from fedretail.p2p.ranges import END, Range
from fedretail.p2p.reconcile import Comparison, Item
from fedretail.p2p.repairs import Helped, RowComparison
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


class _Rows(NamedTuple):
    """Rows of a log, whole, that a neighbour lacks who repairs its copy; keys in order."""

    log: bytes
    keys: list[RowKey]
    seq: int = 0


class Serving:
    """What one neighbour is given."""

    def __init__(self, replica: Replica, view: View, salt: bytes, helped: Helped) -> None:
        self._helped = helped
        self._replica = replica
        self._view = view
        self._salt = salt
        # The comparison that this side has begun, and the one that the neighbour has.
        self._mine: Comparison | None = None
        self._theirs: Comparison | None = None
        self._has_compared = False
        self._credit = CREDIT_BYTES
        self._transfers: deque[wire.Wish | _Rows] = deque()
        # Of own logs, by log: what was asked for when it was not for others yet.
        self._put_offs: dict[bytes, wire.Wish] = {}
        # The log that the neighbour repairs, and the comparison of its rows.
        self._repaired: tuple[bytes, RowComparison] | None = None

    def compare(self) -> list[Effect]:
        """Begin to compare all that both have; nothing while that is under way."""
        if self._mine is not None:
            return []
        self._mine = self._comparison()
        return [self._ranges(one, is_answer=False) for one in self._mine.start()]

    def is_waiting(self) -> bool:
        """Whether the neighbour owes an answer to `compare`, or goes on with its own repair."""
        return self._mine is not None or self.is_helping()

    def is_helping(self) -> bool:
        """Whether rows are at hand here for a repair of the neighbour's."""
        return self._repaired is not None or self._owes_rows()

    def _owes_rows(self) -> bool:
        return any(isinstance(one, _Rows) for one in self._transfers)

    def close(self) -> None:
        """The session is over."""
        self._repaired = None
        self._transfers.clear()
        self._helped.end(self)

    def on_ranges(self, told: wire.Ranges) -> list[Effect]:
        """The answer, and at the end whatever the neighbour lacks."""
        if told.about != wire.HEADS_AND_AUTH:
            return self._on_row_ranges(told)
        comparison = self._mine if told.is_answer else self._theirs or self._comparison()
        if comparison is None:
            raise PeerError("A neighbour compares what nobody asked for.")
        frames = comparison.answer(told.ranges)
        effects = [self._ranges(one, is_answer=not told.is_answer) for one in frames]
        if told.is_answer:
            self._mine = None if comparison.is_done else comparison
        else:
            self._theirs = None if comparison.is_done else comparison
        return [*effects, *self._compared(comparison)] if comparison.is_done else effects

    def _on_row_ranges(self, told: wire.Ranges) -> list[Effect]:
        """Compare the rows of a log that the neighbour repairs, then send what it lacks."""
        if self._repaired is None or self._repaired[0] != told.about:
            self._repaired = self._begun(told.about)
            if self._repaired is None:
                # Who asks nothing is not answered: two nodes would say so to each other for ever.
                asks = any(one.body is not None for one in told.ranges)
                nothing = wire.Ranges(told.about, True, [Range(END, None)])
                return [send(nothing)] if asks else []
        log, comparison = self._repaired
        frames = comparison.answer(told.ranges)
        effects: list[Effect] = [send(wire.Ranges(log, True, one)) for one in frames]
        if not comparison.is_done:
            return effects
        self._repaired = None
        self._transfers.append(_Rows(log, comparison.lacked()))
        return [*effects, *self.go_on()]

    def _begun(self, log: bytes) -> tuple[bytes, RowComparison] | None:
        """A log and the comparison of its rows as they are now; None where it is not for that.

        Unavailable where this node helps others to repair already.
        """
        if self._owes_rows():
            raise PeerError("A neighbour repairs on before it has taken the rows that it lacked.")
        head = self._replica.head(log)
        if head is not None and not self._helped.begin(self, head.count):
            raise Unavailable("Others are helped to repair their copies just now.")
        items = self._replica.row_items(log)
        if items is None:
            self._helped.end(self)
            return None
        return log, RowComparison(items, self._salt)

    def _comparison(self) -> Comparison:
        return Comparison(self._replica.items(), self._salt)

    def _ranges(self, ranges: list[Range], *, is_answer: bool) -> Effect:
        return send(wire.Ranges(wire.HEADS_AND_AUTH, is_answer, ranges))

    def _compared(self, comparison: Comparison) -> list[Effect]:
        common, lacked = comparison.common(), comparison.lacked()
        self._view.note_proved(item.proof for item in common if item.proof is not None)
        for item in common:
            if item.head is not None:
                self._view.note_shown(item.head.log, Point(item.head.seq, item.head.stamp))
        # What it lacks is on its way from here on; what it has it needs not be sent again.
        self._view.note_told(item.raw for item in (*common, *lacked) if item.head is None)
        is_first, self._has_compared = not self._has_compared, True
        return self._show(lacked) if lacked or is_first else []

    def _show(self, lacked: list[Item]) -> list[Effect]:
        """Send auth records and heads; always ends in HEADS that are not full, be they empty."""
        records = [[AUTH_RECORD, item.raw] for item in lacked if item.raw and item.head is None]
        heads = [(item.raw, item.head) for item in lacked if item.head is not None]
        proofs = (item.proof for item in lacked if item.proof is not None)
        effects: list[Effect] = [*statements(records), *self._view.prove(proofs)]
        effects += self._view.introduce(head.log for _, head in heads)
        for start in range(0, len(heads) + 1, HEADS_PER_FRAME):
            some = heads[start : start + HEADS_PER_FRAME]
            effects.append(send(wire.Heads([raw for raw, _ in some])))
            for _, head in some:
                self._view.note_sent(head)
        return effects

    def on_since(self, since: wire.Since) -> list[Effect]:
        """Parts of what the neighbour asks for, as far as its credit goes."""
        if len(self._transfers) + len(since.wishes) > _MAX_TRANSFERS:
            raise PeerError("A neighbour asks for more than it can take.")
        self._transfers += since.wishes
        return self.go_on()

    @property
    def has_put_off(self) -> bool:
        """Whether something was asked for that was not for others yet."""
        return bool(self._put_offs)

    def make_good(self) -> list[Effect]:
        """What was put off, as far as it is for others now."""
        self._transfers += self._put_offs.values()
        self._put_offs.clear()
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
            transfer = self._transfers.popleft()
            part = self._part(transfer)
            if isinstance(transfer, _Rows) and (part is None or part.after is None):
                self._helped.end(self)
            if part is None:
                effects += self._put_off(transfer)
                continue
            if isinstance(transfer, wire.Wish) and part.base.seq != transfer.seq:
                # Below the floor: the whole log, from its first key on.
                transfer = wire.Wish(transfer.log, *part.base, None)
            if part.after is not None:
                self._transfers.appendleft(_rest(transfer, part.after))
            head = SignedHead.parse(part.head).head
            if part.after is not None and isinstance(transfer, wire.Wish) and not transfer.after:
                effects.append(send(wire.Offer([(head.log, head.count, head.size)])))
            changes = pack(part.changes)
            size += len(changes)
            # What was shown in HEADS needs not travel again: 160 bytes a log.
            raw = b"" if self._view.has_sent(head) else part.head
            frame = send(wire.Advance(head.log, transfer.seq, raw, changes, part.after))
            self._view.note_sent(head)
            self._credit -= len(frame.frame)
            effects.append(frame)
        return effects

    def _put_off(self, transfer: wire.Wish | _Rows) -> list[Effect]:
        """Keep a wish for an own log that has moved on, and is not to be seen yet, until it is.

        Of what was let go, begun anew, signed twice or damaged since it was shown, that is said.
        """
        head = self._replica.head(transfer.log)
        if head is not None and transfer.log in self._replica.damaged():
            head = None
        if isinstance(transfer, wire.Wish) and head is not None and head.seq > transfer.seq:
            self._put_offs[transfer.log] = transfer
            return []
        return [send(wire.Offer([(transfer.log, 0, 0)]))]

    def _part(self, transfer: wire.Wish | _Rows) -> Part | None:
        if isinstance(transfer, _Rows):
            return self._replica.whole_rows(transfer.log, transfer.keys)
        base = Point(transfer.seq, transfer.stamp)
        return self._replica.changes(transfer.log, base, transfer.after)

    def push(self, log: bytes, base: Point | None) -> list[Effect]:
        """A log's newest head, with the changes since `base` if these are small."""
        signed, name = self._replica.signed(log), self._replica.name(log)
        if signed is None or name is None or self._replica.proof(name) is not None:
            return []
        message = wire.Push(signed.raw, 0, None)
        part = None if base is None else self._replica.changes(log, base, None)
        if base is not None and part is not None and part.after is None:
            changes = pack(part.changes)
            if len(changes) <= MAX_PUSH_BYTES:
                message = wire.Push(part.head, part.base.seq, changes)
                signed = SignedHead.parse(part.head)
        effects = self._view.introduce([log])
        self._view.note_sent(signed.head)
        if log not in self._put_offs:
            return [*effects, send(message)]
        self._transfers.append(self._put_offs.pop(log))
        return [*effects, send(message), *self.go_on()]


def _rest(transfer: wire.Wish | _Rows, after: RowKey) -> wire.Wish | _Rows:
    """What is left of a transfer behind this key."""
    if isinstance(transfer, _Rows):
        return _Rows(transfer.log, transfer.keys[bisect_right(transfer.keys, after) :])
    return transfer._replace(after=after)
