"""Planted bugs that take months to show: of deletions that leave logs, and floors. For tests."""

from collections.abc import Sequence
from typing import Any

from fedretail.crdt import vacating
from fedretail.crdt.head import SignedHead
from fedretail.crdt.registers import fold
from fedretail.crdt.row import stored_groups
from fedretail.crdt.vacating import Beside, EditPlace
from fedretail.domain.kind import RecordId
from fedretail.store import deletions, log, records
from fedretail.store.database import Connection
from fedretail.store.log import Step
from fedretail.store.logs import LogState
from fedretail.testing.planting import Bug

_STALE_MS = 30 * 24 * 3600 * 1000
_purge = log.purge


def _purge_all(connection: Connection, state: LogState, floor: int) -> Step:
    """Every vacant row goes, as soon as there is a floor."""
    return _purge(connection, state, state.point.seq if floor else 0)


def _is_past_by_head(other: Beside, deletion: EditPlace) -> bool:
    return other.stamp > deletion[0]


def _record_without_stale(connection: Connection, place: RecordId, *, now_ms: int) -> Any:
    """Logs that were silent for 30 days say nothing, not even what is deleted."""
    rows = connection.execute(
        "SELECT device, head, row FROM collection CROSS JOIN log ON log.collection = collection.id"
        " CROSS JOIN row ON row.log = log.id"
        " WHERE owner = ? AND collection.name = ? AND kind = ? AND key = ?",
        place,
    ).fetchall()
    parts = [
        (device, stored_groups(row))
        for device, head, row in rows
        if now_ms - SignedHead.parse(head).head.stamp < _STALE_MS
    ]
    return fold(parts, now_ms=now_ms)


def _nothing_remembered(*_: Any, **__: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    return [], []


SEASON_BUGS: dict[str, list[Bug]] = {
    "purge above the floor": [Bug(log, "purge", _purge_all)],
    "tombstone dropped on later heads alone": [Bug(vacating, "_is_past", _is_past_by_head)],
    "stale log's deletions hidden": [Bug(records, "record", _record_without_stale)],
    "deletions that have left are not remembered": [Bug(deletions, "settle", _nothing_remembered)],
}
