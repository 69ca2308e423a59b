"""Exports: records as lines of the exchange format, for leaving, for copies, for other programs."""

from collections.abc import Callable, Iterator
from typing import TextIO

from fedretail.connectors.exchange import Provenance, write_header, write_record
from fedretail.index.views import View
from fedretail.node.base import BaseNode
from fedretail.node.genuine import Genuine
from fedretail.node.shown import Shown

# Told about so often; a line takes some 20 us.
_EVERY = 1000


def lines(node: BaseNode, *, mine: bool = False, view: View | None = None) -> Iterator[str]:
    """The lines of an export with their ends, the header first.

    Own fields leave only with `mine`: what others may read of an export is what they may read
    anyway. What somebody has written under the id of another's site is no part of it. With `view`:
    the offers that it shows, their sites and sources, and the members whose sites these are.
    """
    yield write_header() + "\n"
    owner = node.identity.author().owner if mine else None
    shown, genuine = None if view is None else Shown(node, view), Genuine(node)
    for kind in node.kinds:
        for place, value in node.store.records(kind, owner=owner):
            if not genuine.has(place) or not (shown is None or shown.record(place)):
                continue
            stamps = {name: Provenance(stamp) for name, stamp in value.stamps.items()}
            own = node.store.own(place) if mine else {}
            yield write_record(place, value.fields, own=own, stamps=stamps) + "\n"


def export(
    node: BaseNode,
    out: TextIO,
    *,
    mine: bool,
    view: View | None,
    on_progress: Callable[[int], None],
) -> int:
    """Write all records, or this member's own with their own fields; how many. See `lines`."""
    written = -1
    for line in lines(node, mine=mine, view=view):
        out.write(line)
        written += 1
        if written and written % _EVERY == 0:
            on_progress(written)
    on_progress(written)
    return written
