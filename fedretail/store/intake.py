"""Advances: a peer's log moves from one verified head to a later one, whole or not at all.

Admission is decided by bytes alone: the signature, the device named by its owner, sizes, seq,
stamp and digest. What the fields mean is judged when they are read.
"""

from collections.abc import Iterable, Sequence

from fedretail.crdt.access import Grants
from fedretail.crdt.changes import Point
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.proof import Proof, outranks
from fedretail.crdt.transfer import Incoming, Outcome, Place
from fedretail.errors import FedretailError, MalformedInput, PeerError, Refused
from fedretail.store import (
    auth,
    incarnations,
    local,
    log,
    logs,
    replacing,
    staging,
    trust,
    writing,
)
from fedretail.store.arrivals import Arrivals, Arrived, BrokenPart, arrived
from fedretail.store.database import Connection, savepoint
from fedretail.store.logs import LogState, Surroundings

# A shop of 300,000 offers; a log beyond that is refused before a byte of it is fetched.
MAX_LOG_BYTES = 128 * 1024 * 1024
MAX_LOG_ROWS = 500_000
_FROZEN = "A computer of {} has signed two states of it at once."


class DigestMismatch(PeerError):
    """The rows sent are not those that the head was signed over."""


class _Contradicted(Refused):
    """The head and one seen before are two states of one number."""

    def __init__(self, found: Proof) -> None:
        super().__init__(_FROZEN.format(found.name.collection))
        self.found = found


class _Overtaken(Exception):
    """The log has moved since the transfer began, and what is here may be its tail only."""


# What a neighbour did wrong: it costs the part, and no other.
_FAULTS = (MalformedInput, PeerError, Refused)


def advance(
    connection: Connection, parts: Sequence[Incoming], *, now_ms: int, arrivals: Arrivals
) -> list[Outcome | FedretailError]:
    """Take in parts of logs, in order and in one transaction; what became of each, see `Outcome`.

    An error (PeerError, MalformedInput: the sender broke the rules; Refused) stands where nothing
    of a part was kept. Where it ended a transfer, what was staged of it is forgotten too; a push
    disturbs no transfer. `arrivals` remembers the parts that are staged, made ready.
    """
    with connection.transaction(durable=False):
        intake = _Intake(connection, now_ms, arrivals)
        return [intake.take(part) for part in parts]


def admit(connection: Connection, state: LogState, head: SignedHead) -> None:
    """Raise PeerError or Refused unless the head may stand over this log."""
    intake = _Intake(connection, 0, Arrivals())
    intake.admit(state, logs.surroundings(connection, state), head)


def wanted(connection: Connection, log_id: bytes, head: SignedHead | None = None) -> Place | None:
    """What to ask of a peer that has shown `head` of a log, or None where its name is unknown.

    A log begun from another that is held goes on from there.
    """
    with connection.snapshot():
        state = logs.find(connection, log_id)
        if state is None:
            return None
        parent = None if head is None else incarnations.parent_of(connection, state, head)
        if parent is not None:
            state = state._replace(point=parent.point)
        return staging.place(connection, state)


