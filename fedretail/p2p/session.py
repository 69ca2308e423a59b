"""One conversation with one neighbour: messages in, effects out; the same code at both ends.

    state     accepts            leaves by
    HELLO     HELLO, DONE        a HELLO that fits -> OPEN; one that does not -> ENDED
    OPEN      all but HELLO      the last HEADS of the first round, all its rows here -> LIVE
    LIVE      all but HELLO      DONE, or the end of the stream -> ENDED
    ENDED     nothing

Both sides begin with HELLO; the one with the smaller nonce begins to compare what they have
(RANGES). Then each sends what the other lacks (AUTH, HEADS), and asks (SINCE) for the rows of heads
that are later than its own; the other sends them (ADVANCE) as far as the credit goes. What comes
later is pushed (PUSH). A head is never believed: the store moves only to a head whose digest its
own rows have.

No sockets, threads, clocks or chance in here: the service hands them in. `Serving` gives,
`Fetching` takes, `View` is what both know of the neighbour.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, ClassVar, NamedTuple

from fedretail.crdt.access import SignedRecord
from fedretail.crdt.changes import Point
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName, parse_log_name
from fedretail.crdt.proof import Proof
from fedretail.errors import MalformedInput, PeerError
from fedretail.p2p import clones, costs, reconcile, view, wire
from fedretail.p2p.effects import (
    Effect,
    Ended,
    Greeted,
    Pause,
    PeerAddresses,
    PeerClock,
    Stated,
    Synced,
)
from fedretail.p2p.fetches import Fetches
from fedretail.p2p.fetching import Fetching
from fedretail.p2p.rates import TokenBucket
from fedretail.p2p.replica import Replica
from fedretail.p2p.serving import HEADS_PER_FRAME, Serving
from fedretail.p2p.view import View, send, statements

NEEDS_CHARTER = "needs-charter"
# Addresses that one statement of a neighbour may add; their own and a few of its neighbours.
MAX_ADDRESSES = 32
MAX_ADDRESS_CHARACTERS = 200
# What a neighbour may ask a second, in tokens of about a millisecond's work, and at once.
RATE, BURST = 400, 4000
# Who owes tokens is not read for so long at least, then more at a time: to stop and go on takes as
# much work as two or three small messages.
MIN_PAUSE_S = 0.25
# A neighbour that owes an answer and brings nothing new for so long is let go; so is one that
# owes the same log for ten minutes, so that nobody keeps others from fetching it.
IDLE_MS = 30_000
ROUND_MS = 600_000
# Parts that are taken in together, in one transaction: others wait for the store so long.
_MAX_GROUP = 64
# CREDIT is given back in pieces of this size, a quarter of what may be under way.
_CREDIT_STEP = 64 * 1024


class Me(NamedTuple):
    """How this node introduces itself; sign: with its device key, where it may state things."""

    network: bytes
    store: bytes
    nonce: bytes
    addresses: tuple[str, ...] = ()
    sign: Callable[[bytes], bytes] | None = None


class State(Enum):
    """See the table above."""

    HELLO = "hello"
    OPEN = "open"
    LIVE = "live"
    ENDED = "ended"


class Session:
    """The conversation with one neighbour."""

    def __init__(
        self, me: Me, replica: Replica, fetches: Fetches, bucket: TokenBucket | None = None
    ) -> None:
        """`bucket`: what the neighbour may still ask, where it was in touch before."""
        self.state = State.HELLO
        self.view = View(replica)
        self._me = me
        self._replica = replica
        self._helped = fetches.helped
        self._fetching = Fetching(replica, self.view, fetches)
        self._serving = Serving(replica, self.view, b"", fetches.helped)
        self._has_all_heads = False
        self._bucket = bucket or TokenBucket(rate=RATE, burst=BURST)
        self._owed_credit = 0
        # Since when (ms of the steady clock) the neighbour has brought nothing that it owes, and
        # has owed the log that it owes for the longest time; None: looked at for the first time.
        self._quiet_since_ms: int | None = None
        self._oldest: tuple[bytes | None, int] | None = None

    def start(self, now_ms: int) -> list[Effect]:
        """The first thing to say; `now_ms`: of the clock on the wall."""
        needs = [NEEDS_CHARTER] if self._replica.charter() is None else []
        me = self._me
        hello = wire.Hello(
            wire.VERSION, wire.MIN_VERSION, me.network, me.store, me.nonce, now_ms, needs, []
        )
        return [send(hello)]

    def handle(self, received: wire.Received, now_ms: int) -> list[Effect]:
        """What a message leads to; `now_ms`: of a clock that only goes forward.

        PeerError where the neighbour broke the rules: say DONE then, and end the stream.
        """
        effects: list[Effect] = []
        self.handle_all([received], now_ms, effects)
        return effects

    def handle_all(
        self, received: Sequence[wire.Received], now_ms: int, effects: list[Effect]
    ) -> None:
        """What messages that are `grouped` together lead to is added to `effects`.

        PeerError as `handle` says; what came before it stands in `effects`.
        """
        if self.state is State.ENDED:
            return
        first = received[0].message
        if isinstance(first, wire.Advance):
            parts = [one.message for one in received if isinstance(one.message, wire.Advance)]
            useful = self._take_parts(parts, now_ms, effects)
            effects += self._give_credit(sum(one.size for one in received))
            effects += self._paused(costs.taking(received, useful), now_ms)
            return
        answer = [] if first is None else self._answer(first, now_ms)
        effects += answer
        cost = costs.reading(received[0]) + self._comparing_cost(first) + costs.answering(answer)
        effects += self._paused(cost, now_ms)

    def _comparing_cost(self, message: wire.Message | None) -> float:
        """Tokens for making the items of all rows of a log: 4 ms a thousand."""
        head = self._replica.head(message.about) if isinstance(message, wire.Ranges) else None
        return 0.0 if head is None else costs.comparing(head.count)

    def _paused(self, cost: float, now_ms: int) -> list[Effect]:
        wait_s = self._bucket.take(cost, now_ms)
        return [Pause(wait_s)] if wait_s >= MIN_PAUSE_S else []

    def _take_parts(self, parts: Sequence[wire.Advance], now_ms: int, effects: list[Effect]) -> int:
        """Take rows in; the bytes of those that were of use."""
        self._check_turn(parts[0])
        self._quiet_since_ms = now_ms
        useful = self._fetching.on_advances(parts, effects)
        effects += self._settle()
        return useful

    def _check_turn(self, message: wire.Message) -> None:
        is_greeting = isinstance(message, wire.Hello)
        if is_greeting != (self.state is State.HELLO) and not isinstance(message, wire.Done):
            raise PeerError("A neighbour spoke out of turn.")

    def _answer(self, message: wire.Message, now_ms: int) -> list[Effect]:
        self._check_turn(message)
        if not self._has_all_heads or self._goes_on(message):
            self._quiet_since_ms = now_ms
        effects = self._HANDLERS[type(message)](self, message)
        return [*effects, *self._settle()]

    def _goes_on(self, message: wire.Message) -> bool:
        """Whether a message is what a neighbour owes while one of both compares."""
        is_taking = isinstance(message, wire.Credit) and not self._fetching.is_waiting()
        return is_taking or isinstance(message, wire.Ranges)

    def _give_credit(self, size: int) -> list[Effect]:
        """Credit for an ADVANCE, gathered while more of them are to come."""
        self._owed_credit += size
        if self._owed_credit < _CREDIT_STEP and self._fetching.is_waiting():
            return []
        credit, self._owed_credit = self._owed_credit, 0
        return [send(wire.Credit(credit))]

    def has_answered(self) -> bool:
        """Whether the neighbour has shown all that it has and this node lacked."""
        return self._has_all_heads

    def is_waiting(self) -> bool:
        """Whether the neighbour owes an answer, so that its silence means something."""
        is_opening = self.state in (State.HELLO, State.OPEN)
        return is_opening or self._fetching.is_waiting() or self._serving.is_waiting()

    def is_overdue(self, now_ms: int) -> bool:
        """Whether the neighbour owes an answer for too long; to be asked every few seconds.

        `now_ms`: as for `handle`. What it sends that was not asked for does not count.
        """
        self._fetching.let_go()
        if self.state is State.ENDED or not self.is_waiting() or self._quiet_since_ms is None:
            self._quiet_since_ms, self._oldest = now_ms, None
            return False
        oldest = self._fetching.oldest()
        if self._oldest is None or self._oldest[0] != oldest:
            self._oldest = (oldest, now_ms)
        is_quiet = now_ms - self._quiet_since_ms > IDLE_MS
        return is_quiet or now_ms - self._oldest[1] > ROUND_MS

    def resync(self) -> list[Effect]:
        """Ask whether both still have the same; costs 40 bytes where they do."""
        if self.state is not State.LIVE:
            return []
        return [*self._serving.compare(), *self._fetching.retry()]

    def wants_retry(self) -> bool:
        """Whether `retry` may have something to ask."""
        return self._fetching.wants_retry()

    def retry(self) -> list[Effect]:
        """Ask for logs that could not be had when the neighbour showed them."""
        return self._fetching.retry() if self.state in (State.OPEN, State.LIVE) else []

    def go_on(self, now_ms: int) -> list[Effect]:
        """More of what the neighbour has asked for; `now_ms`: as for `handle`."""
        if self.state is State.ENDED:
            return []
        effects = self._serving.go_on()
        return [*effects, *self._paused(costs.answering(effects), now_ms)]

    def owes(self) -> bool:
        """Whether the neighbour has asked for something that was not for others then."""
        return self._serving.has_put_off

    def make_good(self) -> list[Effect]:
        """That, as far as it is by now; in the first round too, where two shops may both wait."""
        return self._serving.make_good() if self.state in (State.OPEN, State.LIVE) else []

    def push(self, log: bytes, base: Point | None) -> list[Effect]:
        """Tell the neighbour of a log's newest head, with the changes since `base` if small."""
        return self._serving.push(log, base) if self.state is State.LIVE else []

    def tell(self, lines: list[list[Any]]) -> list[Effect]:
        """Make statements."""
        return [*statements(lines)] if self.state in (State.OPEN, State.LIVE) else []

    def prove(self) -> list[Effect]:
        """Tell the neighbour who has signed two states of one log, as far as it was not told."""
        if self.state not in (State.OPEN, State.LIVE):
            return []
        return [*self.view.prove(self._replica.proofs())]

    def show_seen(self, log: bytes) -> list[Effect]:
        """Show the heads seen of a log, so that the neighbour can hold its own against them."""
        if self.state is not State.LIVE:
            return []
        lines = [[view.AUTH_SEEN, raw] for raw in self._replica.heads_seen(log)]
        return [*self.view.introduce([log]), *statements(lines)]

    def tell_addresses(self, addresses: Iterable[str]) -> list[Effect]:
        """Pass on where others can be reached."""
        return self.tell([[view.AUTH_ADDRESS, address] for address in addresses])

    def end(self, code: str = "closing", text: str = "", retry_s: int = 0) -> list[Effect]:
        """Say good-bye; what was claimed is free for other sessions."""
        if self.state is State.ENDED:
            return []
        self.close()
        return [send(wire.Done(code, text, retry_s)), Ended(code, text, retry_s)]

    def close(self) -> None:
        """The stream is gone."""
        self.state = State.ENDED
        self._fetching.close()
        self._serving.close()

    def _settle(self) -> list[Effect]:
        if self.state is not State.OPEN or not self._has_all_heads or self._fetching.is_waiting():
            return []
        self.state = State.LIVE
        return [Synced(), *self._fetching.retry()]

    # --- one handler a message ---

    def _on_hello(self, hello: wire.Hello) -> list[Effect]:
        if hello.min_version > wire.VERSION or hello.version < wire.MIN_VERSION:
            return self.end("version", "The other fedretail is too old or too new.", 3600)
        if hello.network != self._me.network:
            return self.end("network", "The other computer belongs to another network.", 3600)
        if hello.store == self._me.store:
            ended = self.end("self", "This computer has called itself.", 3600)
            return [Greeted(hello.nonce), *ended]
        self.state = State.OPEN
        salt = reconcile.salt(self._me.nonce, hello.nonce)
        self._serving = Serving(self._replica, self.view, salt, self._helped)
        self._fetching.salt = salt
        about: list[list[Any]] = [[view.AUTH_ADDRESS, address] for address in self._me.addresses]
        charter = self._replica.charter()
        if NEEDS_CHARTER in hello.capabilities and charter is not None:
            about.append([view.AUTH_CHARTER, charter])
        begun = self._serving.compare() if self._me.nonce < hello.nonce else []
        return [PeerClock(hello.now_ms), Greeted(hello.nonce), *statements(about), *begun]

    def _on_auth(self, auth: wire.Auth) -> list[Effect]:
        records: list[SignedRecord] = []
        names: list[LogName] = []
        addresses: list[str] = []
        proofs: list[Proof] = []
        seen: list[SignedHead] = []
        effects: list[Effect] = []
        try:
            for item in auth.items:
                match item:
                    case [view.AUTH_RECORD, raw, *_]:
                        records.append(SignedRecord.parse(raw))
                    case [view.AUTH_LOG, *name]:
                        names.append(parse_log_name(name[:4]))
                    case [view.AUTH_CHARTER, bytes(charter), *_]:
                        self._replica.set_charter(charter)
                    case [view.AUTH_ADDRESS, str(address), *_]:
                        addresses.append(address)
                    case [view.AUTH_PROOF, *about]:
                        if self._replica.proof(parse_log_name(about[:4])) is None:
                            proofs.append(Proof.parse(about))
                    case [view.AUTH_SEEN, raw, *_]:
                        seen.append(SignedHead.parse(raw))
                    case [clones.AUTH_MET | clones.AUTH_WITNESS, *_]:
                        effects += self._on_met(item)
        except MalformedInput as error:
            raise PeerError(f"A neighbour sent {error.message}.") from None
        self._replica.learn(records, names)
        self._replica.prove(proofs)
        # Only what is held will be told of; proofs against invented devices cost nothing.
        held = (one for one in proofs if self._replica.proof(one.name) is not None)
        self.view.note_proved(held)
        answer = self._fetching.compare_seen(seen)
        near = [one for one in addresses if len(one) <= MAX_ADDRESS_CHARACTERS]
        effects += answer
        return [*effects, PeerAddresses(near[:MAX_ADDRESSES])] if near else effects

    def _on_met(self, item: list[Any]) -> list[Effect]:
        """State that this start is alive, where it is asked; or hear that another one is."""
        found = clones.parsed(item)
        mine, sign = self._me.nonce, self._me.sign
        if isinstance(found, clones.Witness):
            return [Stated(found)]
        if found in (None, mine) or sign is None:
            return []
        return [*statements([clones.witness(found, mine, sign).line()])]

    def _on_heads(self, heads: wire.Heads) -> list[Effect]:
        is_showing = all(isinstance(item, bytes) for item in heads.items)
        if is_showing and len(heads.items) < HEADS_PER_FRAME:
            self._has_all_heads = True
        return self._fetching.on_heads(heads)

    def _on_ranges(self, ranges: wire.Ranges) -> list[Effect]:
        if ranges.about != wire.HEADS_AND_AUTH and ranges.is_answer:
            return self._fetching.on_ranges(ranges)
        return self._serving.on_ranges(ranges)

    def _on_done(self, done: wire.Done) -> list[Effect]:
        self.close()
        return [Ended(done.code, done.text, done.retry_s)]

    _HANDLERS: ClassVar[dict[type, Callable[..., list[Effect]]]] = {
        wire.Hello: _on_hello,
        wire.Auth: _on_auth,
        wire.Ranges: _on_ranges,
        wire.Heads: _on_heads,
        wire.Since: lambda self, message: self._serving.on_since(message),
        wire.Offer: lambda self, message: self._fetching.on_offer(message),
        wire.Push: lambda self, message: self._fetching.on_push(message),
        wire.Credit: lambda self, message: self._serving.on_credit(message),
        wire.Done: _on_done,
    }


def grouped(messages: Iterator[wire.Received]) -> Iterator[list[wire.Received]]:
    """Messages as `handle_all` takes them: ADVANCEs of different logs together, others alone.

    What `messages` raises is raised after what came before it.
    """
    parts: dict[bytes, wire.Received] = {}
    try:
        for received in messages:
            message = received.message
            log = message.log if isinstance(message, wire.Advance) else None
            if parts and (log is None or log in parts or len(parts) == _MAX_GROUP):
                yield list(parts.values())
                parts = {}
            if log is None:
                yield [received]
            else:
                parts[log] = received
    except PeerError:
        if parts:
            yield list(parts.values())
        raise
    if parts:
        yield list(parts.values())
