"""Beginning an own log anew: after a restore, beside a copy, when the clock had run ahead.

The steps of a restored store, each one transaction, so that a crash between them loses nothing:

1. `begin_draft`: a neighbour knows more of an own log than is here. What this device writes goes
   into a draft from now on; the log itself is fetched as if it were somebody else's.
2. `open_next`: it is here. A new incarnation begins with its rows; what nobody had seen of the
   draft is done again as one edit of them.
3. `take_over`: rows of an older incarnation that turn up later still.
"""

from typing import NamedTuple

from fedretail.crdt import lineage
from fedretail.crdt.changes import START, Point
from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.lineage import Origin
from fedretail.crdt.names import LogName, log_id
from fedretail.crdt.registers import DELETED
from fedretail.crdt.row import Groups, Row, RowKey, replaced, stored_groups, stored_row
from fedretail.store import commits, incarnations, local, log, logs, seen, writing
from fedretail.store.commits import Author, Commit, Draft
from fedretail.store.database import Connection
from fedretail.store.logs import LogState
from fedretail.store.writing import Writing


class Occasion(NamedTuple):
    """An author's collection, and the time (ms)."""

    author: Author
    collection: str
    now_ms: int


def begin_draft(connection: Connection, at: Occasion, *, known: int = 0) -> LogName:
    """Let this device write into a draft; its name.

    known: the newest incarnation that a neighbour has shown. The log as it was stays where others
    have seen all of it, and is empty otherwise, to be fetched.
    """
    with connection.transaction(durable=True):
        name, noted, state = _present(connection, at)
        seen_at = noted.seen if noted else START
        fresh = _fresh(connection, name, at, known)
        is_unseen = state is not None and state.head is not None and state.point.seq > seen_at.seq
        if state is not None and is_unseen:
            _rename(connection, state, fresh, at.author, seen_seq=seen_at.seq)
        place_seen = seen_at if is_unseen else START
        writing.note(connection, fresh, place_seen, is_draft=True)
        return fresh


def open_next(connection: Connection, at: Occasion) -> SignedHead | None:
    """Begin the next incarnation with the newest rows of this device that are held; its head.

    What was written into a draft is done again as an edit of them. None where nothing is held.
    """
    with connection.transaction(durable=True):
        name, noted, state = _present(connection, at)
        fresh = _fresh(connection, name, at)
        parent = state
        drafts: dict[RowKey, Draft] = {}
        if noted is not None and noted.is_draft:
            held = incarnations.own_older(connection, name)
            parent = max(held, key=lambda one: one.name.incarnation, default=None)
            drafts = {} if state is None else _unseen(connection, state, noted.seen, parent)
            if parent is None and state is not None and state.head is not None:
                return _open_draft(connection, at, state, noted.seen)
        draft = state if noted is not None and noted.is_draft else None
        if parent is None or parent.head is None:
            _drop(connection, draft, now_ms=at.now_ms)
            writing.note(connection, fresh, START, is_draft=False)
            return None
        if writing.is_damaged(connection, parent.number):
            signed = _begin_without(connection, at, parent, fresh)
            if drafts:
                state = _found(connection, fresh)
                signed = _edited(connection, at._replace(author=_as(at, fresh)), state, drafts)
        else:
            signed = _begin(connection, at._replace(author=_as(at, fresh)), parent, drafts)
        # Last: who follows moves would take the new log's for the draft's, which it has seen.
        _drop(connection, draft, now_ms=at.now_ms)
        return signed


def _drop(connection: Connection, draft: LogState | None, *, now_ms: int) -> None:
    if draft is not None:
        incarnations.drop(connection, draft, now_ms=now_ms)


def _begin(
    connection: Connection, at: Occasion, parent: LogState, drafts: dict[RowKey, Draft]
) -> SignedHead:
    """The first head of the log that `at` names, over the rows of `parent` and these edits."""
    assert parent.head is not None
    name, signed = at.author.log(at.collection), SignedHead.parse(parent.head)
    empty = logs.open_log(connection, name)
    state = incarnations.begin_from(connection, empty, parent)
    _note_stamp(connection, parent.point.stamp)
    writing.note(connection, name, parent.point, is_draft=False)
    origin = lineage.begun_from(parent.name, signed.head, signed.id)
    before = _with_origin(signed.head, origin)
    return _edited(connection, at, state, drafts, before=before)