class _Intake:
    """The parts of one transaction, and what was looked up for the earlier of them."""

    def __init__(self, connection: Connection, now_ms: int, arrivals: Arrivals) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._arrivals = arrivals
        self._owner: bytes | None = local.meta(connection, "owner")
        self._device: bytes | None = local.meta(connection, "device")
        self._grants: dict[bytes, Grants] = {}
        # Mostly there are none: then no part needs a look of its own.
        self._has_proofs = trust.has_proofs(connection)

    def take(self, part: Incoming) -> Outcome | FedretailError:
        """What becomes of one part; its faults are undone here."""
        try:
            with savepoint(self._connection, expected=(*_FAULTS, _Overtaken)):
                return self._advance(part)
        except _Contradicted as error:
            self._has_proofs |= trust.freeze(self._connection, error.found)
            return error
        except _Overtaken:
            return Outcome.GAP
        except BrokenPart as error:
            # What came before it may be an honest neighbour's.
            return error
        except (DigestMismatch, MalformedInput) as error:
            if not part.is_push:
                self._forget(part)
            return error
        except _FAULTS as error:
            return error

    def _forget(self, part: Incoming) -> None:
        state = logs.find(self._connection, part.head.head.log)
        if state is not None:
            staging.clear(self._connection, state)

    def _advance(self, part: Incoming) -> Outcome:
        connection, head = self._connection, part.head.head
        state = logs.find(connection, head.log)
        if state is None:
            # Begun anew since it was asked for, or never named: nothing can be told of it.
            raise Refused("A catalog whose owner is not known here, or not any more.")
        if head.seq < state.point.seq or part.head.raw == state.head:
            return Outcome.OLD
        place = logs.surroundings(connection, state)
        self.admit(state, place, part.head)
        if head.seq == state.point.seq:
            return self._advance_to_twin(state, part.head)
        parent = incarnations.parent_of(connection, state, part.head)
        begun = staging.begun(connection, state) if place.is_staged else None
        if parent is not None and (begun or Point(part.base_seq, 0)).seq == parent.point.seq:
            place, state = place._replace(parent=parent), state._replace(point=parent.point)
        elif begun is not None and begun.seq not in (0, state.point.seq):
            # What was staged went on from a parent that has moved meanwhile.
            staging.clear(connection, state)
            return Outcome.GAP
        is_short = part.is_push or (part.after is None and not place.is_staged)
        if is_short and (part.base_seq > state.point.seq or _is_below_floor(state, part)):
            return Outcome.GAP
        if is_short:
            self._apply_short(state, place, part)
            return Outcome.MOVED
        kept = staging.keep(connection, state, part)
        if kept in (Outcome.STAGED, Outcome.MOVED):
            self._arrivals.keep(part.changes, part.base_seq, head)
        if kept is Outcome.MOVED:
            staged = staging.staged(connection, state)
            parts = ((base, self._arrivals.take(raw, base, at.head)) for raw, base, at in staged)
            self._apply(state, place, part.head, parts)
        return kept

    def admit(self, state: LogState, place: Surroundings, head: SignedHead) -> None:
        """Raise PeerError or Refused unless the head may stand over this log."""
        name = state.name
        if not head.is_by(name.device):
            raise PeerError("A neighbour sent a catalog whose signature is wrong.")
        if not self._grants_of(name.owner).may_write(name.owner, name.device):
            raise PeerError(
                "A neighbour sent a catalog signed by a device that its owner never named."
            )
        if head.head.stamp <= state.point.stamp and head.head.seq > state.point.seq:
            # Its device has signed that; who hands it on may not know of the other one.
            raise Refused(f"The clock behind {name.collection} ran backwards.")
        if head.head.size > MAX_LOG_BYTES or head.head.count > MAX_LOG_ROWS:
            raise Refused(f"{name.collection} is larger than this computer takes from one shop.")
        if self._device == name.device and writing.written(self._connection, name) == name:
            raise Refused("A neighbour knows a newer state of this computer's own catalog.")
        is_older = place.newest_incarnation > name.incarnation
        if is_older and head.head.seq <= incarnations.done_with(self._connection, state):
            # Who has not heard of the newer one may well hand it on.
            raise Refused(f"The owner of {name.collection} has begun it anew since.")
        if self._has_proofs and trust.is_frozen(self._connection, name):
            raise Refused(_FROZEN.format(name.collection))
        found = trust.contradicted(self._connection, state, head)
        if found is not None:
            raise _Contradicted(found)

    def _advance_to_twin(self, state: LogState, head: SignedHead) -> Outcome:
        """Put the log under another head of its very rows and seq, where that one counts more."""
        assert state.head is not None
        if not outranks(head, SignedHead.parse(state.head)):
            return Outcome.OLD
        if not log.agrees(state, head.head):
            raise DigestMismatch("A neighbour sent a head that miscounts its rows.")
        log.move(self._connection, state, head)
        return Outcome.MOVED

    def _grants_of(self, owner: bytes) -> Grants:
        if owner not in self._grants:
            self._grants[owner] = auth.grants_of(self._connection, owner)
        return self._grants[owner]

    def _apply_short(self, state: LogState, place: Surroundings, part: Incoming) -> None:
        """Move the log by one part that says it is all there is."""
        try:
            ready = arrived(part.changes, part.base_seq, part.head.head)
            if part.base_seq == 0 and state.head is not None:
                # Rows of a large log are put aside for a second; not for whoever asks for it.
                _check_all(state, ready, part.head.head)
            self._apply(state, place, part.head, [(part.base_seq, ready)])
        except (DigestMismatch, MalformedInput):
            is_asked_for = (
                part.base_seq == state.point.seq or state.point.seq < part.head.head.floor
            )
            if not is_asked_for and not part.is_push:
                raise _Overtaken from None
            raise

    def _apply(
        self,
        state: LogState,
        place: Surroundings,
        head: SignedHead,
        parts: Iterable[tuple[int, Arrived]],
    ) -> None:
        """Move a log by parts (base seq, rows) of which the first since the start are all of it."""
        connection, now_ms = self._connection, self._now_ms
        is_own = self._owner == state.name.owner
        if place.parent is not None:
            state = incarnations.begin_from(connection, state, place.parent)
        is_new = state.count == 0 and place.is_alone
        is_replacing = False
        for base_seq, part in parts:
            if base_seq == 0 and state.head is not None and not is_replacing:
                state, is_replacing = replacing.set_aside(connection, state), True
            step = log.prepare_arrived(connection, state, part)
            is_kept = is_own and not is_replacing
            log.put(connection, state, step, head.head, now_ms=now_ms, is_own=is_kept)
            if not is_new and not is_replacing:
                log.feed(connection, state, step, now_ms=now_ms)
            state = log.after(state, step)
        if is_replacing:
            replacing.compare(connection, state, head.head, now_ms=now_ms, is_own=is_own)
        state = self._purge(state, head.head, is_own=is_own)
        _check(state, head.head)
        if is_new and not is_replacing:
            log.feed_all(connection, state, now_ms=now_ms)
        log.move(connection, state, head)
        incarnations.retire(connection, state, head, now_ms=now_ms)
        if place.newest_incarnation > state.name.incarnation:
            incarnations.hide_done(connection, state, now_ms=now_ms)

    def _purge(self, state: LogState, head: Head, *, is_own: bool) -> LogState:
        """The log without the vacant rows that its new head has left behind."""
        connection, now_ms = self._connection, self._now_ms
        step = log.purge(connection, state, head.floor)
        log.put(connection, state, step, head, now_ms=now_ms, is_own=is_own)
        return log.after(state, step)


def _check(state: LogState, head: Head) -> None:
    if not log.agrees(state, head):
        raise DigestMismatch("A neighbour sent rows that are not those their shop has signed.")


def _check_all(state: LogState, part: Arrived, head: Head) -> None:
    """Raise DigestMismatch unless a part is all that stands under a head."""
    _check(state._replace(state=part.state, count=len(part.whole), size=part.size), head)


def _is_below_floor(state: LogState, part: Incoming) -> bool:
    """Whether changes say too little: of rows that have gone since the place where the log stands.

    Not where the head was signed over the very rows that are here.
    """
    is_old = part.base_seq > 0 and state.point.seq < part.head.head.floor
    return is_old and not log.agrees(state, part.head.head)
