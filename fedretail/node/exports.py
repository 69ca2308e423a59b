"""Exports: records as lines of the exchange format, for leaving, for copies, for other programs."""

from collections.abc import Callable
from typing import TextIO

from fedretail.connectors.exchange import Provenance, write_header, write_record
from fedretail.domain.kinds import KINDS
from fedretail.node.base import BaseNode

# Told about so often; a line takes some 20 us.
_EVERY = 1000


def export(node: BaseNode, out: TextIO, *, mine: bool, on_progress: Callable[[int], None]) -> int:
    """Write all records, or this member's own with their own fields; how many.

    Own fields leave only with `mine`: what others may read of an export is what they may read
    anyway.
    """
    out.write(write_header() + "\n")
    owner = node.identity.author().owner if mine else None
    written = 0
    for kind in KINDS:
        for place, value in node.store.records(kind.name, owner=owner):
            stamps = {name: Provenance(stamp) for name, stamp in value.stamps.items()}
            own = node.store.own(place) if mine else {}
            out.write(write_record(place, value.fields, own=own, stamps=stamps) + "\n")
            written += 1
            if written % _EVERY == 0:
                on_progress(written)
    on_progress(written)
    return written
