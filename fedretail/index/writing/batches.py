"""Batches of the feed, read from the store: all that can be done before the index is asked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from fedretail.domain.ids import SITE_COLLECTIONS, collection_of, is_site_id
from fedretail.domain.kind import RecordId
from fedretail.index.layout.rows import OfferRow, offer_row, words_of
from fedretail.index.records import Records

# Read in one go: a value takes 2 kB while it is decoded, and what leaves the processor's cache
# before it is made a row costs half as much again.
_READ_OFFERS = 200

Key = tuple[bytes, str]


class Made(NamedTuple):
    """What the index is to hold of an offer."""

    row: OfferRow
    worded: tuple[int, str] | None
    """As rows.words_of; None: not made yet."""


@dataclass(slots=True)
class Changes:
    """What one batch of the feed says of one site."""

    owner: bytes
    site: str
    site_changed: bool = False
    # Each once, in their order; None: there is none (any more).
    offers: dict[RecordId, Made | None] = field(default_factory=dict)
    sources: list[RecordId] = field(default_factory=list)

    @property
    def site_record(self) -> RecordId:
        """The record of the site itself."""
        return RecordId(self.owner, collection_of(self.site), "site", self.site)


class Batch(NamedTuple):
    """Entries of the feed as the index needs them; `entries` 0 at the feed's end."""

    entries: int
    followed: int
    """The cursor of the last."""
    changes: dict[Key, Changes]


def read_batch(store: Records, after: int, limit: int, *, with_words: bool) -> Batch:
    """Up to `limit` entries behind a cursor, with the present values of the offers they name.

    with_words: most offers are new, so that their words will be needed.
    """
    entries = store.feed(after, limit)
    if not entries:
        return Batch(0, after, {})
    changes = _by_site(record for _, record in entries)
    named = ((one.offers, record) for one in changes.values() for record in list(one.offers))
    while some := list(islice(named, _READ_OFFERS)):
        values = store.records_of([record for _, record in some])
        for offers, record in some:
            folded = values.get(record)
            row = None if folded is None else offer_row(folded)
            if row is not None:
                offers[record] = Made(row, words_of(row.said) if with_words else None)
    return Batch(len(entries), entries[-1][0], changes)


def _by_site(records: Iterable[RecordId]) -> dict[Key, Changes]:
    """The records of sites, sorted out; what is no part of search is passed over."""
    changes: dict[Key, Changes] = {}
    last, one = None, None
    for record in records:
        owner, collection, kind, key = record
        # As good as always it is of the same site as the last.
        if last != (owner, collection):
            last = owner, collection
            one = changes.get(last)
            site = collection[len(SITE_COLLECTIONS) :]
            if one is None and collection.startswith(SITE_COLLECTIONS) and is_site_id(site):
                one = changes[last] = Changes(owner, site)
        if one is None:
            continue
        if kind == "offer":
            one.offers[record] = None
        elif kind == "source":
            one.sources.append(record)
        elif kind == "site" and key == one.site:
            one.site_changed = True
    return {(owner, one.site): one for (owner, _), one in changes.items()}
