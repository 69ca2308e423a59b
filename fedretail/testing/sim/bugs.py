"""Planted bugs: each takes one rule away, and the simulator must find it. For tests alone."""

from collections.abc import Iterable
from typing import Any

from fedretail.crdt import digest, row
from fedretail.crdt.changes import Point, RowChange, decode, encode
from fedretail.crdt.codec import pack, unpack
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.row import Row, RowKey
from fedretail.crdt.transfer import Outcome, Part
from fedretail.p2p import own
from fedretail.p2p.asking import Finding
from fedretail.p2p.fetches import Fetches
from fedretail.p2p.fetching import Fetching
from fedretail.p2p.gossip import Gossip
from fedretail.p2p.mirror import Mirror
from fedretail.p2p.own import Own
from fedretail.p2p.reconcile import Comparison, Item
from fedretail.p2p.session import Session
from fedretail.p2p.view import View
from fedretail.store import (
    arrivals,
    deletions,
    incarnations,
    intake,
    log,
    logs,
    repairs,
    trust,
)
from fedretail.store.arrivals import Arrived
from fedretail.store.database import Connection
from fedretail.store.feed import Feed
from fedretail.store.log import Step
from fedretail.testing import builders, naive_log
from fedretail.testing.planting import Bug
from fedretail.testing.sim.process import SimConnection

# --- of rows and digests ---

_applied = RowChange.applied
_digested = row.digested


def _born_ignored(change: RowChange, old: Row | None) -> Row:
    if old is None or change.born is None:
        return _applied(change, old)
    return row.merged(old, change.groups, seq=change.seq, born=old.born)


def _digest_without_seq(key: tuple[str, str], packed: bytes) -> bytes:
    _, born, groups = row.stored_row(packed)
    return _digested(key, Row(0, born, groups).pack())


def _naive_without_seq(items: Iterable[bytes]) -> bytes:
    found = [unpack(item, max_bytes=1 << 20) for item in items]
    return _naive_state(pack([kind, key, [0, *rest]]) for kind, key, (_, *rest) in found)


_naive_state = naive_log.naive_state


def _seq_of_arrival(change: RowChange, old: Row | None) -> Row:
    found = _applied(change, old)
    return found if old is None else found._replace(seq=old.seq)


def _arrived_as_merges(raw: bytes, base_seq: int, head: Head) -> Arrived:
    """Nothing is made ready: each row of a part goes through `RowChange.applied`."""
    changes = decode(
        unpack(raw, max_bytes=arrivals.MAX_PART_BYTES),
        base=Point(base_seq, 0),
        head=Point(head.seq, head.stamp),
    )
    return Arrived([], list(changes.items()), digest.EMPTY_STATE, 0)


def _step_without_vacant(state: Any, rows: list[Any], added: list[bytes]) -> Step:
    """Rows without groups, which end in an empty list, stand in no sum."""
    filled = [one for one in added if not one.endswith(b"\x90")]
    old = [((one.kind, one.key), one.old) for one in rows if one.old is not None]
    removed = [_digested(key, packed) for key, packed in old if not packed.endswith(b"\x90")]
    size = state.size + sum(map(len, filled)) - sum(map(len, removed))
    count = state.count + len(filled) - len(removed)
    return Step(rows, digest.updated(state.state, filled, removed), count, size)


_updated = digest.updated


def _sum_of_bytes(data: bytes) -> bytes:
    return sum(data).to_bytes(8, "little").ljust(digest.STATE_BYTES, b"\0")


def _sum_of_all_bytes(items: Iterable[bytes]) -> bytes:
    state = digest.EMPTY_STATE
    for item in items:
        state = _updated(state, [item], [])
    return state


# --- of the store ---


def _changes_in_two_reads(
    connection: Connection, log_id: bytes, base: Point, after: RowKey | None
) -> Part | None:
    state = logs.find(connection, log_id)
    if state is None or state.head is None or state.point.seq <= base.seq:
        return None
    rows, last = logs._next_rows(connection, state.number, base, after)
    return Part(state.head, encode(rows, base=base, head=state.point), last, base)


_transaction = SimConnection.transaction


def _never_durable(connection: SimConnection, *, durable: bool) -> Any:
    return _transaction(connection, durable=False)


