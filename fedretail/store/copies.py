"""A data directory that was copied: one stays the shop's device, the other becomes a further one.

The one that stays begins its logs anew, so that nothing either of them signed under the old ones
can be mistaken for the other's. The copy becomes a further device of the same shop, and brings
all that it holds along: the newest stamp of a field decides between them, as ever.
"""

from typing import NamedTuple

from fedretail.crdt import lineage
from fedretail.crdt.access import SignedRecord
from fedretail.crdt.changes import START
from fedretail.crdt.head import SignedHead
from fedretail.crdt.registers import DELETED
from fedretail.crdt.row import Groups, RowKey, replaced, stored_groups
from fedretail.crdt.stamp import is_in_force
from fedretail.domain.kind import RecordId
from fedretail.store import (
    auth,
    commits,
    deletions,
    incarnations,
    local,
    log,
    logs,
    reopening,
    writing,
)
from fedretail.store.commits import Author, Commit
from fedretail.store.database import Connection
from fedretail.store.logs import LogState
from fedretail.store.reopening import Occasion


class NewDevice(NamedTuple):
    """What a copy becomes: who signs from now on, root's word for it, the store's new id (hex)."""

    author: Author
    grant: SignedRecord
    store_id: str


def go_on_as_original(connection: Connection, author: Author, *, now_ms: int) -> None:
    """Begin every own log anew from what is held, and write again."""
    with connection.transaction(durable=True):
        local.set_meta(connection, writing.STOPPED, None)
    for collection in dict.fromkeys(one.name.collection for one in _written(connection, author)):
        at = Occasion(author, collection, now_ms)
        reopening.open_next(connection, at)
        # Nobody waits any more for one that a neighbour could mend.
        reopening.take_over(connection, at, or_damaged=True)


def go_on_as_copy(
    connection: Connection,
    author: Author,
    new: NewDevice,
    *,
    now_ms: int,
    is_restated: bool = False,
) -> None:
    """Become another device: its logs hold the rows of the old one's, with their own stamps.

    The old device's logs are forgotten here, to be fetched from who goes on with them. is_restated:
    nobody goes on with them, and each node holds another state of them: what stands here counts as
    said now, so that it is what all show.
    """
    # What is a draft still becomes a log of all that was fetched, with what was done since.
    for collection in writing.drafts(connection):
        reopening.open_next(connection, Occasion(author, collection, now_ms))
    with connection.transaction(durable=True):
        auth.add(connection, [new.grant])
        by_collection: dict[str, list[LogState]] = {}
        for state in _written(connection, author):
            by_collection.setdefault(state.name.collection, []).append(state)
        for states in by_collection.values():
            states.sort(key=lambda state: state.name.incarnation)
            _bring_along(connection, states, new.author, now_ms, is_restated=is_restated)
            for state in states:
                incarnations.drop(connection, state, now_ms=now_ms)
        connection.execute("DELETE FROM local_writing")
        values = {
            "device": new.author.key.public,
            "incarnation": new.author.incarnation,
            "store_id": new.store_id,
            writing.STOPPED: None,
        }
        for key, value in values.items():
            local.set_meta(connection, key, value)


def _written(connection: Connection, author: Author) -> list[LogState]:
    """The logs of this very device, with a head."""
    states = [logs.find_name(connection, name) for _, name, _ in logs.heads(connection)]
    place = (author.owner, author.key.public)
    return [one for one in states if one and (one.name.owner, one.name.device) == place]


def _bring_along(
    connection: Connection,
    states: list[LogState],
    author: Author,
    now_ms: int,
    *,
    is_restated: bool,
) -> None:
    """Write the rows of the last of these incarnations, with what the older ones hold beyond."""
    newest = states[-1]
    assert newest.head is not None
    name = author.log(newest.name.collection)
    empty = logs.open_log(connection, name)
    writing.note(connection, name, START, is_draft=False)
    before = SignedHead.parse(newest.head).head._replace(parent=None, absorbed=None, floor=0)
    wanted = Commit(author, name.collection, [], now_ms, before=before)
    wanted = commits.stamped(connection, wanted, {})
    stamp = max(wanted.stamp, *(state.point.stamp for state in states))
    rows = {
        key: stored_groups(row)
        for key, _, row in logs.rows_of(connection, newest.number)
        if log.is_sound(key, row)
    }
    late: dict[RowKey, Groups] = {}
    for one in states[:-1]:
        reopening.take_in(connection, newest, one, late)
    stand = lineage.restated if is_restated else lineage.not_after
    said = sorted((rows | late).items())
    if is_restated:
        beside = [(key, _beside(connection, newest, key, now_ms=now_ms)) for key, _ in said]
        said = [(key, [*mine, *more]) for (key, mine), (_, more) in zip(said, beside, strict=True)]
    changes = [
        (key, lambda old, groups=groups: replaced(stand(groups, stamp), seq=1))
        for key, groups in said
    ]
    step = log.prepare(connection, empty, changes)
    commits.sign_and_write(connection, wanted._replace(stamp=stamp), empty, step)


def _beside(connection: Connection, state: LogState, key: RowKey, *, now_ms: int) -> Groups:
    """What the shop's other devices have said of a record of this log, and it is in force.

    Else an edit or deletion of theirs would be undone by what is older, and said anew.
    """
    query = (
        "SELECT row FROM log CROSS JOIN row ON row.log = log.id"
        " WHERE collection = ? AND device <> ? AND kind = ? AND key = ?"
    )
    rows = connection.execute(query, (state.collection, state.name.device, *key)).fetchall()
    groups = [group for (row,) in rows if log.is_sound(key, row) for group in stored_groups(row)]
    place = RecordId(*state.name[:2], *key)
    kept = deletions.of_record(connection, place)
    groups += [(one.stamp, {DELETED: True}) for one in kept if one.device != state.name.device]
    return [group for group in groups if is_in_force(group[0], now_ms)]