def _edited(
    connection: Connection,
    at: Occasion,
    state: LogState,
    drafts: dict[RowKey, Draft],
    *,
    before: Head | None = None,
) -> SignedHead:
    """One commit of these edits; `before`: as Commit has it."""
    wanted = Commit(at.author, at.collection, [], at.now_ms, before=before)
    wanted = commits.stamped(connection, wanted, drafts)
    seq = state.point.seq + 1
    changes = [(key, commits.change(one, wanted.stamp, seq)) for key, one in drafts.items()]
    return _write(connection, wanted, state, changes)


def _open_draft(
    connection: Connection, at: Occasion, draft: LogState, seen: Point
) -> SignedHead | None:
    """Let a draft stand as it is, where nothing that it could begin from was to be had."""
    fresh = _fresh(connection, draft.name, at)
    if writing.is_damaged(connection, draft.number):
        return _begin_without(connection, at, draft, fresh)
    state = _rename(connection, draft, fresh, at.author)
    writing.note(connection, fresh, seen, is_draft=False)
    return None if state.head is None else SignedHead.parse(state.head)


def _unseen(
    connection: Connection, draft: LogState, seen: Point, parent: LogState | None
) -> dict[RowKey, Draft]:
    """The edits of a draft behind a place, in key order, that `parent` has not, nor later ones."""
    query = (
        "SELECT mine.kind, mine.key, mine.row, old.row FROM row AS mine"
        " LEFT JOIN row AS old ON old.log = ? AND old.kind = mine.kind AND old.key = mine.key"
        " WHERE mine.log = ? AND mine.seq > ? ORDER BY mine.kind, mine.key"
    )
    values = (None if parent is None else parent.number, draft.number, seen.seq)
    # A row put in the place of a fuller one holds older fields too, which are no edits.
    rows = [
        (
            RowKey(kind, key),
            [group for group in stored_groups(packed) if group[0] > seen.stamp],
            [] if old is None or not log.is_sound(RowKey(kind, key), old) else stored_groups(old),
        )
        for kind, key, packed, old in connection.execute(query, values)
        if log.is_sound(RowKey(kind, key), packed)
    ]
    # What was written before the copy was made may be known well: up to the last commit of which
    # a trace is left in the parent.
    common = max((lineage.newest_common(mine, old) for _, mine, old in rows), default=-1)
    found = {}
    for key, mine, old in rows:
        fields = lineage.beyond([group for group in mine if group[0] > common], old)
        is_deleted = fields.pop(DELETED, None) is True
        if fields or is_deleted:
            found[key] = Draft(is_deleted=is_deleted, public=fields)
    return found


def take_over(
    connection: Connection, at: Occasion, *, or_damaged: bool = False
) -> SignedHead | None:
    """Take over what older incarnations of this device's log hold beyond what it names of them.

    One commit, which names them; None where nothing was left. Damaged ones wait until they are
    mended; `or_damaged`: of them what can be read is taken.
    """
    with connection.transaction(durable=True):
        held = _written(connection, at)
        if held is None:
            return None
        state, signed = held
        if writing.is_damaged(connection, state.number):
            return None
        late = [
            one
            for one in incarnations.older(connection, state)
            if one.point.seq > lineage.done_with(one.name, [signed.head])
            and (or_damaged or not writing.is_damaged(connection, one.number))
        ]
        if not late:
            return None
        author = _as(at, state.name)
        return _absorb(connection, at._replace(author=author), state, late)


