"""The answer to one query in one snapshot of the index: find, judge, sort, read what is shown."""

import sqlite3
from dataclasses import dataclass

from fedretail.crdt.codec import unpack
from fedretail.domain.catalog import Offer
from fedretail.domain.hours import OpenState
from fedretail.domain.listings import Listing
from fedretail.index.candidates import Words, category_numbers, plan, read_rows
from fedretail.index.judge import MAX_FACTS_BYTES, Hit, Judge, category_matches, first
from fedretail.index.query import Query
from fedretail.index.schema import SEQUENCE_BITS, State
from fedretail.index.shown import Shelf, listing
from fedretail.index.sites import Sites
from fedretail.index.text import query_words

# Fewer offers with every word than this, and those with some of them are listed instead. One
# full answer is worth more than any number of half ones, and keeps `total` what was meant.
FEW_FULL_MATCHES = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """The listings of one page; total and full as Page has them; the cursor they stand for."""

    listings: list[Listing]
    total: int
    full: int
    followed: int


def answer(
    db: sqlite3.Connection, state: State, query: Query, *, sites: Sites, judge: Judge
) -> Answer:
    """The answer to `query` from the open transaction."""
    words = Words(db, query_words(query.words), begun=query.begun)
    if query.words.strip() and not words.words:
        return Answer([], 0, 0, state.followed)
    near = None
    if query.near is not None and query.within_m is not None:
        near = sites.within(query.near, query.within_m)
    spans = plan(words, sites, near)
    categories = None
    if query.category:
        categories = category_numbers(db, query.category, category_matches)
    terms = words.terms(state.offers, weighed=query.sort == "best" and len(words.words) > 1)

    def hits(*, every: bool) -> list[Hit]:
        match, is_best = words.match(every=every), query.sort == "best"
        rows = read_rows(db, match, spans, words=is_best, prices=judge.asks_prices)
        return judge.hits(rows, terms, categories)

    found = hits(every=True)
    full = len(found)
    if full < FEW_FULL_MATCHES and len(words.words) > 1:
        found = _full_first(found, hits(every=False))
    page = first(found, query.offset, query.limit)
    return Answer(_listings(db, page, judge), len(found), full, state.followed)


def _full_first(full: list[Hit], partial: list[Hit]) -> list[Hit]:
    """All of `partial`, those in `full` before the others."""
    rows = {hit.row for hit in full}
    return [hit._replace(order=(hit.row not in rows, *hit.order)) for hit in partial]


def _listings(db: sqlite3.Connection, hits: list[Hit], judge: Judge) -> list[Listing]:
    open_states: dict[int, OpenState] = {}
    return [_listing(db, hit, judge, open_states) for hit in hits]


def _listing(
    db: sqlite3.Connection, hit: Hit, judge: Judge, open_states: dict[int, OpenState]
) -> Listing:
    base = hit.row >> SEQUENCE_BITS
    entry, seen_at_ms = judge.reach(base)
    key, priced_at, facts = db.execute(
        "SELECT key, priced_at, facts FROM offer WHERE id = ?", (hit.row,)
    ).fetchone()
    offer = Offer.from_fields(unpack(facts, max_bytes=MAX_FACTS_BYTES))
    if base not in open_states:
        open_states[base] = entry.site.open_state(judge.at_ms)
    shelf = Shelf(
        site_id=entry.id,
        site=entry.site,
        key=key,
        seen_at_ms=seen_at_ms,
        priced_at_ms=priced_at,
        source_ms=_source_read_at(db, entry.owner, entry.id, offer.source),
        warnings=judge.warnings(base),
        state=open_states[base],
    )
    return listing(offer, shelf, at_ms=judge.at_ms, near=judge.query.near, score=hit.score)


def _source_read_at(db: sqlite3.Connection, owner: bytes, site: str, source: str) -> int | None:
    if not source:
        return None
    query = "SELECT checked_at FROM source WHERE owner = ? AND site = ? AND key = ?"
    row = db.execute(query, (owner, site, source)).fetchone()
    return None if row is None else row[0]
