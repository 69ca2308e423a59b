"""What has changed since a cursor: for programs that keep a copy, or watch something.

A cursor is a place in the store's feed with the store's id before it, so that one of another
computer is told from ours. The feed is the store's own: cursors outlive restarts and `reindex`.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from fedretail.connectors.exchange import Provenance, outside_id, write_record
from fedretail.crdt.registers import Folded
from fedretail.domain.ids import MEMBER_COLLECTION
from fedretail.domain.kind import RecordId
from fedretail.errors import MalformedInput, Refused
from fedretail.index.views import View
from fedretail.node.base import BaseNode
from fedretail.node.genuine import Genuine
from fedretail.node.shown import Shown

_CURSOR = re.compile(r"([0-9a-f]{12})-([0-9]{1,18})")
_ID_DIGITS = 12
# In place of a cursor: only what comes from now on.
NOW = "now"
_ANEW = "Begin anew without a cursor: all that is there comes first."


class CursorGone(Refused):
    """Nothing can be told from this cursor on; who asks begins anew."""


@dataclass(frozen=True, slots=True)
class Change:
    """A record that changed, and what it says now; value: None where it has been withdrawn."""

    cursor: str
    place: RecordId
    value: Folded | None

    def to_json(self) -> dict[str, Any]:
        """The entry of /api/v1/changes; `record` is a line of the exchange format."""
        record = None
        if self.value is not None:
            stamps = {name: Provenance(stamp) for name, stamp in self.value.stamps.items()}
            record = json.loads(write_record(self.place, self.value.fields, stamps=stamps))
        return {
            "cursor": self.cursor,
            "id": outside_id(self.place),
            "kind": self.place.kind,
            "owner": self.place.owner.hex(),
            "record": record,
        }


@dataclass(frozen=True, slots=True)
class Changes:
    """cursor: to go on from; more: whether there is something to go on with now."""

    entries: list[Change]
    cursor: str
    more: bool


def changes(
    node: BaseNode,
    after: str | None,
    *,
    limit: int,
    kinds: Collection[str] = (),
    view: View | None = None,
) -> Changes:
    """Up to `limit` records that changed after the cursor, in the order of their last change.

    after: None is the beginning, NOW the present. kinds: only of these; empty is all. view: what
    it leaves out is told as withdrawn where it may have been shown before: of sites that it leaves
    out only they themselves, and nothing of those whose owners it never shows.
    MalformedInput where it is no cursor, CursorGone where nothing can be told from it on.
    """
    end = node.store.feed_end()
    start = end if after == NOW else _place(node, after, end)
    entries = node.store.feed(start, limit)
    genuine = Genuine(node)
    wanted = [pair for pair in entries if _is_shown(node, pair[1], kinds) and genuine.has(pair[1])]
    shown = None if view is None else Shown(node, view)
    if shown is not None:
        wanted = [pair for pair in wanted if shown.ever(pair[1])]
    values = node.store.records_of(
        place for _, place in wanted if shown is None or shown.record(place)
    )
    cursor = entries[-1][0] if entries else start
    return Changes(
        [Change(_text(node, number), place, values.get(place)) for number, place in wanted],
        _text(node, cursor),
        len(entries) == limit,
    )


def _is_shown(node: BaseNode, place: RecordId, kinds: Collection[str]) -> bool:
    is_public = place.collection == MEMBER_COLLECTION or place.collection.startswith("site/")
    return is_public and place.kind in (kinds or node.kinds)


def _place(node: BaseNode, after: str | None, end: int) -> int:
    if not after:
        return 0
    match = _CURSOR.fullmatch(after)
    if match is None:
        raise MalformedInput(f"{after!r:.60} is no cursor.", hint=_ANEW)
    if match[1] != node.store.id[:_ID_DIGITS]:
        raise CursorGone("This cursor is of another computer.", hint=_ANEW)
    number = int(match[2])
    if number > end:
        raise CursorGone("This cursor is ahead: the data here were put back.", hint=_ANEW)
    if number and number < node.store.feed_start():
        raise CursorGone("What was withdrawn since this cursor is forgotten.", hint=_ANEW)
    return number


def _text(node: BaseNode, number: int) -> str:
    return f"{node.store.id[:_ID_DIGITS]}-{number}"