def _absorb(
    connection: Connection, at: Occasion, state: LogState, late: list[LogState]
) -> SignedHead:
    assert state.head is not None
    before = SignedHead.parse(state.head).head
    new: dict[RowKey, Groups] = {}
    origin = Origin(before.parent, before.absorbed or ())
    for one in late:
        assert one.head is not None
        take_in(connection, state, one, new)
        entry = (one.log, one.point.seq, SignedHead.parse(one.head).id)
        origin = Origin(origin.parent, lineage.with_absorbed(origin.absorbed, entry))
    before = _with_origin(before, origin)
    wanted = Commit(at.author, at.collection, [], at.now_ms, before=before)
    wanted = commits.stamped(connection, wanted, {key: Draft() for key in new})
    seq = state.point.seq + 1
    changes = [(key, _standing(groups, wanted.stamp, seq)) for key, groups in sorted(new.items())]
    return _write(connection, wanted, state, changes)


def take_in(
    connection: Connection, state: LogState, one: LogState, new: dict[RowKey, Groups]
) -> None:
    """Enter into `new` the rows as they are to stand where an older log holds more of them.

    What stands in `new` already, taken from another older log, goes before the rows of `state`.
    """
    assert state.head is not None
    before = SignedHead.parse(state.head).head
    done = lineage.done_with(one.name, [before])
    # Seqs of two incarnations compare up to the parent only.
    is_parent = before.parent is not None and before.parent[0] == one.name.incarnation
    fork = before.parent[1] if before.parent is not None and is_parent else 0
    query = (
        "SELECT old.kind, old.key, old.row, mine.row FROM row AS old"
        " LEFT JOIN row AS mine ON mine.log = ? AND mine.kind = old.kind AND mine.key = old.key"
        " WHERE old.log = ? AND old.seq > ?"
    )
    for kind, key, packed, held in connection.execute(query, (state.number, one.number, done)):
        place = RowKey(kind, key)
        if not log.is_sound(place, packed):
            continue
        is_held = held is not None and log.is_sound(place, held)
        mine: Row | None = stored_row(held) if is_held else None
        is_untouched = mine is not None and mine.seq <= fork
        if place in new:
            mine, is_untouched = replaced(new[place], seq=1), False
        groups = lineage.taken_over(mine, stored_row(packed), is_untouched=is_untouched)
        if groups is not None:
            new[place] = groups
    # What stands here as it did in the parent and is gone there was vacated there, and purged.
    gone = connection.execute(
        "SELECT kind, key FROM row AS mine WHERE log = ? AND seq <= ? AND NOT EXISTS (SELECT 1"
        " FROM row AS old WHERE old.log = ? AND old.kind = mine.kind AND old.key = mine.key)",
        (state.number, fork, one.number),
    )
    for kind, key in gone:
        new.setdefault(RowKey(kind, key), [])


def restamp(connection: Connection, at: Occasion) -> SignedHead | None:
    """Begin the next incarnation with stamps of this time, where the log's ran ahead; its head.

    It has no parent, and names the log that it takes the place of as taken over.
    """
    with connection.transaction(durable=True):
        held = _written(connection, at)
        if held is None:
            return None
        state, _ = held
        if writing.is_damaged(connection, state.number):
            # Neighbours may bring what cannot be read here.
            return None
        # Of the stamps that ran ahead none counts for the next one.
        connection.execute(
            "UPDATE log SET stamp = min(stamp, ?) WHERE id = ?", (at.now_ms, state.number)
        )
        local.set_meta(connection, "last_stamp", 0)
        return _begin_without(connection, at, state, _fresh(connection, state.name, at))


def _begin_without(
    connection: Connection, at: Occasion, state: LogState, fresh: LogName
) -> SignedHead:
    """The first head of the log `fresh`, which has no parent, over the rows of `state` to be read.

    It names `state` as taken over. Of damaged rows those are left out that are none at all.
    """
    assert state.head is not None
    signed = SignedHead.parse(state.head)
    origin = lineage.begun_from(state.name, signed.head, signed.id)
    absorbed = lineage.with_absorbed(origin.absorbed, (state.log, state.point.seq, signed.id))
    before = _with_origin(signed.head, Origin(None, absorbed))._replace(floor=0)
    wanted = Commit(_as(at, fresh), at.collection, [], at.now_ms, before=before)
    rows = [
        (key, stored_row(row))
        for key, _, row in logs.rows_of(connection, state.number)
        if log.is_sound(key, row)
    ]
    empty = logs.open_log(connection, fresh)
    writing.note(connection, fresh, START, is_draft=False)
    wanted = commits.stamped(connection, wanted, {})
    changes = [(key, _standing(row.groups, wanted.stamp, 1)) for key, row in rows]
    return _write(connection, wanted, empty, changes)