def _move_but_keep_staged(connection: Connection, state: Any, head: SignedHead) -> None:
    kept = connection.execute("SELECT * FROM staging WHERE log = ?", (state.number,)).fetchall()
    _move(connection, state, head)
    connection.executemany("INSERT INTO staging VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kept)


_move = log.move


def _feed_forgets(connection: Connection, state: Any, step: Any, *, now_ms: int, **_: Any) -> None:
    """Only new records are told of."""
    rows = [(state.collection, item.kind, item.key) for item in step.rows if item.old is None]
    log.enter(connection, rows, now_ms=now_ms)


_prepare = log.prepare


def _prepare_without_beaten(connection: Connection, state: Any, changes: Iterable[Any]) -> Step:
    """What another device has overwritten since leaves the row when it is written again."""

    def kept(key: RowKey, change: log.Change) -> log.Change:
        theirs: dict[str, int] = {}
        for said in deletions.said_beside(connection, state, key):
            for stamp, fields in said.groups:
                theirs.update((name, max(stamp, theirs.get(name, 0))) for name in fields)

        def changed(old: Row | None) -> Row:
            found = change(old)
            groups = [
                (stamp, {name: one for name, one in some.items() if theirs.get(name, 0) <= stamp})
                for stamp, some in found.groups
            ]
            return found._replace(groups=[(stamp, some) for stamp, some in groups if some])

        return changed

    return _prepare(connection, state, [(key, kept(key, change)) for key, change in changes])


class _Agreeable:
    """The module `log` for one that never counts."""

    agrees = staticmethod(lambda state, head: True)

    def __getattr__(self, name: str) -> Any:
        return getattr(log, name)


# --- of the session ---

_judged = Fetching._judged


def _claims_first(fetching: Fetching, part: Any, outcome: Any) -> Outcome:
    judged = _judged(fetching, part, outcome)
    return Outcome.MOVED if judged is Outcome.STAGED else judged


def _none_due(gossip: Gossip, now_ms: int, shown: Any) -> list[Any]:
    _due(gossip, now_ms, shown)
    return []


_due = Gossip.due


def _all_items(comparison: Comparison) -> list[Item]:
    return list(comparison._items.values())


_is_by = SignedHead.is_by
_STAND_IN = builders.shop("last").devices[0].public


def _by_stand_in(head: SignedHead, device: bytes) -> bool:
    return _is_by(head, device) or _is_by(head, _STAND_IN)


def _none_found(*_: Any, **__: Any) -> Finding:
    return Finding.NOTHING


def _unsigned(head: SignedHead, device: bytes) -> bool:
    return True


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _no_effects(*_: Any, **__: Any) -> list[Any]:
    return []


_MERGES = [
    Bug(arrivals, "arrived", _arrived_as_merges),
    Bug(intake, "arrived", _arrived_as_merges),
]
BUGS: dict[str, list[Bug]] = {
    # Against the rules of docs/protocol/wire.md for rows, heads and logs.
    "born ignored": [
        *_MERGES,
        Bug(RowChange, "applied", _born_ignored),
    ],
    "seq left out of the row": [
        *_MERGES,
        Bug(log, "digested", _digest_without_seq),
        Bug(naive_log, "naive_state", _naive_without_seq),
        Bug(RowChange, "applied", _seq_of_arrival),
    ],
    "vacant row outside the digest": [
        *_MERGES,
        Bug(log, "_step", _step_without_vacant),
    ],
    "advance read outside one transaction": [Bug(logs, "changes_since", _changes_in_two_reads)],
    "digest unchecked": [Bug(log, "agrees", lambda state, head: True)],
    # Also in the reference that heads are held against: a liar must exploit it to be found.
    "a summing digest": [
        Bug(digest, "element", _sum_of_bytes),
        Bug(naive_log, "naive_state", _sum_of_all_bytes),
    ],
    "acknowledge before commit": [Bug(SimConnection, "transaction", _never_durable)],
    "staging not cleared": [Bug(log, "move", _move_but_keep_staged)],
    "lower incarnation accepted": [
        Bug(incarnations, "done_with", lambda connection, state: 0),
        Bug(Mirror, "_done_with", lambda mirror, name: 0),
    ],
    "beaten values dropped": [Bug(log, "prepare", _prepare_without_beaten)],
    # No node ever notices: both states stand, each where it came first.
    "one seq signed twice with different rows": [
        Bug(trust, "contradicted", _nothing),
        Bug(Mirror, "saw", _nothing),
    ],
    "lease extended by a stand-in": [Bug(SignedHead, "is_by", _by_stand_in)],
    # Against what a node promises beyond them.
    "a proof is not passed on": [Bug(View, "prove", _no_effects)],
    "a restored shop goes on at its old seq": [
        Bug(own, "finding", _none_found),
        Bug(Own, "is_hidden", lambda own, name, signed: False),
    ],
    "repair accepts rows unchecked": [Bug(repairs, "log", _Agreeable())],
    "signature unchecked": [Bug(SignedHead, "is_by", _unsigned)],
    "claim before the log has moved": [Bug(Fetching, "_judged", _claims_first)],
    "claims outlive their session": [Bug(Fetches, "release_all", _nothing)],
    "credit never given back": [Bug(Session, "_give_credit", _no_effects)],
    "feed tells of new records alone": [Bug(log, "feed", _feed_forgets)],
    "no comparison after the first": [Bug(Session, "resync", _no_effects)],
    "nothing is pushed": [Bug(Gossip, "due", _none_due)],
    "everything is shown after each comparison": [Bug(Comparison, "lacked", _all_items)],
    "what a neighbour lacks is not shown": [Bug(Comparison, "lacked", _no_effects)],
    "the feed is read before it is on the disk": [
        Bug(SimConnection, "flush", _nothing),
        Bug(log, "_begin_cursors", _nothing),
    ],
    "stamps that are early again are forgotten": [Bug(Feed, "_note_early", _nothing)],
}
