"""Advances: a peer's log moves from one verified head to a later one, whole or not at all.

Admission is decided by bytes alone: the signature, the device named by its owner, sizes, seq,
stamp and digest. What the fields mean is judged when they are read.
"""

from collections.abc import Iterable

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName
from fedretail.crdt.transfer import Incoming, Outcome, Place
from fedretail.errors import MalformedInput, PeerError, Refused
from fedretail.store import auth, local, log, logs, staging
from fedretail.store.arrivals import Arrivals, Arrived, BrokenPart, arrived
from fedretail.store.database import Connection
from fedretail.store.logs import LogState

# A shop of 300,000 offers; a log beyond that is refused before a byte of it is fetched.
MAX_LOG_BYTES = 128 * 1024 * 1024
MAX_LOG_ROWS = 500_000


class DigestMismatch(PeerError):
    """The rows sent are not those that the head was signed over."""


class _Overtaken(Exception):
    """The log has moved since the transfer began, and what is here may be its tail only."""


def advance(connection: Connection, part: Incoming, *, now_ms: int, arrivals: Arrivals) -> Outcome:
    """Take in a part of a log; see `Outcome`.

    PeerError, MalformedInput: the sender broke the rules; nothing of the part is kept. Where it
    ended a transfer, what was staged of it is forgotten too; a push disturbs no transfer.
    `arrivals` remembers the parts that are staged, made ready.
    """
    try:
        with connection.transaction(durable=False):
            return _advance(connection, part, now_ms, arrivals=arrivals)
    except _Overtaken:
        return Outcome.GAP
    except BrokenPart:
        # What came before it may be an honest neighbour's.
        raise
    except (DigestMismatch, MalformedInput):
        if not part.is_push:
            _forget(connection, part)
        raise


def wanted(connection: Connection, log_id: bytes) -> Place | None:
    """What to ask of a peer for this log, or None where its name is unknown."""
    with connection.snapshot():
        state = logs.find(connection, log_id)
        return None if state is None else staging.place(connection, state)


def _advance(connection: Connection, part: Incoming, now_ms: int, *, arrivals: Arrivals) -> Outcome:
    state = logs.find(connection, part.head.head.log)
    if state is None:
        raise PeerError("A neighbour sent a catalog without naming its owner first.")
    if part.head.head.seq <= state.point.seq:
        return Outcome.OLD
    _admit(connection, state, part.head)
    is_short = part.is_push or (part.after is None and not _is_staged(connection, state))
    if is_short and part.base_seq > state.point.seq:
        return Outcome.GAP
    if is_short:
        _apply_short(connection, state, part, now_ms=now_ms)
        return Outcome.MOVED
    kept = staging.keep(connection, state, part)
    if kept in (Outcome.STAGED, Outcome.MOVED):
        arrivals.keep(part.changes, part.base_seq, part.head.head)
    if kept is Outcome.MOVED:
        staged = staging.staged(connection, state)
        parts = (arrivals.take(raw, base_seq, head.head) for raw, base_seq, head in staged)
        _apply(connection, state, part.head, parts, now_ms=now_ms)
    return kept


def _apply_short(connection: Connection, state: LogState, part: Incoming, *, now_ms: int) -> None:
    """Move the log by one part that says it is all there is."""
    try:
        ready = arrived(part.changes, part.base_seq, part.head.head)
        _apply(connection, state, part.head, [ready], now_ms=now_ms)
    except (DigestMismatch, MalformedInput):
        if part.base_seq < state.point.seq and not part.is_push:
            raise _Overtaken from None
        raise


def _admit(connection: Connection, state: LogState, head: SignedHead) -> None:
    """Raise PeerError or Refused unless the head may stand over this log."""
    name = state.name
    if not head.is_by(name.device):
        raise PeerError("A neighbour sent a catalog whose signature is wrong.")
    if not auth.grants_of(connection, name.owner).may_write(name.owner, name.device):
        raise PeerError("A neighbour sent a catalog signed by a device that its owner never named.")
    if head.head.stamp <= state.point.stamp:
        raise PeerError("A neighbour sent a catalog whose clock runs backwards.")
    if head.head.size > MAX_LOG_BYTES or head.head.count > MAX_LOG_ROWS:
        raise Refused(f"{name.collection} is larger than this computer takes from one shop.")
    if local.meta(connection, "device") == name.device:
        raise Refused("A neighbour knows a newer state of this computer's own catalog.")
    if _newest_incarnation(connection, name) > name.incarnation:
        # Who has not heard of the newer one may well hand it on.
        raise Refused(f"The owner of {name.collection} has begun it anew since.")


def _newest_incarnation(connection: Connection, name: LogName) -> int:
    siblings = logs.of_collection(connection, name.owner, name.collection)
    return max(
        item.name.incarnation
        for item in siblings
        if item.name.device == name.device and (item.head is not None or item.name == name)
    )


def _is_staged(connection: Connection, state: LogState) -> bool:
    query = "SELECT count(*) FROM staging WHERE log = ?"
    return bool(connection.execute(query, (state.number,)).fetchone()[0])


def _apply(
    connection: Connection,
    state: LogState,
    head: SignedHead,
    parts: Iterable[Arrived],
    *,
    now_ms: int,
) -> None:
    is_own = local.meta(connection, "owner") == state.name.owner
    is_new = state.count == 0 and log.is_alone(connection, state)
    for part in parts:
        step = log.prepare_arrived(connection, state, part)
        log.put(connection, state, step, head.head, now_ms=now_ms, is_own=is_own)
        if not is_new:
            log.feed(connection, state, step, now_ms=now_ms)
        state = log.after(state, step)
    if not log.agrees(state, head.head):
        raise DigestMismatch("A neighbour sent rows that are not those their shop has signed.")
    if is_new:
        log.feed_all(connection, state, now_ms=now_ms)
    log.move(connection, state, head)


def _forget(connection: Connection, part: Incoming) -> None:
    with connection.transaction(durable=False):
        state = logs.find(connection, part.head.head.log)
        if state is not None:
            staging.clear(connection, state)
