"""What must hold, and is looked at: after each start, each advance, each crash, and at the end."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fedretail.crdt.head import SignedHead
from fedretail.crdt.lineage import done_with
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.registers import DELETED
from fedretail.crdt.row import Fields, Groups, RowKey, stored_groups
from fedretail.domain.kind import RecordId
from fedretail.store import records, staging
from fedretail.store.database import Connection
from fedretail.store.logs import rows_of
from fedretail.store.store import Store
from fedretail.testing.sim.ledger import Said

if TYPE_CHECKING:
    from fedretail.testing.sim.node import SimNode
    from fedretail.testing.sim.world import World

# Later than every stamp of a run: all of them are in force.
FAR_MS = 1 << 52


class Rotten(Exception):
    """The file of a disk that rots is damaged, and fsck has said so."""


class Follower:
    """Reads the feed of a store as an index does; `values` must be the records then."""

    def __init__(self) -> None:
        self.cursor = self.begun = 0
        self.values: dict[RecordId, dict[str, Any]] = {}

    def start(self, store: Store) -> None:
        """Look at a store that was just opened: whether it is the one that was followed so far."""
        end = store.feed_end()
        if self.cursor > end or max(self.cursor, self.begun) < store.feed_start():
            self.cursor, self.begun = 0, end
            self.values.clear()

    def follow(self, store: Store) -> None:
        """Take in what has changed."""
        while entries := store.feed(self.cursor, 100):
            for cursor, place in entries:
                found = store.record(place)
                if found is None:
                    self.values.pop(place, None)
                else:
                    self.values[place] = dict(found.fields)
                # Last, as in one transaction: the process may be killed in between.
                self.cursor = cursor


def reading(store: Store) -> Connection:
    """The reading connection of a store."""
    return store._read


def check_after_start(node: "SimNode", store: Store) -> None:
    """A file that was just opened: fsck finds nothing, and all that was acknowledged is there."""
    check_file(node, store)
    node.diary.look(store)
    name = node.log_name
    if name is not None:
        state = store.log(log_id(name))
        raw = None if state is None else state.head
        signed = None if raw is None else SignedHead.parse(raw)
        truth = node.diary.truth(log_id(name))
        node.street.ledger.settle(truth, signed)
        seq = 0 if signed is None else signed.head.seq
        is_behind = truth is not None and truth.shown_seq > seq and not node.plan.is_cheat
        if truth is not None and is_behind:
            what = f"{node.name} has shown {truth.shown_seq} of its log and stands at {seq}"
            node.world.violated("shown", what)
    check_logs(node, store)


def check_file(node: "SimNode", store: Store) -> None:
    """`check` finds nothing."""
    for place, problems in store.check():
        for problem in problems:
            if node.is_rotten:
                node.world.counts["rot found"] += 1
                raise Rotten
            node.world.violated("fsck", f"{node.name}: {place}: {problem.what}")


def check_logs(node: "SimNode", store: Store) -> None:
    """Every log is what its device signed."""
    for _, _, raw in store.heads():
        check_log(node, store, SignedHead.parse(raw).head.log)


def check_log(node: "SimNode", store: Store, log: bytes) -> None:
    """The rows of a log are those of the head that it stands at, and its device signed that."""
    connection = reading(store)
    with connection.snapshot():
        state = store.log(log)
        if state is None or state.head is None:
            return
        rows = {tuple(key): packed for key, _, packed in rows_of(connection, state.number)}
        parts = staging._parts(connection, state)
    place = f"{node.name}: {log.hex()[:8]} at {state.point.seq}"
    signed = SignedHead.parse(state.head)
    truth = node.diary.private.get(log)
    if truth is None or not truth.knows(signed.head):
        truth = node.street.ledger.state_at(signed)
    if truth is None:
        node.world.violated("rows", f"{place}: a head that its device never signed")
        return
    if rows == truth.rows(signed.head.seq):
        node.damaged.discard(log)
    elif log not in node.damaged:
        node.world.violated("rows", f"{place}: other rows than its device has written")
    if any(part.head.head.seq <= state.point.seq for part in parts):
        node.world.violated("staging", f"{place}: parts of an older head are kept")


def check_moved(node: "SimNode", store: Store, log: bytes) -> None:
    """A log that has just moved: as above, and no newer one held has taken its place."""
    check_log(node, store, log)
    check_frozen(node, store)
    heads = store.heads()
    found = [(at, one) for at, one, _ in heads if log_id(one) == log]
    if not found:
        node.world.violated("claim", f"{node.name} has moved {log.hex()[:8]} to nowhere")
    moved, name = found[0]
    seq = next(SignedHead.parse(raw).head.seq for _, one, raw in heads if one == name)
    for at, other, raw in heads:
        # What moved after it, in the same step, was not there yet.
        is_newer = at < moved and other[:3] == name[:3] and other.incarnation > name.incarnation
        if is_newer and seq <= done_with(name, [SignedHead.parse(raw).head]):
            what = f"{node.name} moves {log.hex()[:8]}, which its device has begun anew since"
            node.world.violated("incarnation", what)


def check_frozen(node: "SimNode", store: Store) -> None:
    """Logs of which a proof is held stay where they were when it was first seen here."""
    for _, found in store.trust.proofs():
        heads: dict[bytes, bytes | None] = {
            state.log: state.head
            for state in store.logs_of(*found.name[:2])
            if state.name.device == found.name.device and state.head is not None
        }
        if node.frozen.setdefault(found.name[:3], heads) != heads:
            node.world.violated("frozen", f"{node.name} has moved a log that was signed twice")


def check_kept(node: "SimNode", store: Store, names: Iterable[LogName]) -> None:
    """What these devices were told is saved is here, or something newer."""
    ledger = node.street.ledger
    for name in names:
        rows: dict[RowKey, Groups] = {}
        for state in store.logs_of(*name[:2]):
            for key, _, packed in rows_of(reading(store), state.number):
                rows.setdefault(key, []).extend(stored_groups(packed))
        for said in ledger.expected(name.device):
            if not any(_keeps(said, *group) for group in rows.get(said.key, [])):
                what = f"{node.name}: {said.key.key} {said.field} of {name.device.hex()[:4]}"
                node.world.violated("kept", f"{what}, saved at {said.place[1]}, is gone")


def _keeps(said: Said, stamp: int, fields: Fields) -> bool:
    is_beaten = fields.get(DELETED) is True and stamp >= said.stamp
    is_there = said.field in fields and (stamp > said.stamp or fields[said.field] == said.value)
    # Of a record that was written later, by a clock that was ahead before a copy was put back.
    is_remade = said.field == DELETED and stamp > said.stamp
    return is_beaten or is_there or is_remade


def is_new(node: "SimNode", store: Store) -> bool:
    """Whether nothing was ever written there."""
    name = node.log_name
    if name is None:
        return False
    state = store.log(log_id(name))
    return state is None or state.head is None


def state_of(store: Store) -> dict[bytes, bytes]:
    """Every head, by log."""
    return {log_id(name): raw for _, name, raw in store.heads()}


def seqs_of(store: Store) -> dict[bytes, int]:
    """The seq at which every log is held."""
    return {log: SignedHead.parse(raw).head.seq for log, raw in state_of(store).items()}


def folds_of(store: Store) -> list[tuple[RecordId, dict[str, Any]]]:
    """Every offer, at a time when all stamps are in force."""
    connection = reading(store)
    found: list[tuple[RecordId, dict[str, Any]]] = []
    for owner, name in records.collections(connection, None):
        place: RecordId | None = RecordId(owner, name, "offer", "")
        while place is not None:
            some, after = records.page(connection, place, now_ms=FAR_MS)
            found += [(one, dict(value.fields)) for one, value in some]
            place = None if after is None else place._replace(key=after)
    return found


def differences(nodes: Iterable["SimNode"], logs: Iterable[bytes]) -> list[str]:
    """What keeps these nodes from having converged on these logs; nothing where they have."""
    wanted = sorted(logs)
    told = []
    for node in nodes:
        if node.store is None or not node.is_up:
            told.append(f"{node.name} is down")
            continue
        if node.store.own_logs.drafts():
            told.append(f"{node.name} fetches what it has lost")
        held = state_of(node.store)
        for log in wanted:
            truth = node.street.ledger.truths[log]
            head = SignedHead.parse(held[log]).head if log in held else None
            seq, newest = 0 if head is None else head.seq, truth.log.seq
            # A copy that was put back may stand at the same number with something else.
            if seq != newest or (head is not None and not truth.knows(head)):
                told.append(f"{node.name} holds {log.hex()[:8]} at {seq} of {newest}")
    return told


def check_folds(nodes: list["SimNode"]) -> None:
    """Nodes that hold the same logs show the same records.

    But for what a log had deleted that is lost: who has seen that goes on hiding it; and for logs
    that were signed twice, of which each may have held another state before.
    """
    stores = [node.store for node in nodes if node.store is not None]
    lost = nodes[0].street.ledger.lost
    hidden = {place for store in stores for place in _hidden_by(store, lost)}
    twice = {truth.name.owner for truth in nodes[0].street.ledger.twins.values()}
    found = [
        (
            state_of(store),
            [one for one in folds_of(store) if one[0] not in hidden and one[0].owner not in twice],
        )
        for store in stores
    ]
    for node, (state, folds) in zip(nodes[1:], found[1:], strict=True):
        if state == found[0][0] and folds != found[0][1]:
            node.world.violated("folds", f"{node.name} and {nodes[0].name} show other records")


def _hidden_by(store: Store, lost: set[bytes]) -> list[RecordId]:
    """The records of which deletions by these logs are remembered."""
    rows = reading(store).execute(
        "SELECT owner, name, kind, key, device, incarnation FROM local_deletion"
        " JOIN collection ON collection.id = collection"
    )
    return [
        RecordId(owner, name, kind, key)
        for owner, name, kind, key, *log in rows
        if log_id(LogName(owner, name, *log)) in lost
    ]


def check_follower(node: "SimNode", store: Store) -> None:
    """Who has read the feed to its end knows every record as it is."""
    node.follower.follow(store)
    store.refold_due()
    node.follower.follow(store)
    present = {place: dict(found.fields) for place, found in store.records("offer")}
    if node.follower.values != present:
        wrong = [
            place.key
            for place in {*present, *node.follower.values}
            if present.get(place) != node.follower.values.get(place)
        ]
        node.world.violated("feed", f"{node.name}: the feed has kept {sorted(wrong)} back")


def check_quiet(world: "World", nodes: list["SimNode"], *, spoken: int) -> None:
    """When nothing changes, nodes only compare what they have."""
    # A comparison takes 30 bytes a node and minute; a session that begins anew some 3 kB.
    most = 20_000 * len(nodes)
    if spoken > most:
        world.violated("budget", f"{spoken} bytes in a quiet minute, at most {most}")