def _found(connection: Connection, name: LogName) -> LogState:
    state = logs.find_name(connection, name)
    assert state is not None
    return state


def _standing(groups: Groups, stamp: int, seq: int) -> log.Change:
    """The row that holds these groups, none of them later than the commit."""
    return lambda old: replaced(lineage.not_after(groups, stamp), seq=seq)


def _write(
    connection: Connection,
    wanted: Commit,
    state: LogState,
    changes: list[tuple[RowKey, log.Change]],
) -> SignedHead:
    step = log.prepare(connection, state, changes)
    signed = commits.sign_and_write(connection, wanted, state, step)
    incarnations.retire(connection, state, signed, now_ms=wanted.now_ms)
    return signed


class _Present(NamedTuple):
    """The log that this device writes, what was noted of it, and what is held of it."""

    name: LogName
    noted: Writing | None
    state: LogState | None


def _present(connection: Connection, at: Occasion) -> _Present:
    name = writing.written(connection, at.author.log(at.collection))
    noted = writing.noted(connection, *name[:2])
    return _Present(name, noted, logs.find_name(connection, name))


def _written(connection: Connection, at: Occasion) -> tuple[LogState, SignedHead] | None:
    """The log that this device writes, with its head; None: it has none, or is a draft.

    Refused where nothing may be written.
    """
    _, noted, state = _present(connection, at)
    if state is None or state.head is None or (noted is not None and noted.is_draft):
        return None
    writing.check_may_write(connection)
    return state, SignedHead.parse(state.head)


def _fresh(connection: Connection, name: LogName, at: Occasion, known: int = 0) -> LogName:
    """The name of the next incarnation, later than any that was heard of."""
    heard = incarnations.known(connection, name, now_ms=at.now_ms)
    heard = [name.incarnation, known, *heard]
    return name._replace(incarnation=lineage.next_incarnation(at.now_ms, heard))


def _rename(
    connection: Connection, state: LogState, name: LogName, author: Author, *, seen_seq: int = 0
) -> LogState:
    """The same rows as another log, under a head of its own at the same place.

    The log that it was stays as a name, with the heads that others have seen of it.
    """
    assert state.head is not None
    body = SignedHead.parse(state.head).head
    body = body._replace(log=log_id(name), parent=None, absorbed=None)
    signed = SignedHead.sign(body, author.key)
    connection.execute(
        "UPDATE log SET log_id = ?, incarnation = ?, head = ?,"
        " moved = (SELECT max(moved) + 1 FROM log) WHERE id = ?",
        (body.log, name.incarnation, signed.raw, state.number),
    )
    connection.execute("DELETE FROM staging WHERE log = ?", (state.number,))
    empty = logs.open_log(connection, state.name)
    query = "UPDATE head_seen SET log = ? WHERE log = ? AND seq <= ?"
    connection.execute(query, (empty.number, state.number, seen_seq))
    connection.execute("DELETE FROM head_seen WHERE log = ?", (state.number,))
    seen.enter(connection, state.number, signed)
    return state._replace(log=body.log, name=name, head=signed.raw)


def _with_origin(head: Head, origin: Origin) -> Head:
    return head._replace(parent=origin.parent, absorbed=origin.absorbed or None)


def _as(at: Occasion, name: LogName) -> Author:
    """The author, writing in this very incarnation."""
    author = at.author
    return Author(author.owner, author.key, name.incarnation, author.area)


def _note_stamp(connection: Connection, stamp: int) -> None:
    """Let the next stamp of this device be later than this one."""
    last = local.meta(connection, "last_stamp")
    local.set_meta(connection, "last_stamp", max(stamp, last))
